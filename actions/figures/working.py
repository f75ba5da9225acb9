"""Working time between very many pairs of times at once, as `actions.desk.workdays` counts it for one."""

from __future__ import annotations

from datetime import date, time, timedelta

import numpy as np
from numpy.typing import NDArray

from actions.desk.workdays import is_workday

Micros = NDArray[np.int64]  # times: microseconds since 1970; spans: microseconds
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_CHINA = 8 * 3600 * _SECOND  # ahead of UTC, all year since 1992
_EPOCH = date(1970, 1, 1)


def worked_between(began: Micros, done: Micros, opens: time, closes: time) -> Micros:
    """Return the working time between times and later ones; zero where the end comes first."""
    if not len(began):
        return np.zeros(0, np.int64)
    first = int(min(began.min(), done.min()) + _CHINA) // _DAY
    last = int(max(began.max(), done.max()) + _CHINA) // _DAY
    workdays = np.array([is_workday(_EPOCH + timedelta(days=n)) for n in range(first, last + 1)])
    worked = _worked(done, first, workdays, opens, closes) - _worked(began, first, workdays, opens, closes)
    return np.maximum(worked, 0)


def hours_of(at: Micros) -> NDArray[np.int64]:
    """Return the hours of the day in China of times."""
    hours: NDArray[np.int64] = (at + _CHINA) % _DAY // (3600 * _SECOND)
    return hours


def _worked(at: Micros, first: int, workdays: NDArray[np.bool_], opens: time, closes: time) -> Micros:
    """Return the working time from the first day on to times."""
    day, clock = np.divmod(at + _CHINA, _DAY)
    place, start, length = day - first, _micros(opens), _micros(closes) - _micros(opens)
    before = np.concatenate([[0], np.cumsum(workdays)])[place]
    found: Micros = before * length + workdays[place] * np.clip(clock - start, 0, length)
    return found


def _micros(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * _SECOND + clock.microsecond
