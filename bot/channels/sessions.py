"""Who speaks: staff by their sign-in, a customer by our page's cookie or by a bearer session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from actions.service import customers
from actions.service.accounts import SignedIn
from actions.service.customers import Known
from bot.deps import SESSION_COOKIE, MaybeUser, RuntimeDep
from bot.guests import COOKIE
from bot.identity import MAX_TOKEN
from bot.runtime import Runtime
from bot.turns import Speaker
from knowledge.document import Audience
from knowledge.errors import WenjinError, forbidden, unauthenticated

GUEST_SECONDS = 180 * 24 * 3600
_OURS = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A speaker with their signed session, "" for staff, whom only their cookie names."""

    speaker: Speaker
    signed: str


class Opening(BaseModel):
    """What a client may say when it opens a chat: the identity token of the application that it runs in."""

    token: str = Field("", max_length=MAX_TOKEN)


def customer_speaker(customer_id: str) -> Speaker:
    """Return a customer as who speaks: their one conversation, in whatever window."""
    return Speaker("web", customer_id, customer_id)


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
    if bearer is None:
        customer_id = runtime.guests.read(request.cookies.get(COOKIE))
    else:
        customer_id = runtime.guests.read_any(bearer, runtime.now())
    if customer_id is None:
        raise unauthenticated("unknown_session", "会话已失效，请刷新页面重新开始。")
    return customer_speaker(customer_id)


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


def may_come_from(origin: str, host: str, sites: Collection[str]) -> bool:
    """Tell whether a page of this origin may open a lasting connection: our own, or a named site's."""
    return origin in sites or (bool(host) and urlsplit(origin).netloc == host)


def _is_ours(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") in _OURS


async def open_session(
    request: Request, response: Response, runtime: RuntimeDep, user: MaybeUser, said: Opening | None = None
) -> Opened:
    """Return who opens a chat: whom the host names, staff, who was here before, else a new guest.

    Our own page's guest gets the cookie. A named customer gets none: the next person at the same browser is
    somebody else.

    Raises:
        WenjinError: what `Identities.read` raises.
    """
    bearer = bearer_of(request)
    given = request.cookies.get(COOKIE) if bearer is None else bearer
    if said and said.token:
        return await named(runtime, said.token, runtime.guests.read(given))
    if bearer is None and is_staff(user):
        return Opened(speaker_of(request, runtime, user), "")
    customer_id = runtime.guests.read_any(bearer, runtime.now()) if bearer else runtime.guests.read(given)
    if customer_id and bearer and not runtime.guests.read(bearer):
        return Opened(customer_speaker(customer_id), bearer)
    guest = customer_id or runtime.guests.new()
    if bearer is None and _is_ours(request):
        give_cookie(response, runtime, guest)
    return Opened(customer_speaker(guest), runtime.guests.sign(guest))


OpenedDep = Annotated[Opened, Depends(open_session)]


async def named(runtime: Runtime, token: object, guest: str | None) -> Opened:
    """Return the customer of a host token; what the guest said before becomes theirs.

    Raises:
        WenjinError: what `Identities.read` raises.
    """
    known = runtime.identities.read(token, runtime.now())
    await run_in_threadpool(_remember, runtime, known)
    if guest is not None:
        await runtime.turns.join(guest, known.id)
    return Opened(customer_speaker(known.id), runtime.guests.sign_known(known.id, runtime.now()))


def _remember(runtime: Runtime, known: Known) -> None:
    with runtime.db.begin() as s:
        customers.remember(s, known, runtime.now())


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


def _cross_site() -> WenjinError:
    return forbidden("cross_site", "请在本站页面内操作。")
