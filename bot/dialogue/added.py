"""What the knowledge owner has published is understood as a question, whatever it sounds like otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from actions.store.context import current_turn

Knows = Callable[[str, str], bool]  # whether a text has a published answer for an audience
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
_ASKS = re.compile(
    r"[吗么呢?？]|多少|多久|多长|几|怎|咋|如何|什么|啥|哪|谁|电话|号码|地址|能不能|可以|是否|有没有"
)


def as_question(parsed: Mapping[str, Any], text: str, knows: Knows) -> dict[str, Any] | None:
    """Return what was understood with the intent of a question, None where it stays as it is.

    转人工 stays a wish for a person even if somebody has made an entry of it.
    """
    intent = str((parsed.get("intent") or {}).get("name"))
    if intent not in _MISTAKEN or not _ASKS.search(text) or not knows(text, current_turn().audience):
        return None
    understood = {"name": QUESTION, "confidence": 1.0}
    others = [one for one in parsed.get("intent_ranking") or [] if one.get("name") != QUESTION]
    return {**parsed, "intent": understood, "intent_ranking": [understood, *others]}
