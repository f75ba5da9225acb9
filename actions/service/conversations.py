"""Conversations and their turns: each stored once, numbered without gaps, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.service.messages import check_message, clean
from actions.service.replies import Reply, presentable
from actions.store.locks import locked
from actions.store.masking import mask
from actions.store.tables.desk import Attachment, Notice
from actions.store.tables.service import Actor, Conversation, Mode, Turn
from knowledge.document import Audience
from knowledge.errors import bad_input, not_found

CALLBACK = "callback"  # what is said there is sent to the program that the customer writes through
WEB = "web"
CHANNELS = (WEB, "rest", "socket", CALLBACK)
MAX_KEY, MAX_EXTERNAL_ID = 128, 255


def open_conversation(
    s: Session,
    *,
    channel: str,
    external_id: str,
    customer_id: str,
    audience: str,
    user_id: str | None = None,
    now: datetime,
) -> Conversation:
    """Return the conversation of this channel, external id and audience, made on first use.

    Raises:
        WenjinError: 422 `unknown_channel`, 422 `bad_session` for an id that is empty or over 255 characters.
    """
    if channel not in CHANNELS:
        raise bad_input("unknown_channel", "不支持这个渠道。", channel=channel)
    if not 0 < len(external_id) <= MAX_EXTERNAL_ID or clean(external_id) != external_id:
        raise bad_input("bad_session", f"会话标识需为 1 到 {MAX_EXTERNAL_ID} 个字符，请重新打开页面。")
    kind = Audience(audience).value
    found = _find(s, channel, external_id, kind)
    if found is None:
        made = Conversation(
            channel=channel, external_id=external_id, customer_id=customer_id, audience=kind, user_id=user_id,
            created_at=now, last_at=now, mode=Mode.BOT,
        )  # fmt: skip
        return _insert(s, made)
    if found.user_id is None and user_id is not None:
        found.user_id = user_id
        s.flush()
    return found


def receive(
    s: Session, *, conversation: Conversation, text: object, key: str | None, now: datetime
) -> tuple[Turn, bool]:
    """Store the customer's message, masked, and tell whether it is new; the same `key` finds what is stored.

    Raises:
        WenjinError: 422 `empty_message`, `message_too_long`, `bad_key`.
    """
    said = check_message(text)
    _check_key(key)
    lock(s, conversation.id)
    if key is not None and (stored := _by_key(s, conversation.id, key)):
        return stored, False
    turn = Turn(actor=Actor.CUSTOMER, kind="text", text=mask(said), key=key, created_at=now)
    return _append(s, conversation.id, turn), True


def add_reply(
    s: Session,
    *,
    conversation: Conversation,
    reply: Reply,
    reply_to: str | None,
    actor: str,
    outcome: str | None = None,
    latency_ms: float | None = None,
    key: str | None = None,
    now: datetime,
) -> Turn:
    """Store a reply and return its turn; one without text is stored as an apology.

    `actor` is "bot", "handler" or "system"; `reply_to` is the id of the customer's turn, None for news. The
    same `key` finds what is stored.

    Raises:
        WenjinError: 422 `bad_key`.
    """
    _check_key(key)
    shown = presentable(reply)
    turn = Turn(
        actor=Actor(actor), kind=str(shown.kind), text=shown.text, data=dict(shown.data),
        buttons=[{"title": button.title, "payload": button.payload} for button in shown.buttons],
        outcome=outcome if shown is reply else "error", reply_to=reply_to, latency_ms=latency_ms, key=key,
        created_at=now,
    )  # fmt: skip
    lock(s, conversation.id)
    said = _once(s, conversation.id, turn)
    if conversation.channel == CALLBACK and said is turn:
        _send(s, conversation, said)
    return said


def _send(s: Session, conversation: Conversation, turn: Turn) -> None:
    """Put a reply on its way out, in the transaction that stores it and behind those before it."""
    message = {
        "seq": turn.seq, "actor": str(turn.actor), "kind": turn.kind, "text": turn.text, "data": turn.data,
        "buttons": turn.buttons,
    }  # fmt: skip
    at = turn.created_at
    s.add(
        Notice(
            key=f"{CALLBACK}:{conversation.id}:{turn.seq:010d}", channel=CALLBACK, line=conversation.id,
            address=conversation.external_id, payload=message, created_at=at, next_at=at,
        )
    )  # fmt: skip
    s.flush()


def add_file(s: Session, *, conversation: Conversation, file: Attachment, now: datetime) -> Turn:
    """Store that the customer sent a file, so that both sides see it in its place; once for each file."""
    name = mask(file.name)
    data = {"file_id": file.id, "name": name, "size": file.size, "media_type": file.media_type}
    what = "图片" if file.media_type.startswith("image/") else "文件"
    text = f"[{what}] {name}"
    turn = Turn(
        actor=Actor.CUSTOMER, kind="file", text=text, data=data, key=f"file:{file.id}",
        created_at=now,
    )  # fmt: skip
    lock(s, conversation.id)
    return _once(s, conversation.id, turn)


def replies_to(s: Session, turn: Turn) -> list[Turn]:
    """Return the replies to a customer's turn, in order."""
    return list(s.scalars(select(Turn).where(Turn.reply_to == turn.id).order_by(Turn.seq)))


def history(s: Session, conversation_id: str, after_seq: int = 0, limit: int = 200) -> list[Turn]:
    """Return turns in order: the next `limit` after `after_seq`, or the last `limit` where that is 0.

    Of erased ones in a row only the last is returned: it says that they are gone.
    """
    later = select(Turn).where(Turn.conversation_id == conversation_id, Turn.seq > after_seq).limit(limit)
    if after_seq > 0:
        return _folded(s.scalars(later.order_by(Turn.seq)).all())
    return _folded(s.scalars(later.order_by(Turn.seq.desc())).all()[::-1])


def _folded(turns: Sequence[Turn]) -> list[Turn]:
    pairs = zip_longest(turns, turns[1:])
    return [one for one, after in pairs if one.erased_at is None or after is None or after.erased_at is None]


def shown_actor(turn: Turn) -> Actor:
    """Return who is shown to have said a turn: of an erased one only the program speaks."""
    return turn.actor if turn.erased_at is None else Actor.SYSTEM


def turn_at(s: Session, conversation_id: str, seq: int) -> Turn | None:
    """Return the turn at a place of a conversation, or None."""
    return s.scalar(select(Turn).where(Turn.conversation_id == conversation_id, Turn.seq == seq))


def last_seq(s: Session, conversation_id: str) -> int:
    """Return the number of a conversation's last turn, 0 where there is none."""
    return s.scalar(select(func.max(Turn.seq)).where(Turn.conversation_id == conversation_id)) or 0


def before(s: Session, turn: Turn) -> Turn | None:
    """Return what was said last before a turn by somebody else than the customer, or None."""
    earlier = (
        Turn.conversation_id == turn.conversation_id,
        Turn.seq < turn.seq,
        Turn.actor != Actor.CUSTOMER,
    )
    return s.scalars(select(Turn).where(*earlier).order_by(Turn.seq.desc()).limit(1)).first()


def get(s: Session, conversation_id: str) -> Conversation:
    """Return a conversation by id; raise 404 `conversation_not_found`."""
    found = s.get(Conversation, conversation_id)
    if found is None:
        raise not_found("conversation_not_found", "没有找到这段对话，请刷新页面重新开始。")
    return found


def lock(s: Session, conversation_id: str) -> Conversation:
    """Return a conversation, locked until the transaction ends, so that its turns get their order.

    Lock order everywhere: conversation, ticket, audit. Raises 404 `conversation_not_found`.
    """
    return locked(s, Conversation, conversation_id) or get(s, conversation_id)


def _append(s: Session, conversation_id: str, turn: Turn) -> Turn:
    """Give the turn the next number. The conversation is locked."""
    turn.conversation_id, turn.seq = conversation_id, last_seq(s, conversation_id) + 1
    s.add(turn)
    conversation = get(s, conversation_id)
    conversation.last_at, conversation.uncounted = turn.created_at, True
    s.flush()
    return turn


def _once(s: Session, conversation_id: str, turn: Turn) -> Turn:
    """Append a turn, or return the one that its key has already stored. The conversation is locked."""
    stored = _by_key(s, conversation_id, turn.key) if turn.key is not None else None
    return stored or _append(s, conversation_id, turn)


def _check_key(key: str | None) -> None:
    if key is not None and (not 0 < len(key) <= MAX_KEY or clean(key) != key):
        raise bad_input("bad_key", f"消息标识需为 1 到 {MAX_KEY} 个字符，请刷新页面。")


def _by_key(s: Session, conversation_id: str, key: str) -> Turn | None:
    return s.scalar(select(Turn).where(Turn.conversation_id == conversation_id, Turn.key == key))


def _find(s: Session, channel: str, external_id: str, audience: str) -> Conversation | None:
    same = (
        Conversation.channel == channel,
        Conversation.external_id == external_id,
        Conversation.audience == audience,
    )
    return s.scalar(select(Conversation).where(*same))


def _insert(s: Session, made: Conversation) -> Conversation:
    """Insert, or return what another request has just inserted."""
    try:
        with s.begin_nested():
            s.add(made)
            s.flush()
            return made
    except IntegrityError:
        found = _find(s, made.channel, made.external_id, made.audience)
        if found is None:
            raise
        return found
