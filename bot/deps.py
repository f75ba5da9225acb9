"""What routes ask for: the runtime, who is signed in, which role, a proof that the form is ours."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from actions.service import accounts
from actions.service.accounts import SignedIn
from bot.runtime import Runtime
from knowledge.errors import WenjinError, forbidden, unauthenticated

SESSION_COOKIE = "wenjin_session"


class SignInNeeded(Exception):
    """A page wants somebody signed in; the handler sends the browser to the sign-in page."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def runtime_of(request: Request) -> Runtime:
    """Return the application's runtime."""
    runtime: Runtime = request.app.state.wenjin
    return runtime


RuntimeDep = Annotated[Runtime, Depends(runtime_of)]


def signed_in_or_none(request: Request, runtime: RuntimeDep) -> SignedIn | None:
    """Return who is signed in by the session cookie, if anybody."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    with runtime.db.begin() as session:
        return accounts.by_token(session, token, runtime.now())


MaybeUser = Annotated[SignedIn | None, Depends(signed_in_or_none)]


def page_user(request: Request, user: MaybeUser) -> SignedIn:
    """Return who is signed in, or send the browser to sign in and come back."""
    if user is None:
        if request.method != "GET":
            raise SignInNeeded("/login")
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        raise SignInNeeded(f"/login?next={quote(target, safe='')}")
    return user


PageUser = Annotated[SignedIn, Depends(page_user)]


def api_user(user: MaybeUser) -> SignedIn:
    """Return who is signed in, else raise 401."""
    if user is None:
        raise unauthenticated("sign_in_needed", "请先登录。")
    return user


ApiUser = Annotated[SignedIn, Depends(api_user)]


class require_role:
    """A dependency that lets in whoever acts in one of the roles."""

    def __init__(self, *roles: str) -> None:
        self._roles = roles

    def __call__(self, user: PageUser) -> SignedIn:
        """Return the signed-in user, else raise 403."""
        if not any(accounts.may(user.user, role) for role in self._roles):
            raise forbidden("role_needed", "您的账号没有这个权限，请联系管理员。")
        return user


async def check_csrf(request: Request, user: MaybeUser) -> None:
    """Refuse a signed-in POST that does not carry the session's token in its form or header.

    Raises:
        WenjinError: `bad_csrf` (403).
    """
    if user is None or request.method in {"GET", "HEAD"}:
        return
    given = request.headers.get("x-csrf-token") or ""
    if not given and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("csrf", ""))
    if not hmac.compare_digest(given.encode(), user.csrf.encode()):
        raise bad_csrf()


def bad_csrf() -> WenjinError:
    """Make the error of a form that is not ours or too old."""
    return forbidden("bad_csrf", "页面已过期，请刷新后再提交，您填写的内容请先复制保存。")


CsrfDep = Depends(check_csrf)
