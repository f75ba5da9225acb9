"""Training as those see it who answer for it: coverage, who is late, topics, items, to be exported too."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store import audit
from actions.store.tables.accounts import User
from actions.training import assignments, plans, reports, roster
from actions.training.coverage import Filters
from actions.training.reports import Cover, Table
from bot.deps import RuntimeDep, require_role
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import not_found

router = APIRouter(prefix="/training/manage", include_in_schema=False)
Viewer = Annotated[SignedIn, Depends(require_role("training", "compliance", "supervisor"))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN, PAGE = 10, 200
_LINKS = {
    "coverage": "/training/manage/assignments/",
    "late": "/training/manage/people/",
    "expiring": "/training/manage/people/",
    "items": "/training/bank/q/",
    "house": "/training/manage/people/",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report as an address asks for it: which figures, of what."""

    filters: Filters
    assignment: str = ""
    paper: str = ""
    person: str = ""
    q: str = ""

    def query(self, **changed: str) -> str:
        """Return the address's query, with some values changed."""
        values = {
            "day": self.filters.day.isoformat(),
            "department": self.filters.department,
            "job": self.filters.job,
            "assignment": self.assignment,
            "paper": self.paper,
            "person": self.person,
            "q": self.q,
            **changed,
        }
        return urlencode({key: value for key, value in values.items() if value})


def wanted_of(query: Mapping[str, str], today: date) -> Wanted:
    """Return what an address asks for; a day that is none, or is to come, is today."""
    try:
        day = min(date.fromisoformat(query.get("day", "")), today)
    except ValueError:
        day = today
    filters = Filters(day, query.get("department", "")[:64], query.get("job", "")[:32])
    return Wanted(filters, *(query.get(key, "")[:32] for key in ("assignment", "paper", "person", "q")))


def tables_of(
    s: Session, name: str, wanted: Wanted, runtime: Runtime, part: slice = reports.ALL
) -> list[Table]:
    """Return the tables of a report; of the two that may be very long, `part` is enough.

    Raises:
        WenjinError: 404 `unknown_report`, `unknown_assignment`, `unknown_paper`, `user_not_found`.
    """
    filters = wanted.filters
    match name:
        case "coverage":
            return [reports.coverage_by_assignment(s, filters)]
        case "groups":
            return [reports.coverage_by_group(s, filters, wanted.assignment)]
        case "late":
            return [reports.late(s, filters, part)]
        case "expiring":
            return [reports.expiring(s, filters, part)]
        case "topics":
            return [reports.topics(s, filters)]
        case "people":
            found = assignments.get(s, wanted.assignment)
            return [reports.people(s, found, plans.get(s, found.paper_id), filters)]
        case "items":
            return [reports.item_table(s, plans.get(s, wanted.paper))]
        case "house":
            return [reports.house(s, wanted.q)]
        case "transcript":
            return reports.transcript(s, accounts.get_user(s, wanted.person), runtime.now())
    raise not_found("unknown_report", "没有这种报表。")


@router.get("", response_class=HTMLResponse)
def overview(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show coverage, who is late, what runs out and the weakest topics, as of a day."""
    wanted = wanted_of(request.query_params, runtime.today())
    names = ("coverage", "groups", "late", "expiring", "topics")
    with runtime.db.reading() as s:
        first = slice(0, SHOWN)
        tables = [table for name in names for table in tables_of(s, name, wanted, runtime, first)]
        groups = choices(s)
        papers = plans.all_papers(s)
    return page(
        request,
        "manage/overview.html",
        signed_in=user,
        wanted=wanted,
        tables=tables,
        links=_LINKS,
        shown=SHOWN,
        papers=papers,
        may_change=accounts.may(user.user, plans.ROLE),
        today=runtime.today(),
        **groups,
    )


@router.get("/reports/{name}", response_class=HTMLResponse)
def report(
    request: Request, runtime: RuntimeDep, user: Viewer, name: str, page_number: int = 1
) -> HTMLResponse:
    """Show one report whole, page by page."""
    wanted = wanted_of(request.query_params, runtime.today())
    number = max(page_number, 1)
    with runtime.db.reading() as s:
        tables = tables_of(s, name, wanted, runtime, _rows_of(number))
        pages = max(1, *(-(-table.count // PAGE) for table in tables))
        if number > pages:
            number = pages
            tables = tables_of(s, name, wanted, runtime, _rows_of(number))
        groups = choices(s)
    return page(
        request,
        "manage/report.html",
        signed_in=user,
        name=name,
        wanted=wanted,
        tables=tables,
        links=_LINKS,
        start=(number - 1) * PAGE,
        size=PAGE,
        number=number,
        pages=pages,
        today=runtime.today(),
        **groups,
    )


def _rows_of(number: int) -> slice:
    return slice((number - 1) * PAGE, number * PAGE)


@router.get("/export/{name}")
def export(request: Request, runtime: RuntimeDep, user: Viewer, name: str) -> Response:
    """Give a report as a workbook with a cover sheet; every export is audited."""
    wanted = wanted_of(request.query_params, runtime.today())
    with runtime.db.begin() as s:
        tables = tables_of(s, name, wanted, runtime)
        cover = Cover(user.user.called, runtime.now(), _filters(s, name, wanted))
        audit.record(
            s,
            actor=user.user.id,
            action="training.export",
            object_type="report",
            object_id=name,
            data={**dict(_asked(wanted)), "rows": sum(len(table.rows) for table in tables)},
            now=runtime.now(),
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        reports.write_xlsx(tables, cover, path)
        content = path.read_bytes()
    file = f"training-{name}-{wanted.filters.day}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
    return Response(content, media_type=XLSX, headers=headers)


def choices(s: Session) -> dict[str, Any]:
    """Return the departments and jobs of the roster."""
    return {"departments": roster.departments(s), "jobs": roster.jobs(s)}


def _asked(wanted: Wanted) -> list[tuple[str, str]]:
    said = [
        ("day", wanted.filters.day.isoformat()),
        ("department", wanted.filters.department),
        ("job", wanted.filters.job),
        ("assignment", wanted.assignment),
        ("paper", wanted.paper),
        ("person", wanted.person),
        ("searched", "yes" if wanted.q else ""),
    ]
    return [(key, value) for key, value in said if value]


def _filters(s: Session, name: str, wanted: Wanted) -> list[tuple[str, str]]:
    """Return the filters in words, for the cover."""
    said = []
    if name not in ("items", "transcript", "house"):
        said += [
            ("截至", wanted.filters.day.isoformat()),
            ("部门", wanted.filters.department or "全部"),
            ("岗位", wanted.filters.job or "全部"),
        ]
    if name in ("people", "groups") and wanted.assignment:
        said.append(("任务", assignments.get(s, wanted.assignment).title))
    if name == "items":
        said.append(("试卷", plans.get(s, wanted.paper).title))
    if name == "house":
        said.append(("查找", wanted.q or "全部"))
    if name == "transcript":
        person = s.scalars(select(User).where(User.id == wanted.person)).one()
        said.append(("人员", f"{person.called}（{person.staff_no or person.name}）"))
    return said
