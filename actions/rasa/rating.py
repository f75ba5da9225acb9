"""Asking for a rating, and taking one that is typed."""

from __future__ import annotations

from typing import ClassVar

from actions.desk import tickets
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service import ratings
from actions.store.tables.desk import TicketState
from actions.store.tables.service import RatingOffer

SUBJECT = "conversation"
_DECIDED = (TicketState.DECIDED, TicketState.CLOSED)


def offer(talk: Talk) -> None:
    """Offer a rating of this conversation unless this service cycle had its offer."""
    conversation = talk.conversation
    made = ratings.offer(
        talk.session, conversation=conversation, subject=SUBJECT, subject_id=conversation.id, now=talk.now
    )
    if made:
        talk.say(ratings.rating_reply(talk.session, made, conversation))


def _offer_for_ticket(talk: Talk) -> RatingOffer | None:
    """Offer a rating of the customer's latest complaint that is decided, unless it had its offer."""
    own = tickets.for_customer(talk.session, talk.turn.customer_id)
    decided = next((ticket for ticket in own if ticket.state in _DECIDED), None)
    if decided is None:
        return None
    return ratings.offer(
        talk.session, conversation=talk.conversation, subject="ticket", subject_id=decided.id, now=talk.now
    )


class Rate(DialogueAction):
    """Keeps a typed score for the latest offer, or offers a rating."""

    action_name: ClassVar[str] = "action_rate"

    def act(self, talk: Talk) -> Events:
        """Rate, or ask for a rating."""
        conversation = talk.conversation
        score = talk.heard.entities.get("score")
        asked = ratings.open_offer(talk.session, conversation.id)
        if asked and not score:
            talk.say(ratings.rating_reply(talk.session, asked, conversation))
            return []
        if not asked:
            asked = _offer_for_ticket(talk) or ratings.offer(
                talk.session,
                conversation=conversation,
                subject=SUBJECT,
                subject_id=conversation.id,
                now=talk.now,
            )
            if asked is None:
                talk.say_text("您已经评价过这次服务，谢谢。要修改，请在刚才的评价卡片上重新选择。")
                return []
            if not score:
                talk.say(ratings.rating_reply(talk.session, asked, conversation))
                return []
        ratings.rate(
            talk.session,
            offer_id=asked.id,
            conversation_id=conversation.id,
            score=int(score or 0),
            now=talk.now,
        )
        talk.say_text(
            f"收到您的评分：{score} 分，谢谢。", *(("我要投诉", "转人工") if score in ("1", "2") else ())
        )
        return []


class Thank(DialogueAction):
    """Answers thanks; after an answered question a rating is offered."""

    action_name: ClassVar[str] = "action_thanks"
    response: ClassVar[str] = "utter_thanks"

    def act(self, talk: Talk) -> Events:
        """Say it, and offer a rating where there was something to rate."""
        talk.respond(self.response)
        if talk.slot("answered") or talk.slot("last_ticket"):
            offer(talk)
        return set_slots({"answered": None})


class SayGoodbye(Thank):
    """Answers a goodbye; after an answered question a rating is offered."""

    action_name: ClassVar[str] = "action_goodbye"
    response: ClassVar[str] = "utter_goodbye"
