"""Short answers that need a look at what was said before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rasa_sdk.events import FollowupAction

from actions.desk import cards, tickets
from actions.rasa.answering import AnswerAction
from actions.rasa.complaint import FORM, SoftenDissatisfaction
from actions.rasa.complaint_memory import upset_lately
from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service import handovers
from actions.service.replies import ReplyKind
from actions.training import disclosure
from knowledge.document import Audience

LISTENING = "您接着说，我在听。想留下书面记录，可以登记投诉，前面说过的不用再说一遍。"
# A button that is pressed once more.
_DONE = {
    "提交": "这份投诉已经提交，工单号 {}，不用再交一次。",
    "并入": "已经并入工单 {}，不用再点一次。",
}


class Affirm(DialogueAction):
    """Answers a yes outside of a form: it opens the complaint that was offered, or shows the ticket again."""

    action_name: ClassVar[str] = "action_affirm"

    def act(self, talk: Talk) -> Events:
        """Open the form that was offered, show the ticket, or say what one can do."""
        if _acted_last(talk) == SoftenDissatisfaction.action_name:
            return [FollowupAction(FORM)]
        number = talk.slot("last_ticket")
        done = next((said for word, said in _DONE.items() if word in talk.heard.text), "")
        if number and done:
            ticket = tickets.get_by_number(talk.session, str(number), customer_id=talk.turn.customer_id)
            talk.say(cards.ticket_reply(talk.session, ticket, done.format(ticket.number)))
        else:
            talk.respond("utter_ready")
        return []


class Chat(DialogueAction):
    """Answers what sounds like chat; from somebody who is upset it is a part of what they are telling."""

    action_name: ClassVar[str] = "action_chitchat"

    def act(self, talk: Talk) -> Events:
        """Say what one can talk about here, or that one listens and where to write it down."""
        if talk.audience is not Audience.CUSTOMER or not upset_lately(talk.tracker.events):
            talk.respond("utter_chitchat")
        elif handovers.open_for(talk.session, talk.turn.conversation_id):
            talk.say_text(LISTENING, "我要投诉")
        else:
            talk.say_text(LISTENING, "我要投诉", "转人工")
        return []


def _acted_last(talk: Talk) -> str:
    """Return the action that answered the sentence before this one."""
    earlier = [e for e in talk.tracker.events if e.get("event") in ("user", "action")]
    said = max((i for i, e in enumerate(earlier) if e["event"] == "user"), default=0)
    names = [str(e.get("name")) for e in earlier[:said] if e["event"] == "action"]
    return next((name for name in reversed(names) if name != "action_listen"), "")


class Repeat(DialogueAction):
    """Says again what was said last."""

    action_name: ClassVar[str] = "action_repeat"

    def act(self, talk: Talk) -> Events:
        """Repeat the last utterance with its buttons and structure."""
        for event in reversed(talk.tracker.events):
            data = event.get("data") or {}
            if event.get("event") == "bot" and event.get("text") and not _covered(talk, data):
                talk.dispatcher.utter_message(
                    text=event["text"], buttons=data.get("buttons"), json_message=data.get("custom")
                )
                return []
        talk.respond("utter_help")
        return []


def _covered(talk: Talk, data: Mapping[str, Any]) -> bool:
    """Tell whether it explains a question of an exam that runs now."""
    custom = data.get("custom") or {}
    if custom.get("kind") != ReplyKind.QUIZ_FEEDBACK:
        return False
    told = custom["data"]["attempt_id"], int(custom["data"]["index"])
    return bool(disclosure.not_now(talk.session, [told]))


class AnswerAccount(AnswerAction):
    """Answers a general question about accounts from the manual; one's own account nobody sees here."""

    action_name: ClassVar[str] = "action_account"

    def act(self, talk: Talk) -> Events:
        """Answer from the manual, or say honestly that this is about the customer's own account."""
        if talk.heard.asks_in_general:
            return super().act(talk)
        talk.respond(f"utter_{talk.heard.intent}")
        return []
