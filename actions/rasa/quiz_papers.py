"""Which paper: what is open for somebody as a list, then a confirmation, then the clock runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from actions.rasa import quiz_exam
from actions.rasa.quiz_commands import begins, chosen, declines, resumes
from actions.rasa.quiz_reading import Meaning, read
from actions.rasa.quiz_slots import Mode, asks, ends, mode_of, place_of
from actions.rasa.quiz_words import before_reply, paper_line
from actions.rasa.services import services
from actions.rasa.talk import Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.training import PaperState
from actions.training import exams, plans
from actions.training.exams import Standing
from actions.training.questions import QuestionType
from knowledge.errors import WenjinError

MOST = 8
NONE_OPEN = "现在没有给您开放的试卷。可以先做一份练习，或复习错题。"
_TITLE = 16  # letters of a title on a button


def begin(talk: Talk) -> Events:
    """List the papers; what runs already is gone on with at once where only that can be meant."""
    user_id = str(talk.turn.user_id)
    exams.settle(talk.session, user_id=user_id, now=talk.now)
    found = open_papers(talk.session, user_id, talk.now)[:MOST]
    running = [one.open_id for one in found if one.open_id]
    if resumes(talk.heard.text) and len(running) == 1:
        return quiz_exam.enter(talk, str(running[0]), "接着上次的作答。")
    if not found:
        talk.say_text(NONE_OPEN, "开始测验", "错题再练一遍", outcome="quiz")
        return ends("nothing")
    return asks(Mode.PAPERS, place={"papers": [one.paper.id for one in found]})


def open_papers(s: Session, user_id: str, now: datetime) -> list[Standing]:
    """Return what somebody may take or has to: what runs first, then what is due, then what is open."""
    papers = [one for one in plans.all_papers(s) if one.state is not PaperState.DRAFT]
    found = [exams.standing(s, one, user_id, now) for one in papers]
    shown = [one for one in found if _concerns(one)]
    return sorted(shown, key=lambda one: (not one.open_id, not one.due, one.due.due_at if one.due else now))


def _concerns(one: Standing) -> bool:
    closed = one.refusal is not None and one.refusal.code == "paper_closed"
    return not closed or (one.due is not None and one.paper.state is PaperState.OPEN)


def hear(talk: Talk) -> Events:
    """Take the choice of a paper, or the word to begin it."""
    heard = talk.heard
    if declines(heard.text) or heard.means("deny", "cancel", at_least=0.8):
        return ends("not_begun")
    taken = _confirmed(talk) if mode_of(talk) is Mode.BEGIN else _chosen(talk)
    if taken is not None:
        return taken
    meaning = read(heard, QuestionType.SINGLE, readable=False)
    if meaning in (Meaning.LEAVE, Meaning.COMPLAIN):
        return ends("complain_early" if meaning is Meaning.COMPLAIN else "not_begun")
    return [] if meaning is Meaning.INTERRUPT else asks(mode_of(talk), place=place_of(talk))


def _chosen(talk: Talk) -> Events | None:
    papers = [plans.get(talk.session, one) for one in place_of(talk)["papers"]]
    only = len(papers) == 1 and begins(talk.heard.text)
    place = 0 if only else chosen(talk.heard.text, tuple(one.title for one in papers))
    if place is None:
        return None
    one = exams.standing(talk.session, papers[place], str(talk.turn.user_id), talk.now)
    if one.open_id:
        return quiz_exam.enter(talk, one.open_id, "接着上次的作答。")
    if one.refusal:
        return asks(Mode.PAPERS, place=place_of(talk), notice=f"{one.refusal.message}\n")
    return asks(Mode.BEGIN, place={"paper": one.paper.id})


def _confirmed(talk: Talk) -> Events | None:
    if not begins(talk.heard.text) and not talk.heard.means("affirm", at_least=0.8):
        return None
    try:
        attempt = exams.start(
            talk.session,
            paper_id=str(place_of(talk)["paper"]),
            user_id=str(talk.turn.user_id),
            conversation_id=talk.turn.conversation_id,
            seed=talk.turn.rng.getrandbits(63),
            manual_version=services().manual_version(),
            now=talk.now,
        )
    except WenjinError as error:
        talk.say_text(error.message, outcome="quiz")
        return ends("nothing")
    return quiz_exam.enter(talk, attempt.id, "开始作答。")


def show(talk: Talk, notice: str) -> Events:
    """Show the list of papers, or the rules of the one that was chosen."""
    user_id = str(talk.turn.user_id)
    place = place_of(talk)
    if mode_of(talk) is Mode.BEGIN:
        paper = plans.get(talk.session, str(place["paper"]))
        reply = before_reply(exams.standing(talk.session, paper, user_id, talk.now))
        talk.say(Reply(reply.kind, notice + reply.text, reply.data, reply.buttons))
        return []
    papers = [plans.get(talk.session, one) for one in place["papers"]]
    found = [exams.standing(talk.session, one, user_id, talk.now) for one in papers]
    lines = [f"{number}. {_line(talk, one)}" for number, one in enumerate(found, 1)]
    buttons = [
        Button(_title(number, one), f"第 {number} 份试卷")
        for number, one in enumerate(found, 1)
        if not one.refusal
    ]
    text = f"{notice}您可以作答的试卷：\n" + "\n".join(lines)
    talk.say(Reply(ReplyKind.TEXT, text, {"outcome": "quiz"}, (*buttons, Button("先不考", "先不考"))))
    return []


def _line(talk: Talk, one: Standing) -> str:
    running = (
        exams.sheet(talk.session, attempt_id=one.open_id, user_id=str(talk.turn.user_id))
        if one.open_id
        else None
    )
    return paper_line(one, talk.now, running)


def _title(number: int, one: Standing) -> str:
    title = one.paper.title
    short = title if len(title) <= _TITLE else f"{title[:_TITLE]}…"
    return f"{number}. {'继续：' if one.open_id else ''}{short}"
