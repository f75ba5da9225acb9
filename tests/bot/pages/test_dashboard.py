"""The dashboard: right figures, their definitions, an honest empty state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.service import conversations
from actions.service.replies import Reply, ReplyKind
from bot.pages.dashboard_view import SERIES, bars_of, percent, period, share
from tests.bot.pages.conftest import Site


def ask(site: Site, outcome: str, at: datetime, guest: str) -> None:
    """Let a guest ask and the bot answer with an outcome."""
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=at
        )
        turn, _ = conversations.receive(
            s, conversation=talk, text="投诉多久处理完", key=at.isoformat(), now=at
        )
        conversations.add_reply(
            s,
            conversation=talk,
            reply=Reply(ReplyKind.ANSWER, "15 日。"),
            reply_to=turn.id,
            actor="bot",
            outcome=outcome,
            latency_ms=40,
            now=at,
        )


def test_an_empty_dashboard_says_what_will_be_here(site: Site) -> None:
    page = site.signed_in("li", "handler").get("/dashboard").text
    assert "这段时间还没有数据" in page and "上期 —" in page


def test_figures_come_from_the_database_with_their_meaning(site: Site) -> None:
    now = datetime.now(UTC)
    for number, outcome in enumerate(("answered", "answered", "answered", "refused")):
        ask(site, outcome, now - timedelta(seconds=number), f"g{number}")
    ask(site, "answered", now - timedelta(days=8), "old")
    visitor = site.signed_in("li", "handler")
    page = visitor.get("/dashboard?days=7").text
    assert "75%" in page and "40 毫秒" in page and "4 段对话" in page
    assert "上期 1" in page and "上期 100%" in page
    assert page.count("怎么算的") == 7
    assert "还没有数据" not in page and "<rect" in page
    assert "上期 0" in visitor.get("/dashboard?days=30").text


@pytest.mark.parametrize("days", ["", "0", "-1", "9", "abc", "７", "99999999999999999999"])
def test_an_unknown_period_is_a_week(site: Site, days: str) -> None:
    response = site.signed_in("li", "handler").get(f"/dashboard?days={days}")
    assert response.status_code == 200
    assert 'href="/dashboard?days=7" aria-current="true"' in response.text


def test_a_period_is_whole_days_of_china_and_as_long_before() -> None:
    now = datetime(2026, 5, 20, 17, 30, tzinfo=UTC)  # 01:30 on the 21st in China
    today = period(1, now)
    assert today.since == datetime(2026, 5, 20, 16, tzinfo=UTC)
    assert today.until - today.since == today.before_until - today.before_since
    assert period(30, now).since == datetime(2026, 4, 21, 16, tzinfo=UTC)
    assert (now - today.trend_since).days == 6


def test_shares_of_nothing_are_nothing() -> None:
    assert share(0, 0) is None
    assert percent(None) == "—"
    assert percent(share(1, 3)) == "33.3%"


ROW = st.fixed_dictionaries(
    {
        "turns": st.integers(0, 50),
        "answered": st.integers(0, 40),
        "refused": st.integers(0, 9),
        "handover": st.integers(0, 9),
    }
)


@given(st.lists(ROW, min_size=1, max_size=31))
def test_bars_stay_inside_the_chart(rows: list[dict[str, int]]) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC).date()
    dated = [{**row, "date": (first + timedelta(days=n)).isoformat()} for n, row in enumerate(rows)]
    bars = bars_of(dated)
    assert len(bars) == len(rows) and bars[-1].label
    for bar in bars:
        assert [part.name for part in bar.parts] == [key for key, _ in SERIES]
        assert all(part.top >= -0.1 and part.height >= 0 for part in bar.parts)
        assert abs(100 - bar.parts[-1].top - sum(part.height for part in bar.parts)) < 0.1
    if any(part.count for bar in bars for part in bar.parts):
        assert min(bar.parts[-1].top for bar in bars) == pytest.approx(0, abs=0.1)
