"""The complaint form: what was said is written down, can be changed or dropped, and becomes a ticket."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from sqlalchemy.orm import Session

from actions.desk import cards, tickets
from actions.desk.tickets import TicketDraft
from actions.rasa import complaint_words as words
from actions.rasa.complaint_reading import (
    CHANGE,
    CONFIRM,
    DROP,
    Kind,
    Move,
    next_step,
    read,
    sounds_aggrieved,
)
from actions.rasa.complaint_words import (
    CONTACT,
    DEMAND,
    FIELDS,
    IN_CHAT,
    LABELS,
    MATTER,
    PRODUCT,
    TELLING,
    says_matter,
)
from actions.rasa.form import answers_now, keeps_silent, opens_now, request
from actions.rasa.heard import Heard, heard
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service import handovers
from actions.service.replies import Button, Reply
from actions.store.masking import mask
from actions.store.tables.desk import Ticket

FORM = "complaint_form"
SHORT = 40
KEY, NOTICE, LAST_TICKET = "complaint_key", "complaint_notice", "last_ticket"
FORGOTTEN: dict[str, None] = dict.fromkeys([*FIELDS, CONFIRM, DROP, CHANGE, KEY, NOTICE])


class ValidateComplaintForm(DialogueAction):
    """Takes each sentence said during the form and decides what to ask next."""

    action_name: ClassVar[str] = f"validate_{FORM}"

    def act(self, talk: Talk) -> Events:
        """Read the sentence; write down, ask again, stop, or leave it to the rules."""
        events = talk.tracker.events
        filled = _filled(talk)
        if opens_now(events, FORM):
            return _open(talk)
        if not answers_now(events, FORM):
            return [*set_slots({NOTICE: "我们接着登记。"}), request(_pending(talk, filled))]
        return _after(read(talk.heard, str(talk.slot("requested_slot") or ""), filled), filled)


def _filled(talk: Talk) -> dict[str, str]:
    return {slot: str(talk.slot(slot)) for slot in FIELDS if talk.slot(slot)}


def _pending(talk: Talk, filled: Mapping[str, str]) -> str:
    asked = talk.slot("requested_slot")
    return str(asked) if asked in (DROP, CHANGE) else next_step(filled)


def _open(talk: Talk) -> Events:
    said = words.opening(talk.heard, _said_before(talk))
    key = f"{talk.turn.conversation_id}:{talk.turn.turn_id or talk.now.isoformat()}"
    notice = _acknowledge(said) if said.get(MATTER) else ""
    return [*set_slots({**FORGOTTEN, **said, KEY: key, NOTICE: notice}), request(next_step(said))]


def _said_before(talk: Talk) -> str:
    """Return the sentence before the wish to complain where it tells what happened."""
    said = [event for event in talk.tracker.events if event.get("event") == "user"]
    before = heard({**said[-2]["parse_data"], **said[-2]}) if len(said) > 1 else Heard()
    unanswered = before.intent in ("dissatisfied", "abuse", "nlu_fallback") or before.intent.startswith(
        "account"
    )
    tells = before.intent == "dissatisfied" and says_matter(before.text) and len(before.text) >= TELLING
    return before.text if tells or (unanswered and sounds_aggrieved(before.text)) else ""


def _acknowledge(said: Mapping[str, str]) -> str:
    return f"您说的情况已记下：「{shorten(said[MATTER])}」。"


def _after(move: Move, filled: Mapping[str, str]) -> Events:
    if move.kind is Kind.INTERRUPT:
        return []
    if move.kind is Kind.SUBMIT:
        return [*set_slots({CONFIRM: "yes"}), request(None)]
    if move.kind is Kind.DROP:
        return [*set_slots({CONFIRM: "dropped"}), request(None)]
    if move.kind is Kind.ASK_DROP:
        return [*set_slots({NOTICE: ""}), request(DROP)]
    if move.kind is Kind.ASK_CHANGE:
        return [*set_slots({NOTICE: move.notice}), request(CHANGE)]
    if move.kind is Kind.CLEAR:
        cleared = next(iter(move.values))
        return [*set_slots({cleared: None, NOTICE: ""}), request(cleared)]
    now = {**filled, **move.values}
    return [*set_slots({**move.values, NOTICE: move.notice}), request(next_step(now))]


class AskAction(DialogueAction):
    """Asks for one slot, with the notice of the last sentence in front."""

    slot_name: ClassVar[str] = ""
    buttons: ClassVar[tuple[str, ...]] = ()

    def act(self, talk: Talk) -> Events:
        """Say the notice and the question."""
        if keeps_silent(talk.heard):
            return []
        notice = str(talk.slot(NOTICE) or "")
        talk.say_text(f"{notice}{self.question(talk)}", *self.buttons, outcome="ticket")
        return set_slots({NOTICE: ""})

    @abstractmethod
    def question(self, talk: Talk) -> str:
        """Return what is asked."""


class AskMatter(AskAction):
    """Asks what happened."""

    action_name: ClassVar[str] = f"action_ask_{MATTER}"
    buttons: ClassVar[tuple[str, ...]] = ("取消登记",)

    def question(self, talk: Talk) -> str:
        """Return the first question, which also says that one may stop or change at any time."""
        del talk
        return "请您说说发生了什么：什么时候、哪一笔、遇到了什么问题。说错了可以随时更正，也可以随时取消。"


class AskProduct(AskAction):
    """Asks which product or service it is about."""

    action_name: ClassVar[str] = f"action_ask_{PRODUCT}"
    buttons: ClassVar[tuple[str, ...]] = ("支付", "提现", "贷款", "理财", "客服服务", "不清楚")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "这件事涉及哪个产品或服务？"


class AskDemand(AskAction):
    """Asks what the customer wants."""

    action_name: ClassVar[str] = f"action_ask_{DEMAND}"
    buttons: ClassVar[tuple[str, ...]] = ("退还费用", "尽快处理", "说明原因", "道歉")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "您希望我们怎么处理？"


class AskContact(AskAction):
    """Asks how to reach the customer."""

    action_name: ClassVar[str] = f"action_ask_{CONTACT}"
    buttons: ClassVar[tuple[str, ...]] = (IN_CHAT,)

    def question(self, talk: Talk) -> str:
        """Return the question; not leaving anything is a full answer."""
        del talk
        return "处理人员怎么联系您？请留手机号或邮箱；不想留也可以，处理结果会发在这个对话里。"


class AskConfirm(AskAction):
    """Shows the summary and asks for the confirmation."""

    action_name: ClassVar[str] = f"action_ask_{CONFIRM}"
    buttons: ClassVar[tuple[str, ...]] = ("确认提交", "修改", "取消登记")

    def question(self, talk: Talk) -> str:
        """Return the summary; a phone number is shown masked."""
        filled = _filled(talk)
        shown = {**filled, CONTACT: mask(filled[CONTACT])}
        lines = "\n".join(f"{label}：{shown[slot]}" for slot, label in LABELS.items())
        return f"请您核对：\n{lines}\n确认后提交，提交后会给您工单号。"


class AskDrop(AskAction):
    """Asks once whether to forget everything."""

    action_name: ClassVar[str] = f"action_ask_{DROP}"
    buttons: ClassVar[tuple[str, ...]] = ("放弃登记", "继续登记")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "要放弃这次登记吗？放弃后，刚才写的内容不会保留。"


class AskChange(AskAction):
    """Asks which answer to change."""

    action_name: ClassVar[str] = f"action_ask_{CHANGE}"
    buttons: ClassVar[tuple[str, ...]] = (*LABELS.values(), "都不改")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "要修改哪一项？也可以直接说，例如“产品改成转账”。"


class EndComplaint(DialogueAction):
    """Makes the ticket and tells its number, or says that nothing was kept."""

    action_name: ClassVar[str] = "action_complaint_end"

    def act(self, talk: Talk) -> Events:
        """Finish the form."""
        filled = _filled(talk)
        if talk.slot(CONFIRM) != "yes" or len(filled) < len(FIELDS):
            talk.say_text("已放弃登记，刚才的内容没有保留。需要时随时说“我要投诉”。", outcome="smalltalk")
            return set_slots(FORGOTTEN)
        ticket = tickets.create(
            talk.session,
            draft=TicketDraft(filled[MATTER], filled[PRODUCT], filled[DEMAND], _reachable(filled[CONTACT])),
            customer_id=talk.turn.customer_id,
            conversation_id=talk.turn.conversation_id,
            key=str(talk.slot(KEY)),
            now=talk.now,
            rng=talk.turn.rng,
        )
        talk.say(registered(talk.session, ticket))
        return set_slots({**FORGOTTEN, LAST_TICKET: ticket.number})


def registered(s: Session, ticket: Ticket) -> Reply:
    """Return what the customer is told: own words, number, due date with its rule, how to follow it."""
    text = (
        f"您反映的「{shorten(mask(ticket.matter))}」已登记，工单号 {ticket.number}。"
        f"按{ticket.rule}的时限，我们会在 {cards.due_words(ticket)}前答复您，答复会发在这个对话里。"
        "您随时可以说“查进度”，也可以补充情况或撤回。"
    )
    return replace(
        cards.ticket_reply(s, ticket, text), buttons=(Button("查进度", f"查进度 {ticket.number}"),)
    )


def shorten(text: str) -> str:
    """Return at most 40 characters of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"


def _reachable(contact: str) -> str:
    return "" if contact == IN_CHAT else contact


class SoftenDissatisfaction(DialogueAction):
    """Says sorry once and offers to write it down; what was said is used when the form opens."""

    action_name: ClassVar[str] = "action_dissatisfied"

    def act(self, talk: Talk) -> Events:
        """Offer a complaint and a person; who waits for a person already is not offered one again."""
        if handovers.open_for(talk.session, talk.turn.conversation_id):
            talk.say_text(
                "让您久等了，抱歉。人工客服接通后会直接在这里回复您；要留下书面记录，可以先登记投诉。",
                "我要投诉",
            )
            return []
        talk.say_text(
            "给您带来不便，抱歉。您可以登记投诉，我们按时限书面答复；也可以马上转人工。", "我要投诉", "转人工"
        )
        return []
