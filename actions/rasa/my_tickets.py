"""A customer's own tickets: where they are, adding to one, taking one back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from actions.desk import cards, customer, tickets
from actions.desk.life import OPEN_STATES
from actions.rasa.answering import AnswerAction
from actions.rasa.complaint import shorten
from actions.rasa.talk import DialogueAction, Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Ticket

SURE = "确认撤回"
_WISH = re.compile(
    r"我|想|要|再|给|帮|请|麻烦|补充|一下|一点|一些|添加|增加|追加|材料|情况|内容|说明|工单|投诉|单子|能|可以|吗|的|到|在|里|上次|那个|还有|些"
)
_MARKS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"ts\s?\d{6}\s?-?\s?\d{5}[:：,，]?", re.IGNORECASE)
_LEAD = re.compile(r"^(?:对了|我|再|还|想|要|给我|帮我)*补充(?:一下|一点|一句|说明|到工单里?)?[\s,，:：、]*")
MOST = 3


def _own(talk: Talk) -> list[Ticket]:
    """Return the ticket that was named, or all of this customer's; another's ticket is not found."""
    number = talk.heard.entities.get("ticket_number")
    if number is None:
        return tickets.for_customer(talk.session, talk.turn.customer_id)
    return [tickets.get_by_number(talk.session, number, customer_id=talk.turn.customer_id)]


def _open(found: Sequence[Ticket]) -> list[Ticket]:
    return [ticket for ticket in found if ticket.state in OPEN_STATES]


class CheckTicket(AnswerAction):
    """Says number, state and due date of the customer's tickets; a general question goes to the manual."""

    action_name: ClassVar[str] = "action_check_ticket"

    def act(self, talk: Talk) -> Events:
        """Tell the newest tickets, the open ones first."""
        found = _own(talk)
        if not found and talk.heard.asks_in_general:
            return super().act(talk)
        if not found:
            talk.say_text("您名下还没有工单。需要登记投诉，请说“我要投诉”。", "我要投诉", outcome="ticket")
        shown = sorted(found, key=lambda t: (t.state in OPEN_STATES, t.created_at), reverse=True)[:MOST]
        for ticket in shown:
            talk.say(cards.progress(talk.session, ticket))
        return []


class AddToTicket(DialogueAction):
    """Adds what was said to an open ticket."""

    action_name: ClassVar[str] = "action_add_to_ticket"

    def act(self, talk: Talk) -> Events:
        """Add the sentence, or ask for what is missing."""
        candidates = _open(_own(talk))
        text = talk.heard.text
        facts = _LEAD.sub("", _NUMBER.sub("", text)).strip()
        if not candidates:
            talk.say_text(
                "您名下没有在办的工单。需要登记投诉，请说“我要投诉”。", "我要投诉", outcome="ticket"
            )
        elif len(candidates) > 1:
            numbers = "、".join(ticket.number for ticket in candidates)
            talk.say_text(f"您有几张在办的工单：{numbers}。请说“补充 工单号：内容”。", outcome="ticket")
        elif len(_MARKS.sub("", _WISH.sub("", facts))) < 3:
            talk.say_text(
                f"请说“补充 {candidates[0].number}：要补充的内容”，我记到工单里。", outcome="ticket"
            )
        else:
            self._add(talk, candidates[0], facts)
        return []

    def _add(self, talk: Talk, ticket: Ticket, facts: str) -> None:
        customer.add_facts(
            talk.session, ticket_id=ticket.id, customer_id=talk.turn.customer_id, text=facts, now=talk.now
        )
        talk.say_text(
            f"已补充到工单 {ticket.number}：「{shorten(mask(facts))}」。处理人员会看到。", outcome="ticket"
        )


class WithdrawTicket(DialogueAction):
    """Takes a ticket back after one confirmation."""

    action_name: ClassVar[str] = "action_withdraw_ticket"

    def act(self, talk: Talk) -> Events:
        """Ask once, then withdraw."""
        candidates = _open(_own(talk))
        if not candidates:
            talk.say_text("您名下没有可以撤回的工单。", outcome="ticket")
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
