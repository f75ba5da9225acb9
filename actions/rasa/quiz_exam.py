"""An exam in the chat: each answer is kept at once and marked at the end; the attempt is that of the page."""

from __future__ import annotations

from dataclasses import replace

from actions.rasa import quiz_words
from actions.rasa.quiz_commands import Command, Do, command_of, confirms_hand_in, declines, goes_on
from actions.rasa.quiz_reading import Meaning, read
from actions.rasa.quiz_slots import ATTEMPT, PLACE, Mode, again, asks, ends, mode_of, place_of
from actions.rasa.talk import Events, Talk, set_slots
from actions.service.replies import Reply
from actions.training import attempts, exams, plans
from actions.training.exams import Kept, Sheet
from actions.training.grading import HOW_TO_ANSWER
from actions.training.views import Attempt, ShownItem
from knowledge.errors import WenjinError

ENDED = frozenset({"time_over", "attempt_finished"})


def enter(talk: Talk, attempt_id: str, notice: str) -> Events:
    """Go on with an attempt at its first open question; one that is marked at once goes on as practice."""
    sheet = _sheet(talk, attempt_id)
    notice += f"已答 {sheet.answered} 题，共 {sheet.attempt.total} 题。\n" if sheet.answered else "\n"
    if sheet.attempt.marked_at_once:
        return asks(Mode.PRACTICE, attempt=attempt_id, notice=notice)
    return asks(Mode.EXAM, attempt=attempt_id, place={"index": _open_after(sheet, 0) or 1}, notice=notice)


def has_ended(talk: Talk) -> bool:
    """Tell whether the attempt is over: handed in elsewhere, or by the clock, which is kept here too."""
    user_id = str(talk.turn.user_id)
    exams.settle(talk.session, user_id=user_id, now=talk.now)
    return attempts.open_by_id(talk.session, _id(talk), user_id) is None


def hear(talk: Talk) -> Events:
    """Take an answer, a wish about the paper, or leave the sentence to the rules."""
    if mode_of(talk) is Mode.HAND_IN:
        return _hear_hand_in(talk)
    command = command_of(talk.heard.text)
    if command is None:
        return _answer(talk, _index(talk), talk.heard.text)
    named = command.do in (Do.GO, Do.ANSWER)
    if named and not 1 <= command.index <= _sheet(talk).attempt.total:
        return again(f"这份试卷没有第 {command.index} 题。\n")
    return _do(talk, command)


def _hear_hand_in(talk: Talk) -> Events:
    text, heard = talk.heard.text, talk.heard
    if confirms_hand_in(text) or (not text and heard.means("affirm")):
        exams.hand_in(talk.session, attempt_id=_id(talk), user_id=str(talk.turn.user_id), now=talk.now)
        return ends("finished")
    back = asks(Mode.EXAM, attempt=_id(talk), place=place_of(talk))
    if goes_on(text) or declines(text) or heard.means("deny", at_least=0.8):
        return back
    command = command_of(text)
    if command:
        return back if command.do is Do.NEXT else _do(talk, command)
    meaning = read(heard, _item(talk, _index(talk)).type, readable=False)
    if meaning in (Meaning.LEAVE, Meaning.COMPLAIN):
        return ends(str(meaning))
    return [] if meaning is Meaning.INTERRUPT else again()


def _do(talk: Talk, command: Command) -> Events:
    index = _index(talk)
    match command.do:
        case Do.ANSWER:
            return _answer(talk, command.index, command.given)
        case Do.GO:
            return _shown(talk, command.index)
        case Do.PREVIOUS | Do.NEXT:
            return _step(talk, index + (1 if command.do is Do.NEXT else -1))
        case Do.FLAG | Do.UNFLAG:
            return _saved(talk, index, flagged=command.do is Do.FLAG) or again()
        case Do.CLEAR:
            return _saved(talk, index, given="") or again()
        case Do.SHEET:
            return _moved(talk, view="sheet")
        case Do.HAND_IN:
            return asks(Mode.HAND_IN, attempt=_id(talk), place=place_of(talk))


def _step(talk: Talk, index: int) -> Events:
    total = _sheet(talk).attempt.total
    if index < 1:
        return again("已经是第一题。\n")
    if index > total:
        return _moved(talk, "已经是最后一题。\n", view="sheet")
    return _shown(talk, index)


def _answer(talk: Talk, index: int, given: str) -> Events:
    item = _item(talk, index)
    heard = replace(talk.heard, text=given)
    named = given != talk.heard.text
    if named or read(heard, item.type, readable=True) is Meaning.ANSWER:
        taken = _saved(talk, index, given=given)
        if taken is not None:
            return taken
    if named:
        return _shown(talk, index, f"{HOW_TO_ANSWER[item.type]}\n")
    return _not_taken(read(heard, item.type, readable=False), item)


def _not_taken(meaning: Meaning, item: ShownItem) -> Events:
    match meaning:
        case Meaning.INTERRUPT:
            return []
        case Meaning.LEAVE | Meaning.COMPLAIN:
            return ends(str(meaning))
        case Meaning.AGAIN:
            return again("您正在考试，交卷或退出考试后再做别的。\n")
        case _:
            return again(f"{HOW_TO_ANSWER[item.type]}\n")


def _saved(talk: Talk, index: int, *, given: str | None = None, flagged: bool | None = None) -> Events | None:
    """Keep an answer or a flag and return what is asked next; None where the answer cannot be read."""
    try:
        kept = exams.save(
            talk.session,
            attempt_id=_id(talk),
            user_id=str(talk.turn.user_id),
            index=index,
            given=given,
            flagged=flagged,
            seen=int(place_of(talk).get("seen", {}).get(str(index), 0)) if given is not None else None,
            now=talk.now,
        )
    except WenjinError as error:
        return _refused(talk, index, error)
    if flagged is not None:
        said = "已标记" if flagged else "已取消标记"
        return _shown(talk, index, f"{said}第 {index} 题。\n")
    if not kept.given:
        return _shown(talk, index, f"第 {index} 题的答案已清空。\n")
    return _next(talk, index, kept)


def _refused(talk: Talk, index: int, error: WenjinError) -> Events | None:
    if error.code in ENDED:
        return ends("over")
    if error.code == "unreadable_answer":
        return None
    if error.code == "changed_elsewhere":
        return _shown(talk, index, f"{error.message}\n")
    raise error


def _next(talk: Talk, index: int, kept: Kept) -> Events:
    sheet = _sheet(talk)
    notice = f"第 {index} 题已保存：{'、'.join(kept.given)}。"
    following = _open_after(sheet, index)
    if following:
        return _moved(talk, f"{notice}\n", index=following, seq=(index, kept.seq))
    return _moved(talk, f"{notice}\n", index=index, seq=(index, kept.seq), view="sheet")


def _open_after(sheet: Sheet, index: int) -> int | None:
    """Return the next question without an answer after a place, from the beginning where there is none."""
    missing = [one.index for one in sheet.places if not one.answered]
    return next((one for one in missing if one > index), missing[0] if missing else None)


def _shown(talk: Talk, index: int, notice: str = "") -> Events:
    return _moved(talk, notice, index=index)


def _moved(
    talk: Talk, notice: str = "", *, index: int = 0, view: str = "", seq: tuple[int, int] | None = None
) -> Events:
    """Return the events that show another question, or the overview."""
    place = {**place_of(talk), "view": view}
    if index:
        place["index"] = index
    if seq:
        place["seen"] = {**place.get("seen", {}), str(seq[0]): seq[1]}
    return asks(Mode.EXAM, attempt=_id(talk), place=place, notice=notice)


def show(talk: Talk, notice: str) -> Events:
    """Show the question, the overview, or what is to be confirmed; remember what was seen of it."""
    sheet = _sheet(talk)
    place = place_of(talk)
    if mode_of(talk) is Mode.HAND_IN:
        talk.say(quiz_words.hand_in_reply(sheet, notice=notice, now=talk.now))
        return []
    if place.get("view"):
        talk.say(quiz_words.sheet_reply(sheet, notice=notice, now=talk.now))
        return set_slots({PLACE: {**place, "view": ""}})
    if notice.strip():  # a card of its own shows the question alone
        talk.say_text(notice.strip(), outcome="quiz")
    index = _index(talk)
    kept = exams.kept(talk.session, attempt_id=_id(talk), user_id=str(talk.turn.user_id), index=index)
    talk.say(quiz_words.exam_item(_item(talk, index), kept, sheet, now=talk.now))
    return set_slots({PLACE: {**place, "seen": {**place.get("seen", {}), str(index): kept.seq}}})


def end(talk: Talk, how: str) -> list[Reply]:
    """Return what is said at the end: the result, or that the clock goes on."""
    sheet, user_id = _sheet(talk), str(talk.turn.user_id)
    paper = plans.get(talk.session, str(sheet.attempt.paper_id))
    if sheet.attempt.is_open:
        then = "\n现在可以登记投诉。" if how == Meaning.COMPLAIN else ""
        return [quiz_words.left_reply(sheet, paper.title, then=then, now=talk.now)]
    result = attempts.finish(talk.session, attempt_id=sheet.attempt.id, user_id=user_id, now=talk.now)
    review = attempts.review(talk.session, attempt_id=sheet.attempt.id, user_id=user_id, now=talk.now)
    return quiz_words.exam_result(
        result, paper, review, _why_over(how, sheet.attempt, by_clock=result.by_deadline)
    )


def _why_over(how: str, attempt: Attempt, *, by_clock: bool) -> str:
    if by_clock:
        return f"考试时间已到，已按保存的答案交卷（已答 {attempt.answered} / {attempt.total} 题）。"
    return "" if how == "finished" else "这份试卷已经在另一处交卷。"


def _id(talk: Talk) -> str:
    return str(talk.slot(ATTEMPT))


def _index(talk: Talk) -> int:
    return int(place_of(talk).get("index", 1))


def _sheet(talk: Talk, attempt_id: str = "") -> Sheet:
    return exams.sheet(talk.session, attempt_id=attempt_id or _id(talk), user_id=str(talk.turn.user_id))


def _item(talk: Talk, index: int) -> ShownItem:
    return attempts.item(talk.session, attempt_id=_id(talk), user_id=str(talk.turn.user_id), item_index=index)
