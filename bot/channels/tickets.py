"""Complaints as JSON: registered once under a key, followed, added to, taken back, reviewed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from actions.desk import attachments, customer, intake, links, registry
from actions.desk.intake import TicketDraft
from actions.desk.public import Entry, case_of, state_label
from actions.service import customers
from actions.store.tables.desk import Ticket
from bot import files
from bot.channels.files import add_to_ticket
from bot.channels.sessions import bearer_of, chat_origin, speaker_of
from bot.deps import MaybeUser, RuntimeDep
from bot.intake import PER_MINUTE, allow, read, register
from bot.runtime import Runtime
from bot.turns import Speaker, conversation_of
from knowledge.errors import bad_input, unauthenticated

router = APIRouter(prefix="/api/tickets", dependencies=[Depends(chat_origin)])
MAX_KEY = 200
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=MAX_KEY)]
Customer = Annotated[str, Query(max_length=200)]


class Complaint(BaseModel):
    """What a complaint says; `customer` names whose it is where a program registers it."""

    matter: str = ""
    product: str = ""
    demand: str = ""
    name: str = ""
    contact: str = ""
    customer: str = Field("", max_length=200)

    def draft(self) -> TicketDraft:
        """Return it as the desk takes it."""
        return TicketDraft(self.matter, self.product, self.demand, self.contact, self.name)


class Words(BaseModel):
    """What a customer adds, or why they want a review."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose tickets these are; `speaker` where it is somebody who also chats here."""

    customer_id: str
    speaker: Speaker | None = None


def caller_of(request: Request, runtime: RuntimeDep, user: MaybeUser, customer: Customer = "") -> Caller:
    """Return the customer of the chat's cookie or session, or the one that a program with the token names.

    A program's customers are those that it names on Rasa's REST channel; a guest of the chat is none of them.

    Raises:
        WenjinError: `bad_token`, `unknown_session` (401); `customer_needed` (422).
    """
    given = bearer_of(request)
    if given is None or runtime.guests.read_any(given, runtime.now()):
        speaker = speaker_of(request, runtime, user)
        return Caller(speaker.customer_id, speaker)
    wanted = runtime.settings.rest_token
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise unauthenticated("bad_token", "调用口令不对，请检查 Authorization。")
    return Caller(f"rest:{customer}" if customer else "")


CallerDep = Annotated[Caller, Depends(caller_of)]


def customer_of(caller: CallerDep) -> str:
    """Return whose tickets these are; raise 422 `customer_needed` where a program did not say."""
    if not caller.customer_id:
        raise bad_input("customer_needed", "请用 customer 写明是哪位客户。")
    return caller.customer_id


CustomerDep = Annotated[str, Depends(customer_of)]


@router.post("", status_code=201)
async def create(
    said: Complaint,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    caller: CallerDep,
    key: Key = "",
) -> dict[str, Any]:
    """Register a complaint; the same key again answers 200 with the same ticket.

    Raises:
        WenjinError: 409 `key_reused`; 422 `key_needed`, `customer_needed`, `empty_field`, `field_too_long`;
            429 `too_many_complaints`.
    """
    if not key.strip():
        raise bad_input("key_needed", "请带上 Idempotency-Key，重试时用同一个值，投诉就不会登记两次。")
    if caller.speaker is None and said.customer:
        caller = Caller(f"rest:{said.customer}")
    customer_id = customer_of(caller)
    await allow(request, runtime, customer_id, "complain", PER_MINUTE)
    draft = await run_in_threadpool(read, runtime, said.draft(), intake.API)
    body, new = await run_in_threadpool(_create, runtime, draft, caller, key)
    response.status_code = 201 if new else 200
    return body


def _create(runtime: Runtime, draft: TicketDraft, caller: Caller, key: str) -> tuple[dict[str, Any], bool]:
    with runtime.db.begin() as s:
        speaker = caller.speaker
        place = conversation_of(s, speaker, runtime.now()).id if speaker else None
        draft = replace(
            draft,
            contact=draft.contact or customers.contact_of(s, caller.customer_id),
            name=draft.name or customers.name_of(s, caller.customer_id),
        )
        ticket, new = register(
            runtime, s, draft, customer_id=caller.customer_id, conversation_id=place, key=key,
            source=intake.API,
        )  # fmt: skip
        return summary(s, ticket), new


@router.get("")
def own(runtime: RuntimeDep, customer_id: CustomerDep) -> dict[str, Any]:
    """Return a customer's tickets, the newest first."""
    with runtime.db.reading() as s:
        return {"tickets": [summary(s, ticket) for ticket in registry.for_customer(s, customer_id)]}


@router.get("/{number}")
def one(number: str, runtime: RuntimeDep, customer_id: CustomerDep) -> dict[str, Any]:
    """Return a ticket with what was said; raise 404 `ticket_not_found` for anybody else's."""
    with runtime.db.reading() as s:
        return whole(s, registry.get_by_number(s, number, customer_id=customer_id), runtime.now())


@router.post("/{number}/facts")
def facts(
    number: str, said: Words, runtime: RuntimeDep, customer_id: CustomerDep, key: Key = ""
) -> dict[str, Any]:
    """Add to a ticket; the same key again changes nothing.

    Raises:
        WenjinError: what `customer.add_facts` raises.
    """
    with runtime.db.begin() as s:
        found, now = registry.get_by_number(s, number, customer_id=customer_id), runtime.now()
        customer.add_facts(s, ticket_id=found.id, customer_id=customer_id, text=said.text, key=key, now=now)
        return whole(s, found, now)


@router.post("/{number}/withdraw")
def withdraw(number: str, runtime: RuntimeDep, customer_id: CustomerDep) -> dict[str, Any]:
    """Take a complaint back; again changes nothing. Raises what `customer.withdraw` raises."""
    with runtime.db.begin() as s:
        found, now = registry.get_by_number(s, number, customer_id=customer_id), runtime.now()
        customer.withdraw(s, ticket_id=found.id, customer_id=customer_id, now=now)
        return whole(s, found, now)


@router.post("/{number}/review")
def review(
    number: str, said: Words, runtime: RuntimeDep, customer_id: CustomerDep, key: Key = ""
) -> dict[str, Any]:
    """Ask for a review of the decision; the same key again changes nothing.

    Raises:
        WenjinError: what `customer.review` raises.
    """
    with runtime.db.begin() as s:
        found, now = registry.get_by_number(s, number, customer_id=customer_id), runtime.now()
        customer.review(s, ticket_id=found.id, customer_id=customer_id, reason=said.text, key=key, now=now)
        return whole(s, found, now)


@router.post("/{number}/files", status_code=201)
async def add_file(
    number: str, request: Request, runtime: RuntimeDep, customer_id: CustomerDep, file: UploadFile
) -> dict[str, Any]:
    """Add a file to a ticket; the same content again is the same file."""
    await files.allow_upload(request, runtime, customer_id)
    return await run_in_threadpool(_add_file, runtime, number, customer_id, file)


def _add_file(runtime: Runtime, number: str, customer_id: str, file: UploadFile) -> dict[str, Any]:
    sent = files.read(file)
    attachments.check(sent.content)  # before the database is held
    with runtime.db.begin() as s:
        return files.shown(add_to_ticket(s, number, customer_id, sent, runtime.now()))


@router.get("/{number}/files/{file_id}")
def file_of(number: str, file_id: str, runtime: RuntimeDep, customer_id: CustomerDep) -> Response:
    """Return a ticket's file; raise 404 `file_not_found` for any other."""
    with runtime.db.reading() as s:
        found = registry.get_by_number(s, number, customer_id=customer_id)
        return files.download(attachments.of_customer_ticket(s, file_id, found))


def summary(s: Session, ticket: Ticket) -> dict[str, Any]:
    """Return what a list says of a ticket."""
    return {
        "number": ticket.number,
        "state": str(ticket.state),
        "state_label": state_label(ticket),
        "due_at": ticket.due_at.isoformat(),
        "rule": ticket.rule,
        "link": links.link(s, ticket),
        "created_at": ticket.created_at.isoformat(),
    }


def whole(s: Session, ticket: Ticket, now: datetime) -> dict[str, Any]:
    """Return all that its customer sees of a ticket."""
    case = case_of(s, ticket, now)
    return {
        **summary(s, ticket),
        "next": case.next,
        "facts": dict(case.facts),
        "timeline": [_told(entry) for entry in case.entries],
        "files": [files.shown(file) for file in case.files],
        "may": sorted(str(step) for step in case.may),
        "review_until": case.review_until.isoformat() if case.review_until else None,
    }


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "who": entry.who,
        "title": entry.title,
        "text": entry.text,
        "files": [dict(file) for file in entry.files],
    }
