"""The analysis against a slow count of the same tickets, its rows, its measures, its spreadsheets."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import analysis, export, measures
from actions.desk.analysis import Slice
from actions.desk.intake import TicketDraft, create
from actions.desk.workdays import SHANGHAI
from actions.store import audit, sheets
from actions.store.tables.accounts import User
from actions.store.tables.desk import Measure, MeasureState, Ticket, TicketState
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW

BUSINESS, CAUSES = ("lending", "payment", ""), ("service_attitude", "facilities", "")
DECIDED = (TicketState.DECIDED, TicketState.CLOSED)
WHOLE = Slice(date(2026, 1, 1), date(2026, 3, 31))


def random_tickets(session: Session, seed: int, count: int = 60) -> list[Ticket]:
    """Register tickets over two months, with whatever may have become of them."""
    rng, out = random.Random(seed), []
    for number in range(count):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(60 * 24 * 60))
        draft = TicketDraft(f"第{number}件事", product=rng.choice(("", "花花贷", "零钱宝")))
        made = create(
            session, draft=draft, customer_id=f"c{number}", conversation_id=None, key=f"k{seed}-{number}",
            source=rng.choice(("chat", "form")), now=at, rng=rng,
        )  # fmt: skip
        made.business, made.cause = rng.choice(BUSINESS), rng.choice(CAUSES)
        made.state, made.cycle = rng.choice(list(TicketState)), rng.choice((1, 1, 2))
        made.paused_at = at if rng.random() < 0.1 else None
        made.decided_at = at + timedelta(days=rng.randrange(30)) if made.state in DECIDED else None
        out.append(made)
    out[1].merged_into = out[0].id
    session.flush()
    return out


def local_day(ticket: Ticket) -> date:
    return ticket.created_at.astimezone(SHANGHAI).date()


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_slow_count(session: Session, seed: int) -> None:
    made = random_tickets(session, seed)
    part = Slice(date(2026, 1, 10), date(2026, 2, 12), source="chat")
    inside = [
        t
        for t in made
        if part.since <= local_day(t) <= part.until and t.source == "chat" and t.merged_into is None
    ]
    counted = analysis.totals(session, part, NOW)
    decided = [t for t in inside if t.state in DECIDED]
    pending = [t for t in inside if t.state not in (*DECIDED, TicketState.WITHDRAWN)]
    late = [t for t in pending if t.due_at < NOW and t.paused_at is None]
    in_time = [t for t in decided if t.decided_at and t.decided_at <= t.due_at]
    assert inside
    assert (counted.tickets, counted.decided, counted.in_time) == (len(inside), len(decided), len(in_time))
    assert (counted.pending, counted.overdue) == (len(pending), len(late))
    assert counted.withdrawn == sum(t.state is TicketState.WITHDRAWN for t in inside)
    assert counted.reopened == sum(t.cycle > 1 for t in inside)
    days = [(t.decided_at - t.created_at) / timedelta(days=1) for t in decided if t.decided_at]
    assert counted.days == pytest.approx(sum(days) / len(days), abs=1e-3)
    for axis in analysis.AXES:
        groups = {g.key: g.counted.tickets for g in analysis.by_axis(session, part, axis, NOW)}
        assert groups == Counter(getattr(t, axis) for t in inside)
    weeks = analysis.weekly(session, part, "cause")
    assert {w.start: w.tickets for w in weeks if w.tickets} == Counter(
        analysis.monday(local_day(t)) for t in inside
    )
    assert weeks[0].start == date(2026, 1, 5) and weeks[-1].start == date(2026, 2, 9)
    crossed = analysis.crossed(session, part, "business", "cause")
    assert crossed == Counter((t.business, t.cause) for t in inside)
    assert {t.number for t in analysis.rows(session, part)} == {t.number for t in inside}


def test_a_ticket_belongs_to_its_day_in_china(session: Session) -> None:
    late_evening = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight on 2 March
    create(
        session, draft=TicketDraft("半夜的事"), customer_id="c", conversation_id=None, key="k",
        now=late_evening, rng=random.Random(1),
    )  # fmt: skip
    second = Slice(date(2026, 3, 2), date(2026, 3, 2))
    assert analysis.totals(session, second, NOW).tickets == 1
    assert analysis.totals(session, second.before(), NOW).tickets == 0
    assert analysis.weekly(session, second, "cause")[0].tickets == 1


def test_rows_come_in_batches_and_none_twice(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [t.number for t in random_tickets(session, 5) if t.merged_into is None]
    monkeypatch.setattr(analysis, "BATCH", 7)
    numbers = [t.number for t in analysis.rows(session, WHOLE)]
    assert sorted(numbers) == sorted(made) and len(set(numbers)) == len(numbers)


def test_a_value_without_name_is_shown_as_it_is(session: Session) -> None:
    del session
    assert analysis.label("cause", "") == "未确认"
    assert analysis.label("product", "") == "未填写"
    assert analysis.label("cause", "gone_from_the_list") == "gone_from_the_list"
    assert analysis.label("queue", "fraud") == "欺诈与资金安全"


def test_the_spreadsheet_has_the_rows_and_no_formula(session: Session, tmp_path: Path) -> None:
    attack = '=HYPERLINK("http://evil","点我")'
    create(
        session, draft=TicketDraft(attack, product="+86 13812345678"), customer_id="c", conversation_id=None,
        key="k", now=NOW, rng=random.Random(1),
    )  # fmt: skip
    rows = [export.row(t, {}, NOW) for t in analysis.rows(session, WHOLE)]
    text = b"".join(export.as_csv(rows)).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text)))
    matter, product = export.HEADINGS.index("投诉事项"), export.HEADINGS.index("产品或服务")
    assert tuple(read[0]) == export.HEADINGS and read[1][matter] == "'" + attack
    assert read[1][product].startswith("'+86") and "13812345678" not in text
    path = tmp_path / "out.xlsx"
    assert export.as_xlsx(rows, [("操作人", "=1+1")], path) == 1
    book = load_workbook(path)
    assert [c.value for c in book["工单1"][2]] == [cell or None for cell in read[1]]
    assert {c.data_type for c in book["工单1"][2] if c.value} == {"s"}
    assert [[c.value for c in line] for line in book["说明"].rows] == [["操作人", "'=1+1"], ["行数", "1"]]


def test_a_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEET_ROWS", 2)
    path = tmp_path / "out.xlsx"
    assert export.as_xlsx([("a",), ("b",), ("c",)], [], path) == 3
    book = load_workbook(path, read_only=True)
    assert book.sheetnames == ["说明", "工单1", "工单2"]
    assert [row[0] for row in book["工单2"].values] == ["工单号", "c"]


def test_a_measure_goes_from_decided_to_checked(session: Session, add_user: Callable[..., User]) -> None:
    bo, li = add_user("bo", "supervisor"), add_user("li")

    def facilities(day: int) -> None:
        made = create(
            session, draft=TicketDraft(f"连不上 {day}"), customer_id="c", conversation_id=None, key=f"m{day}",
            now=NOW + timedelta(days=day), rng=random.Random(day),
        )  # fmt: skip
        made.cause = "facilities"

    for day in (-9, -2, -1, 2):
        facilities(day)
    given = {
        "cause": "facilities",
        "business": "",
        "text": "扩容",
        "owner": "技术部",
        "due_on": date(2026, 4, 1),
    }
    with pytest.raises(WenjinError, match="主管或合规"):
        measures.add(session, user=li, now=NOW, **given)  # type: ignore[arg-type]
    made = measures.add(session, user=bo, now=NOW, **given)  # type: ignore[arg-type]
    assert measures.effect_of(session, made, date(2026, 3, 3)) is None

    def change(state: str, version: int, effect: str = "") -> Measure:
        return measures.change(
            session, measure_id=made.id, user=bo, version=version, state=state, effect=effect, now=NOW
        )

    with pytest.raises(WenjinError) as refused:
        change("checked", 1)
    assert refused.value.code == "wrong_state"
    change("done", 1)
    with pytest.raises(WenjinError) as stale:
        change("checked", 1, "好了")
    assert stale.value.code == "stale_version"
    with pytest.raises(WenjinError) as silent:
        change("checked", 2)
    assert silent.value.code == "empty_field"
    done = change("checked", 2, "投诉减少")
    assert (done.state, done.effect, done.done_on) == (MeasureState.CHECKED, "投诉减少", date(2026, 3, 2))
    assert measures.effect_of(session, done, date(2026, 3, 7)) == measures.Effect(before=2, after=1, days=5)
    assert [m.id for m in measures.listed(session, cause="facilities")] == [made.id]
    assert measures.listed(session, open_only=True) == []
    recorded = audit.entries(session, object_type="measure", object_id=made.id)
    assert [row.action for row in recorded] == ["measure.add", "measure.change", "measure.change"]


def test_a_measure_needs_a_known_cause(session: Session, add_user: Callable[..., User]) -> None:
    bo = add_user("bo", "compliance")
    with pytest.raises(WenjinError) as unknown:
        measures.add(
            session,
            user=bo,
            cause="weather",
            business="",
            text="改",
            owner="谁",
            due_on=date(2026, 4, 1),
            now=NOW,
        )
    assert unknown.value.code == "unknown_category"
    assert session.scalars(select(Measure)).all() == []
