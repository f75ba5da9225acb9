"""Files that belong to a complaint: images and PDF, told by their content, kept encrypted."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image, UnidentifiedImageError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from actions.desk.holds import in_use
from actions.service.messages import clean
from actions.store.tables.desk import Attachment, Ticket
from knowledge.errors import WenjinError, bad_input, conflict, not_found

LARGEST = 10_000_000  # bytes of one file
MOST = 10  # files of one ticket or conversation
MAX_FILE_NAME = 120
PENDING_LIFE = timedelta(days=30)
_IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
PDF = "application/pdf"
TYPES = (*_IMAGES.values(), PDF)
_PIXELS = 60_000_000
_SMALL = 200  # a JPEG is read whole, but unpacked no larger than needed


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


def add(
    s: Session,
    sent: Upload,
    *,
    customer_id: str,
    added_by: str = "",
    conversation_id: str | None = None,
    ticket: Ticket | None = None,
    internal: bool = False,
    now: datetime,
) -> Attachment:
    """Keep a file, of a ticket or pending on a conversation; the same content again is the same file.

    `added_by` is the customer where nobody else is named.

    Raises:
        WenjinError: 422 `empty_file`, `file_too_large`, `file_type`, `too_many_files`.
    """
    media_type = check(sent.content)
    place = (Attachment.ticket_id == ticket.id) if ticket else (Attachment.conversation_id == conversation_id)
    here = (place, Attachment.internal.is_(internal), *(() if ticket else (Attachment.ticket_id.is_(None),)))
    digest = hashlib.sha256(sent.content).hexdigest()
    known = s.scalar(select(Attachment).where(*here, Attachment.sha256 == digest))
    if known:
        return known
    if (s.scalar(select(func.count()).where(*here)) or 0) >= MOST:
        raise bad_input("too_many_files", f"最多附 {MOST} 个文件。")
    made = Attachment(
        ticket_id=ticket.id if ticket else None, conversation_id=conversation_id, customer_id=customer_id,
        added_by=added_by or customer_id, internal=internal, name=_file_name(sent.name),
        media_type=media_type, size=len(sent.content), sha256=digest, content=sent.content, created_at=now,
    )  # fmt: skip
    s.add(made)
    s.flush()
    return made


def check(content: bytes) -> str:
    """Return the media type of a file by its content.

    Raises:
        WenjinError: 422 `empty_file`, `file_too_large`, `file_type`.
    """
    if not content:
        raise bad_input("empty_file", "文件是空的，请重新选择。")
    if len(content) > LARGEST:
        raise bad_input("file_too_large", f"文件超过 {LARGEST // 1_000_000} MB，请压缩后再传。")
    if content[:1024].lstrip().startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return PDF
    kind = _image_kind(content)
    if kind is None:
        raise bad_input("file_type", "只能上传图片（JPG、PNG、GIF、WebP）或 PDF，且文件要完整。")
    return _IMAGES[kind]


def _image_kind(content: bytes) -> str | None:
    """Return the kind of a whole image of a reasonable size, None for anything else."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_IMAGES)) as image:
            kind, (width, height) = str(image.format), image.size
            if width * height > _PIXELS:
                return None
            if kind == "PNG":
                image.verify()  # its checksums tell without unpacking
            else:
                image.draft("RGB", (_SMALL, _SMALL))
                image.load()
            return kind
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def adopt(s: Session, ticket: Ticket) -> None:
    """Give a new ticket the files that wait on its conversation."""
    if ticket.conversation_id is None:
        return
    waiting = select(Attachment).where(
        Attachment.conversation_id == ticket.conversation_id,
        Attachment.ticket_id.is_(None),
        Attachment.customer_id == ticket.customer_id,
    )
    for one in s.scalars(waiting):
        one.ticket_id = ticket.id
    s.flush()


def forget_pending(s: Session, now: datetime) -> int:
    """Delete files that waited for a complaint that was never made, and return how many there were.

    While a conversation is of an open or held complaint, they stay.
    """
    old = (Attachment.ticket_id.is_(None), Attachment.created_at < now - PENDING_LIFE)
    free = or_(Attachment.conversation_id.is_(None), ~in_use(Attachment.conversation_id))
    gone = delete(Attachment).where(*old, free).execution_options(synchronize_session=False)
    return len(s.scalars(gone.returning(Attachment.id)).all())


def of_ticket(s: Session, ticket_id: str, *, internal: bool) -> list[Attachment]:
    """Return a ticket's files in order, with or without the house's own."""
    of_it = select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.created_at)
    return [one for one in s.scalars(of_it) if internal or not one.internal]


def same(s: Session, ticket_id: str, content: bytes) -> Attachment:
    """Return a ticket's file with this content that its customer may see; raise 404 `file_not_found`."""
    digest = hashlib.sha256(content).hexdigest()
    of_it = (Attachment.ticket_id == ticket_id, Attachment.internal.is_(False), Attachment.sha256 == digest)
    found = s.scalar(select(Attachment).where(*of_it))
    if found is None:
        raise missing()
    return found


def pending(s: Session, conversation_id: str) -> list[Attachment]:
    """Return the files that wait on a conversation for a ticket."""
    waiting = (Attachment.conversation_id == conversation_id, Attachment.ticket_id.is_(None))
    return list(s.scalars(select(Attachment).where(*waiting).order_by(Attachment.created_at)))


def withdraw_pending(s: Session, attachment_id: str, conversation_id: str) -> None:
    """Delete a file that waits on a conversation for a ticket.

    Raises:
        WenjinError: 404 `file_not_found`, also for a file of another conversation; 409 `file_kept` once it
            belongs to a ticket.
    """
    found = get(s, attachment_id)
    if found.conversation_id != conversation_id:
        raise missing()
    if found.ticket_id is not None:
        raise conflict("file_kept", "这个文件已经随投诉登记，不能再删除。")
    s.delete(found)


def of_customer(s: Session, attachment_id: str, customer_id: str) -> Attachment:
    """Return a file that its customer may see; raise 404 `file_not_found` for any other."""
    found = get(s, attachment_id)
    if found.customer_id != customer_id or found.internal:
        raise missing()
    return found


def of_customer_ticket(s: Session, attachment_id: str, ticket: Ticket) -> Attachment:
    """Return a file of a ticket that its customer may see; raise 404 `file_not_found` for any other."""
    found = get(s, attachment_id)
    if found.ticket_id != ticket.id or found.internal:
        raise missing()
    return found


def place_of(s: Session, attachment_id: str) -> str:
    """Return where a file is: "pending" on its conversation, "kept" with a ticket, or "gone"."""
    found = s.execute(select(Attachment.ticket_id).where(Attachment.id == attachment_id)).one_or_none()
    if found is None:
        return "gone"
    return "kept" if found.ticket_id else "pending"


def get(s: Session, attachment_id: str) -> Attachment:
    """Return a file by id; raise 404 `file_not_found`."""
    found = s.get(Attachment, attachment_id)
    if found is None:
        raise missing()
    return found


def missing() -> WenjinError:
    """Make the 404 that hides files of others as well as unknown ones."""
    return not_found("file_not_found", "没有找到这个文件。")


def _file_name(name: str) -> str:
    base = clean(name).replace("\\", "/").rsplit("/", 1)[-1].strip()
    return (base or "附件")[-MAX_FILE_NAME:]
