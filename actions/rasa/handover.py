"""The way to a person: what is promised depends on whether people are at work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actions.rasa.danger import Danger
from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service import attendance, handovers
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.service import Handover

WAYS_ON = (Button("登记投诉", "我要投诉"), Button("留言", "留言"))
ALSO_COMPLAIN = Button("登记投诉", "我要投诉")


@dataclass(frozen=True, slots=True)
class Call:
    """Why a person is called: `lead` is told to the customer first, `why` is for the desk."""

    why: str = "客户要求人工"
    lead: str = ""
    queue: str = handovers.GENERAL

    @property
    def urgent(self) -> bool:
        """Tell whether it must not wait."""
        return self.queue in handovers.URGENT


WISH = Call()
LIFE = Call(
    "客户可能有人身危险，请立即接待",
    "您的安全最重要。如果您正处在危险中，请马上拨打 110 或 120；"
    "想找人说说话，可以拨打全国统一心理援助热线 12356。",
    handovers.CRISIS,
)
FRAUD = Call(
    "客户可能正在被骗，请立即接待",
    "请先停下来：马上停止转账，退出屏幕共享，挂断对方的电话，不要把密码和验证码告诉任何人。"
    "请立即拨打 110 报警，或拨打反诈专线 96110。",
    handovers.FRAUD,
)
STOLEN = Call(
    "账户安全，请优先接待",
    "账户安全的事请马上处理：请修改密码，不要把密码和验证码告诉任何人，也不要再转账；"
    "资金已被转走的，请同时拨打 110 报警，反诈专线是 96110。",
    handovers.FRAUD,
)
CALLS = {Danger.LIFE: LIFE, Danger.FRAUD: FRAUD, Danger.STOLEN: STOLEN}


def call_person(talk: Talk, call: Call, *ways_on: Button) -> None:
    """Request a person and say what happens next; asking again while one is on the way changes nothing."""
    waiting = handovers.open_for(talk.session, talk.turn.conversation_id) is not None
    handover = handovers.request(
        talk.session, conversation=talk.conversation, reason=call.why, queue=call.queue, now=talk.now
    )
    at_work = attendance.is_open(talk.session, talk.now)
    what = _soon(talk, call, handover, waiting) if at_work else _later(talk, call, waiting)
    data = {"handover_id": handover.id, "state": str(handover.state), "at_work": at_work}
    if call.urgent:
        data["urgent"] = True
    elif not at_work:
        ways_on = WAYS_ON
    talk.say(Reply(ReplyKind.HANDOVER, call.lead + what, data, ways_on))


def _soon(talk: Talk, call: Call, handover: Handover, waiting: bool) -> str:
    """Return what is said while people are at work."""
    queued = "已为您优先转接人工客服" if call.urgent else "已为您转接人工客服"
    how = "您已经在等待人工客服" if waiting else queued
    place = handovers.position(talk.session, handover)
    return f"{how}，排在第 {place} 位，接通后会直接在这里回复您。等候时您可以继续提问，由我回答。"


def _later(talk: Talk, call: Call, waiting: bool) -> str:
    """Return what is said while nobody is: when somebody will be, and what can be done until then."""
    opens, hours = attendance.opening_words(talk.session, talk.now), attendance.hours_words(talk.session)
    how = "您已经在等待人工客服，不过现在没有人在线" if waiting else "现在没有人工客服在线"
    then = f"{how}（人工服务时间：{hours}）。{opens} 起有同事上班，"
    if call.urgent:
        return f"{then}会最先处理您的请求。紧急的事请不要等，按上面的办法马上求助。"
    return f"{then}会看到您的请求并在这里回复您。您可以先登记投诉，会按规定的时限答复；也可以留言说明情况。"


class RequestHuman(DialogueAction):
    """Asks for a person; who also wants to complain is shown the way to a written record."""

    action_name: ClassVar[str] = "action_request_human"

    def act(self, talk: Talk) -> Events:
        """Request a person and say what happens next."""
        also = talk.heard.wishes("complain") and not talk.tracker.active_loop_name
        call_person(talk, WISH, *((ALSO_COMPLAIN,) if also else ()))
        return []


class SecureAccount(DialogueAction):
    """A fraud under way, a stolen card or account: what to do at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_account_security"

    def act(self, talk: Talk) -> Events:
        """Say what to do at once, and call a person."""
        call_person(talk, FRAUD if talk.heard.danger is Danger.FRAUD else STOLEN)
        return []


class Crisis(DialogueAction):
    """A life may be in danger: where help is at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_crisis"

    def act(self, talk: Talk) -> Events:
        """Say where help is, and call a person."""
        call_person(talk, LIFE)
        return []
