"""A customer's own tickets: where they are, adding to one, asking for a review, taking one back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from rasa_sdk.events import FollowupAction

from actions.desk import attachments, cards, customer, tickets
from actions.desk.life import OPEN_STATES, PENDING, Step
from actions.rasa.answering import AnswerAction
from actions.rasa.complaint import FORM as COMPLAINT
from actions.rasa.complaint_said import shorten
from actions.rasa.note import FORM, KIND, TEXT, TICKET, Kind, able, add, ask_review
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Ticket

SURE = "确认撤回"
_WISH = re.compile(
    r"我|想|要|再|给|帮|请|麻烦|补充|一下|一点|一些|添加|增加|追加|材料|情况|内容|说明|工单|投诉|单子|能|可以|吗|的|到|在|里|上次|那个|还有|些"
)
_OBJECTS = re.compile(
    r"申请|核查|复核|复查|复议|异议|不服|不?认可|不?同意|不?接受|不满意?|处理|结果|结论|决定|答复|意见|重新|再|查|换人?|对|有|怎么|这个|你们"
)
_MARKS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"ts\s?\d{6}\s?-?\s?\d{5}[:：,，]?", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:对了|我|再|还|想|要|给我|帮我)*(?:补充|申请核查|申请复核)(?:一下|一点|一句|说明|到工单里?)?[\s,，:：、]*"
)
_LEAST = 3  # letters of something that is more than the wish itself
MOST = 3


def _own(talk: Talk) -> list[Ticket]:
    """Return the ticket that was named, or all of this customer's; another's ticket is not found."""
    number = talk.heard.entities.get("ticket_number")
    if number is None:
        return tickets.for_customer(talk.session, talk.turn.customer_id)
    return [tickets.get_by_number(talk.session, number, customer_id=talk.turn.customer_id)]


def _able(talk: Talk, step: Step) -> list[Ticket]:
    """Return the customer's tickets with which they may do `step` now."""
    return able(talk, step, _own(talk))


def _facts(text: str) -> str:
    """Return what a wish says beside itself, "" for the bare wish."""
    facts = _LEAD.sub("", _NUMBER.sub("", text)).strip()
    return facts if len(_MARKS.sub("", _WISH.sub("", facts))) >= _LEAST else ""


def _reason(text: str) -> str:
    """Return why a decision is objected to, "" for the bare objection."""
    reason = _facts(text)
    return reason if len(_MARKS.sub("", _WISH.sub("", _OBJECTS.sub("", reason)))) >= _LEAST else ""


class CheckTicket(AnswerAction):
    """Says state, date and last reply of the customer's tickets; a general question goes to the manual."""

    action_name: ClassVar[str] = "action_check_ticket"

    def act(self, talk: Talk) -> Events:
        """Tell the newest tickets, the open ones first."""
        found = _own(talk)
        if not found and talk.heard.asks_in_general:
            return super().act(talk)
        if not found and talk.tracker.active_loop_name == COMPLAINT:
            talk.say_text("这份投诉还没有提交；提交后会给您工单号和答复期限。", outcome="ticket")
        elif not found:
            talk.say_text("您名下还没有工单。需要登记投诉，请说“我要投诉”。", "我要投诉", outcome="ticket")
        shown = sorted(found, key=lambda t: (t.state in OPEN_STATES, t.created_at), reverse=True)[:MOST]
        for ticket in shown:
            talk.say(cards.progress(talk.session, ticket))
        if len(found) > MOST:
            talk.say_text(f"您一共有 {len(found)} 张工单，上面是最近的 {MOST} 张。查别的请说工单号。")
        return []


class AddToTicket(DialogueAction):
    """Adds what was said to a ticket, or asks for what is missing."""

    action_name: ClassVar[str] = "action_add_to_ticket"

    def act(self, talk: Talk) -> Events:
        """Add the sentence; where the ticket or the facts are not clear, ask."""
        may = _able(talk, Step.ADD_FACTS)
        candidates = [ticket for ticket in may if ticket.state in PENDING] or may
        facts = _facts(talk.heard.text)
        if not candidates:
            talk.say_text(
                "您名下没有可以补充的工单。需要登记投诉，请说“我要投诉”。", "我要投诉", outcome="ticket"
            )
        elif len(candidates) == 1 and (facts or attachments.pending(talk.session, talk.turn.conversation_id)):
            add(talk, candidates[0], facts)
        else:
            return _ask(talk, Kind.ADD, candidates, facts)
        return []


class ReviewTicket(AnswerAction):
    """Asks for a review of a decision; the reason is asked for where it was not said."""

    action_name: ClassVar[str] = "action_review_ticket"

    def act(self, talk: Talk) -> Events:
        """Ask for the review, for the reason, or say why there is none to ask for."""
        candidates = _able(talk, Step.REVIEW)
        if not candidates and talk.heard.asks_in_general:
            return super().act(talk)
        reason = _reason(talk.heard.text)
        if not candidates:
            self._refuse(talk)
        elif len(candidates) == 1 and reason:
            ask_review(talk, candidates[0], reason)
        else:
            return _ask(talk, Kind.REVIEW, candidates, reason)
        return []

    def _refuse(self, talk: Talk) -> None:
        found = _own(talk)
        waiting = [ticket for ticket in found if ticket.state in PENDING]
        if waiting:
            numbers = "、".join(ticket.number for ticket in waiting[:MOST])
            talk.say_text(
                f"工单 {numbers} 还没有作出处理决定，决定后才能申请核查。现在有新情况可以先补充。",
                "查进度", "补充情况", outcome="ticket",
            )  # fmt: skip
        elif found:
            talk.say_text(
                "您的工单已过申请核查的期限，或者已经撤回。可以重新登记投诉。",
                "我要投诉",
                outcome="ticket",
            )
        else:
            talk.say_text("您名下还没有工单。需要登记投诉，请说“我要投诉”。", "我要投诉", outcome="ticket")


def _ask(talk: Talk, kind: Kind, candidates: Sequence[Ticket], text: str) -> Events:
    """Open the form that asks which ticket is meant and what is to be written; not within another form."""
    if talk.tracker.active_loop_name:
        talk.respond("utter_not_during_form")
        return []
    one = candidates[0].number if len(candidates) == 1 else None
    return [*set_slots({KIND: kind, TICKET: one, TEXT: text or None}), FollowupAction(FORM)]


_KEEPS = re.compile(r"(?:不|别)(?:要|用|想|打算)?(?:撤|取消)")


class WithdrawTicket(DialogueAction):
    """Takes a ticket back after one confirmation."""

    action_name: ClassVar[str] = "action_withdraw_ticket"

    def act(self, talk: Talk) -> Events:
        """Ask once, then withdraw."""
        candidates = _able(talk, Step.WITHDRAW)
        if not candidates:
            talk.say_text("您名下没有可以撤回的工单。", outcome="ticket")
        elif _KEEPS.search(talk.heard.text):
            talk.say_text("好的，没有撤回，工单照常处理。", outcome="ticket")
        elif talk.heard.text.startswith(SURE) and len(candidates) == 1:
            ticket = candidates[0]
            customer.withdraw(
                talk.session, ticket_id=ticket.id, customer_id=talk.turn.customer_id, now=talk.now
            )
            talk.say_text(f"工单 {ticket.number} 已撤回。以后需要时可以重新登记。", outcome="ticket")
        else:
            self._ask(talk, candidates)
        return []

    def _ask(self, talk: Talk, candidates: Sequence[Ticket]) -> None:
        buttons = tuple(Button(f"{SURE} {t.number}", f"{SURE} {t.number}") for t in candidates[:MOST])
        named = "、".join(f"{t.number}「{shorten(mask(t.matter))}」" for t in candidates[:MOST])
        text = f"撤回后我们不再处理这件事。要撤回的是：{named}，请确认。"
        talk.say(Reply(ReplyKind.TEXT, text, {"outcome": "ticket"}, buttons))
