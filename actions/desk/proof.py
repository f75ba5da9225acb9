"""The proof of the desk: the audit chain, and every ticket against its events and against the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
        yield f"工单 {recorded[ticket_id][0]}：审计日志里有，工单却不在了"
    ids = list(tickets)
    for start in range(0, len(ids), _BATCH):
        with db.reading() as s:
            for ticket_id in ids[start : start + _BATCH]:
                found = _of_ticket(s, ticket_id, recorded.get(ticket_id))
                yield from (f"工单 {tickets[ticket_id]}：{one}" for one in found)
        progress(min(start + _BATCH, len(ids)), len(ids))


def _of_ticket(s: Session, ticket_id: str, recorded: tuple[str, int] | None) -> list[str]:
    ticket = s.get_one(Ticket, ticket_id)
    found = verify(s, ticket)
    if recorded is None:
        return [*found, "审计日志里没有它的登记"]
    if ticket.version < recorded[1]:
        found.append(f"经过应有 {recorded[1]} 条，实际 {ticket.version} 条")
    return found


def _recorded(s: Session) -> dict[str, tuple[str, int]]:
    """Return what the audit log knows of each ticket: its number and the number of its events."""
    found: dict[str, tuple[str, int]] = {}
    rows = select(AuditRow.object_id, AuditRow.data).where(
        AuditRow.object_type == "ticket", AuditRow.action.startswith("ticket.")
    )
    for ticket_id, data in s.execute(rows.order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if "number" in data:
            last = found.get(ticket_id, ("", 0))[1]
            found[ticket_id] = (str(data["number"]), max(last, int(data.get("version", 1))))
    return found
