"""Read what is wished in an exam, a list or a drill: whole sentences by their words, pure, without Rasa."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from actions.training.numerals import to_digits
from knowledge.text import normalise

_END = re.compile(r"[\s。！!,，~～]*(?:吧|了|啦|呗|一下)*[\s。！!~～]*$")
_THIS = r"(?:这一?题|这道题?|本题)?"
_ME = r"(?:我|我要|我想|我先|想|要|先|再|请|帮我|现在|提前|直接|马上)*"


class Wish(StrEnum):
    """What a sentence that opens the form, or changes what it does, is about."""

    PRACTICE = "practice"
    REVIEW = "review"
    EXAM = "exam"
    DRILL = "drill"


class Do(StrEnum):
    """What is to be done in an exam beside answering."""

    PREVIOUS = "previous"
    NEXT = "next"
    GO = "go"
    FLAG = "flag"
    UNFLAG = "unflag"
    CLEAR = "clear"
    SHEET = "sheet"
    HAND_IN = "hand_in"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do; `index` is the question meant, 0 the one that is shown; `given` an answer's words."""

    do: Do
    index: int = 0
    given: str = ""


_WISHES = {
    Wish.DRILL: re.compile(
        r"演练|陪练|陪我练|对练|难缠的?客户|模拟(?:一个|一位|个)?(?:投诉|难缠|生气)?的?客户"
    ),
    Wish.REVIEW: re.compile(r"错题|复习|错的题|每日|薄弱|弱项"),
    Wish.PRACTICE: re.compile(r"练|模拟|刷题|热身|自测|摸个?底|测验"),
    Wish.EXAM: re.compile(r"考试|考試|试卷|試卷|卷子|补考|考核|应考|开考|交卷"),
}
_RESUMES = re.compile(r"继续|接着|回到|没做完|没答完|没考完|掉线|交卷")

_COMMANDS = {
    Do.PREVIOUS: re.compile(_ME + r"(?:看|回|回到)?(?:上一?(?:题|道题?|个题?)|前一?题|往前)"),
    Do.NEXT: re.compile(_ME + r"(?:看|去|到)?(?:下一?(?:题|道题?|个题?)|后一?题|往后|跳过" + _THIS + ")"),
    Do.FLAG: re.compile(_ME + r"(?:标记|打标记?|做个?标记|标)(?:一下)?" + _THIS),
    Do.UNFLAG: re.compile(_ME + r"(?:取消|去掉|清除|不要)" + _THIS + "的?标记"),
    Do.CLEAR: re.compile(_ME + r"(?:清空|清除|删掉|删除|去掉|取消)" + _THIS + "的?答案"),
    Do.SHEET: re.compile(
        _ME + r"(?:看看?|查看|打开|显示)?(?:答题卡|答题情况)|(?:还有)?哪[几些]?(?:道)?题?没有?(?:答|做).*"
        r"|(?:还剩|剩下?|还有)(?:多少|多久|几分钟?)(?:时间)?|剩余时间"
    ),
    Do.HAND_IN: re.compile(_ME + r"(?:交卷|收卷|交试卷|提交试卷)"),
}  # fmt: skip
_GO = re.compile(_ME + r"(?:(?:看|去|到|回|回到|跳到|转到|打开|做|答|改)+第?|第)(\d{1,3})(?:道?题)")
_ANSWERS = re.compile(
    r"第?(\d{1,3})道?题(?:我)?(?:改成|改为|改选|选择|选|答案是|答案为|答案|填|答|是|[:：])+\s*(.+)"
    r"|第(\d{1,3})道?题\s*([a-z对错].*)",
    re.IGNORECASE,
)
_YES = r"我?(?:确认|确定|是的?|好的?|嗯|可以|行|对|要|准备好)?"
_CONFIRMS = re.compile(_YES + r"(?:交卷|提交|交)?")
_BEGINS = re.compile(_YES + r"(?:现在)?(?:开始)?(?:作答|考试|答题|考|做)?")
_GOES_ON = re.compile(
    r"我?(?:再|先)?(?:继续|接着|返回|回去)?(?:作答|答题|考试|做题|检查|看看?)|继续|接着做?|返回|先?不交"
)
_DECLINES = re.compile(
    r"我?(?:先|暂时|还是|现在)?不(?:考|做|练|用|要|开始|演练)(?:试卷|考试|演练)?|算|取消|以后再说|下次"
)
_CHOICE = re.compile(r"(?:我|做|选|考|练|要|来)*第?(\d{1,2})(?:份|张|个|套|号)?(?:试卷|卷子|考试|演练)?")
_HINTS = re.compile(r"(?:给|来|看|要|我要|给我|看看)?(?:个|一个|点|一下)?提示")
_DRILL_ENDS = re.compile(r"(?:我要)?(?:结束|完成|停止|终止)(?:演练|练习|这次演练)")
_DRILL_LEAVES = re.compile(r"(?:我要|先)?(?:退出|离开|暂停)(?:演练|练习|这次演练)?|不练|先不练")


def wish_of(text: str) -> Wish:
    """Return what is to be opened; a quiz of which nothing more is said is a practice."""
    return next((wish for wish, words in _WISHES.items() if words.search(text)), Wish.PRACTICE)


def resumes(text: str) -> bool:
    """Tell whether something that was begun before is meant."""
    return bool(_RESUMES.search(text))


def command_of(text: str) -> Command | None:
    """Return what is to be done in an exam, None where the sentence is something else, an answer perhaps."""
    said = bare(text)
    found = next((do for do, words in _COMMANDS.items() if words.fullmatch(said)), None)
    if found:
        return Command(found)
    counted = to_digits(said)
    if go := _GO.fullmatch(counted):
        return Command(Do.GO, int(go[1]))
    return _answer_of(text)


def _answer_of(text: str) -> Command | None:
    """Return an answer that names its question; the words of a fill-in stay as they were typed."""
    head, mark, tail = text.strip().partition("题")
    found = _ANSWERS.fullmatch(f"{to_digits(normalise(head))}{mark}{tail}")
    if found is None:
        return None
    given = found[2] or found[4]
    return Command(Do.ANSWER, int(found[1] or found[3]), given)


def chosen(text: str, names: tuple[str, ...]) -> int | None:
    """Return the place, from 0, of what was chosen from a list, by number or by name; else None."""
    by_number = _CHOICE.fullmatch(to_digits(bare(text)))
    if by_number:
        place = int(by_number[1]) - 1
        return place if 0 <= place < len(names) else None
    named = [place for place, name in enumerate(names) if name and normalise(name) in normalise(text)]
    return named[0] if len(named) == 1 else None


def bare(text: str) -> str:
    """Return a sentence as commands are compared: normalised, without what softens its end."""
    return _END.sub("", re.sub(r"\s+", "", normalise(text)))


def confirms_hand_in(text: str) -> bool:
    """Tell whether 确认交卷 is said; 交卷 alone is what was said before, perhaps twice by one finger."""
    said = bare(text)
    return bool(said) and said not in ("交卷", "提交", "交") and bool(_CONFIRMS.fullmatch(said))


def begins(text: str) -> bool:
    """Tell whether somebody says to begin."""
    return bool(bare(text)) and bool(_BEGINS.fullmatch(bare(text)))


def goes_on(text: str) -> bool:
    """Tell whether somebody wants to go on answering."""
    return bool(_GOES_ON.fullmatch(bare(text)))


def declines(text: str) -> bool:
    """Tell whether somebody does not want what is offered."""
    return bool(_DECLINES.fullmatch(bare(text)))


def wants_hint(text: str) -> bool:
    """Tell whether a hint of a drill is asked for."""
    return bool(_HINTS.fullmatch(bare(text)))


def ends_drill(text: str) -> bool:
    """Tell whether a drill is to be ended and marked."""
    return bool(_DRILL_ENDS.fullmatch(bare(text)))


def leaves_drill(text: str) -> bool:
    """Tell whether a drill is to be left as it is."""
    return bool(_DRILL_LEAVES.fullmatch(bare(text)))
