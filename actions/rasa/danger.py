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
    r"|结束(?:自己的|我的|这条)?生命|一了百了|遗书|吃多少.{0,6}死|吞药|死了算了|不如(?:去)?死了?|生不如死|活着没(?:有)?(?:意思|意义)"
    r"|(?:我|真|好|只)想(?:去)?死(?!你|机|心|磕|守|记|盯)|想死了?算了|想死的心|死给你们?看|喝农药|割自己|伤害自己|楼上跳下|buxianghuo"
)
# Words of danger in talk of something else: a price, a lamp, a way of working.
_ONLY_SOUNDS = re.compile(
    r"不想活[动跃络泼]|自杀(?:[式性]|条款|免责)|[等困热冷饿笑辣]得(?:我|人)?(?:都|真)?想死|[猫狗].{0,4}跳楼|笑不活|跳楼(?:大?甩卖?|特?价|清仓|促销|机)|上吊[灯扇顶坠柜篮床桥]|烧炭(?:烤|火|火锅)"
    r"|生不如死的(?!日子|生活|活|人|感觉)|一了百了地|想死[你他她它]们?|年轻生"
)
_WHO = (
    r"(?:对方|他们?|她|网友|陌生人|那人|那边|群主|导师|骗子|有(?:个)?人|公检法|警察|民警|客服|专员|风控"
    r"|自称.{0,10})"
)
# What nobody of ours asks for on the phone; 客服让我提供转账截图 is something else.
_PAYS = (
    r"(?:转账|转帐)(?!记录|凭证|截图|失败|成功|明细|限额|到账|的|后|才)|转钱|转到(?!人工|你)|转过去|打钱|打款|汇款(?!记录|凭证|截图)"
    r"|再?(?:垫|充)\d|先交|交(?:税|押金|保证金|解冻金|认证金)|开?(?:屏幕|投屏|远程)|看我(?:的)?(?:手机|屏幕)"
    r"|验证码(?!.{0,6}(?:收不到|没收到|不对|错误|过期|没有?来))"
)
_FRAUD = re.compile(
    r"(?:正在|刚刚?|已经|马上|让我|叫我|要我).{0,12}(?:共享屏幕|屏幕共享|安全账户|安全帐户|安全賬戶)"
    r"|(?:共享屏幕|屏幕共享).{0,10}(?:操作|控制|关不掉|取消不了)"
    r"|骗子.{0,8}(?:正在|还在|现在)|(?:正在|现在).{0,6}(?:被骗|给骗子|转给骗子)"
    rf"|{_WHO}.{{0,16}}(?:让|叫|要)我(?!等|耐心|重新).{{0,10}}(?:{_PAYS})"
    r"|(?:涉案|涉嫌|洗钱).{0,16}(?:让|叫|要)我|刷单.{0,14}(?:垫|提现|转|充)"
    r"|给(?:陌生人|骗子)(?:汇|转|打)|百万(?:保障|医疗).{0,14}(?:关|取消|到期|扣)|解冻金|安全账户.{0,6}转"
    r"|(?:钱|资金)(?:正在|还在)被?转(?:走|出)"
)
_NOT_ME = r"(?:操作|消费|转的|登[录陆]|弄的|买的|刷的|花的|付的|充的|贷的|借的)"
_STOLEN = re.compile(
    r"(?:我|卡|账[户号]|帐[户号]|賬戶|钱|密码|余额|号)[^，。,.；;？?]{0,6}被(?:人)?(?:盗|偷(?!偷)|黑(?!心|名单|箱|屏|户)|转走|刷走)"
    r"|(?:密码|手机号|绑定|邮箱)[^，。,.；;？?]{0,4}被(?:人)?改了|(?:我|刚|刚刚|让|已经)(?:被骗|被诈骗)"
    rf"|被(?:人)?盗刷|骗子?.{{0,6}}转了|转给(?:了)?骗子|(?:不是|并非)(?:我)?本?人?(?:自己)?{_NOT_ME}"
    r"|冒用|盗用|异地登[录陆]|被(?:别人|他人|陌生人|人)登|不翼而飞"
    r"|(?:钱|余额|卡里|账户里)[^？?]{0,6}(?:莫名|无缘无故|凭空|平白|突然)[^？?]{0,4}(?:少|没|不见)"
    r"|(?:验证码|密码)(?:告诉|发给|报给|给)了?[^？?]{0,8}(?:人|骗子|客服|对方|他|她)"
)
# A question about how such things go in general is for the manual.
_IN_GENERAL = re.compile(r"如何(?:防|识别|避免)|怎么(?:防|识别|避免)|防范|预防|常见的?(?:诈骗|骗局)|什么是")


def danger_in(text: str) -> Danger | None:
    """Return the worst danger that the sentence surely speaks of, None where it speaks of none."""
    said = _ONLY_SOUNDS.sub("", _MARKS.sub("", normalise(text)))
    if _LIFE.search(said):
        return Danger.LIFE
    if _IN_GENERAL.search(said):
        return None
    if _FRAUD.search(said):
        return Danger.FRAUD
    return Danger.STOLEN if _STOLEN.search(said) else None


def only_sounds_dangerous(text: str) -> bool:
    """Tell whether words of danger are said of something else, and of nothing else: 跳楼价, 自杀式加班."""
    return danger_in(text) is None and bool(_ONLY_SOUNDS.search(_MARKS.sub("", normalise(text))))
