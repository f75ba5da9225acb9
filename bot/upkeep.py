"""Does what falls due by itself, once a minute, for as long as the server runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from actions.desk import attachments, upkeep
from actions.figures import refresh
from actions.retention import runs
from actions.service import absence, idle
from actions.training import assignments, certificates, reminders
from bot import metrics
from bot.runtime import Runtime

log = logging.getLogger(__name__)
EVERY_SECONDS = 60.0
SLICE_SECONDS = 15.0  # of erasing between two looks at what falls due


async def keep(runtime: Runtime, stopping: asyncio.Event, *, every: float = EVERY_SECONDS) -> None:
    """Prepare older tickets, then run the timer until the server stops.

    A failure is logged and counted, and the next minute tries again.
    """
    await _safely(prepare, runtime)
    while not stopping.is_set():
        await _safely(once, runtime)
        await _safely(watch_handovers, runtime)
        await _safely(keep_training, runtime)
        await _safely(count, runtime)
        await _safely(keep_periods, runtime)
        try:
            await asyncio.wait_for(stopping.wait(), every)
        except TimeoutError:
            continue


def prepare(runtime: Runtime) -> int:
    """Give tickets of older versions what newer ones have; return how many there were."""
    done = upkeep.prepare_old(runtime.db, runtime.now())
    if done:
        log.info("upkeep: %d older tickets prepared", done)
    return done


def once(runtime: Runtime) -> dict[str, int]:
    """Do what is due now and return how many tickets of each kind were handled."""
    done = dict(upkeep.run(runtime.db, runtime.now()))
    with runtime.db.begin() as s:
        if forgotten := attachments.forget_pending(s, runtime.now()):
            done["files_forgotten"] = forgotten
    if done:
        log.info("upkeep: %s", done)
    return done


def watch_handovers(runtime: Runtime) -> None:
    """Put back whom a handler has left, and tell once who has waited long for a person."""
    with runtime.db.begin() as s:
        absence.watch(s, runtime.now())


def keep_training(runtime: Runtime) -> dict[str, int]:
    """Give everybody what they must pass, freeze what leavers owe, remind, settle certificates."""
    with runtime.db.begin() as s:
        done = assignments.refresh(s, runtime.now())
    with runtime.db.begin() as s:
        done["reminded"] = reminders.remind(s, runtime.now())
    with runtime.db.begin() as s:
        done["certificates"] = certificates.settle(s, runtime.now())
    done = {kind: count for kind, count in done.items() if count}
    if done:
        log.info("training: %s", done)
    return done


def count(runtime: Runtime) -> int:
    """Count what has been said since the last minute, and ask for a rating where a visit has ended."""
    done = refresh.refresh(runtime.db)
    with runtime.db.begin() as s:
        idle.offer(s, runtime.now())
    return done


def keep_periods(runtime: Runtime) -> dict[str, int]:
    """Erase what is past its period, once a day, where that is set; in slices, so that nothing else waits."""
    if not runtime.settings.retention_daily:
        return {}
    now, started = runtime.now(), time.monotonic()
    with runtime.db.reading() as s:
        if not runs.is_due(s, now):
            return {}
    done = runs.run(
        runtime.db, runtime.settings.periods(), now, stop=lambda: time.monotonic() - started > SLICE_SECONDS
    )
    if done.erased:
        log.info("retention: %s%s", dict(done.erased), "" if done.finished else ", to be continued")
    return dict(done.erased)


async def _safely(work: Callable[[Runtime], object], runtime: Runtime) -> None:
    try:
        await asyncio.to_thread(work, runtime)
    except Exception as error:
        metrics.failed("upkeep", log, "upkeep failed", error)
