"""The text of the site around a scraped document: notices before it, recommendations after it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(r"版权说明[:：]|文档简介$|文档描述$|本文档由用户提供")
_TAIL_START = re.compile(r"温馨提示$|最新文档$|评论$|相关文档$|猜你喜欢$")
_TAIL_PROOF = re.compile(r"本站|下载文件|提交评论|^\d+/\d+$|RAR|压缩文件")
_HEAD_LINES = 6
_PROOF_LINES = 12


@dataclass(frozen=True, slots=True)
class Body:
    """Where the document stands in the scrape: `start` and `end` count characters."""

    start: int
    end: int


def find_body(lines: list[str], plain: list[str]) -> Body:
    """Find the document between the site's lines.

    `lines` are the source's (with their line ends), `plain` the same in clean simplified Chinese.
    """
    first = 0
    for number, line in enumerate(plain[:_HEAD_LINES]):
        if _HEAD.match(line.strip()):
            first = number + 1
    last = _tail(plain, first)
    start = sum(len(line) for line in lines[:first])
    body = "".join(lines[first:last])
    return Body(start, start + len(body if last == len(lines) else body.rstrip()))


def _tail(plain: list[str], first: int) -> int:
    for number in range(first + 1, len(plain)):
        following = [line.strip() for line in plain[number + 1 : number + 1 + _PROOF_LINES]]
        if _TAIL_START.match(plain[number].strip()) and any(_TAIL_PROOF.search(line) for line in following):
            return number
    return len(plain)
