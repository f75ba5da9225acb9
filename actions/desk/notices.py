"""News of a ticket: into the customer's chat at once, and as notices to be sent outside after the commit.

A notice is written in the transaction of what it tells of, so that neither exists without the other; it is
sent afterwards under its own id, again and again until it arrives or is given up (`actions.desk.outbox`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk.cards import due_words, ticket_reply
from actions.desk.links import link
from actions.desk.rules import rules_of
from actions.service import conversations
from actions.store.tables.desk import Notice, Ticket

MAIL, WEBHOOK = "mail", "webhook"
_ADDRESS = re.compile(r"[\w.%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+", re.ASCII)


def tell(
    s: Session, ticket: Ticket, event: str, text: str, now: datetime, *, by_person: bool = False
) -> None:
    """Tell the customer; `{due}` in `text` becomes the date that holds now.

    `by_person` says that a handler wrote it, which is what first responses are measured by.
    """
    said = text.replace("{due}", due_words(ticket))
    if ticket.conversation_id is not None:
        conversations.add_reply(
            s, conversation=conversations.get(s, ticket.conversation_id), reply=ticket_reply(s, ticket, said),
            reply_to=None, actor="handler" if by_person else "system", outcome="ticket", now=now,
        )  # fmt: skip
    rules = rules_of(s)
    address = _ADDRESS.search(ticket.contact)
    if rules.mail and address:
        body = f"{said}\n\n查看进度：{link(s, ticket)}" if rules.public_url else said
        payload = {"subject": f"投诉 {ticket.number} 有新进展", "text": body}
        _put(s, ticket, MAIL, address[0], payload, event, now)
    inform_house(s, ticket, event, now)


def inform_house(s: Session, ticket: Ticket, event: str, now: datetime) -> None:
    """Tell the house's own systems what happened: number, state and dates, nothing that a person wrote."""
    if not rules_of(s).webhook:
        return
    payload = {
        "event": f"ticket.{event}",
        "number": ticket.number,
        "state": str(ticket.state),
        "version": ticket.version,
        "queue": ticket.queue,
        "priority": str(ticket.priority),
        "due_at": ticket.due_at.isoformat(),
        "rule": ticket.rule,
        "at": now.isoformat(),
    }
    _put(s, ticket, WEBHOOK, "", payload, event, now)


def _put(
    s: Session,
    ticket: Ticket,
    channel: str,
    address: str,
    payload: Mapping[str, object],
    event: str,
    now: datetime,
) -> None:
    s.add(
        Notice(
            key=f"{ticket.id}:{ticket.version:06d}:{event}:{channel}", channel=channel, ticket_id=ticket.id,
            address=address, payload=dict(payload), created_at=now, next_at=now,
        )
    )  # fmt: skip
    s.flush()
