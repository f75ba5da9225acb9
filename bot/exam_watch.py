"""The clock of exams while the server runs: a sign of life, what is over ended, outages given back."""

from __future__ import annotations

import asyncio
import logging

from actions.training import exam_clock
from bot import metrics
from bot.runtime import Runtime

log = logging.getLogger(__name__)


def resume(runtime: Runtime) -> None:
    """Give back the time of an outage; to be done once, before anything is served or ended."""
    with runtime.db.begin() as s:
        away = exam_clock.give_back(s, runtime.now())
    if away:
        log.info("exams: %d s of outage given back", away.total_seconds())


def once(runtime: Runtime) -> int:
    """Give a sign of life and end what is over; return how many attempts were ended."""
    with runtime.db.begin() as s:
        exam_clock.beat(s, runtime.now())
        return exam_clock.submit_overdue(s, runtime.now())


async def keep(runtime: Runtime, stopping: asyncio.Event) -> None:
    """Do so every few seconds until the server stops; a failure is logged and counted."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(once, runtime)
        except Exception as error:
            metrics.failed("exams", log, "the clock of exams failed", error)
        try:
            await asyncio.wait_for(stopping.wait(), exam_clock.BEAT.total_seconds())
        except TimeoutError:
            continue
