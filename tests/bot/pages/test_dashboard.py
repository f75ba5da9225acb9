"""The dashboard: figures with definitions, the same on the page, in the export and by a count of the rows."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from actions.figures import refresh
from actions.figures.overview import FIGURES, Overview, Unit
from actions.figures.spread import spread
from actions.service import conversations
from actions.service.replies import Reply, ReplyKind
from actions.store.tables.audit import AuditRow
from bot.pages import dashboard_view as view
from tests.bot.pages.conftest import Site

QUESTION = "投诉多久处理完"


def ask(site: Site, outcome: str, at: datetime, guest: str, text: str = QUESTION) -> str:
    """Let a guest ask and the bot answer with an outcome; return the conversation's id."""
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=at
        )
        turn, _ = conversations.receive(s, conversation=talk, text=text, key=at.isoformat(), now=at)
        conversations.add_reply(
            s, conversation=talk, reply=Reply(ReplyKind.ANSWER, "15 日。"), reply_to=turn.id, actor="bot",
            outcome=outcome, latency_ms=40, now=at,
        )  # fmt: skip
        return talk.id


@pytest.fixture
def lively(site: Site) -> Site:
    """A site where four guests asked something in the last days, one of them in vain, and one a month ago."""
    now = datetime.now(UTC)
    for number, outcome in enumerate(("answered", "answered", "answered", "refused")):
        text = QUESTION if outcome == "answered" else "你们老板住哪"
        ask(site, outcome, now - timedelta(days=2, seconds=number), f"g{number}", text)
    ask(site, "answered", now - timedelta(days=9), "old")
    return site


def test_an_empty_dashboard_says_what_will_be_here(site: Site) -> None:
    page = site.signed_in("li", "handler").get("/dashboard").text
    assert "这段时间还没有数据" in page and "上期 —" in page
    assert "没有客户消息" in page and "没有答不上的问题" in page and "还没有进行中的培训任务" in page


def test_figures_come_with_the_time_before_and_their_meaning(lively: Site) -> None:
    visitor = lively.signed_in("li", "handler")
    page = visitor.get("/dashboard?days=7").text
    assert "40 毫秒" in page and "25%" in page and "1 / 4 次提问" in page
    assert "75%" in page and "3 / 4 次来访" in page  # served themselves
    assert "上期 1" in page and "上期 100%" in page
    assert page.count("怎么算的") == sum(len(keys) for _, keys in view.GROUPS)
    assert "你们老板住哪" in page and "还没有数据" not in page
    assert "上期 0" in visitor.get("/dashboard?days=30").text


def test_every_figure_is_on_the_page_once() -> None:
    assert sorted(key for _, keys in view.GROUPS for key in keys) == sorted(FIGURES)


@pytest.mark.parametrize("key", list(FIGURES))
def test_page_export_and_rows_say_the_same(lively: Site, key: str) -> None:
    visitor = lively.signed_in("li", "handler")
    found = view.wanted({"days": "7"}, lively.runtime.today())
    refresh.refresh(lively.runtime.db)
    with lively.runtime.db.reading() as s:
        value = FIGURES[key].value(Overview(s, found.scope(lively.runtime.now())))
    words = view.words(FIGURES[key].unit, value)
    page = visitor.get(f"/dashboard/figures/{key}?days=7").text
    assert words in page and FIGURES[key].meaning in page
    sheet = visitor.get(f"/dashboard/figures/{key}/export?format=csv&days=7").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sheet)))
    values = [float(row["数值"]) for row in rows]
    unit = FIGURES[key].unit
    if unit is Unit.COUNT:
        assert len(values) == value
    elif unit is Unit.SHARE:
        assert (sum(values) / len(values) if values else None) == value
    else:
        assert spread(values).median == value


def test_a_workbook_names_its_filters_and_is_audited(lively: Site) -> None:
    visitor = lively.signed_in("li", "handler")
    answer = visitor.get("/dashboard/figures/no_answer/export?format=xlsx&days=7&channel=web")
    book = load_workbook(io.BytesIO(answer.content))
    front = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert (front["指标"], front["数值"], front["渠道"], front["行数"]) == ("无答案率", "25%", "网页", "4")
    assert front["导出人"] and front["口径"] == FIGURES["no_answer"].meaning
    assert [row[4].value for row in book["明细1"].iter_rows(min_row=2)].count("你们老板住哪") == 1
    with lively.runtime.db.reading() as s:
        (entry,) = s.scalars(select(AuditRow).where(AuditRow.action == "figure.export"))
    assert (entry.object_id, entry.data["format"]) == ("no_answer", "xlsx")


def test_a_figure_leads_to_the_conversation_behind_it(lively: Site) -> None:
    visitor = lively.signed_in("li", "handler")
    page = visitor.get("/dashboard/figures/messages?days=7").text
    link = page.split('href="/dashboard/talks/')[1].split('"')[0]
    talk = visitor.get(f"/dashboard/talks/{link}").text
    assert QUESTION in talk or "你们老板住哪" in talk
    with lively.runtime.db.reading() as s:
        seen = list(s.scalars(select(AuditRow.object_id).where(AuditRow.action == "talk.view")))
    assert seen == [link]


def test_rows_come_by_the_page(site: Site) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    for number in range(60):
        ask(site, "answered", now - timedelta(seconds=number), "one", f"第{number}个问题")
    visitor = site.signed_in("li", "handler")
    first = visitor.get("/dashboard/figures/messages?days=7").text
    second = visitor.get("/dashboard/figures/messages?days=7&page=2").text
    assert first.count("看对话") == 50 and second.count("看对话") == 10
    assert 'rel="next"' in first and 'rel="next"' not in second and 'rel="prev"' in second
    assert "没有更多了" in visitor.get("/dashboard/figures/messages?days=7&page=9").text


@pytest.mark.parametrize("by", ["queue", "handler", "channel", "hour", "weather", ""])
def test_response_times_are_shown_by_group(lively: Site, by: str) -> None:
    page = lively.signed_in("li", "handler").get(f"/dashboard/times?days=7&by={by}").text
    assert "40 毫秒" in page and "人工首次响应" in page and "投诉处理用时" in page


@pytest.mark.parametrize("days", ["", "0", "-1", "9", "abc", "７", "99999999999999999999"])
def test_an_unknown_period_is_a_week(site: Site, days: str) -> None:
    response = site.signed_in("li", "handler").get(f"/dashboard?days={days}&channel=nix&page=x&queue=y")
    assert response.status_code == 200
    assert 'href="/dashboard?days=7" aria-current="true"' in response.text


def test_nobody_else_reads_it(site: Site) -> None:
    staff = site.signed_in("wang", "staff")
    for path in ("", "/times", "/figures/csat", "/figures/csat/export"):
        assert staff.get(f"/dashboard{path}").status_code == 403
    handler = site.signed_in("li", "handler")
    assert handler.get("/dashboard/figures/nix").status_code == 404
    assert handler.get("/dashboard/talks/nix").status_code == 404
    assert handler.get("/dashboard/figures/csat/export?format=pdf").status_code == 422


def test_a_period_is_whole_days_of_china_and_as_long_before() -> None:
    now = datetime(2026, 5, 20, 17, 30, tzinfo=UTC)  # 01:30 on the 21st in China
    today = view.wanted({"days": "1"}, date(2026, 5, 21)).scope(now)
    assert (today.since, today.until) == (datetime(2026, 5, 20, 16, tzinfo=UTC), now)
    past = view.wanted({"since": "2026-05-01", "until": "2026-05-02"}, date(2026, 5, 21))
    assert past.scope(now).until - past.scope(now).since == past.length == timedelta(days=2)
    assert past.query(page=2) == "since=2026-05-01&until=2026-05-02&page=2"
    assert view.wanted({"since": "2026-05-02", "until": "2026-05-01"}, date(2026, 5, 21)).days == 7


def test_echarts_comes_from_here(site: Site) -> None:
    answer = site.signed_in("li", "handler").get("/static/vendor/echarts/index.js")
    assert answer.status_code == 200 and "echarts" in answer.text


def test_comments_have_a_page(site: Site) -> None:
    page = site.signed_in("li", "handler").get("/dashboard/comments?days=7").text
    assert "这段时间没有留言" in page
    assert site.signed_in("wang", "staff").get("/dashboard/comments").status_code == 403
