"""Decide what one sentence means while a complaint is being written down: pure, without Rasa."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from actions.rasa import complaint_words as words
from actions.rasa.complaint_demands import asks_for, demand_in
from actions.rasa.complaint_facts import only_fact, set_right
from actions.rasa.complaint_said import shorten
from actions.rasa.complaint_words import CONTACT, DEMAND, FIELDS, MATTER, PRODUCT
from actions.rasa.danger import Danger
from actions.rasa.heard import Heard
from actions.rasa.other_talk import speaks_of
from actions.store.masking import mask

CONFIRM, DROP, CHANGE = "complaint_confirm", "complaint_drop", "complaint_change"
SAME, RESUME = "complaint_same", "complaint_resume"
MERGE, ANOTHER = "并入原工单", "是另一件事"
STEPS = (*FIELDS, CONFIRM)
LONG = 30
SHORT = 12
STAYS_HERE = "那就先在这里回复您；要留手机号或邮箱，随时发给我。"
STORY = 80  # letters of a sentence that goes on telling, whatever was asked

_CANCELS = re.compile(
    r"(?:算了)?[，,、 ]*(?:取消(?:登记|投诉|吧|了)?|不(?:投诉|登记|填|写|弄|提交|补充|申请|用)了|别登记了"
    r"|放弃(?:登记|投诉)?|不要登记了|退出登记)[吧了。.]*"
    r"|算了(?:吧|算了)*"
)
_YES = re.compile(
    r"(?:是|对|好|嗯|行|可以|确认|确定|提交|没错|没问题|无误|ok)[的了吧呀啊嗯好对]*|确认(?:提交|无误)|提交吧?|放弃登记|取消登记",
    re.I,
)
_NO = re.compile(
    r"不是?|不要|不取消|不放弃|别|不[，, ]*继续(?:登记)?"
    r"|(?:我)?还是?要?(?:投诉|登记|继续)|继续(?:登记|填写?)?|接着登?记?来?|先不提交|不对|有误|等等|等一下"
)
_GOES_ON = re.compile(r"(?:我们|我|咱们?)?(?:继续|接着)(?:登记|填写?|办|来|说)?吧?")
_STOPS = re.compile(r"(?:放弃|取消|算了|不用|不要|不登记|不投诉|不办)(?:登记|投诉)?(?:了|吧)*")
_APART = re.compile(r"另外?一|不是|不同|两码事|两件事|新的|重新登记")
_TOGETHER = re.compile(r"并入|合并|同一|一回事|就是(?:这|那)|一起处理")
_ADDS = re.compile(r"^(?:补充(?:一下|一点)?|还有|另外|对了|再加一?[句条点])[，,：: ]*")
_SHORT_WISH = re.compile(
    r"(?:要|就|快|先|马上|赶紧)*(?:退|赔|查|改|删|处理|解决|道歉)(?:钱|款|我|一下|了|吧|掉|清楚)*"
)
_GRIEVANCE = re.compile(
    r"扣|骗|没到|不到账|没人|不处理|不给|不理|拒绝|乱|凭什么|态度|骂|挂|多收|两次|\d+天|被"
)
# What may sound like a question at the summary and is none.
_NO_QUESTIONS = ("affirm", "deny", "correct", "cancel", "complain", "dissatisfied", "abuse", "crisis")
_QUESTIONS = ("ask_manual", "nlu_fallback", "chitchat")


class Kind(StrEnum):
    """What the form does with a sentence."""

    FILL = "fill"  # write down `values`, ask for what is still missing
    INTERRUPT = "interrupt"  # let the rules answer it, then ask again
    ASK_DROP = "ask_drop"  # ask once whether to forget everything
    DROP = "drop"  # forget everything
    ASK_CHANGE = "ask_change"  # ask which answer to change
    CLEAR = "clear"  # forget the answers in `values`, ask again
    AGAIN = "again"  # ask the same again, with `notice`
    SUBMIT = "submit"  # everything is confirmed
    MERGE = "merge"  # add it to the ticket of the same matter
    APART = "apart"  # it is another matter than that ticket's


@dataclass(frozen=True, slots=True)
class Move:
    """One decision; `notice` is said before the next question."""

    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


def read(heard: Heard, requested: str, filled: Mapping[str, str]) -> Move:
    """Decide what `heard` means when `requested` was asked and `filled` is already written down."""
    if heard.tapped:
        return Move(Kind.AGAIN) if heard.intent == "complain" else Move(Kind.INTERRUPT)
    if heard.text in (MERGE, ANOTHER) and requested != SAME:  # a button pressed twice
        return Move(Kind.AGAIN)
    if requested == DROP:
        return _read_drop(heard, filled)
    if requested == CHANGE:
        return _read_change(heard, filled)
    if requested == SAME:
        return _read_same(heard, filled)
    if requested == RESUME:
        return _read_resume(heard, filled)
    if cancels(heard, requested):
        return Move(Kind.ASK_DROP)
    if requested == CONFIRM and _YES.fullmatch(heard.text.rstrip("。.，, ")):
        return Move(Kind.SUBMIT)
    changed = words.correction(heard, filled, requested)
    if changed:
        return _change(changed)
    if heard.means("repeat", at_least=0.8) and len(heard.text) <= SHORT:
        return Move(Kind.AGAIN)
    if interrupts(heard, requested):
        return Move(Kind.INTERRUPT)
    return _read_confirm(heard, filled) if requested == CONFIRM else _answer(heard, requested, filled)


def sounds_aggrieved(text: str) -> bool:
    """Tell whether a sentence that was said before the form may be what the complaint is about."""
    return bool(_GRIEVANCE.search(text)) and words.says_matter(text)


def next_step(filled: Mapping[str, str]) -> str:
    """Return what is to be asked next: the first field that is missing, then the confirmation."""
    return next((slot for slot in FIELDS if slot not in filled), CONFIRM)


def _read_drop(heard: Heard, filled: Mapping[str, str]) -> Move:
    text = heard.text.rstrip("。.，, ")
    wishes_on = heard.means("complain", at_least=0.5) and words.only_feels(text)
    if _NO.fullmatch(text) or heard.means("deny", at_least=0.5) or wishes_on:
        return Move(Kind.AGAIN, notice="好的，不取消。")
    if _YES.fullmatch(text) or _CANCELS.fullmatch(text) or heard.means("affirm", "cancel", at_least=0.5):
        return Move(Kind.DROP)
    # Something else was said: go on as if the question had not been asked.
    return read(heard, next_step(filled), filled)


def _read_resume(heard: Heard, filled: Mapping[str, str]) -> Move:
    text = heard.text.rstrip("。.，, ")
    if _GOES_ON.fullmatch(text) or heard.means("affirm", at_least=0.5):
        return Move(Kind.AGAIN, notice="好的，我们接着登记。")
    if _STOPS.fullmatch(text) or _CANCELS.fullmatch(text) or heard.means("deny", "cancel", at_least=0.5):
        return Move(Kind.DROP)
    return read(heard, next_step(filled), filled)


def surely_answers(heard: Heard, move: Move, requested: str) -> bool:
    """Tell whether a sentence said after a long silence plainly goes on with the form."""
    if move.kind is Kind.SUBMIT:
        return "提交" in heard.text
    if move.kind is not Kind.FILL:
        return move.kind is not Kind.AGAIN
    if requested == DEMAND and DEMAND in move.values:
        return asks_for(heard.text)
    if requested == PRODUCT and PRODUCT in move.values:
        return bool(words.product_in(heard.text))
    return True


def _read_same(heard: Heard, filled: Mapping[str, str]) -> Move:
    text = heard.text.rstrip("。.，, ")
    if cancels(heard, SAME):
        return Move(Kind.ASK_DROP)
    if _APART.search(text) or heard.means("deny", at_least=0.5):
        return Move(Kind.APART)
    if _TOGETHER.search(text) or _YES.fullmatch(text) or heard.means("affirm", at_least=0.5):
        return Move(Kind.MERGE)
    if interrupts(heard, SAME):
        return Move(Kind.INTERRUPT)
    told_more = _answer_to_another(heard.text, SAME, filled)
    return told_more or Move(Kind.AGAIN, notice="请点一下，或说“是”或“不是”。")


def _read_change(heard: Heard, filled: Mapping[str, str]) -> Move:
    for slot, label in words.LABELS.items():
        if heard.text == label:
            return Move(Kind.CLEAR, {slot: ""})
    if heard.text == "都不改" or heard.means("deny", "affirm", at_least=0.8):
        return Move(Kind.AGAIN)
    if cancels(heard, CHANGE):
        return Move(Kind.ASK_DROP)
    fact = words.fact_of(heard.text) if MATTER in filled else None
    if fact is not None:
        return _change_fact(fact, filled)
    changed = words.correction(heard, filled) or _named_only(heard)
    if changed and changed.slot:
        return _change(changed)
    return Move(Kind.INTERRUPT) if interrupts(heard, CHANGE) else Move(Kind.ASK_CHANGE)


def _change_fact(fact: str, filled: Mapping[str, str]) -> Move:
    if not fact:
        return Move(Kind.ASK_CHANGE, notice="请直接说对的，例如“金额是 168 元”或“时间是 11月3日”。")
    return _change(words.Correction(MATTER, set_right(filled[MATTER], fact)))


def _named_only(heard: Heard) -> words.Correction | None:
    reached = heard.entities.get("phone") or heard.entities.get("email")
    if reached:
        return words.Correction(CONTACT, reached)
    return next((words.Correction(s) for s, w in words._FIELD_WORDS.items() if w.search(heard.text)), None)


def _change(changed: words.Correction) -> Move:
    if not changed.slot:
        return Move(Kind.ASK_CHANGE)
    if not changed.value:
        return Move(Kind.CLEAR, {changed.slot: ""})
    shown = shorten(mask(changed.value)) if changed.slot == MATTER else mask(changed.value)
    return Move(Kind.FILL, {changed.slot: changed.value}, f"{words.LABELS[changed.slot]}已改为：{shown}。")


def cancels(heard: Heard, requested: str) -> bool:
    """Tell whether a sentence wants to stop, when `requested` was asked."""
    if _CANCELS.fullmatch(heard.text):
        return True
    # 我要退款取消这笔交易 is an answer, not a wish to stop.
    free_text = requested in (MATTER, DEMAND, PRODUCT) and len(heard.text) > SHORT
    refuses = requested == CONTACT and words.contact_in(heard).value
    return not free_text and not refuses and speaks_of(heard, "cancel")


def interrupts(heard: Heard, requested: str) -> bool:
    """Tell whether a sentence is no answer to `requested` but something beside the form."""
    text = heard.text
    if heard.means("crisis", at_least=0.5) or heard.danger in (Danger.LIFE, Danger.FRAUD):
        return True
    if requested == MATTER and (len(text) > SHORT or _GRIEVANCE.search(text)):
        return (
            heard.means("ask_manual", at_least=0.6)
            and heard.asks
            and not _GRIEVANCE.search(text)
            and len(text) <= LONG
        )
    if requested == CONTACT and (words.contact_in(heard).value or words.on_file(text)):
        return False
    if speaks_of(heard) and len(text) <= LONG:
        return True
    if heard.intent.startswith("account") and heard.confidence >= 0.6 and heard.asks and len(text) <= LONG:
        return True
    asks = heard.asks and len(text) <= LONG
    return asks and (
        heard.intent in _QUESTIONS or (requested in (CONTACT, CONFIRM) and heard.intent not in _NO_QUESTIONS)
    )


def _read_confirm(heard: Heard, filled: Mapping[str, str]) -> Move:
    if words.refuses_contact(heard.text):
        return _change(words.Correction(CONTACT, words.IN_CHAT))
    if heard.means("affirm", at_least=0.5):
        return Move(Kind.SUBMIT)
    if heard.text == "修改" or _NO.fullmatch(heard.text) or heard.means("deny", "correct", at_least=0.5):
        return Move(Kind.ASK_CHANGE)
    reached = heard.entities.get("phone") or heard.entities.get("email")
    if reached:
        return _change(words.Correction(CONTACT, reached))
    if _ADDS.search(heard.text) and words.is_answer(MATTER, _ADDS.sub("", heard.text)):
        return Move(
            Kind.FILL, {MATTER: _more(filled[MATTER], _ADDS.sub("", heard.text))}, "已补充到投诉内容里。"
        )
    again = Move(Kind.AGAIN, notice="请您确认一下，或告诉我要改哪一项。")
    return _answer_to_another(heard.text, CONFIRM, filled) or again


def _answer(heard: Heard, requested: str, filled: Mapping[str, str]) -> Move:
    if requested == CONTACT and words.contact_in(heard).value:
        return Move(Kind.FILL, {CONTACT: words.contact_in(heard).value})
    reached = words.only_contact(heard)
    if requested in (PRODUCT, DEMAND) and heard.text == words.IN_CHAT:
        reached = words.IN_CHAT
    if requested in (PRODUCT, DEMAND) and reached:
        return Move(Kind.FILL, {CONTACT: reached}, "联系方式记下了。")
    if requested == CONTACT and len(heard.text) <= SHORT and words.names_another_way(heard.text):
        return _no_contact(heard)
    elsewhere = _answer_to_another(heard.text, requested, filled)
    if elsewhere:
        return elsewhere
    if requested == CONTACT:
        return _no_contact(heard)
    if not words.is_answer(requested, heard.text):
        return Move(Kind.AGAIN, notice="没有看到文字，请用一两句话告诉我。")
    if _YES.fullmatch(heard.text.rstrip("。.，, ")):
        return Move(Kind.AGAIN)
    if words.only_feels(heard.text):
        return Move(Kind.AGAIN, notice=_feeling(heard))
    if requested == MATTER and words.only_wishes(heard.text):
        return Move(Kind.FILL, {DEMAND: heard.text}, "您的诉求记下了。")
    if requested == MATTER and words.says_only_product(heard.text):
        product = words.product_in(heard.text)
        return Move(
            Kind.FILL, {PRODUCT: product} if product else {}, f"涉及的是{product}。" if product else ""
        )
    values = _values(heard, requested, filled)
    return Move(Kind.FILL, values, _noted(values) if requested == MATTER else "")


def _product_first(product: str) -> Move:
    """Write down what it is about, where that is clear; what happened is still to be told."""
    return Move(Kind.FILL, {PRODUCT: product}, f"涉及的是{product}。") if product else Move(Kind.AGAIN)


def _no_contact(heard: Heard) -> Move:
    """Take a yes as what the question says of who leaves nothing; say what is wrong with anything else."""
    if _YES.fullmatch(heard.text.rstrip("。.，, ")):
        return Move(Kind.FILL, {CONTACT: words.IN_CHAT}, STAYS_HERE)
    return Move(Kind.AGAIN, notice=words.contact_in(heard).problem)


def _answer_to_another(text: str, requested: str, filled: Mapping[str, str]) -> Move | None:
    """Read a sentence that answers another question than the one asked: people tell on as they like."""
    tells_on = words.tells(text) or (len(text) > STORY and not (requested == DEMAND and asks_for(text)))
    if requested != MATTER and MATTER in filled and tells_on:
        more = {MATTER: _more(filled[MATTER], text)}
        product = words.product_in(text)
        found = {PRODUCT: product} if product and PRODUCT not in filled else {}
        demand = demand_in(text)
        wanted = {DEMAND: demand} if demand and DEMAND not in filled else {}
        return Move(Kind.FILL, {**more, **found, **wanted}, "这些也记下了。")
    a_number = re.fullmatch(r"[\d\s-]{5,}", text)  # of a phone, more likely than a sum
    if requested not in (MATTER, CONFIRM) and MATTER in filled and only_fact(text) and not a_number:
        return Move(Kind.FILL, {MATTER: _more(filled[MATTER], text)}, "这些也记下了。")
    if requested == DEMAND and len(text) <= SHORT and words.product_in(text) and not asks_for(text):
        if MATTER in filled and not words.only_names_product(text):
            return Move(Kind.FILL, {MATTER: _more(filled[MATTER], text)}, "这些也记下了。")
        product = words.tidy(PRODUCT, text)
        return Move(Kind.FILL, {PRODUCT: product}, f"{words.LABELS[PRODUCT]}记为：{product}。")
    if requested == PRODUCT and MATTER in filled and words.tells_beside_the_product(text):
        product = words.product_in(text)
        found = {PRODUCT: product} if product else {}
        return Move(Kind.FILL, {MATTER: _more(filled[MATTER], text), **found}, "这些也记下了。")
    if requested in (DEMAND, CONTACT, CONFIRM) and MATTER in filled and words.is_piece(text) and not a_number:
        return Move(Kind.FILL, {MATTER: _more(filled[MATTER], text)}, "这些也记下了。")
    if requested == PRODUCT and words.only_demands(text):
        before = filled.get(DEMAND, words.UNSAID)
        return Move(Kind.FILL, {DEMAND: _more(before, text)}, "您的诉求记下了。")
    wants = demand_in(text) or _SHORT_WISH.fullmatch(text)
    if requested in (CONTACT, CONFIRM) and DEMAND in filled and wants:
        return Move(Kind.FILL, {DEMAND: _more(filled[DEMAND], text)}, "您的诉求也记下了。")
    return None


def _more(before: str, text: str) -> str:
    return text if before == words.UNSAID else f"{before.rstrip('！!。.；;，, ')}；{text}"


def _noted(values: Mapping[str, str]) -> str:
    """Say that the matter is written down, and which product was understood without asking."""
    return f"记下了，涉及的是{values[PRODUCT]}。" if PRODUCT in values else "记下了。"


def _feeling(heard: Heard) -> str:
    return "" if heard.means("complain", at_least=0.4) else "给您添了麻烦，抱歉。"


def _values(heard: Heard, requested: str, filled: Mapping[str, str]) -> dict[str, str]:
    values = {requested: words.tidy(requested, heard.text)}
    if requested == MATTER:
        values = {**words.opening(heard, heard.text), **values}
    reached = heard.entities.get("phone") or heard.entities.get("email")
    if reached and CONTACT not in filled:
        values[CONTACT] = reached
    return {s: v for s, v in values.items() if s == requested or s not in filled}
