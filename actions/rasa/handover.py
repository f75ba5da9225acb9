"""The way to a person: what is promised depends on whether people are at work."""

from __future__ import annotations

from typing import ClassVar

from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service import attendance, handovers
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.service import Handover

WAYS_ON = (Button("登记投诉", "我要投诉"), Button("留言", "留言"))


class RequestHuman(DialogueAction):
    """Asks for a person; asking again while one is on the way changes nothing."""

    action_name: ClassVar[str] = "action_request_human"
    lead: ClassVar[str] = ""
    why: ClassVar[str] = "客户要求人工"
    queue: ClassVar[str] = handovers.GENERAL

    def act(self, talk: Talk) -> Events:
        """Request a person and say what happens next."""
        waiting = handovers.open_for(talk.session, talk.turn.conversation_id) is not None
        handover = handovers.request(
            talk.session, conversation=talk.conversation, reason=self.why, queue=self.queue, now=talk.now
        )
        at_work = attendance.is_open(talk.session, talk.now)
        what = self._soon(talk, handover, waiting) if at_work else self._later(talk, waiting)
        data = {"handover_id": handover.id, "state": str(handover.state), "at_work": at_work}
        talk.say(Reply(ReplyKind.HANDOVER, self.lead + what, data, self._ways_on(at_work)))
        return []

    def _soon(self, talk: Talk, handover: Handover, waiting: bool) -> str:
        """Return what is said while people are at work."""
        how = "您已经在等待人工客服" if waiting else self._queued()
        place = handovers.position(talk.session, handover)
        return f"{how}，排在第 {place} 位，接通后会直接在这里回复您。等候时您可以继续提问，由我回答。"

    def _later(self, talk: Talk, waiting: bool) -> str:
        """Return what is said while nobody is: when somebody will be, and what can be done until then."""
        opens, hours = attendance.opening_words(talk.session, talk.now), attendance.hours_words(talk.session)
        how = "您已经在等待人工客服，不过现在没有人在线" if waiting else "现在没有人工客服在线"
        then = f"{how}（人工服务时间：{hours}）。{opens} 起有同事上班，"
        if self.queue in handovers.URGENT:
            return f"{then}会最先处理您的请求。紧急的事请不要等，按上面的办法马上求助。"
        return (
            f"{then}会看到您的请求并在这里回复您。您可以先登记投诉，会按规定的时限答复；也可以留言说明情况。"
        )

    def _ways_on(self, at_work: bool) -> tuple[Button, ...]:
        return () if at_work or self.queue in handovers.URGENT else WAYS_ON

    def _queued(self) -> str:
        return "已为您优先转接人工客服" if self.queue in handovers.URGENT else "已为您转接人工客服"


class SecureAccount(RequestHuman):
    """A stolen card or account: what to do at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_account_security"
    lead: ClassVar[str] = (
        "账户安全的事请马上处理：请修改密码，不要把密码和验证码告诉任何人，也不要再转账；"
        "资金已被转走的，请同时拨打 110 报警。"
    )
    why: ClassVar[str] = "账户安全，请优先接待"
    queue: ClassVar[str] = handovers.FRAUD


class Crisis(RequestHuman):
    """A life may be in danger: where help is at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_crisis"
    lead: ClassVar[str] = (
        "您的安全最重要。如果您正处在危险中，请马上拨打 110 或 120；"
        "想找人说说话，可以拨打全国统一心理援助热线 12356。"
    )
    why: ClassVar[str] = "客户可能有人身危险，请立即接待"
    queue: ClassVar[str] = handovers.CRISIS
