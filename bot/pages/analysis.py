"""Analysis of complaints: what they are about, how they were handled, what is done against their causes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from actions.desk import analysis, categories, export, measures
from actions.desk.analysis import Slice
from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store import audit
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages import analysis_view as view
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, bad_input

router = APIRouter(prefix="/analysis", include_in_schema=False)
Viewer = Annotated[SignedIn, Depends(require_role("handler", "compliance"))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BLOCK = 64 * 1024


@router.get("", response_class=HTMLResponse)
def show(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show the analysis of a slice; its filters are the query."""
    return _page(request, runtime, user)


@router.get("/export")
def download(request: Request, runtime: RuntimeDep, user: Viewer, format: str = "xlsx") -> Response:
    """Stream the tickets that the page counts, as csv or xlsx; every export is audited."""
    part = view.slice_of(request.query_params, runtime.today())
    if format not in ("csv", "xlsx"):
        raise bad_input("unknown_format", "只能导出 csv 或 xlsx。")
    with runtime.db.begin() as s:
        audit.record(
            s, actor=user.user.id, action="ticket.export", object_type="ticket", object_id=format,
            data={**{k: str(v) for k, v in asdict(part).items() if v}}, now=runtime.now(),
        )  # fmt: skip
    name = f"complaints-{part.since}-{part.until}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if format == "csv":
        return StreamingResponse(export.as_csv(_rows(runtime, part)), media_type="text/csv", headers=headers)
    cover = view.cover(part, user.user.called, runtime.now())
    return StreamingResponse(_workbook(runtime, part, cover), media_type=XLSX, headers=headers)


@router.post("/measures", dependencies=[CsrfDep])
def add_measure(
    request: Request,
    runtime: RuntimeDep,
    user: Viewer,
    cause: Annotated[str, Form()] = "",
    business: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    owner: Annotated[str, Form()] = "",
    due_on: Annotated[str, Form()] = "",
) -> Response:
    """Record an improvement measure; what cannot be recorded comes back with its text."""
    typed = {"cause": cause, "business": business, "text": text, "owner": owner, "due_on": due_on}
    try:
        with runtime.db.begin() as s:
            day = _day(due_on)
            measures.add(
                s, user=user.user, cause=cause, business=business, text=text, owner=owner, due_on=day,
                now=runtime.now(),
            )  # fmt: skip
    except WenjinError as problem:
        return _page(request, runtime, user, problem=problem, typed=typed)
    return RedirectResponse("/analysis#measures", 303)


@router.post("/measures/{measure_id}", dependencies=[CsrfDep])
def change_measure(
    request: Request,
    runtime: RuntimeDep,
    user: Viewer,
    measure_id: str,
    version: Annotated[int, Form()],
    state: Annotated[str, Form()],
    effect: Annotated[str, Form()] = "",
) -> Response:
    """Bring a measure on."""
    try:
        with runtime.db.begin() as s:
            measures.change(
                s, measure_id=measure_id, user=user.user, version=version, state=state, effect=effect,
                now=runtime.now(),
            )  # fmt: skip
    except WenjinError as problem:
        return _page(request, runtime, user, problem=problem, typed={measure_id: effect})
    return RedirectResponse("/analysis#measures", 303)


def _page(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    *,
    problem: WenjinError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    if problem is not None and problem.status not in {403, 409, 422}:
        raise problem
    part = view.slice_of(request.query_params, runtime.today())
    axis = view.axis_of(request.query_params)
    with runtime.db.reading() as s:
        shown = _shown(s, runtime, part, axis)
    return page(
        request,
        "analysis/analysis.html",
        signed_in=user,
        status=problem.status if problem else 200,
        problem=problem.message if problem else "",
        typed=typed or {},
        part=part,
        axis=axis,
        axes=analysis.AXES,
        values=categories.axes(),
        periods=view.periods(runtime.today()),
        query=view.query,
        chips=view.chips(part),
        may_measure=accounts.may(user.user, "supervisor") or accounts.may(user.user, "compliance"),
        **shown,
    )


def _shown(s: Session, runtime: Runtime, part: Slice, axis: str) -> dict[str, Any]:
    now = runtime.now()
    groups = analysis.by_axis(s, part, axis, now)
    weeks = analysis.weekly(s, part, axis)
    listed = measures.listed(s)
    return {
        "figures": view.figures(analysis.totals(s, part, now), analysis.totals(s, part.before(), now)),
        "groups": groups,
        "chart": view.chart(weeks, groups),
        "crossed": view.crossed(analysis.crossed(s, part, "business", "cause")),
        "measures": [view.measure_line(one, measures.effect_of(s, one, runtime.today())) for one in listed],
        "late_measures": sum(view.is_late(one, runtime.today()) for one in listed),
        "today": runtime.today(),
    }


def _rows(runtime: Runtime, part: Slice) -> Iterator[tuple[str, ...]]:
    with runtime.db.reading() as s:
        names = {one.id: one.called for one in accounts.users(s)}
        now = runtime.now()
        for ticket in analysis.rows(s, part):
            yield export.row(ticket, names, now)


def _workbook(runtime: Runtime, part: Slice, cover: list[tuple[str, str]]) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        export.as_xlsx(_rows(runtime, part), cover, path)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_input("bad_date", "请选择改进措施的完成日期。") from None
