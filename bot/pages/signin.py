"""Sign-in, sign-out, and the first page after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service import accounts
from bot.channels.sessions import same_origin
from bot.deps import SESSION_COOKIE, CsrfDep, MaybeUser, PageUser, RuntimeDep
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next: what, why, and the command for it."""

    title: str
    why: str
    command: str


router = APIRouter(include_in_schema=False)
HOME = "/home"


def local_path(wanted: str) -> str:
    """Return `wanted` if it is a path on this server, else the home page."""
    parts = urlsplit(wanted)
    foreign = parts.scheme or parts.netloc or not wanted.startswith("/") or wanted.startswith(("//", "/\\"))
    return HOME if foreign or not wanted.isprintable() or parts.path == "/login" else wanted


@router.get("/login", response_class=HTMLResponse)
def login_form(request: Request, user: MaybeUser, next: str = "") -> Response:
    """Show the sign-in form, or go on where somebody is signed in already."""
    if user:
        return RedirectResponse(local_path(next), 303)
    return page(request, "login.html", next=next, name="", problem="")


@router.post("/login", response_class=HTMLResponse, dependencies=[Depends(same_origin)])
def login(
    request: Request,
    runtime: RuntimeDep,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Sign in and go on to where the visitor wanted to go."""
    if not name.strip() or not password:
        return page(request, "login.html", status=422, next=next, name=name, problem="请填写账号和密码。")
    token, problem = _sign_in(runtime, name.strip(), password)
    if problem:
        return page(
            request, "login.html", status=problem.status, next=next, name=name, problem=problem.message
        )
    response = RedirectResponse(local_path(next), 303)
    response.set_cookie(
        SESSION_COOKIE, token, httponly=True, samesite="lax", secure=runtime.settings.secure_cookies
    )
    return response


def _sign_in(runtime: Runtime, name: str, password: str) -> tuple[str, WenjinError | None]:
    """Return the new session's token, or what was wrong; the failure is counted, so it is committed."""
    with runtime.db.begin() as s:
        try:
            return accounts.sign_in(s, name=name, password=password, now=runtime.now()).token, None
        except WenjinError as problem:
            return "", problem


@router.post("/logout", dependencies=[CsrfDep])
def logout(request: Request, runtime: RuntimeDep, user: MaybeUser) -> Response:
    """End the session."""
    token = request.cookies.get(SESSION_COOKIE)
    if user and token:
        with runtime.db.begin() as s:
            accounts.sign_out(s, token)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get(HOME, response_class=HTMLResponse)
def home(request: Request, user: PageUser, runtime: RuntimeDep) -> HTMLResponse:
    """Show the pages that this person may enter, and to an administrator what is still to be set up."""
    step = _next_step(runtime) if "admin" in user.user.roles else None
    return page(request, "home.html", signed_in=user, step=step)


def _next_step(runtime: Runtime) -> Step | None:
    """Return the first thing of a new installation that nobody has done yet."""
    with runtime.db.reading() as s:
        alone = len(accounts.users(s)) == 1
    if alone:
        return Step(
            "给同事开账号",
            "投诉要有人处理，测验要有人来做。",
            ".venv/bin/wenjin user add 李敏 --role handler",
        )
    if len(runtime.library.manuals()) == 1:
        return Step(
            "换成自己的手册", "现在按自带的样本手册回答客户。", ".venv/bin/wenjin manual import 手册.docx"
        )
    return None
