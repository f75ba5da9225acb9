"""The life of a complaint in one table: its states, what may be done in each, and by whom."""

from __future__ import annotations

from enum import StrEnum

from actions.store.tables.desk import TicketState
from knowledge.errors import conflict

STATE_LABELS = {
    TicketState.RECEIVED: "已登记",
    TicketState.ACKNOWLEDGED: "已受理",
    TicketState.IN_PROGRESS: "处理中",
    TicketState.WAITING: "等客户补充",
    TicketState.ESCALATED: "已升级",
    TicketState.DECIDED: "已答复",
    TicketState.REOPENED: "重新处理",
    TicketState.CLOSED: "已办结",
    TicketState.WITHDRAWN: "已撤回",
}


class Step(StrEnum):
    """What can be done with a ticket."""

    TAKE = "take"
    ASSIGN = "assign"
    RELEASE = "release"
    ASSESS = "assess"
    REPLY = "reply"
    ASK = "ask"
    RESUME = "resume"
    ASK_TIME = "ask_time"
    GRANT_TIME = "grant_time"
    REFUSE_TIME = "refuse_time"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    DECIDE = "decide"
    CLOSE = "close"
    ESCALATE = "escalate"
    REOPEN = "reopen"
    MERGE = "merge"
    MOVE = "move"
    BAR = "bar"
    NOTE = "note"
    ADD_FACTS = "add_facts"
    REVIEW = "review"
    WITHDRAW = "withdraw"


STEP_LABELS = {
    Step.TAKE: "受理",
    Step.ASSIGN: "分派",
    Step.RELEASE: "退回队列",
    Step.ASSESS: "定性",
    Step.REPLY: "回复客户",
    Step.ASK: "请客户补充",
    Step.RESUME: "继续处理",
    Step.ASK_TIME: "申请延期",
    Step.GRANT_TIME: "批准延期",
    Step.REFUSE_TIME: "不批准延期",
    Step.PAUSE: "暂停计时",
    Step.UNPAUSE: "恢复计时",
    Step.DECIDE: "答复处理决定",
    Step.CLOSE: "办结",
    Step.ESCALATE: "升级",
    Step.REOPEN: "重新处理",
    Step.MERGE: "并入另一张工单",
    Step.MOVE: "转到别的队列",
    Step.BAR: "回避",
    Step.NOTE: "添加备注",
    Step.ADD_FACTS: "补充情况",
    Step.REVIEW: "申请核查",
    Step.WITHDRAW: "撤回",
}


class Who(StrEnum):
    """In which part somebody acts on a ticket. A supervisor may all that its handler may."""

    CUSTOMER = "customer"
    HANDLER = "handler"  # any handler who is not barred
    FREE = "free"  # any of these while nobody has the ticket
    OWNER = "owner"  # the handler who has it
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


_R, _A, _P = TicketState.RECEIVED, TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS
_WT, _E, _D = TicketState.WAITING, TicketState.ESCALATED, TicketState.DECIDED
_RO, _C, _WD = TicketState.REOPENED, TicketState.CLOSED, TicketState.WITHDRAWN

# What still waits for the decision that the time limit is about.
PENDING = (_R, _RO, _E, _A, _P, _WT)
OPEN_STATES = (*PENDING, _D)
OVER = (_C, _WD)
_AT_WORK = (_A, _P, _WT, _E)


def _stay(*states: TicketState) -> dict[TicketState, TicketState]:
    return {state: state for state in states}


def _back() -> dict[TicketState, TicketState]:
    """Return where tickets stand once nobody has them any more: what was at work waits to be taken again."""
    return {**_stay(_R, _RO, _E), _A: _R, _P: _R, _WT: _R}


# From which state to which a step leads. A step that is missing for a state is not allowed in it.
TRANSITIONS: dict[Step, dict[TicketState, TicketState]] = {
    Step.TAKE: {_R: _A, _RO: _A, _E: _P},
    Step.ASSIGN: {**_stay(_R, _RO, _A, _P, _WT), _E: _P},
    Step.RELEASE: _back(),
    Step.ASSESS: {_A: _P, _P: _P, _WT: _WT, _E: _E},
    Step.REPLY: {_A: _P, _P: _P, _WT: _WT, _E: _E, _D: _D},
    Step.ASK: {_A: _WT, _P: _WT, _WT: _WT, _E: _E},
    Step.RESUME: {_WT: _P},
    Step.ASK_TIME: _stay(*_AT_WORK),
    Step.GRANT_TIME: _stay(_R, *_AT_WORK),
    Step.REFUSE_TIME: _stay(_R, *_AT_WORK),
    Step.PAUSE: _stay(*_AT_WORK),
    Step.UNPAUSE: _stay(_R, *_AT_WORK),
    Step.DECIDE: {_A: _D, _P: _D, _WT: _D, _E: _D},
    Step.CLOSE: {_D: _C},
    Step.ESCALATE: {_R: _E, _RO: _E, _A: _E, _P: _E, _WT: _E},
    Step.REOPEN: {_D: _RO, _C: _RO},
    Step.MERGE: dict.fromkeys(PENDING, _C),
    Step.MOVE: _back(),
    Step.BAR: _stay(*PENDING),
    Step.NOTE: _stay(*TicketState),
    # What a customer adds ends the waiting; after a decision it starts another round.
    Step.ADD_FACTS: {**_stay(_R, _RO, _E, _A, _P), _WT: _P, _D: _RO, _C: _RO},
    Step.REVIEW: {_D: _RO, _C: _RO},
    Step.WITHDRAW: dict.fromkeys(PENDING, _WD),
}

_OWN = frozenset({Who.OWNER, Who.SUPERVISOR})
_ANY = frozenset({Who.HANDLER, Who.OWNER, Who.SUPERVISOR})
_FREE = frozenset({Who.FREE, Who.OWNER, Who.SUPERVISOR})
_TOP = frozenset({Who.SUPERVISOR})
WHO: dict[Step, frozenset[Who]] = {
    Step.TAKE: _FREE,
    Step.ASSIGN: _TOP | {Who.SYSTEM},
    Step.RELEASE: _OWN,
    Step.ASSESS: _OWN,
    Step.REPLY: _OWN,
    Step.ASK: _OWN,
    Step.RESUME: _OWN,
    Step.ASK_TIME: _OWN,
    Step.GRANT_TIME: _TOP,
    Step.REFUSE_TIME: _TOP,
    Step.PAUSE: _OWN,
    Step.UNPAUSE: _OWN,
    Step.DECIDE: _OWN,
    Step.CLOSE: _OWN | {Who.SYSTEM},
    Step.ESCALATE: _OWN | {Who.HANDLER, Who.SYSTEM},
    Step.REOPEN: _TOP,
    Step.MERGE: _FREE,
    Step.MOVE: _FREE,
    Step.BAR: _ANY,
    Step.NOTE: _ANY,
    Step.ADD_FACTS: frozenset({Who.CUSTOMER}),
    Step.REVIEW: frozenset({Who.CUSTOMER}),
    Step.WITHDRAW: frozenset({Who.CUSTOMER}),
}
# What is before the supervisors only they hand on.
RESERVED = {(Step.TAKE, _E): _TOP}


def after(state: TicketState, step: Step) -> TicketState:
    """Return the state after a step; raise 409 `wrong_state` where the step is not allowed."""
    following = TRANSITIONS[step].get(state)
    if following is None:
        raise conflict("wrong_state", _why(state, step), state=str(state), step=str(step))
    return following


def _why(state: TicketState, step: Step) -> str:
    """Say why a step is not possible, and what to do first where there is something."""
    if state in (_R, _RO) and step in (Step.REPLY, Step.ASK, Step.ASSESS, Step.DECIDE, Step.CLOSE):
        return f"请先受理这张工单，再{STEP_LABELS[step]}。"
    if step is Step.CLOSE and state in PENDING:
        return "请先答复处理决定，再办结。"
    return f"这张工单{STATE_LABELS[state]}，现在不能{STEP_LABELS[step]}。"


def who(step: Step, state: TicketState) -> frozenset[Who]:
    """Return in which parts a step may be done in a state."""
    return RESERVED.get((step, state), WHO[step])


def allowed(state: TicketState, *parts: Who) -> list[Step]:
    """Return what may be done in a state by somebody who acts in any of these parts."""
    return [s for s in Step if state in TRANSITIONS[s] and (not parts or who(s, state) & set(parts))]
