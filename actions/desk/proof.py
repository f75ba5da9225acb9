"""The proof of the desk: the audit chain, and every ticket against its events and against the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.events import verify
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.audit import AuditRow
from actions.store.tables.desk import Ticket

_BATCH = 200
Progress = Callable[[int, int], None]


def problems(db: Database, *, progress: Progress = lambda _done, _all: None) -> Iterator[str]:
    """Yield what is wrong, in Chinese, one line each; nothing where everything is whole.

    The audit log is read first: it says which tickets there must be and how many events each has, so that a
    ticket that was removed or cut short shows although what is left of it fits together.
    """
    with db.reading() as s:
        yield from (f"审计日志：{one}" for one in audit.verify(s))
        recorded = _recorded(s)
        tickets = dict(s.execute(select(Ticket.id, Ticket.number).order_by(Ticket.number)).tuples().all())
    for ticket_id in recorded.keys() - tickets.keys():
        yield f"工单 {recorded[ticket_id].number}：审计日志里有，工单却不在了"
    ids = list(tickets)
    for start in range(0, len(ids), _BATCH):
        with db.reading() as s:
            for ticket_id in ids[start : start + _BATCH]:
                found = _of_ticket(s, ticket_id, recorded.get(ticket_id))
                yield from (f"工单 {tickets[ticket_id]}：{one}" for one in found)
        progress(min(start + _BATCH, len(ids)), len(ids))


@dataclass
class _Recorded:
    """What the audit log knows of a ticket; `events` is how many it has at least."""

    number: str
    events: int = 0
    erased: bool = False
    held: bool = False


def _of_ticket(s: Session, ticket_id: str, recorded: _Recorded | None) -> list[str]:
    ticket = s.get_one(Ticket, ticket_id)
    found = verify(s, ticket)
    if recorded is None:
        return [*found, "审计日志里没有它的登记"]
    if ticket.version < recorded.events:
        found.append(f"经过应有 {recorded.events} 条，实际 {ticket.version} 条")
    if (ticket.erased_at is not None) != recorded.erased:
        found.append("内容是否已按期限删除，与审计日志不符")
    if (ticket.held_at is not None) != recorded.held:
        found.append("是否保全，与审计日志不符")
    return found


def _recorded(s: Session) -> dict[str, _Recorded]:
    """Return what the audit log knows of each ticket."""
    found: dict[str, _Recorded] = {}
    rows = select(AuditRow.object_id, AuditRow.action, AuditRow.data).where(
        AuditRow.object_type == "ticket", AuditRow.action.startswith("ticket.")
    )
    for ticket_id, action, data in s.execute(rows.order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if "number" not in data:
            continue
        known = found.setdefault(ticket_id, _Recorded(str(data["number"])))
        known.events = max(known.events, int(data.get("version", 1)))
        known.erased |= action == "ticket.erase"
        known.held = action == "ticket.hold" or (known.held and action != "ticket.lift")
    return found
