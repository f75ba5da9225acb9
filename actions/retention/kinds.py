"""One kind of data that has a period: what of it is due, and how it is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from actions.retention.periods import Periods


@dataclass(frozen=True, slots=True)
class When:
    """The moment of a run and the periods that hold."""

    now: datetime
    periods: Periods

    def before(self, kind: str) -> datetime | None:
        """Return before which a kind is erased, None for never."""
        return self.periods.before(kind, self.now)


@dataclass(frozen=True, slots=True)
class Due:
    """What is erased together, by its key: how many pieces it has, and the times of the first and last."""

    key: str
    count: int
    oldest: datetime
    newest: datetime


Find = Callable[[Session, When], Iterable[Due]]
Erase = Callable[[Session, Sequence[str], When], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: `find` returns all that is due, `erase` erases what is still due of some keys and counts it.

    `period` is the field of `Periods` that it follows; `label` is how people call it.
    """

    name: str
    label: str
    period: str
    find: Find
    erase: Erase


def single(rows: Iterable[tuple[str, datetime]]) -> list[Due]:
    """Return rows of key and time as what is due, a piece each."""
    return [Due(key, 1, at, at) for key, at in rows]
