"""What a sentence says about a complaint: matter, product, demand, contact, and what is to be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from actions.desk import found
from actions.rasa.complaint_demands import asks_for, demand_in
from actions.rasa.complaint_facts import only_fact, set_right
from actions.rasa.heard import Heard
from actions.store.masking import numerals_as_digits
from knowledge.text import simplified

MATTER, PRODUCT, DEMAND, CONTACT = (
    "complaint_matter",
    "complaint_product",
    "complaint_demand",
    "complaint_contact",
)
FIELDS = (MATTER, PRODUCT, DEMAND, CONTACT)
LABELS = {MATTER: "发生了什么", PRODUCT: "产品或服务", DEMAND: "您的诉求", CONTACT: "联系方式"}
IN_CHAT = "就在这里回复"
TELLING = 8  # letters of a sentence that says what happened, not only how one feels
UNSAID = "未说明"

# Words of the wish itself: a sentence that has nothing else does not say what happened.
_WISH = re.compile(
    r"我|你们?|您|本人|俺|恁们?|想|要|需要|必须|给|帮|替|麻烦|请|投诉|投訴|举报|登记|提交?|开个?|一下|个|单子?|这里|在|哪里?|怎么|如何|"
    r"转人工|转接|人工客服?|真人|赶紧|赶快|马上|立刻|现在|"
    r"(?:偷|头|透|投)(?:诉|述|宿|素|速)|喂|你好|您好|在吗|嗯|那个|就是|还是|还|"
    r"(?:去|向)?(?:银保监会?|监管|消协|工商|12378|12345|法院)(?:局|部门)?|(?:告|起诉)(?:你们|他们)?|"
    r"入口|渠道|实名|申请|走|流程|意见|反映|反馈|问题|情况|吧|了|的|呢|啊|吗|好|谢谢|能|可以|不|直接|就|tousu|wo|yao|nimen"
)
# Anger that says how one feels, not what happened.
_CURSE = re.compile(
    r"(什么|啥)?(破|烂|垃圾|狗屁|傻逼|鬼|黑心|骗子)+(的)?(玩意儿?|东西|平台|公司|软件|系统|APP|app|客服|服务|地方)?"
    r"|什么意思|怎么回事|说话|你们去死|去死"
    r"|太(差|烂|垃圾|过分|恶心|气人)(劲)?|气死(人|我)?|烦死(人|我)?|急死(人|我)?|受够|忍不了|真是|简直|真的|无语|搞什么|服了"
)
_MARKS = re.compile(r"[\W_]+")
_FIELD_WORDS = {
    CONTACT: re.compile(r"电话|手机|邮箱|联系|号码|電話|手機"),
    PRODUCT: re.compile(r"产品|業務|业务|服务类型|類型|類别|类别"),
    DEMAND: re.compile(r"诉求|訴求|要求|期望"),
    MATTER: re.compile(r"事情|经过|经過|内容|内容|事由|原因|发生了什么|情况|问题描述"),
}
_CHANGE = re.compile(
    r"改|换成|写错|填错|说错|打错|讲错|选错|给错|记错|弄错|搞错|错了|不对|更正|重新说|重填|重写|写错一位"
)
_NEW_VALUE = re.compile(
    r"(?:改成|改为|改到|换成|应该?是|应为|正确的是|我只要|而是|是|用)[“\"']?(?P<value>[^，。,；;”\"']{1,200})[”\"']?"
)
_NEW_AFTER = re.compile(r"(?:改|换|更正)(?:一?下|掉)?[，,：:、 ]+(?P<value>.{2,200})")
_NOT_BUT = re.compile(r"不是(?P<old>[^，。,；;]{1,30}?)[，,、 ]*(?:而)?是(?P<new>[^，。,；;]{1,60})")
_REFUSES = re.compile(
    r"不留|不想留|不方便|不给|不用(?:联系|留|打)|别打|就在这|在这里?回复|这里回复|聊天里?(?:回复|说|联系)|没有(?:电话|手机|邮箱)|站内"
)
_HAS_NONE = re.compile(
    r"我?[没冇]有?(?:手机|电话|邮箱|联系方式|号码|電話)+号?[了吧啊]?|bu ?(?:yong ?)?liu[\w ]{0,8}"
)
# 就打我注册的手机号, 号码你们不是有吗: the number is to be looked up.
_ON_FILE = re.compile(
    r"(?:注册|绑定|开户|预留|登记|之前|原来|留过|系统里|账户里).{0,6}(?:号|手机|电话|联系方式)"
    r"|(?:号码?|手机|电话|联系方式)[^，。,.]{0,4}你们.{0,4}有|你们.{0,4}有我?的?(?:手机|电话|号码|联系)"
)
_UNKNOWN = re.compile(r"(?:我)?(?:也)?(?:不知道|不清楚|说不清|不确定|没有|跳过|随便|都行|无)(?:了|吧|啊)?")
_LETTERS = re.compile(r"[\w]")
_ELSEWHERE = re.compile(r"微信|威信|wx|vx|v信|qq|扣扣|支付宝", re.IGNORECASE)
# What is done to a customer, or when: such a sentence tells what happened, whatever was asked.
_TELLS = re.compile(
    r"扣|骗|没到|不到账|没人|不处理|不给|不理|拒绝|挂了?我|多收|两次|两遍|[\d一二三两几]天|被|昨天|前天|上周|上个?月|\d+[月号]"
)
_IT_IS = re.compile(r"^(?:就|应该|那|这)*是(?:说|关于)?|^关于|(?:的|啊|吧|呀|呢|嘛)+$")
_MORE_THAN_A_NAME = re.compile(r"[次遍笔回没不被了\d两]")
_POINTS = re.compile(r"[这那](?:个|款|笔|种)?|业务|产品|服务|就是|关于")
_PIECE = re.compile(
    r"[\u4e00-\u9fff]了(?![吧呗])|说(?!啥|什么|话|到做|吧)|[买卖签办](?:的|过)|录音|截图|凭证|证据|[扣骗骂亏坑]|没(?!有$)|不到"
    r"|\d+(?:[元块号月日天次笔]|$)"
)
_WISHING = re.compile(
    r"^(?:让|叫|把|请)(?!我)|别|不要再|就行|就好|就可以|为止|算了|好了|行了|够了|知道了|明白了"
)
_HAPPENED = re.compile(r"[两二三几\d][次遍笔回]|被(?!动)|扣了|没到|少了")
_FACT_WORDS = re.compile(r"金额|钱数|数额|数目|价格|日期|时间|日子")
_INSTEAD = re.compile(
    r"^(?:不对|不是(?:这个|的)?|[说写搞弄]?错了|等等)[，,。！! ]*(?:应该?是|是|我说的是)?[，, ]*"
    r"(?P<value>.{1,100})"
)


_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_FACT_LONGEST = 20
_FEW, _NAME = 6, 2  # letters: 我的电话是 says nothing else


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the customer, or what is wrong with what was given."""

    value: str = ""
    problem: str = ""


def opening(heard: Heard, grievance: str = "") -> dict[str, str]:
    """Return what the opening sentence says already; `grievance` is what was said just before.

    Both are what happened; the product is that of the opening sentence where it names one.
    """
    own = heard.text if says_matter(heard.text) else ""
    text = "；".join(part for part in (grievance, own) if part)
    said: dict[str, str] = {}
    if text:
        said[MATTER] = text
        for slot, value in ((PRODUCT, product_in(own) or product_in(text)), (DEMAND, demand_in(text))):
            if value:
                said[slot] = value
    reached = heard.entities.get("phone") or heard.entities.get("email")
    if reached:
        said[CONTACT] = reached
    return said


def says_matter(text: str) -> bool:
    """Tell whether a complaining sentence says more than that one wants to complain."""
    return len(_beside_the_wish(text)) >= 3


def only_feels(text: str) -> bool:
    """Tell whether a sentence has nothing but the wish to complain and how one feels."""
    return not _beside_the_wish(text)


def _beside_the_wish(text: str) -> str:
    """Return the letters of a text that are neither the wish to complain nor a curse."""
    return _WISH.sub("", _CURSE.sub("", _MARKS.sub("", simplified(text).lower())))


def tells(text: str) -> bool:
    """Tell whether a sentence goes on telling what happened, and asks for nothing."""
    return len(text) > TELLING and bool(_TELLS.search(simplified(text))) and not asks_for(text)


def product_in(text: str) -> str:
    """Return the one product that the text names, or ""."""
    return found.product(text)


def only_wishes(text: str) -> bool:
    """Tell whether a few words want something done and say nothing of what happened: 把钱退我, 赔我十倍."""
    told = _PIECE.search(simplified(text)) or _HAPPENED.search(simplified(text))
    return len(text) <= TELLING and demand_in(text) == text.strip() and not told


def only_demands(text: str) -> bool:
    """Tell whether a sentence wants something done and names nothing that it is about."""
    names = len(_CHINESE.findall(text)) <= _NAME  # 退款 alone may be what it is about
    return bool(demand_in(text) or asks_for(text)) and not (names or product_in(text))


def only_names_product(text: str) -> bool:
    """Tell whether a short text names a product and tells nothing of it: 快捷支付, not 扣款两次."""
    rest = simplified(text)
    for kind, _, start, end in reversed(found.spots(text)):
        rest = rest[:start] + rest[end:] if kind == "products" else rest
    return rest != simplified(text) and not _MORE_THAN_A_NAME.search(rest)


def says_only_product(text: str) -> bool:
    """Tell whether a sentence names what it is about and says nothing of it: 你们那个理财."""
    rest = simplified(text)
    for kind, _, start, end in reversed(found.spots(text)):
        rest = rest[:start] + rest[end:] if kind == "products" else rest
    return rest != simplified(text) and not _beside_the_wish(_POINTS.sub("", rest))


def is_piece(text: str) -> bool:
    """Tell whether a few words go on telling what happened, whatever was asked: 亏了三万, 销售说保本."""
    plain = simplified(text)
    told = _PIECE.search(plain) or _HAPPENED.search(plain)
    return (
        bool(told)
        and not on_file(text)
        and not asks_for(text)
        and not _WISHING.search(plain)
        and not _UNKNOWN.fullmatch(plain)
    )


def tells_beside_the_product(text: str) -> bool:
    """Tell whether an answer to which product it is tells what happened: 两笔一模一样的, 扣款两次."""
    happened = _HAPPENED.search(simplified(text)) and not asks_for(text)
    return bool(happened) or (is_piece(text) and not product_in(text))


def only_contact(heard: Heard) -> str:
    """Return the phone number or address of a sentence that says nothing else, "" for any other."""
    reached = heard.entities.get("phone") or heard.entities.get("email") or ""
    letters = _CHINESE.findall(numerals_as_digits(heard.text))  # 幺三八… is a number
    return reached if reached and len(letters) <= _FEW else ""


def contact_in(heard: Heard) -> Contact:
    """Read a phone number, an e-mail address or the wish to be answered here; else say what to do."""
    reached = heard.entities.get("phone") or heard.entities.get("email")
    if reached:
        return Contact(reached)
    plain = simplified(heard.text).lower()
    if _REFUSES.search(plain) or _HAS_NONE.fullmatch(plain) or _UNKNOWN.fullmatch(plain):
        return Contact(IN_CHAT)
    if on_file(heard.text):
        return Contact(problem="我看不到您账户里登记的号码，请在这里写一次。")
    digits = re.sub(r"\D", "", heard.text)
    if _ELSEWHERE.search(heard.text):
        return Contact(problem="目前只能用手机号或邮箱联系您。")
    if "@" in heard.text:
        return Contact(problem="这个邮箱地址不完整，请再核对一下，例如 name@example.com。")
    if len(digits) >= 5:
        return Contact(problem=f"手机号应为 11 位，您给的是 {len(digits)} 位，请再核对一下。")
    return Contact(problem="没有认出手机号或邮箱。")


def names_another_way(text: str) -> bool:
    """Tell whether a sentence names a way to be reached that does not serve, or half an address."""
    return bool(_ELSEWHERE.search(text)) or "@" in text


def on_file(text: str) -> bool:
    """Tell whether a sentence refers to a number that the customer gave elsewhere."""
    return bool(_ON_FILE.search(simplified(text)))


def refuses_contact(text: str) -> bool:
    """Tell whether a sentence says, without being asked, that no contact is to be left."""
    return bool(
        re.fullmatch(
            r"(?:电话|手机号?|联系方式)?(?:我)?(?:先|还是|暂时|就)*(?:不留|不想留|不方便留?|不给)(?:了|吧|电话|手机号?)*",
            text,
        )
    )


def is_answer(slot: str, text: str) -> bool:
    """Tell whether there is anything in the text to write down."""
    return bool(_LETTERS.search(text)) and (slot != MATTER or len(_MARKS.sub("", text)) >= 2)


def tidy(slot: str, text: str) -> str:
    """Return an answer as it is written down: 不知道 becomes 未说明, 是支付 becomes 支付."""
    if slot in (PRODUCT, DEMAND) and _UNKNOWN.fullmatch(_MARKS.sub("", text)):
        return UNSAID
    bare = _IT_IS.sub("", text) if slot == PRODUCT else text
    return bare if is_answer(slot, bare) else text


@dataclass(frozen=True, slots=True)
class Correction:
    """A wish to change something: the slot where it is known, and the new value where it was said."""

    slot: str = ""
    value: str = ""


def correction(heard: Heard, filled: Mapping[str, str], requested: str = "") -> Correction | None:
    """Read a correction of what was written down, or return None when the sentence is none.

    A sentence that names what was just asked for, 诉求：把名字改成…, is the answer to it.
    """
    text = heard.text
    swapped = _swap(text, filled)
    if swapped:
        return swapped
    named = next((slot for slot, words in _FIELD_WORDS.items() if words.search(text)), "")
    if named and named == requested and named not in filled:
        return None
    reached = heard.entities.get("phone") or heard.entities.get("email") or ""
    changes = bool(_CHANGE.search(text))
    if changes and reached and (named in ("", CONTACT)):
        return Correction(CONTACT, reached)
    if changes and MATTER in filled and _FACT_WORDS.search(text):
        value = _new_value(text, MATTER, _FACT_WORDS)
        if only_fact(value):
            return Correction(MATTER, set_right(filled[MATTER], value))
    if changes and named:
        value = "" if named == CONTACT else _new_value(text, named)
        if value or named in filled:
            return Correction(named, value)
    instead = _instead(text, filled, requested)
    if instead:
        return instead
    short = len(text) <= 12 and heard.means("correct", at_least=0.5)
    return Correction() if filled and (short or text in ("修改", "改一下", "说错了", "写错了")) else None


def fact_of(text: str) -> str | None:
    """Return the sum or day of 金额是 5000 or 5000, "" where only its name is said, else None."""
    if only_fact(text):
        return text
    if not _FACT_WORDS.search(text) or len(text) > _FACT_LONGEST:
        return None
    value = _FACT_WORDS.sub("", text).strip(" 是为:：，,改成应该不对错了")
    return value if only_fact(value) else "" if not value else None


def _swap(text: str, filled: Mapping[str, str]) -> Correction | None:
    """Read 不是转账是提现: the old words say which slot is meant."""
    match = _NOT_BUT.search(text)
    if not match:
        return None
    old, new = match["old"].strip(), match["new"].strip()
    for slot in (PRODUCT, DEMAND, MATTER):
        value = filled.get(slot, "")
        if old and old in value:
            return Correction(slot, value.replace(old, new))
    if MATTER in filled and only_fact(old) and only_fact(new):
        return Correction(MATTER, set_right(filled[MATTER], new))
    return None


def _instead(text: str, filled: Mapping[str, str], requested: str) -> Correction | None:
    """Read 不对，是快捷支付: what is said in its place tells which answer it replaces, else the last one."""
    match = _INSTEAD.search(text)
    value = match["value"].strip() if match else ""
    if not value or not is_answer(PRODUCT, value) or _CHANGE.search(value):
        return None
    if MATTER in filled and only_fact(value):
        return Correction(MATTER, set_right(filled[MATTER], value))
    slot = DEMAND if demand_in(value) else PRODUCT if product_in(value) else _before(requested)
    return Correction(slot, value) if slot in filled else None


def _before(requested: str) -> str:
    return FIELDS[FIELDS.index(requested) - 1] if requested in FIELDS else ""


def _new_value(text: str, slot: str, names: re.Pattern[str] | None = None) -> str:
    after = text[max(m.end() for m in (names or _FIELD_WORDS[slot]).finditer(text)) :]
    match = _NEW_VALUE.search(after) or _NEW_AFTER.search(after)
    value = match["value"].strip() if match else ""
    return value if is_answer(slot, value) and not _CHANGE.fullmatch(value) else ""
