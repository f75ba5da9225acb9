"""What operators ask a running server: whether it lives, whether it can serve, what it counts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.desk import outbox, tickets
from actions.desk.rules import rules_of
from actions.desk.workdays import working_between
from actions.service import attendance, handovers
from actions.store.tables.desk import Notice, Ticket
from actions.store.tables.service import HandoverState
from bot import metrics
from bot.deps import RuntimeDep
from bot.logs import note
from bot.runtime import Runtime
from knowledge.errors import WenjinError
from knowledge.index import Index

log = logging.getLogger(__name__)
router = APIRouter()
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds: no line for each
PATIENCE = 5.0  # seconds that a part has to answer
OK, FAILED, NOT_USED = "ok", "failed", "not_used"
SURVIVABLE = frozenset({"redis"})  # without it each process goes on alone


@router.get("/healthz", response_class=PlainTextResponse)
def alive() -> str:
    """Say that the process lives."""
    return "ok"


@router.get("/readyz", response_model=None)
async def ready(request: Request, runtime: RuntimeDep) -> JSONResponse:
    """Say part by part whether the server can answer customers: 200, or 503 and what is not ready."""
    started = bool(getattr(request.app.state, "ready", False))
    parts = {
        "start": OK if started else FAILED,
        "database": await _tried(_ask_database, runtime),
        "index": await _tried(_index, runtime) if started else FAILED,
        "model": OK if "turns" in vars(runtime) else FAILED,
        "redis": await _redis(runtime),
    }
    failed = sorted(name for name, state in parts.items() if state == FAILED)
    missing = [name for name in failed if name not in SURVIVABLE]
    body = {"ready": not missing, "parts": parts, "failed": failed}
    return JSONResponse(body, 503 if missing else 200)


async def _tried(ask: Callable[[Runtime], object], runtime: Runtime) -> str:
    try:
        await asyncio.wait_for(asyncio.to_thread(ask, runtime), PATIENCE)
    except Exception as error:
        note(log, "not ready", error)
        return FAILED
    return OK


def _index(runtime: Runtime) -> Index:
    return runtime.answerer.get().index


def _ask_database(runtime: Runtime) -> None:
    with runtime.db.reading() as s:
        s.execute(text("SELECT 1"))


async def _redis(runtime: Runtime) -> str:
    if not runtime.settings.redis_url:
        return NOT_USED
    try:
        return OK if await asyncio.wait_for(runtime.hub.reachable(), PATIENCE) else FAILED
    except TimeoutError:
        return FAILED


@router.get("/metrics")
def prometheus(runtime: RuntimeDep) -> Response:
    """Return all figures in Prometheus' text form; what cannot be looked up keeps its last value."""
    try:
        with runtime.db.reading() as s:
            count(s, runtime.now())
        show_versions(runtime)
    except WenjinError as error:
        metrics.failed("metrics", log, "figures could not be looked up", error)
    return Response(generate_latest(metrics.gathered()), media_type=CONTENT_TYPE_LATEST)


def show_versions(runtime: Runtime) -> None:
    """Say which manual and encoder answer now."""
    if "turns" not in vars(runtime):
        return
    index = _index(runtime)
    metrics.MANUAL.show(index.manual, index.version, runtime.encoder.fingerprint)


def count(s: Session, now: datetime) -> None:
    """Look up what stands in the database."""
    for state, number in tickets.count_by_state(s).items():
        metrics.TICKETS.labels(state).set(number)
    late = select(func.count()).select_from(Ticket).where(Ticket.stopped_at.is_(None), Ticket.due_at < now)
    metrics.OVERDUE.set(s.scalar(late) or 0)
    _count_handovers(s, now)
    for kind, number in outbox.counts(s).items():
        metrics.NOTICES.labels(kind).set(number)
    oldest = s.scalar(select(func.min(Notice.created_at)).where(Notice.done_at.is_(None)))
    metrics.OUTBOX_AGE.set((now - oldest).total_seconds() if oldest else 0)


def _count_handovers(s: Session, now: datetime) -> None:
    running = handovers.open_handovers(s)
    waiting = [one for one in running if one.state is HandoverState.REQUESTED]
    metrics.WAITING.set(len(running))
    by_queue = Counter(one.queue for one in waiting)
    for queue in handovers.QUEUES:
        metrics.QUEUE.labels(queue).set(by_queue[queue])
    oldest = min((one.requested_at for one in waiting), default=now)
    metrics.QUEUE_AGE.set((now - oldest).total_seconds())
    rules = rules_of(s)
    worked = (
        working_between(oldest, now, rules.opens, rules.closes) if attendance.is_open(s, now) else timedelta()
    )
    metrics.QUEUE_WORKING_AGE.set(worked.total_seconds())
