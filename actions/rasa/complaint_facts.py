"""Sums and days that a customer sets right: 不对 是158, 金额写错了 是168."""

from __future__ import annotations

import re

from actions.desk import forms
from actions.desk.forms import Found

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BARE = re.compile(
    r"(?:是|应该?是|一?共|总共|就)?\s*(?:\d{1,7}|\d{1,3}(?:,\d{3})+)(?:\.\d{1,2})?\s*(?:元|块钱?)?"
)
_AROUND = re.compile(r"[\s，,。.是的了就应该那一共总吧啊]+")
_KINDS = {"amount": "amount", "date": "day", "day": "day"}


def only_fact(text: str) -> str:
    """Return amount or day where a text is nothing but one of them, else ""."""
    if _BARE.fullmatch(text.strip()):
        return "amount"
    named = [one for one in forms.find(text) if one.kind in _KINDS]
    if len(named) != 1 or _AROUND.sub("", text[: named[0].start] + text[named[0].end :]):
        return ""
    return _KINDS[named[0].kind]


def set_right(matter: str, fact: str) -> str:
    """Return what happened with a sum or day set right: in its place where only one is, else at the end."""
    kind = only_fact(fact)
    said = [one for one in forms.find(matter) if _KINDS.get(one.kind) == kind]
    if kind and len({_plain(one) for one in said}) == 1:
        for one in reversed(said):
            matter = (
                matter[: one.start] + _written(matter[one.start : one.end], fact, kind) + matter[one.end :]
            )
        return matter
    return f"{matter.rstrip('！!。.；;，, ')}；更正：{fact}"


def _plain(one: Found) -> str:
    return "".join(_NUMBER.findall(one.value)) if one.kind == "amount" else one.value


def _written(before: str, fact: str, kind: str) -> str:
    """Return the new sum or day; a bare number keeps the unit of the one before."""
    named = [one for one in forms.find(fact) if _KINDS.get(one.kind) == kind]
    if named:
        return fact[named[0].start : named[0].end]
    number = _NUMBER.search(fact)
    new = number[0] if number else fact
    return _NUMBER.sub(new, before, count=1) if _NUMBER.search(before) else f"{new}元"
