"""What may be done with a ticket now, by this person, as forms: the likeliest step first, few beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import categories, life, triage
from actions.desk.clock import Clock
from actions.desk.counts import loads
from actions.desk.life import STEP_LABELS, Step
from actions.desk.rules import EXTENSIONS, rules_of
from actions.desk.steps import parts_of
from actions.desk.work import refuse_extension
from actions.service import accounts
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import WenjinError

LEVELS = {
    "severity": ("严重程度", "给客户造成的损失或伤害"),
    "complexity": ("复杂程度", "查清要牵涉多少人和系统"),
    "impact": ("影响", "还有多少客户会遇到"),
    "urgency": ("紧急程度", "晚一天会不会更糟"),
}
LEVEL_NAMES = {1: "低", 2: "中", 3: "高"}
KEYS = {Step.TAKE: "a", Step.REPLY: "r", Step.NOTE: "n"}
BESIDE = (Step.REPLY, Step.ASK, Step.NOTE)
MOST_BESIDE = 3
LIKELY = 0.5  # a proposal from here on is chosen beforehand
CANNED = frozenset({Step.REPLY, Step.ASK, Step.DECIDE})


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `kind` is "text", "line", "choice" or "levels"."""

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    required: bool = True
    options: Sequence[Option] = ()
    value: str = ""
    rows: int = 4


@dataclass(frozen=True, slots=True)
class Form:
    """One step: its fields, what it does, and what its button says. Without fields it is only a button."""

    step: Step
    title: str
    submit: str
    effect: str = ""
    fields: Sequence[Field] = ()
    key: str = ""
    open: bool = False
    canned: bool = False


@dataclass(frozen=True, slots=True)
class Acts:
    """The steps that are offered: the likeliest one, a few beside it, and the rest."""

    main: Form | None = None
    beside: Sequence[Form] = ()
    more: Sequence[Form] = ()

    @property
    def forms(self) -> list[Form]:
        """Return all of them."""
        return [*([self.main] if self.main else []), *self.beside, *self.more]


@dataclass(frozen=True, slots=True)
class Desk:
    """A ticket before somebody of the house, at a time, with its clock."""

    s: Session
    ticket: Ticket
    user: User
    clock: Clock
    now: datetime

    def longer(self) -> list[str]:
        """Return the kinds of longer period that can be asked for now."""
        return [kind for kind in EXTENSIONS if self._may_be(kind)]

    def _may_be(self, kind: str) -> bool:
        try:
            refuse_extension(self.clock, rules_of(self.s), kind, self.now)
        except WenjinError:
            return False
        return True


def acts(desk: Desk, *, open_step: str = "", typed: Mapping[str, str] | None = None) -> Acts:
    """Return what somebody may do with a ticket; `typed` fills the fields of the step that is open."""
    steps = offered(desk)
    main = likeliest(desk, steps)
    beside = [step for step in BESIDE if step in steps and step is not main][:MOST_BESIDE]
    if main is Step.GRANT_TIME:
        beside = [Step.REFUSE_TIME, *beside[: MOST_BESIDE - 1]]
    more = [step for step in steps if step is not main and step not in beside]

    def made(step: Step) -> Form:
        form = _form(desk, step)
        return _opened(form, typed or {}) if step == open_step else form

    return Acts(made(main) if main else None, [*map(made, beside)], [*map(made, more)])


def offered(desk: Desk) -> list[Step]:
    """Return the steps that the table, the person's part in it and the ticket's columns allow now."""
    parts = parts_of(desk.user, desk.ticket)
    if not parts:
        return []
    possible = life.allowed(desk.ticket.state, *parts)
    return [step for step in TITLES if step in possible and _CONDITIONS.get(step, _always)(desk)]


def likeliest(desk: Desk, steps: Sequence[Step]) -> Step | None:
    """Return what is most likely done next."""
    ticket, own = desk.ticket, desk.ticket.handler_id == desk.user.id
    order = [Step.GRANT_TIME, Step.UNPAUSE]
    if own or ticket.handler_id is None or ticket.state is TicketState.ESCALATED:
        order.append(Step.TAKE)
    if own:
        order += [] if ticket.cause else [Step.ASSESS]
        order += [Step.RESUME, Step.DECIDE, Step.CLOSE]
    return next((step for step in (*order, Step.NOTE) if step in steps), None)


def _always(_desk: Desk) -> bool:
    return True


def _may_grant(desk: Desk) -> bool:
    ticket = desk.ticket
    asked = ticket.asked_days is not None and desk.user.id not in (ticket.asked_by, ticket.handler_id)
    return asked and not desk.clock.late(desk.now)


# What a step needs besides the table of states and parts.
_CONDITIONS: dict[Step, Callable[[Desk], bool]] = {
    Step.TAKE: lambda d: d.ticket.handler_id != d.user.id or d.ticket.state is not TicketState.ESCALATED,
    Step.RELEASE: lambda d: d.ticket.handler_id is not None,
    Step.DECIDE: lambda d: bool(d.ticket.cause),
    Step.PAUSE: lambda d: d.ticket.paused_at is None and not d.clock.late(d.now),
    Step.UNPAUSE: lambda d: d.ticket.paused_at is not None,
    Step.ASK_TIME: lambda d: d.ticket.asked_days is None and bool(d.longer()),
    Step.GRANT_TIME: _may_grant,
    Step.REFUSE_TIME: lambda d: (
        d.ticket.asked_days is not None and d.user.id not in (d.ticket.asked_by, d.ticket.handler_id)
    ),
}
# What each step's form is called, what its button says, and what it does.
TITLES: dict[Step, tuple[str, str, str]] = {
    Step.TAKE: ("受理", "受理这张工单", "客户会收到受理通知。"),
    Step.ASSESS: ("确认分类和轻重", "确认", "确认后才能答复处理决定，客户看不到。"),
    Step.REPLY: ("回复客户", "发送回复", "客户在聊天里看到，工单继续处理。"),
    Step.ASK: ("请客户补充", "发送并等客户", "客户补充后自动继续处理，时限照走。"),
    Step.DECIDE: ("答复处理决定", "发送决定", "客户会收到决定和申请核查的办法，时限到此为止。"),
    Step.NOTE: ("内部备注", "保存备注", "只有处理人员看得到。"),
    Step.RESUME: ("不再等，继续处理", "继续处理", "工单回到“处理中”。"),
    Step.CLOSE: ("办结", "办结工单", "告知客户，并请客户评价。"),
    Step.ASK_TIME: ("申请延期", "提交申请", "主管批准后，客户会收到原因和新的日期。"),
    Step.GRANT_TIME: ("批准延期", "批准", "客户会收到原因和新的日期。"),
    Step.REFUSE_TIME: ("不批准延期", "不批准", "时限不变，客户看不到。"),
    Step.PAUSE: ("暂停计时（外部鉴定）", "暂停计时", "客户会收到通知，鉴定期间不计入时限。"),
    Step.UNPAUSE: ("恢复计时", "鉴定已结束，恢复计时", "客户会收到新的日期。"),
    Step.ASSIGN: ("分派", "分派", "工单交给选定的同事。"),
    Step.MOVE: ("转到别的队列", "转队列", "工单回到那个队列等人受理，客户看不到。"),
    Step.ESCALATE: ("升级", "升级给主管", "主管会在“已升级”里看到，您继续办。"),
    Step.RELEASE: ("退回队列", "退回", "工单回到队列里等人受理，时限照走。"),
    Step.BAR: ("回避", "我要回避", "您有利害关系时用，之后不能再处理这张工单。"),
    Step.REOPEN: ("重新处理", "重新处理", "开始新一轮，时限重新计算，客户会收到通知。"),
}


def _form(desk: Desk, step: Step) -> Form:
    title, submit, effect = TITLES[step]
    if step is Step.TAKE and desk.ticket.handler_id not in (None, desk.user.id):
        title, submit = "接手", "接手这张工单"
    fields = _FIELDS[step](desk) if step in _FIELDS else []
    return Form(step, title, submit, effect, fields, KEYS.get(step, ""), canned=step in CANNED)


def _opened(form: Form, typed: Mapping[str, str]) -> Form:
    filled = [replace(one, value=typed.get(one.name, one.value)) for one in form.fields]
    return replace(form, open=True, fields=filled)


def _reason(hint: str, *, required: bool = True) -> Callable[[Desk], list[Field]]:
    return lambda _: [Field("reason", "原因", hint=hint, required=required, rows=2)]


def _assess(desk: Desk) -> list[Field]:
    """Return the axes with what is proposed chosen, and the four levels of ISO 10002."""
    ticket = desk.ticket
    axes = [
        Field(
            axis,
            label,
            "choice",
            hint=proposal(ticket, axis),
            options=[Option(one.key, one.label) for one in categories.axes()[axis]],
            value=getattr(ticket, axis) or likely(ticket, axis),
        )
        for axis, label in categories.AXES.items()
    ]
    names = [Option(str(level), name) for level, name in LEVEL_NAMES.items()]
    first = ticket.proposed.get("levels") or {}
    levels = [
        Field(
            name,
            label,
            "levels",
            hint,
            options=names,
            value=str(getattr(ticket, name) or first.get(name, "")),
        )
        for name, (label, hint) in LEVELS.items()
    ]
    return axes + levels


def proposed(ticket: Ticket, axis: str) -> Mapping[str, Any]:
    """Return what was proposed for an axis, {} where nothing was."""
    found: Mapping[str, Any] = ticket.proposed.get(axis) or {}
    return found


def likely(ticket: Ticket, axis: str) -> str:
    """Return the value that is proposed for an axis where that is more likely than not, "" otherwise."""
    found = proposed(ticket, axis)
    return str(found["key"]) if found and _confidence(found) >= LIKELY else ""


def proposal(ticket: Ticket, axis: str) -> str:
    """Say what is proposed for an axis and how sure that is; what else it may be where that is not sure."""
    found = proposed(ticket, axis)
    if not found:
        return ""
    words = f"建议：{categories.label(axis, found['key'])}，把握 {_confidence(found):.0%}"
    if _confidence(found) >= LIKELY:
        return words
    others = [
        f"{categories.label(axis, one['key'])} {_confidence(one):.0%}" for one in found.get("others", ())
    ]
    return words + (f"；也可能是{'、'.join(others)}" if others else "")


def _confidence(one: Mapping[str, Any]) -> float:
    return float(one.get("confidence", 0))


def _decide(_desk: Desk) -> list[Field]:
    return [
        Field("finding", "核查结果", hint="查明了什么。", rows=4),
        Field("basis", "依据", hint="合同、规则或法规的哪一条。", rows=2),
        Field("remedy", "处理意见", hint="怎么办、何时办到。", rows=3),
    ]


def _ask_time(desk: Desk) -> list[Field]:
    rules, reason = rules_of(desk.s), _reason("会告知客户，写具体。")(desk)
    kinds = [Option(kind, f"{rules.days(kind)} 日：{rules.rule(kind)}") for kind in desk.longer()]
    return [Field("kind", "延到", "choice", options=kinds, value=kinds[0].value), *reason]


def _grant(desk: Desk) -> list[Field]:
    asked = f"申请延到 {desk.ticket.asked_days} 日。" if desk.ticket.asked_days else ""
    return [Field("reason", "批准意见", hint=f"{asked}可以不填。", required=False, rows=2)]


def _assign(desk: Desk) -> list[Field]:
    return [Field("to", "交给", "choice", options=handlers(desk.s, desk.ticket))]


def handlers(s: Session, ticket: Ticket | None = None) -> list[Option]:
    """Return who can be given a ticket, with what each has to do, the least busy first."""
    load = loads(s)
    barred = ticket.barred if ticket else []
    able = [one for one in accounts.users(s) if accounts.may(one, "handler") and one.id not in barred]
    able.sort(key=lambda one: (load.get(one.id, 0), one.called))
    return [Option(one.id, f"{one.called}，手上 {load.get(one.id, 0)} 张") for one in able]


def queues(but: str = "") -> list[Option]:
    """Return the complaint queues, without the one that a ticket is in."""
    return [Option(key, label) for key, label in triage.QUEUES.items() if key != but]


def _move(desk: Desk) -> list[Field]:
    return [
        Field("queue", "转到", "choice", options=queues(desk.ticket.queue)),
        Field("reason", "原因", hint="可以不填。", required=False, rows=2),
    ]


def _text(hint: str, rows: int = 5) -> Callable[[Desk], list[Field]]:
    return lambda _: [Field("text", "内容", hint=hint, rows=rows)]


_FIELDS: dict[Step, Callable[[Desk], list[Field]]] = {
    Step.ASSESS: _assess,
    Step.REPLY: _text("先说结果，再说依据和下一步。"),
    Step.ASK: _text("缺什么、为什么要、怎么给。公司已有的不要再请客户提供。"),
    Step.DECIDE: _decide,
    Step.NOTE: _text("核实到的情况、联系记录等。", 3),
    Step.ASK_TIME: _ask_time,
    Step.GRANT_TIME: _grant,
    Step.REFUSE_TIME: _reason("申请人会看到。"),
    Step.PAUSE: _reason("哪家机构鉴定什么，会告知客户。"),
    Step.ASSIGN: _assign,
    Step.MOVE: _move,
    Step.ESCALATE: _reason("需要主管决定什么。"),
    Step.RELEASE: _reason("接手的同事会看到。"),
    Step.BAR: _reason("与客户或被投诉人的关系。"),
    Step.REOPEN: _reason("会告知客户。"),
}
assert set(_FIELDS) <= set(TITLES) <= set(STEP_LABELS)  # noqa: S101
