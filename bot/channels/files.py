"""Files in the chat: they wait on the conversation until a complaint takes them, or go straight to one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from actions.desk import attachments, customer, registry
from actions.desk.attachments import Upload
from actions.service import conversations
from actions.store.tables.desk import Attachment
from bot import files
from bot.channels.sessions import SpeakerDep, chat_origin
from bot.deps import RuntimeDep
from bot.runtime import Runtime
from bot.turns import Speaker, conversation_of

router = APIRouter(prefix="/api/chat/files")


@router.get("")
def waiting(speaker: SpeakerDep, runtime: RuntimeDep) -> dict[str, Any]:
    """Return the files that wait for a complaint."""
    with runtime.db.begin() as s:
        conversation = conversation_of(s, speaker, runtime.now())
        return {"files": [files.shown(one) for one in attachments.pending(s, conversation.id)]}


@router.post("", status_code=201, dependencies=[Depends(chat_origin)])
async def add(
    request: Request,
    speaker: SpeakerDep,
    runtime: RuntimeDep,
    file: UploadFile,
    ticket: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    """Keep a file for the complaint that is being made, or add it to the ticket with this number.

    Raises:
        WenjinError: 404 `ticket_not_found`; 409 `wrong_state`, `too_late`; 429 `too_many_files`; what
            `attachments.add` raises (422).
    """
    await files.allow_upload(request, runtime, speaker.customer_id)
    return await run_in_threadpool(_add, runtime, speaker, file, ticket)


def _add(runtime: Runtime, speaker: Speaker, file: UploadFile, ticket: str) -> dict[str, Any]:
    sent, who, now = files.read(file), speaker.customer_id, runtime.now()
    attachments.check(sent.content)  # before the database is held
    with runtime.db.begin() as s:
        if ticket:
            return files.shown(add_to_ticket(s, ticket, who, sent, now))
        place = conversation_of(s, speaker, now)
        kept = attachments.add(s, sent, customer_id=who, conversation_id=place.id, now=now)
        conversations.add_file(s, conversation=place, file=kept, now=now)
        return files.shown(kept)


def add_to_ticket(s: Session, number: str, customer_id: str, sent: Upload, now: datetime) -> Attachment:
    """Add a file to a customer's ticket and return it; the same content again is the same file.

    Raises:
        WenjinError: 404 `ticket_not_found`; 409 `wrong_state`, `too_late`; what `attachments.add` raises.
    """
    found = registry.get_by_number(s, number, customer_id=customer_id)
    customer.add_facts(s, ticket_id=found.id, customer_id=customer_id, text="", files=[sent], now=now)
    return attachments.same(s, found.id, sent.content)


@router.delete("/{file_id}", status_code=204, dependencies=[Depends(chat_origin)])
def remove(file_id: str, speaker: SpeakerDep, runtime: RuntimeDep) -> None:
    """Take back a file that belongs to no ticket yet.

    Raises:
        WenjinError: 404 `file_not_found`; 409 `file_kept`.
    """
    with runtime.db.begin() as s:
        attachments.withdraw_pending(s, file_id, conversation_of(s, speaker, runtime.now()).id)


@router.get("/{file_id}")
def download(file_id: str, speaker: SpeakerDep, runtime: RuntimeDep) -> Response:
    """Return one of the customer's own files; raise 404 `file_not_found` for any other."""
    with runtime.db.reading() as s:
        return files.download(attachments.of_customer(s, file_id, speaker.customer_id))
