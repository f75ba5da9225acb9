"""Of which time, channel and queue figures speak, and the conditions that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import InstrumentedAttribute

from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation

CUSTOMERS = "customer"
Times = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """The time [since, until), narrowed to a channel of conversations and a queue of the desk; "" to none.

    `now` is when it is asked: what is not over by then is not judged.
    """

    since: datetime
    until: datetime
    now: datetime
    channel: str = ""
    queue: str = ""
    audience: str = CUSTOMERS

    def moved(self, by: timedelta) -> Scope:
        """Return the same of a time so much earlier; it is judged by what is known now."""
        return replace(self, since=self.since - by, until=self.until - by)

    def within(self, column: Times) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return the conditions that a time lies in [since, until)."""
        return column >= self.since, column < self.until

    def said(self, table: Any, at: Times) -> list[ColumnElement[bool]]:
        """Return the conditions on exchanges or visits that begin or end in this scope."""
        found = [table.audience == self.audience, *self.within(at)]
        return [*found, table.channel == self.channel] if self.channel else found

    def chats(self) -> Subquery:
        """Select the conversations of this scope: `id` and `channel`."""
        found = select(Conversation.id, Conversation.channel).where(Conversation.audience == self.audience)
        if self.channel:
            found = found.where(Conversation.channel == self.channel)
        return found.subquery()

    def complaints(self) -> list[ColumnElement[bool]]:
        """Return the conditions on tickets of this scope, whatever their time; merged ones count as one."""
        # Nearly all tickets are not merged: as an expression it keeps SQLite from beginning with that index.
        found: list[ColumnElement[bool]] = [func.coalesce(Ticket.merged_into, "") == ""]
        if self.channel:
            of_it = select(Conversation.id).where(Conversation.channel == self.channel)
            found.append(Ticket.conversation_id.in_(of_it))
        return found
