"""Files: told by what is in them, whole, few, encrypted, and nobody else's."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from actions.desk import attachments
from actions.desk.attachments import LARGEST, MOST, Upload, add, check, of_ticket
from actions.store.tables.desk import Attachment, Ticket
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW
from tests.actions.desk.people import CUSTOMER

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"


def image(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_images_are_told_by_their_content(kind: str, media_type: str) -> None:
    assert check(image(kind)) == media_type


def test_pdf_also_with_spaces_before_and_a_tail_after() -> None:
    assert check(PDF) == check(b"\n\n" + PDF) == check(PDF + b"\x00" * 500) == "application/pdf"


def cut(kind: str) -> bytes:
    whole = image(kind)
    return whole[: len(whole) * 2 // 3]


def damaged() -> bytes:
    whole = bytearray(image("PNG"))
    whole[len(whole) // 2] ^= 0xFF
    return bytes(whole)


def huge() -> bytes:
    """Return a small PNG that says it is 60,000 by 60,000."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


DISGUISED: dict[str, Callable[[], bytes]] = {
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "html that mentions pdf": lambda: b"<html>%PDF-1.4 %%EOF</html>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "program": lambda: b"MZ\x90\x00" + b"\x00" * 200,
    "zip": lambda: b"PK\x03\x04" + b"\x00" * 200,
    "text": lambda: "请看附件".encode(),
    "half a png": lambda: cut("PNG"),
    "half a jpeg": lambda: cut("JPEG"),
    "half a gif": lambda: cut("GIF"),
    "half a webp": lambda: cut("WEBP"),
    "a damaged png": damaged,
    "a bmp": lambda: image("BMP"),
    "a tiff": lambda: image("TIFF"),
    "a huge png": huge,
    "half a pdf": lambda: PDF[:20],
    "a pdf after junk": lambda: b"junk" + PDF,
    "only a head of png": lambda: b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("what", DISGUISED)
def test_nothing_else_comes_in_under_any_name(session: Session, ticket: Ticket, what: str) -> None:
    with pytest.raises(WenjinError) as told:
        add(session, Upload("a.png", DISGUISED[what]()), customer_id=CUSTOMER, ticket=ticket, now=NOW)
    assert (told.value.code, told.value.status) == ("file_type", 422)
    assert of_ticket(session, ticket.id, internal=True) == []


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"\0" * (LARGEST + 1), "file_too_large")]
)
def test_empty_and_too_large(content: bytes, code: str) -> None:
    with pytest.raises(WenjinError) as told:
        check(content)
    assert told.value.code == code


def upload(number: int) -> Upload:
    return Upload(f"{number}.pdf", PDF + str(number).encode())


def test_a_file_is_kept_once_encrypted_and_so_many(session: Session, ticket: Ticket) -> None:
    for _ in range(2):
        kept = [add(session, upload(n), customer_id=CUSTOMER, ticket=ticket, now=NOW) for n in range(MOST)]
    assert {one.id for one in of_ticket(session, ticket.id, internal=False)} == {one.id for one in kept}
    with pytest.raises(WenjinError) as told:
        add(session, upload(99), customer_id=CUSTOMER, ticket=ticket, now=NOW)
    assert told.value.code == "too_many_files"
    raw = str(session.execute(text("SELECT content, name FROM attachments")).all())
    assert "%PDF" not in raw
    assert "0.pdf" not in raw
    session.expire_all()
    assert session.get_one(Attachment, kept[0].id).content == upload(0).content


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\temp\\合同.pdf", "合同.pdf"), ("a\u202egpj.exe", "agpj.exe"), ("\x00", "附件"), ("", "附件"),
     ("长" * 200 + ".pdf", "长" * 116 + ".pdf")],
)  # fmt: skip
def test_names_are_names(session: Session, ticket: Ticket, given: str, kept: str) -> None:
    assert add(session, Upload(given, PDF), customer_id=CUSTOMER, ticket=ticket, now=NOW).name == kept


def test_what_the_house_keeps_for_itself(session: Session, ticket: Ticket) -> None:
    own = add(
        session,
        Upload("a.pdf", PDF),
        customer_id=CUSTOMER,
        added_by="li",
        ticket=ticket,
        internal=True,
        now=NOW,
    )
    shown = add(session, Upload("a.pdf", PDF), customer_id=CUSTOMER, ticket=ticket, now=NOW)
    assert own.id != shown.id
    assert [one.id for one in of_ticket(session, ticket.id, internal=False)] == [shown.id]
    with pytest.raises(WenjinError):
        attachments.of_customer(session, own.id, CUSTOMER)
    with pytest.raises(WenjinError) as told:
        attachments.of_customer(session, shown.id, "guest-2")
    assert (told.value.code, told.value.status) == ("file_not_found", 404)


def test_a_pending_file_may_be_taken_back_by_its_own_conversation_only(
    session: Session, conversation: Conversation
) -> None:
    made = add(session, Upload("a.pdf", PDF), customer_id=CUSTOMER, conversation_id=conversation.id, now=NOW)
    with pytest.raises(WenjinError):
        attachments.withdraw_pending(session, made.id, "another")
    attachments.withdraw_pending(session, made.id, conversation.id)
    session.flush()
    assert attachments.pending(session, conversation.id) == []


def test_files_that_no_complaint_took_are_forgotten_after_a_month(
    session: Session, conversation: Conversation
) -> None:
    add(session, Upload("旧.pdf", PDF), customer_id=CUSTOMER, conversation_id=conversation.id, now=NOW)
    assert attachments.forget_pending(session, NOW + attachments.PENDING_LIFE) == 0
    later = NOW + attachments.PENDING_LIFE + timedelta(seconds=1)
    assert attachments.forget_pending(session, later) == 1
    assert attachments.pending(session, conversation.id) == []
