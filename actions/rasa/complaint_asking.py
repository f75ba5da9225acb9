"""The questions of the complaint form, each with the notice of the last sentence in front."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from actions.desk import attachments, cards, found, tickets
from actions.desk.workdays import SHANGHAI
from actions.rasa.complaint_length import shown
from actions.rasa.complaint_reading import ANOTHER, CHANGE, CONFIRM, DROP, MERGE, RESUME, SAME
from actions.rasa.complaint_said import EARLIER, NOTICE, filled, recognised, shorten
from actions.rasa.complaint_words import CONTACT, DEMAND, IN_CHAT, LABELS, MATTER, PRODUCT
from actions.rasa.form import keeps_silent
from actions.rasa.silence import away_since
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.masking import mask


class AskAction(DialogueAction):
    """Asks for one slot, with the notice of the last sentence in front."""

    slot_name: ClassVar[str] = ""
    buttons: ClassVar[tuple[str, ...]] = ()

    def act(self, talk: Talk) -> Events:
        """Say the notice and the question."""
        if keeps_silent(talk.heard):
            return []
        notice = str(talk.slot(NOTICE) or "")
        buttons = tuple(Button(title, title) for title in self.buttons)
        data = {"outcome": "ticket", **self.data(talk)}
        talk.say(Reply(ReplyKind.TEXT, f"{notice}{self.question(talk)}", data, buttons))
        return set_slots({NOTICE: ""})

    def data(self, talk: Talk) -> dict[str, Any]:
        """Return what a client may show in place of the text."""
        del talk
        return {}

    @abstractmethod
    def question(self, talk: Talk) -> str:
        """Return what is asked."""


class AskMatter(AskAction):
    """Asks what happened."""

    action_name: ClassVar[str] = f"action_ask_{MATTER}"
    buttons: ClassVar[tuple[str, ...]] = ("取消登记",)

    def question(self, talk: Talk) -> str:
        """Return the first question, which also says that one may stop or change at any time."""
        del talk
        return "请您说说发生了什么：什么时候、哪一笔、遇到了什么问题。说错了可以随时更正，也可以随时取消。"


class AskProduct(AskAction):
    """Asks which product or service it is about."""

    action_name: ClassVar[str] = f"action_ask_{PRODUCT}"
    buttons: ClassVar[tuple[str, ...]] = ("支付", "提现", "贷款", "理财", "客服服务", "不清楚")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "这件事涉及哪个产品或服务？"


class AskDemand(AskAction):
    """Asks what the customer wants."""

    action_name: ClassVar[str] = f"action_ask_{DEMAND}"
    buttons: ClassVar[tuple[str, ...]] = ("退还费用", "尽快处理", "说明原因", "道歉")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "您希望我们怎么处理？"


class AskContact(AskAction):
    """Asks how to reach the customer."""

    action_name: ClassVar[str] = f"action_ask_{CONTACT}"
    buttons: ClassVar[tuple[str, ...]] = (IN_CHAT,)

    def question(self, talk: Talk) -> str:
        """Return the question; not leaving anything is a full answer."""
        del talk
        return "处理人员怎么联系您？请留手机号或邮箱；不想留也可以，处理结果会发在这个对话里。"


class AskConfirm(AskAction):
    """Shows the summary and asks for the confirmation."""

    action_name: ClassVar[str] = f"action_ask_{CONFIRM}"
    buttons: ClassVar[tuple[str, ...]] = ("确认提交", "修改", "取消登记")

    def question(self, talk: Talk) -> str:
        """Return the summary as text."""
        lines = [f"{label}：{value}" for label, value in self.summary(talk)]
        return "\n".join(["请您核对：", *lines, "确认后提交，提交后会给您工单号。"])

    def data(self, talk: Talk) -> dict[str, Any]:
        """Return the summary as labels and values, for a card."""
        return {"summary": [{"label": label, "value": value} for label, value in self.summary(talk)]}

    def summary(self, talk: Talk) -> list[tuple[str, str]]:
        """Return what was said with what was recognised in it; numbers of people are shown masked."""
        said = filled(talk)
        written = {slot: mask(value) for slot, value in said.items()}
        rows = [(label, shown(written[slot])) for slot, label in LABELS.items()]
        named = found.line(recognised(talk, said), talk.now.astimezone(SHANGHAI).date())
        files = len(attachments.pending(talk.session, talk.turn.conversation_id))
        rows += [("其中提到", named)] if named else []
        return [*rows, ("附件", f"{files} 个")] if files else rows


class AskSame(AskAction):
    """Asks whether this is the matter of a ticket that is still open."""

    action_name: ClassVar[str] = f"action_ask_{SAME}"
    buttons: ClassVar[tuple[str, ...]] = (MERGE, ANOTHER)

    def question(self, talk: Talk) -> str:
        """Return the question, with the ticket's day, number and matter, and what follows."""
        number = str(talk.slot(EARLIER))
        ticket = tickets.get_by_number(talk.session, number, customer_id=talk.turn.customer_id)
        day = cards.day_words(ticket.created_at)
        return (
            f"您 {day} 登记过 {ticket.number}「{shorten(mask(ticket.matter))}」，说的是同一件事吗？"
            f"并入后由同一张工单处理，时限不变，仍在 {cards.due_words(ticket)}前答复您。"
        )


class AskResume(AskAction):
    """Says, to who comes back after hours or days, where the form was, and asks whether to go on."""

    action_name: ClassVar[str] = f"action_ask_{RESUME}"
    buttons: ClassVar[tuple[str, ...]] = ("继续登记", "放弃登记")

    def question(self, talk: Talk) -> str:
        """Return what is written down so far, and the question."""
        said = filled(talk)
        since = away_since(talk)
        day = f"{cards.day_words(since)} " if since else ""
        lines = [f"{label}：{shorten(mask(said[slot]))}" for slot, label in LABELS.items() if slot in said]
        so_far = ["已经记下：", *lines] if lines else ["还没有写内容。"]
        return "\n".join([f"您 {day}的投诉登记还没有完成，没有提交。", *so_far, "要接着登记，还是放弃？"])


class AskDrop(AskAction):
    """Asks once whether to forget everything."""

    action_name: ClassVar[str] = f"action_ask_{DROP}"
    buttons: ClassVar[tuple[str, ...]] = ("放弃登记", "继续登记")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "要放弃这次登记吗？放弃后，刚才写的内容不会保留。"


class AskChange(AskAction):
    """Asks which answer to change."""

    action_name: ClassVar[str] = f"action_ask_{CHANGE}"
    buttons: ClassVar[tuple[str, ...]] = (*LABELS.values(), "都不改")

    def question(self, talk: Talk) -> str:
        """Return the question."""
        del talk
        return "要修改哪一项？也可以直接说，例如“产品改成转账”。"
