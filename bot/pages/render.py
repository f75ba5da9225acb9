"""Templates rendered for a request, with what every page shows: who is signed in and where they may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from actions.service import accounts
from bot.pages import words
from bot.pages.assets import HERE, asset

if TYPE_CHECKING:
    from actions.service.accounts import SignedIn
    from actions.store.tables.accounts import User


@dataclass(frozen=True, slots=True)
class Door:
    """A page that people of some role may enter."""

    href: str
    title: str
    icon: str
    purpose: str
    roles: frozenset[str]


EVERYBODY = frozenset(accounts.ROLES)
DOORS = (
    Door("/", "对话", "chat", "问手册、登记投诉、开始测验。", EVERYBODY),
    Door(
        "/desk",
        "投诉处理",
        "inbox",
        "受理、答复、办结工单，接待等待人工的客户。",
        frozenset({"handler"}),
    ),
    Door(
        "/analysis",
        "投诉分析",
        "chart",
        "分类、归因、改进措施，导出明细。",
        frozenset({"handler", "compliance"}),
    ),
    Door(
        "/knowledge",
        "知识",
        "book",
        "处理没答上的问题，写常见问答，试问手册。",
        frozenset({"knowledge"}),
    ),
    Door("/training", "培训", "exam", "做一份 10 题的练习卷，看解析和原文出处。", EVERYBODY),
    Door(
        "/dashboard",
        "看板",
        "chart",
        "服务量、响应时间、满意度和测验合格率。",
        frozenset({"handler", "compliance"}),
    ),
)


def doors_of(user: User) -> list[Door]:
    """Return the pages that somebody may enter."""
    return [door for door in DOORS if any(accounts.may(user, role) for role in door.roles)]


@cache
def environment() -> Environment:
    """Return the template environment; everything is escaped, unknown names are errors."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    made.filters["moment"] = words.moment_words
    made.filters["day"] = words.day_words
    made.filters["ymd"] = words.date_words
    made.filters["span"] = words.span_words
    made.filters["figure"] = words.number_words
    made.filters["iso"] = datetime.isoformat
    return made


def page(
    request: Request,
    template: str,
    *,
    signed_in: SignedIn | None = None,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """Render a template as the answer to a request; pages are never kept by shared caches."""
    user = signed_in.user if signed_in else None
    shown = {
        "user": user,
        "csrf": signed_in.csrf if signed_in else "",
        "doors": doors_of(user) if user else [],
        "here": _here(request),
        **context,
    }
    body = environment().get_template(template).render(shown)
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})


def _here(request: Request) -> str:
    first = request.url.path.split("/")[1]
    return f"/{first}"
