"""The life of a complaint: its states, what may be done in each, and the time it may take."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from actions.store.tables.desk import TicketState
from knowledge.errors import conflict

# 《银行业保险业消费投诉处理管理办法》(CBIRC Order 3 of 2020): 15 calendar days where the facts are clear.
RULE = "《银行业保险业消费投诉处理管理办法》15日"
TIME_LIMIT = timedelta(days=15)

STATE_LABELS = {
    TicketState.RECEIVED: "已受理登记",
    TicketState.IN_PROGRESS: "处理中",
    TicketState.ANSWERED: "已答复",
    TicketState.CLOSED: "已办结",
    TicketState.WITHDRAWN: "已撤回",
}
OPEN_STATES = (TicketState.RECEIVED, TicketState.IN_PROGRESS, TicketState.ANSWERED)
# What still waits for the decision that the rule's time limit is about.
UNANSWERED_STATES = (TicketState.RECEIVED, TicketState.IN_PROGRESS)


class Step(StrEnum):
    """What can be done with a ticket."""

    TAKE = "take"
    REPLY = "reply"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    ADD_FACTS = "add_facts"
    NOTE = "note"


STEP_LABELS = {
    Step.TAKE: "受理",
    Step.REPLY: "答复",
    Step.CLOSE: "办结",
    Step.WITHDRAW: "撤回",
    Step.ADD_FACTS: "补充情况",
    Step.NOTE: "添加备注",
}

_R, _P, _A = TicketState.RECEIVED, TicketState.IN_PROGRESS, TicketState.ANSWERED
_C, _W = TicketState.CLOSED, TicketState.WITHDRAWN
TRANSITIONS: dict[Step, dict[TicketState, TicketState]] = {
    Step.TAKE: {_R: _P},
    Step.REPLY: {_P: _A, _A: _A},
    Step.CLOSE: {_P: _C, _A: _C},
    Step.WITHDRAW: {_R: _W, _P: _W, _A: _W},
    # New facts after an answer ask for another answer.
    Step.ADD_FACTS: {_R: _R, _P: _P, _A: _P},
    Step.NOTE: {_R: _R, _P: _P, _A: _A, _C: _C, _W: _W},
}


def after(state: TicketState, step: Step) -> TicketState:
    """Return the state after a step; raise 409 `wrong_state` where the step is not allowed."""
    following = TRANSITIONS[step].get(state)
    if following is None:
        message = f"这张工单{STATE_LABELS[state]}，现在不能{STEP_LABELS[step]}。"
        if step in (Step.REPLY, Step.CLOSE) and state is TicketState.RECEIVED:
            message = f"请先受理这张工单，再{STEP_LABELS[step]}。"
        raise conflict("wrong_state", message, state=str(state), step=str(step))
    return following


def allowed(state: TicketState) -> list[Step]:
    """Return what may be done in a state."""
    return [step for step in Step if state in TRANSITIONS[step]]


def due(created_at: datetime) -> datetime:
    """Return when a complaint has to be decided: 15 calendar days after it was received."""
    return created_at + TIME_LIMIT
