"""Links to a rating: for channels without cards, and for whoever answers later or elsewhere."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.desk.rules import rules_of
from actions.store import tokens
from actions.store.tables.service import RatingOffer
from knowledge.errors import not_found

PATH = "/r/"
PURPOSE = "rating"


def path(s: Session, offer: RatingOffer) -> str:
    """Return the link to an offer within this site."""
    return PATH + tokens.token(s, PURPOSE, offer.id)


def link(s: Session, offer: RatingOffer) -> str:
    """Return the whole link, "" where this site's public address is not known."""
    base = rules_of(s).public_url.rstrip("/")
    return base + path(s, offer) if base else ""


def by_token(s: Session, text: str) -> RatingOffer:
    """Return the offer of a token; raise 404 `offer_not_found` for any other text."""
    offer_id = tokens.thing_of(s, PURPOSE, text)
    offer = s.get(RatingOffer, offer_id) if offer_id else None
    if offer is None:
        raise not_found("offer_not_found", "没有找到这次评价，请检查链接是否完整。")
    return offer
