"""Which digits of a text are a person's: what fits a form, unless the words around it say otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable

from actions.store.masking.checks import is_card, is_id, is_old_id, starts_with_date
from actions.store.masking.runs import Group, Piece, piece, runs

SHORTEST, LONGEST = 7, 21
_MOBILE = re.compile(r"(?:0{0,2}86)?(?P<number>1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?P<area>0(?:10|2\d|[3-9]\d\d))[2-9]\d{6,7}")
_MOBILE_SIZES = {
    (3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (5, 3, 3), (5, 6), (6, 5), (3, 8), (7, 4), (3, 4, 2, 2),
}  # fmt: skip
_LANDLINE_SIZES = {(3, 8), (4, 7), (4, 8), (3, 4, 4), (4, 3, 4), (4, 4, 4)}
_SMALL, _PART = 2, 8

_FILL = r"(?:是|为|就是|的|给|[:：#\s(（「\"'，,]){0,4}"
_PHONE_WORDS = re.compile(
    r"(?:手机|电话|号码|联系|微信|座机|固话|致电|拨打?|打给?|短信|找我|加我|回我|同号|tel|phone|mobile|[vw]x)"
    rf"[^\d。\n]{{0,6}}{_FILL}$",
    re.IGNORECASE,
)
_PHONE_AFTER = re.compile(r"[\s，,]{0,2}(?:这?是我的?|我的)(?:手机|电话|号码|联系)")
_LOCAL_WORDS = re.compile(rf"(?:座机|固话|家里电话|办公电话|我的?电话|联系电话){_FILL}$")
_CARD_WORDS = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|借记卡|工资卡|账号|帐号|账户|收款账?户?)" rf"[^\d。\n尾]{{0,4}}{_FILL}$"
)
_ID_WORDS = re.compile(rf"(?:身份证|证件号|身份号|身份证件)[^\d。\n]{{0,6}}{_FILL}$")
_ORDER_WORDS = re.compile(
    r"(?:(?:订单|流水|运单|工单|保单|单据|合同|快递|物流)(?:单号|编号|号码?|单)?"
    r"|(?:单|交易|凭证|批次|编|发票|参考|受理|回执|序列|设备|案件|申请|业务|协议|商户|支付|退款|扣款|转账|ts)"
    rf"(?:单号|编号|号码?|单)|票号){_FILL}(?:[A-Za-z]{{0,8}}[\-_]?)$"
)
_TICKET = re.compile(r"(?<![A-Za-z0-9])ts[\s\-]{0,2}$", re.IGNORECASE)
_MONEY_BEFORE = re.compile(r"(?:[¥￥$€]|金额|余额|合计|共计?|人民币|RMB|CNY)\s{0,2}$", re.IGNORECASE)
_UNIT_AFTER = re.compile(r"\s{0,2}(?:元|万|亿|块|%|‰|份|股|笔|美元|人民币|港币|倍|日元)|[.,]\d")


def personal_digits(text: str, *, spoken: bool = False) -> set[int]:
    """Return the positions of digits to hide; in `spoken` text Chinese numerals have become digits."""
    hidden: set[int] = set()
    for groups, before, after in runs(text):
        first = _named_otherwise(groups, before)
        while first < len(groups):
            found, first = _longest(groups, first, before, after, spoken)
            hidden |= found
    return hidden


def _named_otherwise(groups: tuple[Group, ...], before: str) -> int:
    """Return how many groups are the number of an order or ticket, by the word before them."""
    if not (_TICKET.search(before) or _ORDER_WORDS.search(before)):
        return 0
    end = 1
    while end < len(groups) and len(groups[0].text) <= _PART and not _apart(groups[end]):
        end += 1
    return end


def _apart(group: Group) -> bool:
    return group.hard or len(group.text) > _PART


def _longest(
    groups: tuple[Group, ...], first: int, before: str, after: str, spoken: bool
) -> tuple[set[int], int]:
    """Return what to hide of the longest number that begins at a group, and the group after it."""
    size, last = 0, first
    while last < len(groups) and size + len(groups[last].text) <= LONGEST:
        size, last = size + len(groups[last].text), last + 1
    for end in range(last, first, -1):
        found = _judge(piece(groups, first, end, before, after, spoken=spoken))
        if found:
            return found, end
    return set(), first + 1


def _judge(one: Piece) -> set[int]:
    if len(one.digits) < SHORTEST:
        return set()
    named = _PHONE_WORDS.search(one.before) or _ID_WORDS.search(one.before) or _CARD_WORDS.search(one.before)
    if not named and (_UNIT_AFTER.match(one.after) or _MONEY_BEFORE.search(one.before)):
        return set()
    for rule in _RULES:
        hidden = rule(one)
        if hidden:
            return hidden
    return set()


def _identity(one: Piece) -> set[int]:
    number, named = one.digits, bool(_ID_WORDS.search(one.before))
    loose = one.whole and named and len(number) in (15, 18)
    fits = is_id(number) or (one.whole and is_old_id(number) and one.soft) or loose
    return set(one.places()[3:-2]) if fits and (one.soft or named) else set()


def _card(one: Piece) -> set[int]:
    """Hide all but the last four digits of a card; an account only where it is called one."""
    number = one.digits
    if not number.isdigit() or _MOBILE.fullmatch(number):
        return set()
    named = one.whole and bool(_CARD_WORDS.search(one.before)) and not starts_with_date(number)
    shaped = len(one.groups) == 1 or one.sizes[:3] == (4, 4, 4) or one.sizes[0] == 6 or one.sizes == (4, 6, 5)
    fits = one.soft and (shaped or one.whole) and is_card(number)
    return set(one.places()[:-4]) if fits or (named and 12 <= len(number) <= LONGEST) else set()


def _mobile(one: Piece) -> set[int]:
    match = _MOBILE.fullmatch(one.digits)
    if not match or not _spaced_like_a_mobile(one, match.start("number")):
        return set()
    number = one.places()[match.start("number") :]
    return set(number[3:-4])


def _spaced_like_a_mobile(one: Piece, prefix: int) -> bool:
    sizes = _without(one.sizes, prefix)
    if one.soft:
        if len(sizes) == 1 or sizes in _MOBILE_SIZES:
            return True
        if one.whole and (len(one.gaps) == 1 and max(one.sizes) <= _SMALL):
            return True
        if len(sizes) == 2 and any("\n" in gap for gap in one.gaps):
            return True
    return one.all and (one.spoken or _named(one))


def _named(one: Piece) -> bool:
    return bool(_PHONE_WORDS.search(one.before) or _PHONE_AFTER.match(one.after))


def _without(sizes: tuple[int, ...], prefix: int) -> tuple[int, ...]:
    """Return the sizes after a country code of `prefix` digits that may touch the number."""
    left = list(sizes)
    while prefix and left:
        cut = min(prefix, left[0])
        prefix, left[0] = prefix - cut, left[0] - cut
        if not left[0]:
            left.pop(0)
    return tuple(left)


def _landline(one: Piece) -> set[int]:
    match = _LANDLINE.fullmatch(one.digits)
    if not match:
        return set()
    named = one.all and (one.spoken or _named(one))
    shaped = one.soft and (len(one.groups) == 1 or one.sizes in _LANDLINE_SIZES)
    return set(one.places()[match.end("area") : -4]) if shaped or named else set()


def _local(one: Piece) -> set[int]:
    """Hide a landline number without its area code, where it is called one."""
    number = one.digits
    fits = one.all and one.soft and len(number) in (7, 8) and number[0] in "2345678"
    named = fits and not starts_with_date(number) and _LOCAL_WORDS.search(one.before)
    return set(one.places()[:-4]) if named else set()


def _foreign(one: Piece) -> set[int]:
    """Hide a number after a plus sign: country code and the last four stay."""
    fits = one.whole and one.soft and one.before.endswith("+") and 9 <= len(one.digits) <= 15
    return set(one.places()[3:-4]) if fits else set()


_RULES: tuple[Callable[[Piece], set[int]], ...] = (_identity, _card, _mobile, _landline, _foreign, _local)
