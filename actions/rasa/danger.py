"""Words that cannot wait: a life in danger, a fraud under way, an account in a stranger's hands."""

from __future__ import annotations

import re
from enum import StrEnum

from knowledge.text import normalise


class Danger(StrEnum):
    """What is at stake, the worst first."""

    LIFE = "life"
    FRAUD = "fraud"  # somebody is being talked into paying at this moment
    STOLEN = "stolen"  # money or account is in a stranger's hands


INTENTS = {Danger.LIFE: "crisis", Danger.FRAUD: "account_security", Danger.STOLEN: "account_security"}

_MARKS = re.compile(r"[\s,，.。!！?？~、…;；:：]+")
_LIFE = re.compile(
    r"不想活|活不下去|不想再活|不活了|自杀|自殺|轻生|輕生|寻死|寻短见|割腕|跳楼|跳河|跳江|跳桥|上吊|烧炭"
    r"|结束(?:自己的|我的|这条)?生命|一了百了|遗书|吃多少.{0,6}死|吞药|死了算了|不如死了?|生不如死|活着没(?:有)?(?:意思|意义)"
    r"|(?:我|真|好|只)想(?:去)?死(?!你|机|心|磕|守|记|盯)|想死了?算了|伤害自己|buxianghuo"
)
_FRAUD = re.compile(
    r"(?:正在|刚刚?|已经|马上|让我|叫我|要我).{0,12}(?:共享屏幕|屏幕共享|安全账户|安全帐户|安全賬戶)"
    r"|(?:共享屏幕|屏幕共享).{0,10}(?:操作|控制|关不掉|取消不了)"
    r"|骗子.{0,8}(?:正在|还在|现在)|(?:正在|现在).{0,6}(?:被骗|给骗子|转给骗子)"
    r"|(?:公检法|警察|客服|专员|风控).{0,16}(?:让|叫|要)我.{0,10}(?:转账|转钱|转到|打钱|汇款|验证码)"
    r"|(?:钱|资金)(?:正在|还在)被?转(?:走|出)"
)
_STOLEN = re.compile(
    r"(?:我|卡|账[户号]|帐[户号]|賬戶|钱|密码|余额|号)[^，。,.；;？?]{0,6}被(?:人)?(?:盗|偷|黑|转走|刷走|改了)|(?:我|刚|刚刚|让|已经)(?:被骗|被诈骗)"
    r"|被(?:人)?盗刷|骗子?.{0,6}转了|转给(?:了)?骗子|(?:不是|并非)(?:我)?本?人?(?:操作|消费|转的|登[录陆])"
)
# A question about how such things go in general is for the manual.
_IN_GENERAL = re.compile(r"如何(?:防|识别|避免)|怎么(?:防|识别|避免)|防范|预防|常见的?(?:诈骗|骗局)|什么是")


def danger_in(text: str) -> Danger | None:
    """Return the worst danger that the sentence surely speaks of, None where it speaks of none."""
    said = _MARKS.sub("", normalise(text))
    if _LIFE.search(said):
        return Danger.LIFE
    if _IN_GENERAL.search(said):
        return None
    if _FRAUD.search(said):
        return Danger.FRAUD
    return Danger.STOLEN if _STOLEN.search(said) else None
