"""Answer a question from the manual."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import ClassVar

from actions.rasa.services import answerer
from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from knowledge.document import Answer, Outcome

WAYS_ON = (Button("转人工", "转人工"), Button("登记投诉", "我要投诉"))
MAX_CONTEXT = 200


class AnswerAction(DialogueAction):
    """Says what the manual says, or that it does not; keeps the question for a follow-up."""

    action_name: ClassVar[str] = "action_answer"

    def act(self, talk: Talk) -> Events:
        """Answer what was heard."""
        question = talk.heard.text
        context = str(talk.slot("last_question") or "")
        answer = answerer().answer(question, audience=talk.audience, context=context)
        talk.say(_beside_a_form(reply_of(answer)) if talk.tracker.active_loop_name else reply_of(answer))
        answered = answer.outcome is Outcome.ANSWERED
        events: Events = [{"event": "slot", "name": "last_question", "value": question[:MAX_CONTEXT]}]
        if answered:
            events.append({"event": "slot", "name": "answered", "value": True})
        return events


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
