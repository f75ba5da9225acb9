"""The small form for what a customer has to say about a ticket: which one, and the facts or the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from actions.desk import attachments, cards, customer, tickets
from actions.desk.attachments import Upload
from actions.desk.life import PENDING, Step
from actions.rasa.complaint_reading import cancels, interrupts
from actions.rasa.complaint_said import shorten
from actions.rasa.complaint_words import MATTER, tells
from actions.rasa.form import answers_now, keeps_silent, opens_now, request
from actions.rasa.silence import away_since
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Ticket

FORM = "note_form"
KIND, TICKET, TEXT = "note_kind", "note_ticket", "note_text"
MOST = 5
_NUMBER = re.compile(r"ts\s?\d{6}\s?-?\s?\d{5}", re.IGNORECASE)
_FORGOTTEN: dict[str, None] = dict.fromkeys([KIND, TICKET, TEXT])


class Kind(StrEnum):
    """What is done with what the customer writes."""

    ADD = "add"
    REVIEW = "review"


STEPS = {Kind.ADD: (Step.ADD_FACTS, "补充"), Kind.REVIEW: (Step.REVIEW, "申请核查")}
_STOP = Button("不用了", "不用了")
_TOLD = {"outcome": "ticket"}


class ValidateNoteForm(DialogueAction):
    """Takes the ticket's number, then the text."""

    action_name: ClassVar[str] = f"validate_{FORM}"

    def act(self, talk: Talk) -> Events:
        """Read one sentence; write down, stop, or leave it to the rules."""
        asked = str(talk.slot("requested_slot") or "")
        if opens_now(talk.tracker.events, FORM) or not answers_now(talk.tracker.events, FORM):
            return [request(_next(talk.slot(TICKET), talk.slot(TEXT)))]
        if cancels(talk.heard, MATTER):
            return [*set_slots({TEXT: None, TICKET: None}), request(None)]
        if asked == TICKET:
            return _choose(talk)
        if talk.heard.tapped or interrupts(talk.heard, MATTER):
            return []
        if away_since(talk) and not tells(talk.heard.text):
            return [request(TEXT)]
        return [*set_slots({TEXT: talk.heard.text}), request(None)]


def _next(ticket: object, text: object) -> str | None:
    return TICKET if not ticket else TEXT if not text else None


def _choose(talk: Talk) -> Events:
    number = _NUMBER.search(talk.heard.text)
    normal = tickets.normal_number(number[0]) if number else None
    if normal is None:
        return []
    ticket = tickets.get_by_number(talk.session, normal, customer_id=talk.turn.customer_id)
    return [*set_slots({TICKET: ticket.number}), request(_next(ticket.number, talk.slot(TEXT)))]


class AskNoteTicket(DialogueAction):
    """Asks which ticket is meant."""

    action_name: ClassVar[str] = f"action_ask_{TICKET}"

    def act(self, talk: Talk) -> Events:
        """Show the tickets that it may be."""
        if keeps_silent(talk.heard):
            return []
        step, name = STEPS[_kind(talk)]
        found = able(talk, step, tickets.for_customer(talk.session, talk.turn.customer_id))[:MOST]
        named = "\n".join(f"{one.number}「{shorten(mask(one.matter))}」" for one in found)
        buttons = tuple(Button(one.number, one.number) for one in found)
        talk.say(
            Reply(
                ReplyKind.TEXT, f"{_where(talk)}您要{name}的是哪一张工单？\n{named}", _TOLD, (*buttons, _STOP)
            )
        )
        return []


class AskNoteText(DialogueAction):
    """Asks for the facts, or for the reason."""

    action_name: ClassVar[str] = f"action_ask_{TEXT}"

    def act(self, talk: Talk) -> Events:
        """Ask, with the ticket's number."""
        if keeps_silent(talk.heard):
            return []
        number = talk.slot(TICKET)
        if _kind(talk) is Kind.REVIEW:
            text = f"请您说说为什么对工单 {number} 的处理决定有异议，例如哪项事实不对、还有什么没有考虑到。"
        else:
            text = f"请把要补充到工单 {number} 的情况发给我，一次说完。"
        talk.say(Reply(ReplyKind.TEXT, f"{_where(talk)}{text}", _TOLD, (_STOP,)))
        return []


def _where(talk: Talk) -> str:
    """Return what who comes back after hours or days is told first."""
    since = away_since(talk)
    name = STEPS[_kind(talk)][1]
    return f"您 {cards.day_words(since)} 要{name}，还没有写完，没有提交。" if since else ""


class EndNote(DialogueAction):
    """Writes down what was said, or says that nothing was."""

    action_name: ClassVar[str] = "action_note_end"

    def act(self, talk: Talk) -> Events:
        """Finish the form."""
        number, text = talk.slot(TICKET), talk.slot(TEXT)
        if not number or not text:
            talk.say_text("好的，没有提交任何内容。", outcome="smalltalk")
            return set_slots(_FORGOTTEN)
        ticket = tickets.get_by_number(talk.session, str(number), customer_id=talk.turn.customer_id)
        (ask_review if _kind(talk) is Kind.REVIEW else add)(talk, ticket, str(text))
        return set_slots(_FORGOTTEN)


def _kind(talk: Talk) -> Kind:
    return Kind(talk.slot(KIND) or Kind.ADD)


def able(talk: Talk, step: Step, own: Sequence[Ticket]) -> list[Ticket]:
    """Return the tickets with which the customer may do a step now."""
    return [ticket for ticket in own if customer.allows(talk.session, ticket, step, talk.now)]


def add(talk: Talk, ticket: Ticket, facts: str) -> None:
    """Add facts, and the files that wait, to a ticket; say what becomes of its date."""
    files = take_files(talk)
    decided = ticket.state not in PENDING
    ticket = customer.add_facts(
        talk.session, ticket_id=ticket.id, customer_id=talk.turn.customer_id, text=facts, files=files,
        key=_key(talk), now=talk.now,
    )  # fmt: skip
    what = f"「{shorten(mask(facts))}」" if facts else ""
    with_files = f"附件 {len(files)} 个" if files else ""
    said = f"已补充到工单 {ticket.number}：{'，'.join(part for part in (what, with_files) if part)}。"
    due = cards.due_words(ticket)
    after = f"这件事重新处理，最晚 {due}前答复您。" if decided else "处理人员会看到，时限不变。"
    talk.say_text(said + after, outcome="ticket")


def ask_review(talk: Talk, ticket: Ticket, reason: str) -> None:
    """Ask for a review of a ticket's decision; say who does it and until when."""
    ticket = customer.review(
        talk.session, ticket_id=ticket.id, customer_id=talk.turn.customer_id, reason=reason, key=_key(talk),
        now=talk.now,
    )  # fmt: skip
    text = (
        f"已为工单 {ticket.number} 申请核查，理由：「{shorten(mask(reason))}」。由另一位处理人员核查，"
        f"最晚 {cards.due_words(ticket)}前答复您（{ticket.rule}）。"
    )
    talk.say(cards.ticket_reply(talk.session, ticket, text))


def _key(talk: Talk) -> str:
    return f"{talk.turn.conversation_id}:{talk.turn.turn_id or talk.now.isoformat()}"


def take_files(talk: Talk) -> list[Upload]:
    """Return the files that wait on the conversation; they wait no longer."""
    waiting = attachments.pending(talk.session, talk.turn.conversation_id)
    files = [Upload(one.name, one.content) for one in waiting]
    for one in waiting:
        attachments.withdraw_pending(talk.session, one.id, talk.turn.conversation_id)
    return files
