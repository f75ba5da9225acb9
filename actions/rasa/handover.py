"""The way to a person."""

from __future__ import annotations

from typing import ClassVar

from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service import handovers
from actions.service.replies import Reply, ReplyKind


class RequestHuman(DialogueAction):
    """Asks for a person; asking again while one is on the way changes nothing."""

    action_name: ClassVar[str] = "action_request_human"
    lead: ClassVar[str] = ""

    def act(self, talk: Talk) -> Events:
        """Request a person and say what happens next."""
        waiting = handovers.open_for(talk.session, talk.turn.conversation_id)
        handover = handovers.request(
            talk.session, conversation=talk.conversation, reason=self.reason(talk), now=talk.now
        )
        how = "您已经在等待人工客服" if waiting else "已为您转接人工客服"
        text = f"{self.lead}{how}，接通后会直接在这里回复您。等候时您可以继续提问。"
        talk.say(
            Reply(ReplyKind.HANDOVER, text, {"handover_id": handover.id, "state": str(handover.state)}, ())
        )
        return []

    def reason(self, talk: Talk) -> str:
        """Return why: the handler reads it in the queue."""
        del talk
        return "客户要求人工"


class SecureAccount(RequestHuman):
    """A stolen card or account: what to do at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_account_security"
    lead: ClassVar[str] = (
        "账户安全的事请马上处理：请修改密码，不要把密码和验证码告诉任何人，也不要再转账；"
        "资金已被转走的，请同时拨打 110 报警。"
    )

    def reason(self, talk: Talk) -> str:
        """Return why: the handler reads it in the queue."""
        del talk
        return "账户安全，请优先接待"


class Crisis(RequestHuman):
    """A life may be in danger: where help is at once, and a person without being asked."""

    action_name: ClassVar[str] = "action_crisis"
    lead: ClassVar[str] = (
        "您的安全最重要。如果您正处在危险中，请马上拨打 110 或 120；"
        "想找人说说话，可以拨打全国统一心理援助热线 12356。"
    )

    def reason(self, talk: Talk) -> str:
        """Return why: the handler reads it in the queue."""
        del talk
        return "客户可能有人身危险，请立即接待"
