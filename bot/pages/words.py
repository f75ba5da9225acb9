"""How times, spans and due dates read, in China's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from actions.desk.workdays import SHANGHAI

ZONE = SHANGHAI
SOON = 3


@dataclass(frozen=True, slots=True)
class Due:
    """A due date in words; `level` is "", "warn" or "danger"; colour is never alone, an icon goes with it."""

    words: str
    level: str
    icon: str


def due_words(due_at: datetime, now: datetime, *, ended: bool = False) -> Due:
    """Say how far off `due_at` is in calendar days; `ended` cases have no clock any more."""
    if ended:
        return Due("时限已止", "", "check")
    days = (due_at.astimezone(ZONE).date() - now.astimezone(ZONE).date()).days
    if due_at <= now:
        return Due(f"已超时 {-days} 天" if days else "今天已超时", "danger", "alert")
    if days <= 1:
        return Due("明天到期" if days else "今天到期", "warn", "clock")
    return Due(f"还有 {days} 天", "warn" if days <= SOON else "", "clock")


def date_words(day: date) -> str:
    """Return a day: 2026年5月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def day_words(moment: datetime) -> str:
    """Return the day of a time in China."""
    return date_words(moment.astimezone(ZONE).date())


def moment_words(moment: datetime, now: datetime | None = None) -> str:
    """Return day and time, the year only where it is not this one: 5月1日 09:05."""
    local = moment.astimezone(ZONE)
    same_year = now is None or local.year == now.astimezone(ZONE).year
    day = f"{local.month}月{local.day}日" if same_year else day_words(moment)
    return f"{day} {local:%H:%M}"


def span_words(seconds: float | None) -> str:
    """Return a span as people say it: 0.3 秒, 12 分钟, 3.5 小时; "—" for none."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return f"{seconds:.1f} 秒"
    if seconds < 120:
        return f"{seconds:.0f} 秒"
    if seconds < 7200:
        return f"{seconds / 60:.0f} 分钟"
    return f"{seconds / 3600:.1f} 小时"


def number_words(value: float | None, unit: str = "") -> str:
    """Return a figure with its unit, whole numbers without decimals; "—" for none."""
    if value is None:
        return "—"
    figure = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return f"{figure}{unit}"


def wait_words(since: datetime, now: datetime) -> Due:
    """Say how long somebody has been waiting; over 3 minutes warns, over 10 is late."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    level = "danger" if minutes >= 10 else "warn" if minutes >= 3 else ""
    words = f"已等 {minutes} 分钟" if minutes < 60 else f"已等 {minutes // 60} 小时 {minutes % 60} 分钟"
    return Due(words if minutes else "刚刚请求", level, "alert" if level == "danger" else "clock")
