"""A customer's own ticket behind its secret link: where it stands, what was said, what can be added."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.desk import attachments, customer, links
from actions.desk.holds import refuse_erased
from actions.desk.life import Step
from actions.desk.public import STAGES, case_of
from actions.desk.steps import locked
from actions.service import ratings
from actions.service.ratings import DIMENSIONS
from actions.store.base import new_id
from actions.store.tables.desk import Ticket
from bot import files
from bot.channels.sessions import same_origin
from bot.deps import RuntimeDep
from bot.pages.rate import marks_of, shown, typed_in
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, conflict, not_found

router = APIRouter(prefix="/t/{token}", include_in_schema=False)
DONE = {
    "registered": "投诉已登记。请收藏本页，随时可以回来查看和补充。",
    "facts": "已补充，处理人员会看到。",
    "withdraw": "投诉已撤回。",
    "review": "核查申请已收到，会由另一位处理人员办理。",
    "rating": "谢谢您的评价。",
}
Key = Annotated[str, Form(max_length=64)]
SITE = [Depends(same_origin)]


@router.get("")
def show(token: str, request: Request, runtime: RuntimeDep, done: str = "") -> Response:
    """Show the ticket; raise 404 `ticket_not_found` for a token that is not one."""
    with runtime.db.reading() as s:
        return _page(request, runtime, s, token, _ticket(s, token), done=done)


@router.get("/news")
def news(token: str, runtime: RuntimeDep) -> dict[str, Any]:
    """Return the number of the last thing that happened, for a page that looks for news."""
    with runtime.db.reading() as s:
        return {"version": case_of(s, _ticket(s, token), runtime.now()).version}


@router.get("/files/{file_id}")
def file_of(token: str, file_id: str, runtime: RuntimeDep) -> Response:
    """Return a file of the ticket; raise 404 `file_not_found` for any other."""
    with runtime.db.reading() as s:
        return files.download(attachments.of_customer_ticket(s, file_id, _ticket(s, token)))


@router.post("/facts", dependencies=SITE)
async def facts(
    token: str,
    request: Request,
    runtime: RuntimeDep,
    text: Annotated[str, Form()] = "",
    files_: Annotated[list[UploadFile], File(alias="files")] = [],  # noqa: B006  FastAPI copies it
    key: Key = "",
) -> Response:
    """Add words and files to the ticket; the same form again changes nothing."""
    await files.allow_upload(request, runtime, token)

    def add(s: Session, ticket: Ticket) -> None:
        customer.add_facts(
            s, ticket_id=ticket.id, customer_id=ticket.customer_id, text=text,
            files=files.read_all(files_), key=key, now=runtime.now(),
        )  # fmt: skip

    return await run_in_threadpool(_do, request, runtime, token, "facts", add, {"facts": text})


@router.post("/withdraw", dependencies=SITE)
def withdraw(
    token: str, request: Request, runtime: RuntimeDep, sure: Annotated[bool, Form()] = False
) -> Response:
    """Take the complaint back once that is confirmed."""

    def take_back(s: Session, ticket: Ticket) -> None:
        if not sure:
            raise conflict("not_sure", "请勾选确认后再撤回。")
        customer.withdraw(s, ticket_id=ticket.id, customer_id=ticket.customer_id, now=runtime.now())

    return _do(request, runtime, token, "withdraw", take_back, {})


@router.post("/review", dependencies=SITE)
def review(
    token: str, request: Request, runtime: RuntimeDep, text: Annotated[str, Form()] = "", key: Key = ""
) -> Response:
    """Ask for a review of the decision; the same form again changes nothing."""

    def ask(s: Session, ticket: Ticket) -> None:
        customer.review(
            s, ticket_id=ticket.id, customer_id=ticket.customer_id, reason=text, key=key, now=runtime.now()
        )

    return _do(request, runtime, token, "review", ask, {"review": text})


@router.post("/rating", dependencies=SITE)
async def rating(token: str, request: Request, runtime: RuntimeDep) -> Response:
    """Rate how the complaint was handled; the same again changes nothing."""
    form = await typed_in(request)

    def rate(s: Session, ticket: Ticket) -> None:
        refuse_erased(ticket)
        if not case_of(s, ticket, runtime.now()).rateable:
            raise conflict("not_decided", "处理决定答复后再评价。")
        ratings.rate_ticket(
            s, ticket_id=ticket.id, conversation_id=ticket.conversation_id, now=runtime.now(),
            **marks_of(form),
        )  # fmt: skip

    return await run_in_threadpool(_do, request, runtime, token, "rating", rate, form)


def _ticket(s: Session, token: str) -> Ticket:
    """Return the ticket of a token; raise 404 `ticket_not_found` that says what to do with a link."""
    try:
        return links.by_token(s, token)
    except WenjinError as problem:
        raise not_found(
            problem.code, "没有找到这张工单。请检查链接是否完整，或在登记时用的浏览器里到对话中说“查进度”。"
        ) from None


def _do(
    request: Request, runtime: Runtime, token: str, name: str, act: Any, typed: dict[str, str]
) -> Response:
    """Do one thing and show the page anew; what cannot be done comes back with what was typed."""
    try:
        with runtime.db.begin() as s:
            act(s, locked(s, _ticket(s, token).id))
    except WenjinError as problem:
        if problem.status not in {409, 422}:
            raise
        with runtime.db.reading() as s:
            ticket = _ticket(s, token)
            return _page(request, runtime, s, token, ticket, problem=problem, where=name, typed=typed)
    return RedirectResponse(f"{links.PATH}{token}?done={name}", 303)


def _page(
    request: Request,
    runtime: Runtime,
    s: Session,
    token: str,
    ticket: Ticket,
    *,
    done: str = "",
    problem: WenjinError | None = None,
    where: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    now = runtime.now()
    given = ratings.of_ticket(s, ticket.id)
    rated = shown(given, typed if where == "rating" else None)
    return page(
        request, "case/case.html", status=problem.status if problem else 200, case=case_of(s, ticket, now),
        base=f"{links.PATH}{token}", stages=STAGES, now=now, done=DONE.get(done, ""), done_with=done,
        problem=problem.message if problem else "", where=where, typed=typed or {}, key=new_id(),
        accept=files.ACCEPT, dimensions=DIMENSIONS, rated=rated, given=given is not None, step=Step,
    )  # fmt: skip
