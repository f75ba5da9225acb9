"""The complaint form: what was said is written down, can be changed or dropped, and becomes a ticket."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from sqlalchemy.orm import Session

from actions.desk import cards, customer, tickets
from actions.desk.attachments import Upload
from actions.desk.intake import CHAT
from actions.desk.tickets import TicketDraft
from actions.desk.workdays import SHANGHAI
from actions.rasa import complaint_memory as memory
from actions.rasa.complaint_length import fit, parts
from actions.rasa.complaint_reading import (
    CHANGE,
    CONFIRM,
    DROP,
    RESUME,
    SAME,
    STAYS_HERE,
    Kind,
    Move,
    next_step,
    read,
    surely_answers,
)
from actions.rasa.complaint_said import APART, DAYS, EARLIER, KEY, NOTICE, filled, recognised, shorten
from actions.rasa.complaint_words import CONTACT, DEMAND, FIELDS, IN_CHAT, MATTER, PRODUCT, UNSAID
from actions.rasa.danger import Danger
from actions.rasa.form import answers_now, opens_now, request
from actions.rasa.handover import STOLEN, WISH, call_person
from actions.rasa.heard import Heard
from actions.rasa.note import take_files
from actions.rasa.services import services
from actions.rasa.silence import away_since
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service import attendance, customers, handovers
from actions.service.replies import Button, Reply
from actions.store.masking import mask
from actions.store.tables.desk import Ticket

FORM = "complaint_form"
LAST_TICKET = "last_ticket"
SENT, MERGED, DROPPED = "yes", "merged", "dropped"
FORGOTTEN: dict[str, None] = dict.fromkeys(
    [*FIELDS, CONFIRM, DROP, CHANGE, SAME, RESUME, KEY, NOTICE, DAYS, EARLIER]
)


class ValidateComplaintForm(DialogueAction):
    """Takes each sentence said during the form and decides what to ask next."""

    action_name: ClassVar[str] = f"validate_{FORM}"

    def act(self, talk: Talk) -> Events:
        """Read the sentence; write down, ask again, stop, or leave it to the rules."""
        events = talk.tracker.events
        said = filled(talk)
        if opens_now(events, FORM):
            return _open(talk)
        if not answers_now(events, FORM):
            return _go_on(talk, said)
        return _hear(talk, said)


def _hear(talk: Talk, said: Mapping[str, str]) -> Events:
    """Take what was just said; who was away and says nothing for the form is asked whether to go on."""
    asked = str(talk.slot("requested_slot") or "")
    move = gives_up(
        talk.heard,
        read(talk.heard, asked, said),
        asked,
        before=memory.asked_in_vain(talk.tracker.events, FORM, asked),
    )
    if move.kind is Kind.INTERRUPT:
        return []
    if asked != RESUME and away_since(talk) and not surely_answers(talk.heard, move, asked):
        return [*set_slots({NOTICE: ""}), request(RESUME)]
    _protect(talk)
    return _after(talk, move, said)


def gives_up(heard: Heard, move: Move, asked: str, *, before: bool) -> Move:
    """Return the move, or, where a contact was asked for in vain `before`, that the answer comes here.

    Who mistypes a number or an address is asked again as often as it takes.
    """
    tried = re.search(r"\d{5}|@", heard.text)
    if asked != CONTACT or move.kind is not Kind.AGAIN or tried or not before:
        return move
    return Move(Kind.FILL, {CONTACT: IN_CHAT}, STAYS_HERE)


def _protect(talk: Talk) -> None:
    """Say at once what to do where an answer of the form speaks of a theft, unless that was said already."""
    held = handovers.open_for(talk.session, talk.turn.conversation_id)
    if talk.heard.danger is Danger.STOLEN and not (held and held.queue in handovers.URGENT):
        call_person(talk, STOLEN)


def _go_on(talk: Talk, said: Mapping[str, str]) -> Events:
    """Ask again after something else was answered."""
    asked = talk.slot("requested_slot")
    if asked == RESUME or away_since(talk):
        return [*set_slots({NOTICE: ""}), request(RESUME)]
    pending = str(asked) if asked in (DROP, CHANGE) else _next(said, talk.slot(EARLIER))
    return [*set_slots({NOTICE: "我们接着登记。"}), request(pending)]


def _next(said: Mapping[str, str], earlier: object) -> str:
    """Return what is asked next: whether it is the matter of an earlier ticket comes before all other."""
    return SAME if earlier and earlier != APART else next_step(said)


def _open(talk: Talk) -> Events:
    known = customers.contact_of(talk.session, talk.turn.customer_id)
    said = {**({CONTACT: known} if known else {}), **memory.opening(talk.tracker.events, talk.heard)}
    days = memory.days(talk.tracker.events, talk.now.astimezone(SHANGHAI).date())
    key = f"{talk.turn.conversation_id}:{talk.turn.turn_id or talk.now.isoformat()}"
    notice = _acknowledge(said) if said.get(MATTER) else ""
    earlier = _earlier(talk, said) if said.get(MATTER) else None
    kept = {**FORGOTTEN, **said, KEY: key, NOTICE: notice, DAYS: days, EARLIER: earlier}
    _protect(talk)
    if talk.heard.wishes("ask_human"):
        call_person(talk, WISH)
    return [*set_slots(kept), request(_next(said, earlier))]


def _acknowledge(said: Mapping[str, str]) -> str:
    return f"您说的情况已记下：「{shorten(mask(said[MATTER]))}」。"


def _earlier(talk: Talk, said: Mapping[str, str]) -> str | None:
    """Return the number of the customer's open ticket about the same matter, or None."""
    reader = services().reader
    if reader is None:
        return None
    ticket = reader.same_matter(talk.session, talk.turn.customer_id, said[MATTER], talk.now)
    return ticket.number if ticket else None


def _after(talk: Talk, move: Move, said: Mapping[str, str]) -> Events:
    if move.kind in _ENDS:
        return [*set_slots({CONFIRM: _ENDS[move.kind]}), request(None)]
    if move.kind is Kind.ASK_DROP:
        return [*set_slots({NOTICE: ""}), request(DROP)]
    if move.kind is Kind.ASK_CHANGE:
        return [*set_slots({NOTICE: move.notice}), request(CHANGE)]
    if move.kind is Kind.CLEAR:
        cleared = next(iter(move.values))
        return [*set_slots({cleared: None, NOTICE: ""}), request(cleared)]
    return _write_down(talk, move, {**said, **move.values})


_ENDS = {Kind.SUBMIT: SENT, Kind.MERGE: MERGED, Kind.DROP: DROPPED}


def _write_down(talk: Talk, move: Move, said: Mapping[str, str]) -> Events:
    """Keep what the sentence says, and the days it names; a new matter is compared with earlier tickets."""
    earlier = APART if move.kind is Kind.APART else talk.slot(EARLIER)
    if MATTER in move.values and earlier != APART:
        earlier = _earlier(talk, said)
    today = talk.now.astimezone(SHANGHAI).date()
    days = {**memory.days_of(talk.heard, today), **(talk.slot(DAYS) or {})}
    kept = {**move.values, NOTICE: move.notice, DAYS: days, EARLIER: earlier}
    return [*set_slots(kept), request(_next(said, earlier))]


class EndComplaint(DialogueAction):
    """Makes the ticket and tells its number, adds to the earlier one, or says that nothing was kept."""

    action_name: ClassVar[str] = "action_complaint_end"

    def act(self, talk: Talk) -> Events:
        """Finish the form."""
        said, end = filled(talk), talk.slot(CONFIRM)
        if end == MERGED and MATTER in said:
            ticket = _merge(talk, said)
        elif end == SENT and len(said) == len(FIELDS):
            ticket = _register(talk, said)
        else:
            talk.say_text("已放弃登记，刚才的内容没有保留。需要时随时说“我要投诉”。", outcome="smalltalk")
            return set_slots(FORGOTTEN)
        return set_slots({**FORGOTTEN, LAST_TICKET: ticket.number})


def _register(talk: Talk, answers: Mapping[str, str]) -> Ticket:
    fitting = fit(answers)
    said = fitting.said
    draft = TicketDraft(
        said[MATTER], said[PRODUCT], said[DEMAND], _reachable(said[CONTACT]),
        customers.name_of(talk.session, talk.turn.customer_id), found=recognised(talk, said),
    )  # fmt: skip
    reader = services().reader
    if reader is not None:
        read_ = reader.read(draft.matter, CHAT, on=talk.now.astimezone(SHANGHAI).date())
        draft = replace(draft, proposed=read_.proposed, vector=read_.vector)
    ticket = tickets.create(
        talk.session,
        draft=draft,
        customer_id=talk.turn.customer_id,
        conversation_id=talk.turn.conversation_id,
        key=str(talk.slot(KEY)),
        now=talk.now,
        rng=talk.turn.rng,
    )
    for place, text in enumerate(fitting.rest):
        _add(talk, ticket, text, f"rest{place}")
    talk.say(registered(talk.session, ticket))
    return ticket


def _merge(talk: Talk, said: Mapping[str, str]) -> Ticket:
    """Add what was said, and the files that wait, to the ticket of the same matter; its clock runs on."""
    ticket = tickets.get_by_number(talk.session, str(talk.slot(EARLIER)), customer_id=talk.turn.customer_id)
    demand = said.get(DEMAND, UNSAID)
    text = said[MATTER] if demand in (UNSAID, said[MATTER]) else f"{said[MATTER]}\n诉求：{demand}"
    first, *rest = parts(text)
    _add(talk, ticket, first, "", take_files(talk))
    for place, more in enumerate(rest):
        _add(talk, ticket, more, f"rest{place}")
    told = (
        f"已并入工单 {ticket.number}，没有另开新单。时限不变，仍在 {cards.due_words(ticket)}前答复您。"
        "处理人员会看到您这次说的情况。"
    )
    talk.say(cards.ticket_reply(talk.session, ticket, told))
    return ticket


def _add(talk: Talk, ticket: Ticket, text: str, part: str, files: Sequence[Upload] = ()) -> None:
    """Add facts to a ticket, once; `part` tells the parts of a long text apart."""
    customer.add_facts(
        talk.session,
        ticket_id=ticket.id,
        customer_id=talk.turn.customer_id,
        text=text,
        files=files,
        key=f"{talk.slot(KEY)}{part}",
        now=talk.now,
    )


def registered(s: Session, ticket: Ticket) -> Reply:
    """Return what the customer is told: own words, number, due date with its rule, how to follow it."""
    text = (
        f"您反映的「{shorten(mask(ticket.matter))}」已登记，工单号 {ticket.number}。"
        f"{cards.looked_at_first(ticket)}"
        f"我们会在 {cards.due_words(ticket)}前答复您（{ticket.rule}），答复会发在这个对话里。"
        "您随时可以说“查进度”，也可以补充情况或撤回。"
    )
    return replace(
        cards.ticket_reply(s, ticket, text), buttons=(Button("查进度", f"查进度 {ticket.number}"),)
    )


def _reachable(contact: str) -> str:
    return "" if contact == IN_CHAT else contact


class SoftenDissatisfaction(DialogueAction):
    """Says sorry once and offers to write it down; what was said is used when the form opens."""

    action_name: ClassVar[str] = "action_dissatisfied"

    def act(self, talk: Talk) -> Events:
        """Offer a complaint and a person; who waits for a person already is not offered one again."""
        if handovers.open_for(talk.session, talk.turn.conversation_id):
            talk.say_text(
                f"让您久等了，抱歉。{self._when(talk)}；要留下书面记录，可以先登记投诉。",
                "我要投诉",
            )
            return []
        talk.say_text(
            "给您带来不便，抱歉。您可以登记投诉，我们按时限书面答复；也可以转人工。", "我要投诉", "转人工"
        )
        return []

    def _when(self, talk: Talk) -> str:
        """Return when somebody will come, which is not soon while nobody is at work."""
        if attendance.is_open(talk.session, talk.now):
            return "人工客服接通后会直接在这里回复您"
        return f"{attendance.opening_words(talk.session, talk.now)} 起有同事上班，会在这里回复您"
