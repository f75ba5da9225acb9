"""Asking for a rating once in a service cycle, and keeping what was given."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import conversations, follow_ups, rating_links
from actions.service.messages import check_field
from actions.service.replies import Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.service import Conversation, Rating, RatingOffer, Turn
from knowledge.errors import bad_input, conflict, not_found

SUBJECTS = ("conversation", "ticket", "quiz")
# The four dimensions of the operations manual.
DIMENSIONS = {
    "product_quality": "产品服务质量",
    "response_speed": "响应速度",
    "experience": "客户体验",
    "after_sales": "售后服务",
}
LOWEST, HIGHEST = 1, 5
CONVERSATION_CYCLE = timedelta(hours=24)
CHANGE_WINDOW = timedelta(days=7)
MAX_COMMENT = 500
ASKED = {"conversation": "这次服务", "ticket": "这次投诉处理", "quiz": "这次测验"}


def offer(
    s: Session, *, conversation: Conversation, subject: str, subject_id: str, now: datetime
) -> RatingOffer | None:
    """Offer a rating, or return None where this service cycle already had its offer.

    A cycle is the subject itself (one ticket, one quiz); a conversation's is 24 hours from its last offer.
    """
    if subject not in SUBJECTS:
        raise ValueError(f"nothing called {subject!r} is rated")
    held = conversations.lock(s, conversation.id)
    last = _last_offer(s, held.id, subject, subject_id)
    if last and (subject != "conversation" or now - last.offered_at < CONVERSATION_CYCLE):
        return None
    made = RatingOffer(
        conversation_id=held.id, subject=subject, subject_id=subject_id, cycle=last.cycle + 1 if last else 1,
        offered_at=now,
    )  # fmt: skip
    s.add(made)
    s.flush()
    return made


def offer_in_chat(
    s: Session, *, conversation: Conversation, subject: str, subject_id: str, now: datetime
) -> Turn | None:
    """Offer a rating and put the question into the conversation; None where it was already asked."""
    made = offer(s, conversation=conversation, subject=subject, subject_id=subject_id, now=now)
    if made is None:
        return None
    return conversations.add_reply(
        s,
        conversation=conversation,
        reply=rating_reply(s, made, conversation),
        reply_to=None,
        actor="system",
        now=now,
    )


def rating_reply(s: Session, made: RatingOffer, conversation: Conversation) -> Reply:
    """Return the question that asks for this rating; where no card can be shown, with its link."""
    data = {
        "offer_id": made.id,
        "dimensions": [{"key": key, "label": label} for key, label in DIMENSIONS.items()],
        "link": rating_links.path(s, made),
    }
    text = f"请您为{ASKED[made.subject]}打分：1 分很不满意，5 分很满意。"
    if conversation.channel != conversations.WEB and (link := rating_links.link(s, made)):
        text += f"直接回复分数，或打开链接评价：{link}"
    return Reply(ReplyKind.RATING, text, data)


def rate(
    s: Session,
    *,
    offer_id: str,
    conversation_id: str | None,
    score: int,
    dimensions: dict[str, int] | None = None,
    comment: str = "",
    now: datetime,
) -> Rating:
    """Keep a rating. The same again changes nothing; another within 7 days of the first replaces it.

    Raises:
        WenjinError: 404 `offer_not_found` (also for an offer of another conversation); 409 `rating_closed`;
            422 `bad_score`, `unknown_dimension`, `field_too_long`.
    """
    given = _checked(score, dimensions or {}, comment)
    asked = s.scalar(select(RatingOffer).where(RatingOffer.id == offer_id).with_for_update())
    if asked is None or asked.conversation_id != conversation_id:
        raise not_found("offer_not_found", "没有找到这次评价，请刷新页面后再试。")
    return _kept(s, asked, given, now)


def rate_ticket(
    s: Session,
    *,
    ticket_id: str,
    conversation_id: str | None,
    score: int,
    dimensions: dict[str, int] | None = None,
    comment: str = "",
    now: datetime,
) -> Rating:
    """Keep the rating of a complaint's handling, offered now where it was not yet. The ticket is locked.

    Raises:
        WenjinError: as `rate` does.
    """
    given = _checked(score, dimensions or {}, comment)
    asked = offer_for_ticket(s, ticket_id=ticket_id, conversation_id=conversation_id, now=now)
    return _kept(s, asked, given, now)


def offer_for_ticket(
    s: Session, *, ticket_id: str, conversation_id: str | None, now: datetime
) -> RatingOffer:
    """Return a ticket's offer, made where there is none: not every customer chats. The ticket is locked."""
    of_it = select(RatingOffer).where(RatingOffer.subject == "ticket", RatingOffer.subject_id == ticket_id)
    made = s.scalar(of_it)
    if made is None:
        made = RatingOffer(
            conversation_id=conversation_id, subject="ticket", subject_id=ticket_id, cycle=1, offered_at=now
        )
        s.add(made)
        s.flush()
    return made


def of_ticket(s: Session, ticket_id: str) -> Rating | None:
    """Return the rating of a complaint's handling, or None."""
    of_it = (RatingOffer.subject == "ticket", RatingOffer.subject_id == ticket_id)
    return s.scalar(select(Rating).join(RatingOffer, RatingOffer.id == Rating.offer_id).where(*of_it))


def _kept(s: Session, asked: RatingOffer, given: tuple[int, dict[str, int], str], now: datetime) -> Rating:
    """Keep what was given for an offer that is locked."""
    rating = s.scalar(select(Rating).where(Rating.offer_id == asked.id))
    if rating is None:
        rating = Rating(offer_id=asked.id, created_at=now, updated_at=now)
        s.add(rating)
    elif (rating.score, rating.dimensions, rating.comment) == given:
        return rating
    elif now - rating.created_at > CHANGE_WINDOW:
        raise conflict("rating_closed", f"评价提交已超过 {CHANGE_WINDOW.days} 天，不能再修改。")
    rating.score, rating.dimensions, rating.comment = given
    rating.updated_at, rating.erased_at = now, None
    s.flush()
    follow_ups.settle(s, rating, now)
    return rating


def rating_of(s: Session, offer_id: str) -> Rating | None:
    """Return what was given for an offer, or None."""
    return s.scalar(select(Rating).where(Rating.offer_id == offer_id))


def given(s: Session, subject: str, subject_id: str) -> Rating | None:
    """Return what was given last for a subject, or None."""
    of_it = (RatingOffer.subject == subject, RatingOffer.subject_id == subject_id)
    rated = select(Rating).join(RatingOffer, Rating.offer_id == RatingOffer.id).where(*of_it)
    return s.scalars(rated.order_by(Rating.updated_at.desc()).limit(1)).first()


def open_offer(s: Session, conversation_id: str) -> RatingOffer | None:
    """Return the latest offer of a conversation that has no rating yet, or None."""
    unrated = (
        select(RatingOffer)
        .outerjoin(Rating, Rating.offer_id == RatingOffer.id)
        .where(RatingOffer.conversation_id == conversation_id, Rating.id.is_(None))
    )
    return s.scalars(unrated.order_by(RatingOffer.offered_at.desc(), RatingOffer.id).limit(1)).first()


def _checked(score: object, dimensions: dict[str, int], comment: str) -> tuple[int, dict[str, int], str]:
    unknown = sorted(set(dimensions) - set(DIMENSIONS))
    if unknown:
        raise bad_input(
            "unknown_dimension", f"评价维度只有：{'、'.join(DIMENSIONS.values())}。", unknown=unknown
        )
    scores = {key: _score(value) for key, value in dimensions.items()}
    return _score(score), scores, mask(check_field(comment, name="评价留言", limit=MAX_COMMENT))


def _score(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not LOWEST <= value <= HIGHEST:
        raise bad_input("bad_score", f"评分请选 {LOWEST} 到 {HIGHEST} 的整数。")
    return value


def _last_offer(s: Session, conversation_id: str, subject: str, subject_id: str) -> RatingOffer | None:
    same = (
        RatingOffer.conversation_id == conversation_id,
        RatingOffer.subject == subject,
        RatingOffer.subject_id == subject_id,
    )
    return s.scalars(select(RatingOffer).where(*same).order_by(RatingOffer.cycle.desc()).limit(1)).first()
