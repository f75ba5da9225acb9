"""Tickets as rows of a spreadsheet: streamed, without a limit, and safe to open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from actions.desk import analysis
from actions.desk.life import OPEN_STATES, STATE_LABELS
from actions.desk.workdays import SHANGHAI
from actions.store import sheets
from actions.store.masking import mask
from actions.store.tables.desk import Priority, Ticket

HEADINGS = (
    "工单号", "登记时间", "状态", "队列", "优先", "来源", "业务", "渠道", "原因", "产品或服务", "严重程度",
    "复杂程度", "影响", "紧急程度", "处理人", "时限", "时限规则", "决定时间", "按时", "办结时间", "第几轮",
    "投诉事项", "诉求",
)  # fmt: skip
_LEVELS = {1: "低", 2: "中", 3: "高"}


def row(ticket: Ticket, names: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """Return one ticket as text, personal data masked; `names` are those of the house by user id."""
    levels = (ticket.severity, ticket.complexity, ticket.impact, ticket.urgency)
    return (
        ticket.number, _time(ticket.created_at), STATE_LABELS[ticket.state],
        analysis.label("queue", ticket.queue), "优先" if ticket.priority is Priority.HIGH else "",
        analysis.label("source", ticket.source), analysis.label("business", ticket.business),
        analysis.label("channel", ticket.channel), analysis.label("cause", ticket.cause),
        mask(ticket.product),
        *(_LEVELS.get(level or 0, "") for level in levels), names.get(ticket.handler_id or "", ""),
        _time(ticket.due_at), ticket.rule, _time(ticket.decided_at), _in_time(ticket, now),
        _time(ticket.closed_at), str(ticket.cycle), mask(ticket.matter), mask(ticket.demand),
    )  # fmt: skip


def as_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the tickets' CSV file piece by piece."""
    return sheets.as_csv(HEADINGS, rows)


def as_xlsx(rows: Iterable[Sequence[str]], cover: Sequence[tuple[str, str]], path: Path) -> int:
    """Write the tickets' workbook with a cover sheet and return how many there are."""
    return sheets.as_xlsx("工单", HEADINGS, rows, cover, path)


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def _in_time(ticket: Ticket, now: datetime) -> str:
    """Say whether the deadline was met, judged at the decision or, while there is none, by the clock."""
    if ticket.decided_at is not None and ticket.state.value in ("decided", "closed"):
        return "是" if ticket.decided_at <= ticket.due_at else "否"
    late = ticket.state in OPEN_STATES and ticket.paused_at is None and ticket.due_at < now
    return "否" if late else ""
