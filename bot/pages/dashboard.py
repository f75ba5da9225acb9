"""The dashboard for managers: all figures, response times by group, and the rows behind every figure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from actions.desk import registry
from actions.figures import answers, comments, refresh, unanswered, waits
from actions.figures.overview import FIGURES, Definition, Overview
from actions.figures.rows import ALL, BEHIND, Row
from actions.figures.scope import Scope
from actions.figures.targets import targets
from actions.service import accounts, conversations
from actions.service.accounts import SignedIn
from actions.service.handovers import QUEUES
from actions.store import audit, sheets
from actions.training import house
from bot.deps import RuntimeDep, require_role
from bot.pages import dashboard_view as view
from bot.pages.desk_talk import talk
from bot.pages.render import page
from bot.pages.words import ZONE
from bot.runtime import Runtime
from knowledge.embedding import Embedding
from knowledge.errors import bad_input, not_found

router = APIRouter(prefix="/dashboard", include_in_schema=False)
Viewer = Annotated[SignedIn, Depends(require_role("handler", "compliance"))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 50
HEADINGS = ("时间", "渠道或队列", "对话", "工单", "内容", "计入", "数值")
_BLOCK = 64 * 1024
_TIMES = (
    ("human_time", "人工首次响应", waits.human_waits),
    ("first_response", "投诉首次回复", waits.first_responses),
    ("resolution", "投诉处理用时", waits.resolutions),
)


@router.get("", response_class=HTMLResponse)
def dashboard(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show all figures of a time beside those of the time before."""
    asked = view.wanted(request.query_params, runtime.today())
    refresh.refresh(runtime.db)
    scope = asked.scope(runtime.now())
    with runtime.db.reading() as s:
        now, before = Overview(s, scope), Overview(s, scope.moved(asked.length))
        days = answers.daily(s, scope)
        questions = unanswered.most_asked(s, scope)
        trained = house.standing(s, runtime.now())
        goals = targets(runtime.settings.targets)
        groups = [
            (title, [view.figure(key, now, before, goals) for key in keys]) for title, keys in view.GROUPS
        ]
        empty = view.is_empty(now)
    return page(
        request, "dashboard/overview.html", signed_in=user, **_frame(asked, runtime), groups=groups,
        empty=empty, chart=view.messages_chart(days), days=days, series=view.SERIES,
        questions=questions, trained=trained, overdue=now.backlog.overdue, percent=view.percent,
    )  # fmt: skip


@router.get("/times", response_class=HTMLResponse)
def times(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show response times, the bot's and people's apart, by queue, person, channel and hour of the day."""
    asked = view.wanted(request.query_params, runtime.today())
    by = request.query_params.get("by", "")
    axis = by if by in waits.BY else "queue"
    refresh.refresh(runtime.db)
    scope = asked.scope(runtime.now())
    with runtime.db.reading() as s:
        people = _people(s)
        bot = answers.bot_times(s, scope)
        tables = [_table(s, scope, axis, title, find, people) for _, title, find in _TIMES]
    hours = [view.bot_row(view.group_name("hour", str(hour), {}), found) for hour, found in bot.hours.items()]
    channels = [
        view.bot_row(view.group_name("channel", name, {}), found) for name, found in bot.channels.items()
    ]
    chart = {
        "hours": [f"{hour}" for hour in range(24)],
        "median": [bot.hours[h].median if h in bot.hours else None for h in range(24)],
        "p90": [bot.hours[h].p90 if h in bot.hours else None for h in range(24)],
    }
    return page(
        request, "dashboard/times.html", signed_in=user, **_frame(asked, runtime), axis=axis, axes=waits.BY,
        tables=tables, bot=[view.bot_row("全部", bot.overall), *channels], hours=hours, chart=chart,
    )  # fmt: skip


@router.get("/comments", response_class=HTMLResponse)
def said(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show what customers wrote beside their ratings, put together where they say the same."""
    asked = view.wanted(request.query_params, runtime.today())
    with runtime.db.reading() as s:
        found = comments.themes(s, asked.scope(runtime.now()), Embedding(lambda: runtime.encoder))
    return page(
        request, "dashboard/comments.html", signed_in=user, **_frame(asked, runtime), themes=found,
        now=runtime.now(),
    )  # fmt: skip


@router.get("/figures/{key}", response_class=HTMLResponse)
def one_figure(request: Request, runtime: RuntimeDep, user: Viewer, key: str) -> HTMLResponse:
    """Show one figure with its definition and the rows behind it, a page at a time."""
    definition = _definition(key)
    asked = view.wanted(request.query_params, runtime.today())
    number = request.query_params.get("page", "")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    refresh.refresh(runtime.db)
    scope = asked.scope(runtime.now())
    with runtime.db.reading() as s:
        now, before = Overview(s, scope), Overview(s, scope.moved(asked.length))
        shown = view.figure(key, now, before, targets(runtime.settings.targets))
        found = list(BEHIND[key](s, scope, slice((at - 1) * ROWS, at * ROWS + 1)))
        numbers = registry.numbers(s, {row.ticket for row in found if row.ticket})
    lines = [
        (row, view.group_name("queue", row.group, {}), view.value_words(definition, row.value))
        for row in found
    ]
    return page(
        request, "dashboard/figure.html", signed_in=user, **_frame(asked, runtime), one=shown, key=key,
        lines=lines[:ROWS], more=len(lines) > ROWS, at=at, numbers=numbers, now=runtime.now(),
        may_desk=accounts.may(user.user, "handler"),
    )  # fmt: skip


@router.get("/figures/{key}/export")
def export(request: Request, runtime: RuntimeDep, user: Viewer, key: str, format: str = "xlsx") -> Response:
    """Stream the rows behind a figure as csv or xlsx; every export is audited."""
    definition = _definition(key)
    if format not in ("csv", "xlsx"):
        raise bad_input("unknown_format", "只能导出 csv 或 xlsx。")
    asked = view.wanted(request.query_params, runtime.today())
    now = runtime.now()
    with runtime.db.begin() as s:
        audit.record(
            s, actor=user.user.id, action="figure.export", object_type="figure", object_id=key,
            data={"format": format, "query": asked.query()}, now=now,
        )  # fmt: skip
    refresh.refresh(runtime.db)
    scope = asked.scope(now)
    name = f"{key}-{asked.since}-{asked.until}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if format == "csv":
        body = sheets.as_csv(HEADINGS, _cells(runtime, definition, scope))
        return StreamingResponse(body, media_type="text/csv", headers=headers)
    with runtime.db.reading() as s:
        value = view.words(definition.unit, definition.value(Overview(s, scope)))
    cover = view.cover(definition, asked, value, user.user.called, now)
    return StreamingResponse(
        _workbook(runtime, definition, scope, list(cover)), media_type=XLSX, headers=headers
    )


@router.get("/talks/{conversation_id}", response_class=HTMLResponse)
def transcript(request: Request, runtime: RuntimeDep, user: Viewer, conversation_id: str) -> HTMLResponse:
    """Show what was said in a conversation, as it is stored: masked; looking is audited."""
    after = request.query_params.get("after", "")
    place = int(after) if after.isdecimal() and len(after) < 9 else 0
    with runtime.db.begin() as s:
        found = conversations.get(s, conversation_id)
        lines = talk(s, found.id, place)
        audit.record(
            s, actor=user.user.id, action="talk.view", object_type="conversation", object_id=found.id,
            data={}, now=runtime.now(),
        )  # fmt: skip
        channel = view.CHANNEL_NAMES.get(found.channel, found.channel)
    return page(
        request, "dashboard/talk.html", signed_in=user, lines=lines, channel=channel, now=runtime.now(),
    )  # fmt: skip


def _frame(asked: view.Wanted, runtime: Runtime) -> dict[str, Any]:
    """Return what all pages of the dashboard show: the filters."""
    return {
        "asked": asked,
        "periods": view.PERIODS,
        "channels": {key: view.CHANNEL_NAMES.get(key, key) for key in conversations.CHANNELS},
        "queues": QUEUES,
        "today": runtime.today(),
    }


def _definition(key: str) -> Definition:
    if key not in FIGURES:
        raise not_found("figure_not_found", "没有这个指标，请从看板进入。")
    return FIGURES[key]


def _people(s: Session) -> dict[str, str]:
    return {one.id: one.called for one in accounts.users(s)}


def _table(
    s: Session, scope: Scope, axis: str, title: str, find: Any, people: dict[str, str]
) -> tuple[str, list[tuple[str, ...]]]:
    found = find(s, scope, axis)
    rows = [view.spread_row("全部", waits.durations(s, found))]
    for key, spread in waits.grouped(s, found, axis).items():
        rows.append(view.spread_row(view.group_name(axis, key, people), spread))
    return title, rows


def _cells(runtime: Runtime, definition: Definition, scope: Scope) -> Iterator[tuple[str, ...]]:
    with runtime.db.reading() as s:
        for row in BEHIND[definition.key](s, scope, ALL):
            yield _cell(definition, row)


def _cell(definition: Definition, row: Row) -> tuple[str, ...]:
    at = f"{row.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
    group, words = view.group_name("queue", row.group, {}), view.value_words(definition, row.value)
    return (at, group, row.talk, row.ticket, row.text, words, repr(row.value))


def _workbook(
    runtime: Runtime, definition: Definition, scope: Scope, cover: list[tuple[str, str]]
) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.xlsx"
        sheets.as_xlsx("明细", HEADINGS, _cells(runtime, definition, scope), cover, path)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
