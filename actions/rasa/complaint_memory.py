"""What a customer said before the complaint was opened, and the days that they named when they said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from rasa_sdk.forms import REQUESTED_SLOT

from actions.desk import found
from actions.rasa import complaint_words as words
from actions.rasa.complaint_facts import only_fact
from actions.rasa.complaint_reading import sounds_aggrieved
from actions.rasa.complaint_words import CONTACT, TELLING, says_matter
from actions.rasa.form import LISTEN
from actions.rasa.heard import Heard, heard

_ENDS = (
    "action_complaint_end",
    "action_quiz_end",
)  # what was said in a drill is not the customer's own matter
TURNS = 10  # sentences back; what lies longer ago is another matter
_FACTS = ("amount", "date", "order_number")
PASSING = 30  # letters of a sentence that only adds something
_UNANSWERED = ("dissatisfied", "abuse", "nlu_fallback", "ask_human")
_UPSET = ("dissatisfied", "abuse")
LATELY = 3  # sentences back in which somebody who was upset still is
Days = dict[str, dict[str, str]]  # what `found` says of each day, by the words that named it


def opening(events: Sequence[Mapping[str, Any]], now: Heard) -> dict[str, str]:
    """Return what the sentence that opens the form, and those before it, say already."""
    before = list(_before(events))
    told = [one.text for one in before if _tells(one) or _adds(one)] if any(map(_tells, before)) else []
    said = words.opening(now, "；".join(dict.fromkeys(text.rstrip("！!。.；;，, ") for text in told)))
    reached = [one.entities.get("phone") or one.entities.get("email") for one in before]
    contact = next((value for value in reversed(reached) if value), "")
    return {CONTACT: contact, **said} if contact else said


def days(events: Sequence[Mapping[str, Any]], today: date) -> Days:
    """Return the days that the last sentences name, each counted from when it was said."""
    named: Days = {}
    for event in [event for event in events if event.get("event") == "user"][-TURNS - 1 :]:
        said = heard({**event.get("parse_data", {}), **event})
        named |= days_of(said, today)
    return named


def days_of(said: Heard, today: date) -> Days:
    """Return the days that a sentence names, by the words that name them."""
    on = date.fromisoformat(said.on) if said.on else today
    return {day["text"]: day for day in found.find(said.text, on).get("days", [])}


def asked_in_vain(events: Sequence[Mapping[str, Any]], form: str, slot: str) -> bool:
    """Tell whether the sentence before the last was to answer for a slot that was then asked for again."""
    starts = [place for place, event in enumerate(events) if event.get("event") == "user"]
    if len(starts) < 2:
        return False
    requested = [event.get("value") for event in events[: starts[-2]] if _requests(event)]
    between = [event for event in events[starts[-2] : starts[-1]] if event.get("event") == "action"]
    again = [event.get("value") for event in events[starts[-2] : starts[-1]] if _requests(event)]
    return (
        requested[-1:] == [slot]
        and again[-1:] == [slot]
        and {event.get("name") for event in between} <= {form, LISTEN}
    )


def _requests(event: Mapping[str, Any]) -> bool:
    return event.get("event") == "slot" and event.get("name") == REQUESTED_SLOT


def upset_lately(events: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of the last sentences before this one was angry or told what went wrong."""
    return any(one.intent in _UPSET or _tells(one) for one in list(_before(events))[-LATELY:])


def _before(events: Sequence[Mapping[str, Any]]) -> Iterator[Heard]:
    """Yield the sentences before the last, oldest first, back to the end of the last complaint or quiz."""
    ended = [
        i for i, event in enumerate(events) if event.get("event") == "action" and event.get("name") in _ENDS
    ]
    since = events[ended[-1] + 1 :] if ended else events
    for event in [event for event in since if event.get("event") == "user"][-TURNS - 1 : -1]:
        yield heard({**event.get("parse_data", {}), **event})


def _tells(one: Heard) -> bool:
    """Tell whether a sentence says what happened."""
    if one.intent == "dissatisfied" and says_matter(one.text) and len(one.text) >= TELLING:
        return True
    if one.intent.startswith("account") and not one.asks and says_matter(one.text):
        return True  # of one's own account, and no question: 转账失败钱没退回来
    unanswered = one.intent in _UNANSWERED or one.intent.startswith("account")
    return unanswered and sounds_aggrieved(one.text)


def _adds(one: Heard) -> bool:
    """Tell whether a sentence gives a sum, a day or a number to what others tell: 299, 昨天交话费."""
    named = any(kind in one.entities for kind in _FACTS) or bool(only_fact(one.text))
    return named and not one.asks and len(one.text) <= PASSING
