"""A drill in the chat: the assistant is the upset customer; what the trainee says belongs to the drill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.rasa.quiz_commands import chosen, declines, ends_drill, leaves_drill, wants_hint
from actions.rasa.quiz_reading import Meaning, read
from actions.rasa.quiz_slots import ATTEMPT, Mode, again, asks, ends, mode_of, place_of
from actions.rasa.services import services
from actions.rasa.talk import Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.training import AttemptState, DrillRun
from actions.training import drills
from actions.training.drills import Drill, State
from actions.training.questions import QuestionType
from knowledge.errors import WenjinError, not_found
from knowledge.text import normalise

HINT, STOP, LEAVE, OTHERS = "提示", "结束演练", "退出演练", "情景演练"
MARK = "【演练中】"
RULES = (
    "接下来我扮演客户，您说的每句话都当作对这位客户说的：说“我要投诉”不会登记，说到生命危险也不会转人工。"
    f"您自己需要帮助，请先说“{LEAVE}”。说“{HINT}”看提示，说“{STOP}”就此结束并看点评。"
)


def begin(talk: Talk) -> Events:
    """Begin the drill that is named, or list all."""
    found = list(services().drills().values())
    said = normalise(talk.heard.text)
    named = [one for one in found if normalise(one.title) in said or normalise(one.topic) in said]
    if len(named) == 1:
        return _enter(talk, named[0])
    return asks(Mode.DRILLS)


def hear(talk: Talk) -> Events:
    """Take the choice of a drill, or one line of it."""
    return _choose(talk) if mode_of(talk) is Mode.DRILLS else _line(talk)


def _choose(talk: Talk) -> Events:
    found = list(services().drills().values())
    heard = talk.heard
    place = chosen(heard.text, tuple(one.title for one in found))
    if place is not None:
        return _enter(talk, found[place])
    if declines(heard.text) or leaves_drill(heard.text) or heard.means("deny", "cancel", at_least=0.8):
        return ends("not_begun")
    meaning = read(heard, QuestionType.SINGLE, readable=False)
    if meaning in (Meaning.LEAVE, Meaning.COMPLAIN):
        return ends("complain_early" if meaning is Meaning.COMPLAIN else "not_begun")
    return [] if meaning is Meaning.INTERRUPT else again("没有这个演练，请选一个。\n")


def _enter(talk: Talk, drill: Drill) -> Events:
    run = drills.start(talk.session, user_id=str(talk.turn.user_id), drill=drill, now=talk.now)
    run.conversation_id = run.conversation_id or talk.turn.conversation_id
    known = (
        f"您知道的情况：\n{drill.intro}\n" if not run.turn else f"接着上次的演练，您已说了 {run.turn} 句。\n"
    )
    notice = f"【情景演练】{drill.title}\n{known}{RULES}\n"
    return asks(Mode.DRILL, attempt=run.id, place={"turn": run.turn}, notice=notice)


def has_ended(talk: Talk) -> bool:
    """Tell whether the run is over: finished on the page."""
    return _run(talk).state is not AttemptState.OPEN


def _line(talk: Talk) -> Events:
    text = talk.heard.text
    if leaves_drill(text) or (talk.heard.tapped and talk.heard.intent == "leave_quiz"):
        return ends("left")
    if not text:
        return again("演练还没有结束。\n")
    if wants_hint(text):
        return again(_hints(_state(talk)))
    try:
        return _stop(talk) if ends_drill(text) else _said(talk)
    except WenjinError as error:
        if error.code == "drill_changed":
            talk.say_text(error.message, OTHERS, outcome="quiz")
            return ends("nothing")
        if error.code != "bad_line":
            raise
        return again(f"{error.message}\n")


def _stop(talk: Talk) -> Events:
    if not _run(talk).turn:
        return ends("left")
    drills.finish(
        talk.session, run_id=_id(talk), user_id=str(talk.turn.user_id), drill=_drill(talk), now=talk.now
    )
    return ends("finished")


def _said(talk: Talk) -> Events:
    turn = int(place_of(talk).get("turn", 0))
    known = _run(talk).turn
    run = drills.say(
        talk.session, run_id=_id(talk), user_id=str(talk.turn.user_id), drill=_drill(talk),
        text=talk.heard.text, turn=turn, now=talk.now,
    )  # fmt: skip
    if run.state is not AttemptState.OPEN:
        return ends("finished")
    elsewhere = "" if known == turn else "这个演练在另一处接着说过了，您这句没有算进去。现在说到这里：\n"
    return again(elsewhere, turn=run.turn)


def _hints(state: State) -> str:
    if not state.hints:
        return "提示：这一句没有别的要点，照实回应客户。\n"
    return "提示：\n" + "\n".join(f"· {hint}" for hint in state.hints) + "\n"


def show(talk: Talk, notice: str) -> Events:
    """Show the list of drills, or what the customer says now."""
    if mode_of(talk) is Mode.DRILLS:
        talk.say(_list(talk, notice))
        return []
    state, run, drill = _state(talk), _run(talk), _drill(talk)
    said = state.talk[-1].text
    ways = tuple(Button(way, way) for way in (HINT, STOP, LEAVE))
    talk.say(Reply(ReplyKind.TEXT, f"{notice}{MARK}客户：{said}", _data(run, drill), ways))
    return []


def _list(talk: Talk, notice: str) -> Reply:
    last = {one.drill_id: one for one in reversed(drills.runs(talk.session, str(talk.turn.user_id)))}
    found = list(services().drills().values())
    lines = [
        f"{number}. {one.title}（{one.topic}，约 {one.minutes} 分钟{_went(last.get(one.id))}）"
        for number, one in enumerate(found, 1)
    ]
    buttons = tuple(
        Button(f"{number}. {one.title}", f"第 {number} 个演练") for number, one in enumerate(found, 1)
    )
    text = f"{notice}可以选一个情景演练，由我扮演客户：\n" + "\n".join(lines)
    return Reply(ReplyKind.TEXT, text, {"outcome": "quiz"}, (*buttons, Button("先不练", "先不练")))


def _went(run: DrillRun | None) -> str:
    if run is None:
        return ""
    return "，进行中" if run.state is AttemptState.OPEN else f"，上次 {run.score} 分"


def end(talk: Talk) -> list[Reply]:
    """Return what is said at the end: how it went, or how to go on."""
    run, drill, state = _run(talk), _drill(talk), _state(talk)
    data = _data(run, drill)
    if run.state is AttemptState.OPEN:
        text = (
            f"已退出演练《{drill.title}》，说过的话会保留。说“演练：{drill.title}”接着练，"
            f"也可以在页面上接着练：{data['drill']['url']}"
        )
        return [Reply(ReplyKind.TEXT, text, data, (_again_button("接着练", drill), Button(OTHERS, OTHERS)))]
    replies = []
    if state.at is None:
        replies.append(Reply(ReplyKind.TEXT, f"{MARK}客户：{state.talk[-1].text}", data, ()))
    ways = (_again_button("再练一次", drill), Button("换一个演练", OTHERS))
    return [*replies, Reply(ReplyKind.TEXT, _review(run, drill, state), data, ways)]


def _again_button(title: str, drill: Drill) -> Button:
    return Button(title, f"演练：{drill.title}")


def _review(run: DrillRun, drill: Drill, state: State) -> str:
    """Return points and what they come from, model lines and sentences of the manual included."""
    verdict = "通过" if run.passed else "未通过"
    parts = [f"演练结束：《{drill.title}》{run.score} / {run.max_score} 分，{verdict}。"]
    parts += _part("不该说的", [
        f"{one.title}（{one.points} 分）：{one.why}{_source(one.section, one.sentence)}"
        for one in state.broken
    ])  # fmt: skip
    parts += _part("没有做到的", [
        f"{one.title}（{one.points} 分{'，必须做到' if one.required else ''}）：可以这样说：“{one.model}”"
        f"{_source(one.section, one.sentence)}"
        for one in state.missed
    ])  # fmt: skip
    parts += _part("做到的", [f"{one.title}（{one.points} 分）" for one in state.met])
    return "\n".join(parts)


def _part(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}：", *(f"· {line}" for line in lines)] if lines else []


def _source(section: str, sentence: str) -> str:
    return f"出处：《{services().manual_title()}》{section}「{sentence}」"


def _data(run: DrillRun, drill: Drill) -> dict[str, Any]:
    finished = run.state is not AttemptState.OPEN
    marks = {"score": run.score, "passed": run.passed} if finished else {}
    return {
        "outcome": "quiz",
        "drill": {
            "run_id": run.id,
            "drill_id": drill.id,
            "title": drill.title,
            "state": str(run.state),
            "turn": run.turn,
            "max_score": run.max_score,
            "url": f"/training/drills/runs/{run.id}",
            **marks,
        },
    }


def _id(talk: Talk) -> str:
    return str(talk.slot(ATTEMPT))


def _run(talk: Talk) -> DrillRun:
    return drills.get(talk.session, _id(talk), str(talk.turn.user_id))


def _drill(talk: Talk) -> Drill:
    found = services().drills().get(_run(talk).drill_id)
    if found is None:
        raise not_found("unknown_drill", "没有这个演练。")
    return found


def _state(talk: Talk) -> State:
    return drills.play(_drill(talk), drills.lines_of(_run(talk)))
