"""What the quiz form remembers between two sentences: what it does, at what, and where in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from actions.rasa.form import request
from actions.rasa.talk import Events, Talk, set_slots

FORM = "quiz_form"
ANSWER, ATTEMPT, NOTICE, END = "quiz_answer", "quiz_attempt", "quiz_notice", "quiz_end"
MODE, PLACE = "quiz_mode", "quiz_place"
LEAVE = "退出测验"
STAFF_ONLY = "测验是给本机构员工用的，需要员工登录后才能做。您可以问我服务流程、投诉处理这类问题。"
FORGOTTEN: dict[str, None] = dict.fromkeys([ANSWER, ATTEMPT, NOTICE, END, MODE, PLACE])


class Mode(StrEnum):
    """What the form does: choosing and confirming come before a paper or a drill."""

    PRACTICE = "practice"
    PAPERS = "papers"
    BEGIN = "begin"
    EXAM = "exam"
    HAND_IN = "hand_in"
    DRILLS = "drills"
    DRILL = "drill"


def mode_of(talk: Talk) -> Mode:
    """Return what the form does now."""
    return Mode(talk.slot(MODE) or Mode.PRACTICE)


def place_of(talk: Talk) -> dict[str, Any]:
    """Return where the form is in what it does; empty at its beginning."""
    return dict(talk.slot(PLACE) or {})


def asks(
    mode: Mode, *, attempt: str | None = None, place: Mapping[str, Any] | None = None, notice: str = ""
) -> Events:
    """Return the events that ask next; `notice` is said before what is asked."""
    values = {ANSWER: None, END: None, MODE: str(mode), ATTEMPT: attempt, NOTICE: notice}
    return [*set_slots({**values, PLACE: dict(place or {})}), request(ANSWER)]


def again(notice: str = "", **place: Any) -> Events:
    """Return the events that ask again; a given place takes the place of the one before."""
    moved = {PLACE: place} if place else {}
    return [*set_slots({ANSWER: None, NOTICE: notice, **moved}), request(ANSWER)]


def ends(how: str) -> Events:
    """Return the events that end the form; how it ended decides what is said."""
    return [*set_slots({ANSWER: None, END: how}), request(None)]
