"""Answer a question from the manual."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import ClassVar

from actions.desk import tickets
from actions.rasa import misunderstood
from actions.rasa.services import answerer
from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.desk import TicketState
from knowledge.document import Answer, Outcome

WAYS_ON = (Button("转人工", "转人工"), Button("登记投诉", "我要投诉"))
MAX_CONTEXT = 200
MAX_NOTE = 500


class AnswerAction(DialogueAction):
    """Says what the manual says, or that it does not; keeps the question for a follow-up."""

    action_name: ClassVar[str] = "action_answer"

    def act(self, talk: Talk) -> Events:
        """Answer what was heard."""
        question = talk.heard.text
        context = str(talk.slot("last_question") or "")
        answer = answerer().answer(question, audience=talk.audience, context=context)
        reply = reply_of(answer)
        if talk.tracker.active_loop_name:
            talk.say(_beside_a_form(reply))
        elif answer.outcome is Outcome.REFUSED:
            _refuse(talk, reply)
        else:
            talk.say(reply)
        answered = answer.outcome is Outcome.ANSWERED
        events: Events = [{"event": "slot", "name": "last_question", "value": question[:MAX_CONTEXT]}]
        if answered:
            events.append({"event": "slot", "name": "answered", "value": True})
        return events


def _refuse(talk: Talk, reply: Reply) -> None:
    """Say that the manual has no answer, or what else the sentence may have been for."""
    offer = _for_a_waiting_ticket(talk)
    if offer:
        talk.say(offer)
    elif talk.heard.intent == misunderstood.UNKNOWN:
        misunderstood.explain(talk, reply)
    else:
        talk.say(reply)


def _for_a_waiting_ticket(talk: Talk) -> Reply | None:
    """Offer to write the sentence into the ticket whose handler waits for an answer of this customer."""
    own = tickets.for_customer(talk.session, talk.turn.customer_id)
    waiting = next((ticket for ticket in own if ticket.state is TicketState.WAITING), None)
    if waiting is None:
        return None
    text = f"处理人员在等您补充工单 {waiting.number}。这句话要记到工单里吗？"
    button = Button("记到工单里", f"补充 {waiting.number}：{talk.heard.text[:MAX_NOTE]}")
    return Reply(ReplyKind.TEXT, text, {"outcome": "ticket"}, (button, *WAYS_ON))


def _beside_a_form(reply: Reply) -> Reply:
    """Leave out what else one could do: the form's own question comes next."""
    return replace(reply, data={**reply.data, "followups": []}, buttons=())


def reply_of(answer: Answer) -> Reply:
    """Return the answer as a reply: choices become buttons, a refusal brings two ways on."""
    data = {
        "outcome": str(answer.outcome),
        "citations": [asdict(citation) for citation in answer.citations],
        "followups": list(answer.followups),
    }
    if answer.choices:
        buttons = tuple(Button(choice, choice) for choice in answer.choices)
    elif answer.outcome is Outcome.ANSWERED:
        buttons = ()
    else:
        buttons = WAYS_ON
    return Reply(ReplyKind.ANSWER, answer.text, data, buttons)
