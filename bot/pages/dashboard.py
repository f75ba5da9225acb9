"""The dashboard: first figures of service, complaints and training."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from actions.desk.life import STATE_LABELS
from actions.service import metrics
from actions.service.accounts import SignedIn
from bot.deps import RuntimeDep, require_role
from bot.pages import dashboard_view as view
from bot.pages.render import page

router = APIRouter(include_in_schema=False)
Viewer = Annotated[SignedIn, Depends(require_role("handler", "compliance"))]
DEFAULT_DAYS = 7


@router.get("/dashboard", response_class=HTMLResponse)
def dashboard(request: Request, runtime: RuntimeDep, user: Viewer, days: str = "") -> HTMLResponse:
    """Show the figures of today, 7 or 30 days with the time before beside them."""
    asked = int(days) if days.isdecimal() and int(days) in view.PERIODS else DEFAULT_DAYS
    span = view.period(asked, runtime.now())
    with runtime.db.reading() as s:
        now = metrics.figures(s, since=span.since, until=span.until)
        before = metrics.figures(s, since=span.before_since, until=span.before_until)
        rows = metrics.daily(s, span.trend_since, span.until)
    return page(
        request,
        "dashboard.html",
        signed_in=user,
        periods=view.PERIODS,
        days=asked,
        figures=view.figures_of(now, before),
        empty=view.is_empty(now),
        states=[(state, label, now.tickets_by_state[state]) for state, label in STATE_LABELS.items()],
        overdue=now.tickets_overdue,
        bars=view.bars_of(rows),
        series=view.SERIES,
        any_turns=any(row["turns"] for row in rows),
    )
