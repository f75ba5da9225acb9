"""Hash chains: each row's SHA-256 covers its own content and the hash of the row before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Protocol


class Link(Protocol):
    """A row of a chain."""

    seq: int
    prev_hash: str
    hash: str

    def content(self) -> Mapping[str, object]:
        """Return what the hash covers, JSON-ready."""


def canonical(content: Mapping[str, object]) -> bytes:
    """Return the one JSON form of `content`: sorted keys, no spaces, UTF-8. Raises ValueError for NaN."""
    form = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return form.encode()


def link_hash(prev_hash: str, content: Mapping[str, object]) -> str:
    """Return the hash of a row after the row with `prev_hash` ("" for the first)."""
    return hashlib.sha256(prev_hash.encode() + b"\n" + canonical(content)).hexdigest()


def problems(links: Iterable[Link], *, last_seq: int, last_hash: str | None = None) -> list[str]:
    """Return what is wrong with a chain read in order of seq; empty where it is whole.

    `last_seq` and `last_hash` are what is known of its end from elsewhere, so that a missing tail shows too.
    """
    found, seq, prev = [], 0, ""
    for link in links:
        if link.seq != seq + 1:
            found.append(f"第 {seq + 1} 条缺失（其后是第 {link.seq} 条）")
        elif link.prev_hash != prev:
            found.append(f"第 {link.seq} 条与前一条接不上")
        if link.hash != link_hash(link.prev_hash, link.content()):
            found.append(f"第 {link.seq} 条内容被改动")
        seq, prev = link.seq, link.hash
    if seq != last_seq:
        found.append(f"末尾应是第 {last_seq} 条，实际是第 {seq} 条")
    elif last_hash is not None and prev != last_hash:
        found.append(f"第 {seq} 条与链尾记录不符")
    return found
