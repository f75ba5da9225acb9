"""Who speaks: staff by their sign-in, a customer by our page's cookie or by a bearer session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from actions.service.accounts import SignedIn
from bot.deps import SESSION_COOKIE, MaybeUser, RuntimeDep
from bot.guests import COOKIE
from bot.runtime import Runtime
from bot.turns import Speaker
from knowledge.document import Audience
from knowledge.errors import forbidden, unauthenticated

GUEST_SECONDS = 180 * 24 * 3600
_OURS = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A speaker with their signed session, "" for staff, whom only their cookie names."""

    speaker: Speaker
    signed: str


def is_staff(user: SignedIn | None) -> bool:
    """Tell whether this is somebody who may read staff pages."""
    return user is not None and bool({"staff", "handler", "knowledge", "admin"} & set(user.user.roles))


def bearer_of(request: Request) -> str | None:
    """Return the bearer credential of a request, None where it has none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def speaker_of(request: Request, runtime: RuntimeDep, user: MaybeUser) -> Speaker:
    """Return who speaks: the customer of the bearer session, else signed-in staff, else the cookie's guest.

    Raises:
        WenjinError: `unknown_session` (401).
    """
    bearer = bearer_of(request)
    if bearer is None and user is not None and is_staff(user):
        return Speaker("web", f"user:{user.user.id}", f"user:{user.user.id}", "staff", user.user.id)
    guest = runtime.guests.read(request.cookies.get(COOKIE) if bearer is None else bearer)
    if guest is None:
        raise unauthenticated("unknown_session", "会话已失效，请刷新页面重新开始。")
    return Speaker("web", guest, guest)


SpeakerDep = Annotated[Speaker, Depends(speaker_of)]


def reader_of(request: Request, user: MaybeUser) -> Audience:
    """Return for whom a section is shown: a bearer session is a customer's, whoever else is signed in."""
    return Audience.STAFF if bearer_of(request) is None and is_staff(user) else Audience.CUSTOMER


ReaderDep = Annotated[Audience, Depends(reader_of)]


def same_origin(request: Request) -> None:
    """Refuse a state-changing call that another site's page makes with our cookies.

    Raises:
        WenjinError: `cross_site` (403).
    """
    if not _is_ours(request):
        raise _cross_site()


def chat_origin(request: Request, runtime: RuntimeDep) -> None:
    """Refuse another site's page, unless no cookie of ours is involved: it has a session, or wants its first.

    Raises:
        WenjinError: `cross_site` (403).
    """
    if _is_ours(request) or bearer_of(request) is not None:
        return
    ours = {COOKIE, SESSION_COOKIE} & request.cookies.keys()
    if ours or request.headers.get("origin") not in runtime.settings.widget_sites:
        raise _cross_site()


def _is_ours(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") in _OURS


def open_session(request: Request, response: Response, runtime: RuntimeDep, user: MaybeUser) -> Opened:
    """Return who opens a chat; somebody new becomes a guest, and our own page's guest gets the cookie."""
    bearer = bearer_of(request)
    if bearer is None and is_staff(user):
        return Opened(speaker_of(request, runtime, user), "")
    given = request.cookies.get(COOKIE) if bearer is None else bearer
    guest = runtime.guests.read(given) or runtime.guests.new()
    if bearer is None and _is_ours(request):
        give_cookie(response, runtime, guest)
    return Opened(Speaker("web", guest, guest), runtime.guests.sign(guest))


OpenedDep = Annotated[Opened, Depends(open_session)]


def give_cookie(response: Response, runtime: Runtime, guest: str) -> None:
    """Let the browser come back as the same guest."""
    response.set_cookie(
        COOKIE,
        runtime.guests.sign(guest),
        max_age=GUEST_SECONDS,
        httponly=True,
        samesite="lax",
        secure=runtime.settings.secure_cookies,
    )


def _cross_site() -> Exception:
    return forbidden("cross_site", "请在本站页面内操作。")
