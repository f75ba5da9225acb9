"""What is said where a sentence was not understood: likely meanings, then a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from actions.rasa.handover import Call, call_person
from actions.rasa.talk import Talk
from actions.service import handovers
from actions.service.replies import Button, Reply
from knowledge.document import Audience

UNKNOWN = "nlu_fallback"
MOST = 2  # meanings that are offered
LEAST = 0.08  # confidence below which a meaning is no guess but noise
# What a button says and sends, by its intent: sentences that are surely understood as that.
MEANINGS = {
    "complain": "我要投诉",
    "check_ticket": "查进度",
    "ask_human": "转人工",
    "account_fees": "我被扣了一笔费用",
    "account_refund": "我的退款到哪了",
    "account_repayment": "我的还款有问题",
    "account_identity": "我要改实名信息",
    "account_security": "我的账户不安全",
    "add_to_ticket": "补充情况",
    "withdraw": "撤回工单",
    "ask_review": "申请核查",
    "rate": "我要评价",
}
ASKING = (
    "这句话我没有把握听懂了。您是想说下面的哪一件吗？都不是的话，请换个说法，例如说清是哪项业务、出了什么事。"
)
TWICE = Call("连续两次没有听懂客户的话", "抱歉，两次都没有听懂您的意思，这件事请同事来处理。")


def explain(talk: Talk, reply: Reply) -> None:
    """Say a refusal of a sentence that was not understood; the second in a row brings a person."""
    if talk.audience is not Audience.CUSTOMER or _waits(talk):
        talk.say(reply)
    elif failed_before(talk.tracker.events):
        talk.say(replace(reply, buttons=()))
        call_person(talk, TWICE)
    else:
        talk.say(_with_meanings(reply, talk.tracker.latest_message.get("intent_ranking") or ()))


def _waits(talk: Talk) -> bool:
    return handovers.open_for(talk.session, talk.turn.conversation_id) is not None


def failed_before(events: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the sentence before the last was not understood either, and not answered."""
    places = [i for i, event in enumerate(events) if event.get("event") == "user"]
    if len(places) < 2:
        return False
    before = events[places[-2] : places[-1]]
    intent = (before[0].get("parse_data") or {}).get("intent") or {}
    return intent.get("name") == UNKNOWN and any(_refused(event) for event in before)


def _refused(event: Mapping[str, Any]) -> bool:
    custom = (event.get("data") or {}).get("custom") or {}
    return event.get("event") == "bot" and (custom.get("data") or {}).get("outcome") == "refused"


def _with_meanings(reply: Reply, ranking: Sequence[Mapping[str, Any]]) -> Reply:
    """Add the likely meanings to a refusal, before its ways on."""
    likely = [MEANINGS[name] for name in guesses(ranking)]
    if not likely:
        return reply
    offered = tuple(Button(one, one) for one in likely)
    others = tuple(button for button in reply.buttons if button.payload not in likely)
    return replace(reply, text=f"{reply.text}\n{ASKING}", buttons=(*offered, *others))


def guesses(ranking: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the intents, at most two, that the sentence may have meant, the likeliest first."""
    named = [one for one in ranking if one.get("name") in MEANINGS and float(one["confidence"]) >= LEAST]
    return [str(one["name"]) for one in named[:MOST]]
