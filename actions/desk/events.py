"""A ticket's events: numbered, hash-chained, never changed; what follows from them is kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.desk.clock import Clock, cycles, replay
from actions.store.base import new_id
from actions.store.chain import canonical, link_hash, problems
from actions.store.tables.desk import Ticket, TicketEvent, TicketText
from actions.store.tables.figures import TicketCycle

# What a ticket's columns say of its clock, and what people call it.
_CLOCK = {
    "cycle": "第几轮",
    "due_at": "到期时间",
    "rule": "时限依据",
    "first_due_at": "首次回复期限",
    "first_response_at": "首次回复时间",
    "paused_at": "暂停计时",
    "stopped_at": "停止计时",
    "decided_at": "答复时间",
}
# What each event says of the ticket after it.
_AFTER = {"state": "状态", "handler": "处理人", "queue": "队列"}
_OLDER = {"answered": "decided"}  # what older events call a state
# What people write into a step: kept beside the chain, which covers its digest, so that it can be erased.
WRITTEN = frozenset({"text", "reason", "finding", "basis", "remedy", "files", "salt"})


def append(
    s: Session,
    ticket: Ticket,
    *,
    type: str,
    actor: str,
    actor_kind: str,
    data: Mapping[str, Any],
    now: datetime,
) -> TicketEvent:
    """Append an event, raise the ticket's version to its number, and set its clock's columns.

    The ticket is locked or new.
    """
    last = s.scalar(
        select(TicketEvent.hash).where(TicketEvent.ticket_id == ticket.id, TicketEvent.seq == ticket.version)
    )
    facts, said = parted({**data, **after(ticket)})
    event = TicketEvent(
        id=new_id(), ticket_id=ticket.id, seq=ticket.version + 1, type=type, actor=actor,
        actor_kind=actor_kind, facts=facts, created_at=now, prev_hash=last or "",
    )  # fmt: skip
    event.words = TicketText(ticket_id=ticket.id, said=said) if said else None
    event.hash = link_hash(event.prev_hash, event.content())
    ticket.version = event.seq
    s.add(event)
    s.flush()
    its = timeline(s, ticket.id)
    rounds = cycles(its)
    set_clock(ticket, rounds[-1][0])
    _keep_cycle(s, *rounds[-1])
    return event


def parted(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of a step with the digest of what was written in it, and that, salted; {} for nothing.

    The salt goes with the words: what is left of them tells nothing to somebody who guesses.
    """
    said = {key: value for key, value in data.items() if key in WRITTEN}
    if not said:
        return dict(data), {}
    said.setdefault("salt", token_hex(16))
    facts = {key: value for key, value in data.items() if key not in WRITTEN}
    return {**facts, "said": _digest(said)}, said


def _digest(said: Mapping[str, Any]) -> str:
    return sha256(canonical(said)).hexdigest()


def keep_cycles(s: Session, ticket: Ticket) -> None:
    """Write all rounds of a ticket anew; figures are counted from them, its events are the truth."""
    s.execute(delete(TicketCycle).where(TicketCycle.ticket_id == ticket.id))
    for clock, last in cycles(timeline(s, ticket.id)):
        _keep_cycle(s, clock, last)


def _keep_cycle(s: Session, clock: Clock, last: TicketEvent) -> None:
    key = (last.ticket_id, clock.cycle)
    row = s.get(TicketCycle, key) or TicketCycle(ticket_id=last.ticket_id, cycle=clock.cycle)
    for name, value in cycle_values(clock, last).items():
        setattr(row, name, value)
    s.add(row)
    s.flush()


def cycle_values(clock: Clock, last: TicketEvent) -> dict[str, Any]:
    """Return what a round's row says after its last event."""
    return {
        "queue": last.data.get("queue") or "general",
        "handler_id": last.data.get("handler"),
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "first_response_at": clock.first_response_at,
        "stopped_at": clock.stopped_at,
        "decided_at": clock.decided_at,
        "waited": clock.waited // timedelta(microseconds=1),
    }


def set_clock(ticket: Ticket, clock: Clock) -> None:
    """Copy the replayed clock into the columns that lists are searched by."""
    if (clock.cycle, clock.due_at) != (ticket.cycle, ticket.due_at):
        ticket.alert = ""  # another date, other reminders
    for column in _CLOCK:
        setattr(ticket, column, getattr(clock, column))


def timeline(s: Session, ticket_id: str) -> list[TicketEvent]:
    """Return a ticket's events, oldest first."""
    return list(
        s.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq))
    )


def clock_of(s: Session, ticket: Ticket) -> Clock:
    """Return a ticket's clock, replayed from its events."""
    clock = replay(timeline(s, ticket.id))
    assert clock is not None  # noqa: S101  every ticket has its first event
    return clock


def sealed(ticket: Ticket) -> dict[str, str]:
    """Return what the first event keeps of the complaint itself, so that its text cannot be exchanged."""
    salt = token_hex(16)
    return {"digest": digest(ticket, salt), "salt": salt}


def digest(ticket: Ticket, salt: str = "") -> str:
    """Return the digest of a complaint's text; older tickets have one without salt."""
    said = {"matter": ticket.matter, "product": ticket.product, "demand": ticket.demand}
    return _digest({**said, "salt": salt} if salt else said)


def verify(s: Session, ticket: Ticket) -> list[str]:
    """Return what is wrong with a ticket, in Chinese; [] where all is as its events say.

    Events changed, removed or re-ordered; a text, state, handler, queue or clock that is not theirs.
    """
    rows = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq)
    events = list(s.scalars(rows.execution_options(populate_existing=True)))
    s.refresh(ticket)
    found = problems(events, last_seq=ticket.version)
    if not events or found:
        return found
    said = [*_text(ticket, events[0]), *_words(ticket, events)]
    return [*said, *_columns(ticket, events), *_rounds(s, ticket, events)]


def after(ticket: Ticket) -> dict[str, Any]:
    """Return what each event says of its ticket after it."""
    return {"state": str(ticket.state), "handler": ticket.handler_id, "queue": ticket.queue}


def _text(ticket: Ticket, first: TicketEvent) -> list[str]:
    """Compare the complaint's text with what was registered; of an erased one there is none."""
    kept, salt = first.facts.get("digest"), first.data.get("salt", "")
    changed = kept and ticket.erased_at is None and kept != digest(ticket, salt)
    return ["投诉内容与登记时不符"] if changed else []


def _words(ticket: Ticket, events: list[TicketEvent]) -> list[str]:
    """Compare what was written in each step with its digest; only an erased ticket has none any more."""
    found = []
    for event in events:
        wanted = event.facts.get("said")
        if wanted is not None and event.words is None and ticket.erased_at is None:
            found.append(f"第 {event.seq} 条的文字不在了")
        elif event.words is not None and _digest(event.words.said) != wanted:
            found.append(f"第 {event.seq} 条的文字被改动")
    return found


def _columns(ticket: Ticket, events: list[TicketEvent]) -> list[str]:
    """Compare the columns with what the events say; older tickets follow once they are prepared."""
    clock, now = replay(events), after(ticket)
    last = {**events[-1].data, "state": _OLDER.get(events[-1].data["state"], events[-1].data["state"])}
    wrong = [label for key, label in _AFTER.items() if key in last and last[key] != now[key]]
    if ticket.indexed or "clock" in events[0].data:
        wrong += [label for key, label in _CLOCK.items() if getattr(ticket, key) != getattr(clock, key)]
    return [f"{label}与经过不符" for label in wrong]


def _rounds(s: Session, ticket: Ticket, events: list[TicketEvent]) -> list[str]:
    """Compare the rounds that figures are counted from with the events; older tickets get theirs later."""
    rows = select(TicketCycle).where(TicketCycle.ticket_id == ticket.id).order_by(TicketCycle.cycle)
    kept = list(s.scalars(rows.execution_options(populate_existing=True)))
    wanted = [cycle_values(clock, last) for clock, last in cycles(events)]
    same = [{name: getattr(row, name) for name in wanted[0]} for row in kept] == wanted
    return [] if same or not kept else ["统计用的各轮时限与经过不符"]
