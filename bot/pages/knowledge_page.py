"""The knowledge page around a case: lists, what has just been done, what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.learning import attachments, faqs
from actions.learning.clusters import Cluster
from actions.service import accounts
from actions.service.accounts import SignedIn
from bot.deps import require_role
from bot.pages import knowledge_rows as rows
from bot.pages.knowledge_view import Case
from bot.pages.panes import Row
from bot.pages.render import page
from bot.runtime import Runtime

Owner = Annotated[SignedIn, Depends(require_role("knowledge"))]
Admin = Annotated[SignedIn, Depends(require_role("admin"))]
DONE = {
    "saved": "已存为草稿。先试问，再发布。",
    "revised": "已存为新版本，发布后才会用来答复。",
    "published": "已发布，下一个问到的人就会得到这个答复。",
    "retired": "已停用，从下一个问题起不再用它答复。",
    "attached": "已归入。先试问，再发布。",
    "dismissed": "已移出待处理，以后再问到也不会出现。",
}


@dataclass(frozen=True, slots=True)
class View:
    """What of the page is looked at: a list, the open line, what was just done, what went wrong."""

    view: str = rows.OPEN
    current: str = ""
    done: str = ""
    problem: str = ""
    status: int = 200


def knowledge_page(
    request: Request, runtime: Runtime, s: Session, user: SignedIn, view: View, case: Case | None
) -> HTMLResponse:
    """Render the page with a case, or without one."""
    clusters = runtime.work.clusters(s, runtime.now())
    key = rows.known(view.view)
    shown = _rows(runtime, s, key, view.current, clusters)
    return page(
        request,
        "knowledge/knowledge.html",
        signed_in=user,
        status=view.status,
        groups=rows.groups(_counts(runtime, s, clusters), admin=accounts.may(user.user, "admin")),
        here_list=key,
        title=rows.TITLES[key],
        rows=shown,
        empty=rows.EMPTY.get(key, "这里还没有内容。"),
        case=case,
        readers=rows.READERS,
        now=runtime.now(),
        problem=view.problem,
        done=DONE.get(view.done, ""),
    )


def _counts(runtime: Runtime, s: Session, clusters: list[Cluster]) -> dict[str, int]:
    return {
        rows.OPEN: len(clusters),
        rows.FAQS: len(faqs.listing(s)),
        rows.ATTACHED: len(attachments.listing(s)),
        rows.SECTIONS: len(runtime.answerer.get().index.document.sections),
        rows.MANUALS: len(runtime.library.manuals()),
    }


def _rows(runtime: Runtime, s: Session, key: str, current: str, clusters: list[Cluster]) -> list[Row]:
    now, index = runtime.now(), runtime.answerer.get().index
    match key:
        case rows.FAQS:
            return rows.faq_rows(s, current, now, runtime.today())
        case rows.ATTACHED:
            return rows.attached_rows(s, current, now, index.document)
        case rows.SECTIONS:
            counts = Counter(attachment.section for attachment in index.attached)
            return rows.section_rows(index.document, counts, current)
        case rows.MANUALS:
            return rows.manual_rows(runtime.library, current)
        case _:
            return rows.cluster_rows(clusters, current, now)
