"""The periods and habits of a desk, as its operator has set them; a session carries them along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from actions.desk.workdays import add_working

ORDER = "《银行业保险业消费投诉处理管理办法》"
# What is behind each period; it stands beside every date.
RULES = {
    "simple": f"{ORDER}：事实清楚、争议简单，{{days}}日内",
    "complex": f"{ORDER}：情况复杂，{{days}}日内",
    "special": f"{ORDER}：情况特别复杂，{{days}}日内",
    "review": f"{ORDER}：核查，{{days}}日内",
}
EXTENSIONS = ("complex", "special")  # one after the other


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Periods in calendar days unless the name says otherwise.

    `simple`, `complex` and `special` are counted from the day of receipt (CBIRC Order 3 of 2020: 15, 30, 60).
    `review_window` is how long after a decision a customer may ask for a review, `review` how long that may
    take. `first_response_hours` are working hours between `opens` and `closes`. `remind` are days before a
    due date. `same_within` is how long a like complaint of the same customer is offered for merging.
    `close_after` is when a decided ticket that nobody objected to is closed by the system.
    """

    simple: int = 15
    complex: int = 30
    special: int = 60
    review: int = 30
    review_window: int = 30
    first_response_hours: float = 4.0
    opens: time = time(9)
    closes: time = time(18)
    remind: tuple[int, ...] = (3, 1)
    same_within: int = 30
    close_after: int = 30
    auto_assign: bool = False
    webhook: bool = False
    mail: bool = False
    public_url: str = ""

    def rule(self, kind: str) -> str:
        """Return the name of the rule of a period: "simple", "complex", "special" or "review"."""
        return RULES[kind].format(days=self.days(kind))

    def days(self, kind: str) -> int:
        """Return the length of a period in calendar days."""
        found: int = getattr(self, kind)
        return found

    def period(self, kind: str) -> dict[str, Any]:
        """Return what an event that starts or changes a period holds of it."""
        return {"kind": kind, "days": self.days(kind), "rule": self.rule(kind)}

    def cycle(self, kind: str, now: datetime) -> dict[str, Any]:
        """Return what an event that starts a cycle now holds of its clock, first response included."""
        first = add_working(now, timedelta(hours=self.first_response_hours), self.opens, self.closes)
        return {**self.period(kind), "cycle": True, "first_due_at": first.isoformat()}


DEFAULT = DeskRules()


def rules_of(s: Session) -> DeskRules:
    """Return the rules that the session's database was opened with."""
    found: DeskRules = s.info.get("desk", DEFAULT)
    return found
