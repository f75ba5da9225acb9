"""Of which time, channel and queue figures speak, and the conditions that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from actions.store.tables.desk import Ticket
from actions.store.tables.figures import TicketCycle
from actions.store.tables.service import Conversation
from knowledge.document import Audience

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

    def in_chat(self, conversation: Any) -> ColumnElement[bool]:
        """Return the condition that a row's conversation is of this scope; there has to be one.

        Other audiences' conversations are few. A channel's are looked up row by row: a list of all of them
        takes longer than most counts.
        """
        chat = aliased(Conversation)
        if self.channel:
            ours = exists().where(chat.id == conversation, chat.audience == self.audience)
            return ours.where(chat.channel == self.channel)
        others = [str(one) for one in Audience if one != self.audience]
        found: ColumnElement[bool] = conversation.not_in(select(chat.id).where(chat.audience.in_(others)))
        return found

    def complaints(self) -> list[ColumnElement[bool]]:
        """Return the conditions on tickets of this scope, whatever their time; merged ones count as one."""
        # Nearly all tickets are not merged: as an expression it keeps SQLite from beginning with that index.
        found: list[ColumnElement[bool]] = [func.coalesce(Ticket.merged_into, "") == ""]
        if self.channel:
            found.append(self._of_channel(Ticket.conversation_id))
        return [*found, Ticket.queue == self.queue] if self.queue else found

    def rounds(self) -> list[ColumnElement[bool]]:
        """Return the conditions on rounds of this scope's tickets; their queue is the one they ended in."""
        its = aliased(Ticket)
        merged = select(its.id).where(its.merged_into.is_not(None))
        found: list[ColumnElement[bool]] = [TicketCycle.ticket_id.not_in(merged)]
        if self.channel:
            of_it = exists().where(its.id == TicketCycle.ticket_id, self._of_channel(its.conversation_id))
            found.append(of_it)
        return [*found, TicketCycle.queue == self.queue] if self.queue else found

    def _of_channel(self, conversation: Any) -> ColumnElement[bool]:
        chat = aliased(Conversation)
        return exists().where(chat.id == conversation, chat.channel == self.channel)
