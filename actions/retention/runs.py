"""What is due now, and erasing it: in small transactions, each with its audit row, as often as wanted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.retention import files, others, talks
from actions.retention.kinds import Due, Kind, When
from actions.retention.periods import Periods
from actions.store import audit
from actions.store.engine import BUSY_MS, Database
from actions.store.tables.audit import AuditRow
from knowledge.errors import WenjinError

log = logging.getLogger(__name__)
# Tickets first: what only they needed is due with them.
KINDS: tuple[Kind, ...] = (
    files.TICKETS, talks.TURNS, talks.TRACKERS, talks.FILES, others.CUSTOMERS, others.COMMENTS,
    others.NOTICES, *others.EXPIRED,
)  # fmt: skip
BATCH = 25  # keys in one transaction
QUIET = time(3)  # in China: from then on a day's run is due
RUN, ERASE = "retention.run", "retention.erase"
_AT_ONCE_MS = 1000
Stop = Callable[[], bool]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What of a kind is due: how many pieces, the times of the first and last, and before when it is due."""

    kind: Kind
    count: int
    oldest: datetime | None
    newest: datetime | None
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a run erased, by kind; `finished` where all that was due has been tried.

    `failed` things could not be erased: the log says why, and the next run tries again.
    """

    erased: Counter[str]
    finished: bool
    failed: int = 0


def plan(db: Database, periods: Periods, now: datetime) -> list[Planned]:
    """Return what is due now, kind by kind; nothing is changed."""
    when = When(now, periods)
    with db.reading() as s:
        return [_planned(kind, list(kind.find(s, when)), when) for kind in KINDS]


def run(
    db: Database,
    periods: Periods,
    now: datetime,
    *,
    stop: Stop = lambda: False,
    progress: Progress = lambda _label, _done, _all: None,
) -> Done:
    """Erase what is due now, until there is nothing left or `stop` says so.

    Each transaction erases a few things and says so in the audit; a run that was killed has lost nothing, and
    the next one goes on. A finished run leaves one more audit row with all counts and days.
    """
    when, erased, failed = When(now, periods), Counter[str](), 0
    for kind in KINDS:
        with db.reading() as s:
            keys = [one.key for one in kind.find(s, when)]
        for start in range(0, len(keys), BATCH):
            if stop():
                return Done(+erased, finished=False, failed=failed)
            count, lost = _tried(db, kind, keys[start : start + BATCH], when)
            erased[kind.name] += count
            failed += lost
            progress(kind.label, min(start + BATCH, len(keys)), len(keys))
    erased = +erased
    with db.begin() as s:
        audit.record(
            s, actor="system", action=RUN, object_type="retention", object_id="",
            data={"erased": dict(erased), "failed": failed, "before": _cutoffs(when)}, now=now,
        )  # fmt: skip
    if erased:
        empty_log(db)
    return Done(erased, finished=True, failed=failed)


def is_due(s: Session, now: datetime) -> bool:
    """Tell whether today's run, by the day in China, is still to be done."""
    here = now.astimezone(SHANGHAI)
    if here.time() < QUIET:
        return False
    today = datetime.combine(here.date(), time(), SHANGHAI)
    ran = select(AuditRow.seq).where(AuditRow.at >= today, AuditRow.action == RUN).limit(1)
    return s.scalar(ran) is None


def overwrite(s: Session) -> None:
    """Let SQLite overwrite with zeros what this transaction erases."""
    if s.get_bind().dialect.name == "sqlite":
        s.execute(text("PRAGMA secure_delete=ON"))


def empty_log(db: Database) -> None:
    """Write SQLite's log into its file and empty it: it holds pages as they were before.

    Where somebody reads for long the log stays as it is and is overwritten later.
    """
    if db.dialect != "sqlite":
        return
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_AT_ONCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    finally:
        connection.close()


def _tried(db: Database, kind: Kind, keys: list[str], when: When) -> tuple[int, int]:
    """Erase some keys and return how many pieces that was, and how many keys failed, which keep no other."""
    try:
        return _erase(db, kind, keys, when), 0
    except WenjinError:  # the database cannot be reached or read: nothing else will work either
        raise
    except Exception:
        if len(keys) == 1:
            log.exception("erasing %s %s failed", kind.name, keys[0])
            return 0, 1
        done = [_tried(db, kind, [key], when) for key in keys]
        return sum(count for count, _ in done), sum(lost for _, lost in done)


def _erase(db: Database, kind: Kind, keys: list[str], when: When) -> int:
    with db.begin() as s:
        overwrite(s)
        count = kind.erase(s, keys, when)
        if count:
            before = when.before(kind.period)
            audit.record(
                s, actor="system", action=ERASE, object_type="retention", object_id=kind.name,
                data={"count": count, "before": before.isoformat() if before else None}, now=when.now,
            )  # fmt: skip
    return count


def _planned(kind: Kind, due: list[Due], when: When) -> Planned:
    some = [one for one in due if one.count]
    return Planned(
        kind,
        sum(one.count for one in some),
        min((one.oldest for one in some), default=None),
        max((one.newest for one in some), default=None),
        when.before(kind.period),
    )


def _cutoffs(when: When) -> dict[str, str | None]:
    found = {kind.period: when.before(kind.period) for kind in KINDS}
    return {period: before.isoformat() if before else None for period, before in sorted(found.items())}
