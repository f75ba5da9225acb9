"""What the source no longer holds: words that the host took out, and an end that is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.restore.script import HAN
from knowledge.restore.types import Loss, LossKind

_PLACE = 14
_GAPS = (
    (re.compile("、、"), "两个顿号之间少了一项"),
    (re.compile(f"(?<![{HAN}])[{HAN}，：]{{0,6}}(?:如|例如|比如|包括)、"), "“如”之后少了一项"),
    (re.compile("、(?=[）；。，])"), "顿号之后少了一项"),
    (re.compile("(?<=[（：；。“《])、"), "顿号之前少了一项"),
    (re.compile("(?:加强|加大|提升|通过|采用|使用|利用|引入|布局|结合)、"), "动词之后少了一项"),
    (re.compile("、[率性度量额]、"), "“率”一类的字之前少了名词"),
    (re.compile(f"(?<=[{HAN}])([{HAN}]{{2,4}})、(?=\\1(?:等|、|，|。|；))"), "并列的最后一项少了修饰语"),
)
_ENDED = re.compile(r"[。！？；…”》）】.!?]\s*$")


def find_losses(text: str) -> list[Loss]:
    """Return the places of a restored text where the source lost words, in order."""
    found: dict[int, Loss] = {}
    for pattern, reason in _GAPS:
        for match in pattern.finditer(text):
            mark = match.start() + match[0].index("、") if "、" in match[0] else match.start()
            if mark not in found and not _is_near(found, mark):
                found[mark] = Loss(LossKind.REMOVED_WORD, place_around(text, mark), mark, reason)
    return [found[at] for at in sorted(found)] + list(_cut_off(text))


def _is_near(found: dict[int, Loss], mark: int) -> bool:
    return mark - 1 in found or mark + 1 in found


def _cut_off(text: str) -> Iterator[Loss]:
    if text.strip() and not _ENDED.search(text):
        end = len(text.rstrip())
        place = text[max(0, end - 2 * _PLACE) : end]
        yield Loss(LossKind.CUT_OFF, place, end, "文件到此中断，后面的内容缺失")


def place_around(text: str, at: int) -> str:
    """Quote the characters on both sides of a place."""
    return text[max(0, at - _PLACE) : at + _PLACE]
