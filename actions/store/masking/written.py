"""What identifies a person and has letters or words in it: e-mail, permits, plates, ids, addresses."""

from __future__ import annotations

import re
from collections.abc import Callable

from actions.store.masking.addresses import street_level
from actions.store.masking.checks import starts_with_date

_FILL = r"(?:是|为|就是|号码?|[:：\s]){0,4}"
_AT = r"\s{0,3}(?:@|[(\[（【]\s?(?:at|@)\s?[)\]）】]|艾特|圈a)\s{0,3}"
_DOT = r"\s?(?:\.|[(\[（【]dot[)\]）】]|点)\s?"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9_.%+\-])(?P<user>[A-Za-z0-9_.%+\-]{{1,64}}){_AT}"
    rf"[A-Za-z0-9\-]+(?:{_DOT}[A-Za-z0-9\-]+)+",
    re.IGNORECASE,
)
_NOT_A_CODE = r"(?<![A-Za-z0-9])"
_PASSPORT = re.compile(
    rf"{_NOT_A_CODE}(?P<number>(?:[EG]\d{{8}}|E[A-HJ-NP-Z]\d{{7}}|[CHM]\d{{8}}(?:\d\d)?))(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_ORDER_BEFORE = re.compile(r"(?:单|流水|交易|凭证|编|批次|型|代码|产品|合同|基金|券)[号码]?[是为:：\s]{0,3}$")
_NAMED_PERMIT = re.compile(
    rf"(?:护照|通行证|台胞证|回乡证|港澳居住证|passport){_FILL}"
    r"(?P<number>[A-Z]{0,2}[ \-]?\d(?:[ \-]?\d){6,9})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_MILITARY = re.compile(
    r"(?:军|士|文|兵|武|南|北|海|空)字第?[ 　]?(?P<number>\d{6,8})[ 　]?号"
    rf"|(?:军官证|士兵证|警官证){_FILL}(?P<bare>\d{{6,8}})"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?"
    r"(?P<number>[A-HJ-NP-Z0-9]{5,6})(?![A-Za-z0-9])"
)
_QQ = re.compile(rf"(?<![A-Za-z])(?:QQ|扣扣){_FILL}(?P<number>[1-9]\d{{4,10}})(?!\d)", re.IGNORECASE)
_WECHAT = re.compile(
    r"(?:微信|薇信|威信|(?<![A-Za-z])(?:vx|wx|wechat))(?:号|id|账号)?(?:是|[:：\s]){0,3}"
    r"(?P<number>[A-Za-z](?=[\w\-]{0,18}[\d_])[A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)


def personal_writing(text: str) -> set[int]:
    """Return the positions to hide."""
    hidden = street_level(text)
    for pattern, hide in _RULES:
        for match in pattern.finditer(text):
            hidden |= hide(match)
    return hidden


def _email(match: re.Match[str]) -> set[int]:
    """Keep the first letter and the host."""
    start, end = match.span("user")
    return set(range(min(start + 1, end - 1), end))


def _passport(match: re.Match[str]) -> set[int]:
    """Hide what nobody would take for the number of an order or of a product."""
    before = match.string[max(0, match.start() - 8) : match.start()]
    code = _ORDER_BEFORE.search(before) or starts_with_date(re.sub(r"\D", "", match["number"]))
    return set() if code else _middle(match)


def _middle(match: re.Match[str]) -> set[int]:
    """Keep the first and the last two characters of a number."""
    name = "number" if match["number"] else "bare"
    start, end = match.span(name)
    return {at for at in range(start + 1, end - 2) if match.string[at].isalnum() or match.string[at] == "_"}


def _plate(match: re.Match[str]) -> set[int]:
    """Keep where a car is from and the last two characters."""
    return set(range(match.start("number"), match.end() - 2))


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], set[int]]], ...] = (
    (_EMAIL, _email),
    (_PASSPORT, _passport),
    (_NAMED_PERMIT, _middle),
    (_MILITARY, _middle),
    (_PLATE, _plate),
    (_QQ, _middle),
    (_WECHAT, _middle),
)
