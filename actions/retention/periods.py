"""How long each kind of personal data is kept, as the operator has set it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# PBOC Order 5 of 2020: complaint files are kept at least 3 years after closing. With a leap day.
LEAST_FILE = 3 * 365 + 1


@dataclass(frozen=True, slots=True)
class Periods:
    """Days; 0 is kept for good.

    `conversations` are counted from when a line was said, `tickets` from when a complaint was closed,
    `ratings` from when a comment was written, `notices` from when one was sent, `sessions` from when one
    expired. Only `tickets` has a rule behind it (`LEAST_FILE`); the others are defaults of this program.
    """

    conversations: int = 180
    tickets: int = LEAST_FILE
    ratings: int = 365
    notices: int = 90
    sessions: int = 1

    def before(self, kind: str, now: datetime) -> datetime | None:
        """Return before which a kind is erased, None for never."""
        days: int = getattr(self, kind)
        return now - timedelta(days=days) if days else None

    def file_before(self, now: datetime) -> datetime:
        """Return before which a complaint must have been closed to be erased at its customer's wish."""
        days = min(self.tickets, LEAST_FILE) if self.tickets else LEAST_FILE
        return now - timedelta(days=days)


DEFAULT = Periods()
