"""What the manual answers is understood as a question, whatever it sounds like otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from actions.store.context import current_turn


class Manual(Protocol):
    """What an audience can be told."""

    def knows(self, text: str, audience: str) -> bool:
        """Tell whether a text is a known question, or has a published answer."""

    def answers(self, text: str, audience: str) -> bool:
        """Tell whether the manual answers a text."""


QUESTION = "ask_manual"
# What a question may be taken for. Not among them: wishes, answers to a question of ours, danger to life.
_MISTAKEN = frozenset(
    {
        "account_fees",
        "account_identity",
        "account_refund",
        "account_repayment",
        "account_security",
        "ask_human",
        "chitchat",
        "help",
        "nlu_fallback",
    }
)
# Taken for these with little confidence, a known question is a question.
_DOUBTFUL = frozenset(
    {
        "add_to_ticket",
        "check_ticket",
        "complain",
        "dissatisfied",
        "foreign",
        "injection",
        "rate",
        "repeat",
        "withdraw",
    }
)
# Taken for these, what the manual answers is a question; outside of forms, where it may be an answer to ours.
_UNHEARD = frozenset({"chitchat", "nlu_fallback"})
_UNCERTAIN = frozenset(
    {"add_to_ticket", "check_ticket", "correct", "dissatisfied", "leave_quiz", "rate", "repeat"}
)
SURE = 0.9
CHAT, SURELY_CHAT = "chitchat", 0.97
_SERVICE = re.compile(
    r"发票|网点|门店|分公司|地址|营业|上班|合同|证明|凭证|收据|流水|账单|电话|下载|注册|积分|会员|优惠|券|红包|额度"
    r"|利息|利率|到账|账户|账号|银行|转账|提现|充值|支付|付款|退款|还款|贷款|理财|保险|基金|客服|工单|投诉|短信|验证码"
)
_ASKS = re.compile(
    r"[吗么呢?？]|多少|多久|多长|几|怎|咋|如何|什么|啥|哪|谁|电话|号码|地址|能不能|可以|是否|有没有"
)


def as_question(
    parsed: Mapping[str, Any], text: str, manual: Manual, in_form: Callable[[], bool]
) -> dict[str, Any] | None:
    """Return what was understood with the intent of a question, None where it stays as it is.

    What sounds like small talk but asks for something of a company's service is a question, too: the manual
    answers it or has nothing on it, and its owner hears of it.

    转人工 stays a wish for a person even if somebody has made an entry of it.
    """
    understood = parsed.get("intent") or {}
    intent = str(understood.get("name"))
    confidence = float(understood.get("confidence") or 0.0)
    if not _ASKS.search(text) or not (
        _of_service(intent, confidence, text)
        or (_mistaken(intent, confidence) and manual.knows(text, current_turn().audience))
        or (_unheard(intent, confidence) and not in_form() and manual.answers(text, current_turn().audience))
    ):
        return None
    question = {"name": QUESTION, "confidence": 1.0}
    others = [one for one in parsed.get("intent_ranking") or [] if one.get("name") != QUESTION]
    return {**parsed, "intent": question, "intent_ranking": [question, *others]}


def _of_service(intent: str, confidence: float, text: str) -> bool:
    return intent == CHAT and confidence < SURELY_CHAT and bool(_SERVICE.search(text))


def _mistaken(intent: str, confidence: float) -> bool:
    return intent in _MISTAKEN or (intent in _DOUBTFUL and confidence < SURE)


def _unheard(intent: str, confidence: float) -> bool:
    return intent in _UNHEARD or (intent in _UNCERTAIN and confidence < SURE)
