"""The desk's page around a case: lists, lines, filters, and what has just been done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.desk import categories, counts, registry
from actions.service import follow_ups, handovers
from actions.service.accounts import SignedIn, may
from actions.store.tables.accounts import User
from actions.store.tables.audit import AuditHead
from bot.pages import desk_queues as queues
from bot.pages.desk_case import TicketCase
from bot.pages.desk_forms import Option, handlers
from bot.pages.desk_forms import queues as complaint_queues
from bot.pages.desk_queues import View
from bot.pages.desk_talk import handover_rows
from bot.pages.handover_view import LiveCase
from bot.pages.panes import Row
from bot.pages.render import page

NOT_FOUND = "没有找到“{}”。请换个词，或到“全部工单”里查。"
NONE_SO = "没有这样的工单。可以放宽筛选。"
DONE = {
    "take": "已受理，客户已收到通知。",
    "release": "已退回队列。",
    "assess": "分类和轻重已确认。",
    "reply": "回复已发到客户的聊天里。",
    "ask": "已请客户补充，客户回复后会继续处理。",
    "resume": "已恢复为处理中。",
    "decide": "处理决定已告知客户。",
    "note": "备注已保存。",
    "close": "已办结，已告知客户并请客户评价。",
    "escalate": "已升级给主管。",
    "move": "已转到新的队列。",
    "merge": "已并入，客户已收到通知。",
    "bar": "已回避，工单退回队列。",
    "pause": "已暂停计时，客户已收到通知。",
    "unpause": "已恢复计时，客户已收到新的日期。",
    "ask_time": "延期申请已提交，等主管审批。",
    "grant_time": "已批准延期，客户已收到通知。",
    "refuse_time": "没有批准延期，时限不变。",
    "assign": "已分派。",
    "reopen": "已重新处理，客户已收到通知。",
    "files": "附件已上传，客户看不到。",
    "canned": "常用答复已保存。",
    "follow_up": "回访已记录。",
    "ticket": "已登记为工单，工单号已告知客户。",
    "transfer": "已转接，客户看得到转给了谁。",
    "handover": "人工服务已结束，对话交还给问津。",
}


class Case(Protocol):
    """What the right-hand pane shows, and the template that draws it."""

    @property
    def title(self) -> str:
        """Return what the window is called."""

    @property
    def template(self) -> str:
        """Return the template's name."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What lists can be narrowed by, and what several tickets can be given to."""

    business: list[Option]
    cause: list[Option]
    handlers: list[Option]
    queues: list[Option]


def desk_page(
    request: Request,
    s: Session,
    user: SignedIn,
    view: View,
    now: datetime,
    case: Case | None,
    current: str = "",
) -> HTMLResponse:
    """Render the desk with a case, or without one; `current` is the line of a case that is not drawn."""
    rows, total = _rows(s, view, user.user, now, current or _name(case))
    sized = sizes(s, user.user, now)
    return page(
        request,
        "desk/desk.html",
        signed_in=user,
        status=view.status,
        groups=queues.groups(sized, user.user),
        view=view,
        title=queues.LISTS[view.queue][0],
        rows=rows,
        total=total,
        more=view.query(n=view.n + registry.PAGE) if len(rows) < total and view.n < queues.MOST else "",
        empty=_empty(view),
        choices=choices(s),
        follow_ups=follow_ups.count(s),
        leads=may(user.user, "supervisor"),
        case=case,
        seen=now.isoformat().replace("+00:00", "Z"),
        mark=mark(s, user.user),
        now=now,
        problem=view.problem,
        done=DONE.get(view.done, ""),
        done_key=view.done if view.done in DONE else "",
        said=view.done == "say",
    )


def sizes(s: Session, user: User, now: datetime) -> dict[str, int]:
    """Return how many are in each list."""
    counted = counts.counts(s, user.id, now, queues.soon(now))
    return queues.sizes(counted, len(handovers.open_handovers(s)))


def mark(s: Session, user: User) -> str:
    """Return what differs whenever something was done or said to somebody: so a page knows that it is old."""
    return f"{s.get_one(AuditHead, 1).seq}.{handovers.unread(s, user)}"


def choices(s: Session) -> Choices:
    """Return what can be chosen in filters and for several tickets at once."""
    axes = categories.axes()
    return Choices(
        business=[Option(one.key, one.label) for one in axes["business"]],
        cause=[Option(one.key, one.label) for one in axes["cause"]],
        handlers=handlers(s),
        queues=complaint_queues(),
    )


def _name(case: Case | None) -> str:
    if isinstance(case, LiveCase):
        return case.handover.id
    return case.ticket.number if isinstance(case, TicketCase) else ""


def _rows(s: Session, view: View, user: User, now: datetime, current: str) -> tuple[list[Row], int]:
    """Return the lines of a view and how many it has in all."""
    if view.queue == queues.WAITING:
        waiting = handover_rows(s, now, current)
        return waiting, len(waiting)
    rows = queues.ticket_rows(s, view, user, now, current)
    if len(rows) < view.n:
        return rows, len(rows)
    return rows, registry.count(s, queues.wanted(view, user, now), now)


def _empty(view: View) -> str:
    if view.q:
        return NOT_FOUND.format(view.q)
    return NONE_SO if view.filtered else queues.EMPTY.get(view.queue, queues.NOTHING)
