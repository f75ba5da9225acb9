"""The desk's page around a case: queues, list, and what has just been done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.service.accounts import SignedIn
from bot.pages import desk_queues as queues
from bot.pages.desk_case import HandoverCase, TicketCase
from bot.pages.render import page

NOT_FOUND = "没有找到“{}”。请换个词，或到“全部工单”里查。"
Case = TicketCase | HandoverCase
DONE = {
    "take": "已受理，客户的时限不变。",
    "reply": "答复已发到客户的聊天里。",
    "note": "备注已保存。",
    "close": "已办结，结果已告知客户。",
    "handover": "人工服务已结束，对话交还给问津。",
}


@dataclass(frozen=True, slots=True)
class View:
    """What of the desk is looked at: a queue, a search, what was just done, what went wrong."""

    queue: str = queues.DEFAULT
    q: str = ""
    done: str = ""
    problem: str = ""
    status: int = 200


def desk_page(
    request: Request, s: Session, user: SignedIn, view: View, now: datetime, case: Case | None
) -> HTMLResponse:
    """Render the desk with a case, or without one."""
    key, q = queues.known(view.queue), view.q.strip()
    if q and key == queues.WAITING:
        key = "all"  # one looks for tickets, not for who is waiting
    rows = _rows(s, key, q, user, now, case)
    return page(
        request,
        "desk/desk.html",
        signed_in=user,
        status=view.status,
        queues=queues.groups(queues.counts(s, user.user, now)),
        here_queue=key,
        q=q,
        rows=rows,
        count_words=f"{queues.TITLES[key]}，{len(rows)} 条" + (f"，含“{q}”" if q else ""),
        empty=NOT_FOUND.format(q) if q else queues.EMPTY.get(key, queues.NOTHING),
        case=case,
        seen=now.isoformat().replace("+00:00", "Z"),
        now=now,
        problem=view.problem,
        done=DONE.get(view.done, ""),
        done_key=view.done if view.done in DONE else "",
        said=view.done == "say",
    )


def _rows(s: Session, key: str, q: str, user: SignedIn, now: datetime, case: Case | None) -> list[queues.Row]:
    if key == queues.WAITING:
        current = case.handover.id if isinstance(case, HandoverCase) else ""
        return queues.handover_rows(s, now, current)
    current = case.ticket.number if isinstance(case, TicketCase) else ""
    return queues.ticket_rows(s, key, q, user.user, now, current)
