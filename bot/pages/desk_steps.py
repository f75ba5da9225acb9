"""From a form to a step: which function does it, and which fields it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import canned, registry, supervision, work
from actions.desk.life import Step
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket
from bot.pages.desk_forms import CANNED, LEVELS
from knowledge.errors import not_found

CALLS: dict[Step, tuple[Callable[..., Ticket], tuple[str, ...]]] = {
    Step.TAKE: (work.take, ()),
    Step.RELEASE: (work.release, ("reason",)),
    Step.ASSESS: (work.assess, ("business", "channel", "cause", *LEVELS)),
    Step.REPLY: (work.reply, ("text",)),
    Step.ASK: (work.ask, ("text",)),
    Step.RESUME: (work.resume, ()),
    Step.DECIDE: (work.decide, ("finding", "basis", "remedy")),
    Step.CLOSE: (work.close, ()),
    Step.NOTE: (work.note, ("text",)),
    Step.ESCALATE: (work.escalate, ("reason",)),
    Step.MOVE: (work.move, ("queue", "reason")),
    Step.MERGE: (work.merge, ("into",)),
    Step.BAR: (work.bar, ("reason",)),
    Step.PAUSE: (work.pause, ("reason",)),
    Step.UNPAUSE: (work.unpause, ()),
    Step.ASK_TIME: (work.ask_time, ("kind", "reason")),
    Step.GRANT_TIME: (supervision.grant_time, ("reason",)),
    Step.REFUSE_TIME: (supervision.refuse_time, ("reason",)),
    Step.ASSIGN: (supervision.assign, ("to",)),
    Step.REOPEN: (supervision.reopen, ("reason",)),
}


def step_of(name: str) -> Step:
    """Return the step that an address names; raise 404 `unknown_act`."""
    if name not in CALLS:
        raise not_found("unknown_act", "没有这项操作，请返回工单重新选择。")
    return Step(name)


def do(
    s: Session, step: Step, number: str, user: User, version: int, given: Mapping[str, str], now: datetime
) -> Ticket:
    """Do a step with what a form gave.

    Raises:
        WenjinError: what the step raises; 422 `unfilled_field` for a reply with an empty field.
    """
    call, names = CALLS[step]
    ticket = registry.get_by_number(s, number)
    values: dict[str, Any] = {name: given.get(name, "") for name in names}
    if step in CANNED:
        known = canned.values(s, ticket, user, now)
        values = {name: canned.ready(text, known) for name, text in values.items()}
    if step is Step.ASSESS:
        values |= {name: int(values[name]) if values[name].isdecimal() else 0 for name in LEVELS}
    return call(s, ticket_id=ticket.id, user=user, version=version, now=now, **values)
