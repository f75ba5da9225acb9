"""The quiz form: practice, the review book, papers and drills, each taken up again where it was left."""

from __future__ import annotations

from typing import ClassVar

from actions.rasa import quiz_drill, quiz_exam, quiz_papers, quiz_practice
from actions.rasa.form import answers_now, keeps_silent, opens_now, request
from actions.rasa.quiz_commands import Wish, wish_of
from actions.rasa.quiz_slots import (
    ANSWER,
    ATTEMPT,
    END,
    FORGOTTEN,
    FORM,
    NOTICE,
    STAFF_ONLY,
    Mode,
    ends,
    mode_of,
)
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.training import attempts, daily
from knowledge.document import Audience
from knowledge.errors import WenjinError

SHOWN_RESULTS = 3
NOT_FOUND = 404
_CHOOSING = (Mode.PAPERS, Mode.BEGIN)
_EXAM = (Mode.EXAM, Mode.HAND_IN)
_BACK = {
    Mode.PRACTICE: "我们接着做测验。",
    Mode.PAPERS: "我们接着选试卷。\n",
    Mode.BEGIN: "",
    Mode.EXAM: "我们接着考试，计时没有停。\n",
    Mode.HAND_IN: "",
    Mode.DRILLS: "",
    Mode.DRILL: "",
}


class ValidateQuizForm(DialogueAction):
    """Takes each sentence said during the quiz: an answer, a question in between, or the wish to leave."""

    action_name: ClassVar[str] = f"validate_{FORM}"

    def act(self, talk: Talk) -> Events:
        """Mark or keep the answer, or leave the sentence to the rules; what is gone ends the form."""
        if opens_now(talk.tracker.events, FORM):
            return _open(talk)
        if talk.turn.user_id is None:
            return ends("refused")
        try:
            return _listen(talk, mode_of(talk))
        except WenjinError as error:
            if error.status != NOT_FOUND:
                raise
            talk.say_text(error.message, outcome="quiz")
            return ends("nothing")


def _open(talk: Talk) -> Events:
    """Open what the sentence asks for."""
    if talk.audience is not Audience.STAFF or talk.turn.user_id is None:
        return [*set_slots({END: "refused", ATTEMPT: None}), request(None)]
    match wish_of(talk.heard.text):
        case Wish.EXAM:
            return quiz_papers.begin(talk)
        case Wish.DRILL:
            return quiz_drill.begin(talk)
        case Wish.REVIEW:
            return quiz_practice.begin_review(talk, talk.turn.user_id)
        case _:
            return quiz_practice.begin(talk, talk.turn.user_id)


def _listen(talk: Talk, mode: Mode) -> Events:
    if _is_over(talk, mode):
        return ends("over")
    if not answers_now(talk.tracker.events, FORM):
        return [*set_slots({NOTICE: _BACK[mode]}), request(ANSWER)]
    return _hear(talk, mode)


def _is_over(talk: Talk, mode: Mode) -> bool:
    if mode in _EXAM:
        return quiz_exam.has_ended(talk)
    if mode is Mode.DRILL:
        return quiz_drill.has_ended(talk)
    return mode is Mode.PRACTICE and quiz_practice.current(talk) is None


def _hear(talk: Talk, mode: Mode) -> Events:
    if mode in _EXAM:
        return quiz_exam.hear(talk)
    if mode is Mode.DRILL:
        return quiz_drill.hear(talk)
    if _wants_another(talk, mode):
        return _open(talk)
    if mode is Mode.DRILLS:
        return quiz_drill.hear(talk)
    return quiz_papers.hear(talk) if mode in _CHOOSING else quiz_practice.hear(talk)


def _wants_another(talk: Talk, mode: Mode) -> bool:
    """Tell whether something else is to be opened: practice and lists hold nobody."""
    wish = wish_of(talk.heard.text)
    sure = not talk.heard.tapped and talk.heard.means("start_quiz", at_least=0.8)
    other = {Wish.EXAM: mode not in _CHOOSING, Wish.DRILL: mode is not Mode.DRILLS}
    return sure and other.get(wish, mode is not Mode.PRACTICE)


class AskQuizAnswer(DialogueAction):
    """Shows what is asked now: a question, a list, a customer's words."""

    action_name: ClassVar[str] = f"action_ask_{ANSWER}"

    def act(self, talk: Talk) -> Events:
        """Show it; in danger nothing is asked, except in a drill, where danger is part of the text."""
        mode, notice = mode_of(talk), str(talk.slot(NOTICE) or "")
        if mode is not Mode.DRILL and keeps_silent(talk.heard):
            return set_slots({NOTICE: ""})
        if mode in _EXAM:
            events = quiz_exam.show(talk, notice)
        elif mode in (Mode.DRILL, Mode.DRILLS):
            events = quiz_drill.show(talk, notice)
        elif mode in _CHOOSING:
            events = quiz_papers.show(talk, notice)
        else:
            events = quiz_practice.show(talk, notice)
        return [*events, *set_slots({NOTICE: ""})]


class EndQuiz(DialogueAction):
    """Tells the result, or how to go on later."""

    action_name: ClassVar[str] = "action_quiz_end"

    def act(self, talk: Talk) -> Events:
        """Say how it ended."""
        how, mode = str(talk.slot(END) or ""), mode_of(talk)
        if how == "refused":
            talk.say_text(STAFF_ONLY, outcome="refused")
        elif how == "not_begun":
            talk.say_text("好的，没有开始。", "我要考试", "开始测验", "情景演练", outcome="quiz")
        elif how == "complain_early":
            talk.say_text("好的。现在可以登记投诉。", "我要投诉", outcome="quiz")
        elif how != "nothing":
            _say_end(talk, mode, how)
        return set_slots(FORGOTTEN)


def _say_end(talk: Talk, mode: Mode, how: str) -> None:
    if mode in _EXAM:
        replies = quiz_exam.end(talk, how)
    elif mode is Mode.DRILL:
        replies = quiz_drill.end(talk)
    else:
        replies = quiz_practice.end(talk, how)
    for reply in replies:
        talk.say(reply)


class MyResults(DialogueAction):
    """Tells a member of staff the last results."""

    action_name: ClassVar[str] = "action_my_results"

    def act(self, talk: Talk) -> Events:
        """Tell the newest results, or that there are none."""
        if talk.audience is not Audience.STAFF or talk.turn.user_id is None:
            talk.say_text(STAFF_ONLY, outcome="refused")
            return []
        if wish_of(talk.heard.text) is Wish.REVIEW:
            talk.say(quiz_practice.book_reply(daily.standing(talk.session, talk.turn.user_id, talk.now)))
            return []
        found = attempts.results(talk.session, talk.turn.user_id)[:SHOWN_RESULTS]
        if not found:
            talk.say_text("您还没有完成过测验。说“开始测验”可以做一份。", "开始测验", outcome="quiz")
        for result in found:
            talk.say(quiz_practice.result_reply(talk.session, result))
        return []
