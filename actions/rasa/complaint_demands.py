"""What a customer wants done: which clause asks for something, and which only tells of asking."""

from __future__ import annotations

import re

from knowledge.text import simplified

_CLAUSE = re.compile(r"[^，。,.；;！!？?\n]+")
LONGEST = 60  # letters of a wish that are written down from a clause without marks
_DONE = (
    r"退|赔|还我|还给|道歉|说法|解释|说明|恢复|撤|取消|删|改|查|核实|处理|解决|停|补|解冻|解绑|注销"
    r"|答复|回复|减免|免除|处分|处罚"
)
_ASK = re.compile(
    r"(?:要求|希望|(?<!申)请(?!假|问|教)|(?<!不)想要?|必须|赶紧|赶快|尽快|马上|立即|立刻|给我|应该|麻烦|务必"
    r"|我要|还要|得|把)"
    rf"[^，。,.；;！!？?]{{0,20}}?(?:{_DONE})"
)
_BARE = re.compile(
    r"(?:再|先|快|都|全部|全额|那就|就|请|原路)?"
    r"(?:退还|退回|退给我|退我|退钱|退款(?=$|吧|给我|[并和加])|赔我|赔钱|赔偿|道歉|给个说法|还我)"
)
# Such a clause tells what was asked for, promised or refused before.
_TOLD = re.compile(
    r"没|不了|不给|不肯|不让|不能|不到|被拒|拒绝|失败|不成|无法|答应|承诺|保证"
    r"|说(?:好|是|会|要|让|叫|马上|尽快)|让我|叫我|申请的|一直|怎么|为什么|吗"
)
_ASKS_FOR = re.compile(
    r"要求|希望|想要?|(?<!申)请|申请(?:核查|复核)|给我|给个|必须|赶紧|尽快|马上|查清|解释|说明|赔|道歉|恢复|撤销|删|停止|取消|修复|补偿"
    r"|(?<![没不未人给有])(?:退|回复|答复|处理|解决|到账)"  # 没人处理 tells what happened
)


def asks_for(text: str) -> bool:
    """Tell whether a sentence wants something done."""
    return bool(_ASKS_FOR.search(simplified(text)))


def demand_in(text: str) -> str:
    """Return the clause that asks for something, as it was written, or ""."""
    plain = simplified(text)
    for clause in _CLAUSE.finditer(plain):
        start = _wish(clause[0])
        if start >= 0:
            return text[clause.start() + start : clause.end()][:LONGEST].strip()
    return ""


def _wish(clause: str) -> int:
    """Return where in a clause a wish begins, -1 where there is none."""
    if _TOLD.search(clause):
        return -1
    if _BARE.match(clause.strip()):
        return 0
    asked = _ASK.search(clause)
    return asked.start() if asked else -1
