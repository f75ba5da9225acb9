"""Short answers that need a look at what was said before."""

from __future__ import annotations

from typing import ClassVar

from actions.desk import cards, tickets
from actions.rasa.answering import AnswerAction
from actions.rasa.talk import DialogueAction, Events, Talk


class Affirm(DialogueAction):
    """Answers a yes that nothing asked for; a second 确认提交 shows the ticket that the first one made."""

    action_name: ClassVar[str] = "action_affirm"

    def act(self, talk: Talk) -> Events:
        """Show the ticket, or say what one can do."""
        number = talk.slot("last_ticket")
        if number and "提交" in talk.heard.text:
            ticket = tickets.get_by_number(talk.session, str(number), customer_id=talk.turn.customer_id)
            talk.say(cards.ticket_reply(ticket, f"这份投诉已经提交，工单号 {ticket.number}，不用再交一次。"))
        else:
            talk.respond("utter_ready")
        return []


class Repeat(DialogueAction):
    """Says again what was said last."""

    action_name: ClassVar[str] = "action_repeat"

    def act(self, talk: Talk) -> Events:
        """Repeat the last utterance with its buttons and structure."""
        for event in reversed(talk.tracker.events):
            if event.get("event") == "bot" and event.get("text"):
                data = event.get("data") or {}
                talk.dispatcher.utter_message(
                    text=event["text"], buttons=data.get("buttons"), json_message=data.get("custom")
                )
                return []
        talk.respond("utter_help")
        return []


class AnswerAccount(AnswerAction):
    """Answers a general question about accounts from the manual; one's own account nobody sees here."""

    action_name: ClassVar[str] = "action_account"

    def act(self, talk: Talk) -> Events:
        """Answer from the manual, or say honestly that this is about the customer's own account."""
        if talk.heard.asks_in_general:
            return super().act(talk)
        talk.respond(f"utter_{talk.heard.intent}")
        return []
