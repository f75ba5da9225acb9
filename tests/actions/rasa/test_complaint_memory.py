"""Tests of what is remembered of the sentences before a complaint is opened."""

from __future__ import annotations

from datetime import date
from typing import Any

from actions.rasa.complaint_memory import TURNS, days, opening
from actions.rasa.complaint_words import CONTACT, DEMAND, MATTER, PRODUCT
from actions.rasa.heard import Heard

OPENS = Heard("我要投诉", "complain", 1.0)
TODAY = date(2025, 11, 26)


def user(text: str, intent: str = "dissatisfied", on: str = "", **entities: str) -> dict[str, Any]:
    """Return the event of one sentence, as the tracker keeps it."""
    found = [{"entity": kind, "value": value} for kind, value in entities.items()]
    parsed = {"intent": {"name": intent, "confidence": 0.9}, "entities": found}
    return {"event": "user", "text": text, "parse_data": parsed, "metadata": {"said": text, "on": on}}


WISH = user("我要投诉", "complain")
ENDED = {"event": "action", "name": "action_complaint_end"}


def test_all_that_told_what_happened_is_the_matter() -> None:
    events = [user("上周五转账被扣了两次"), user("在吗", "greet"), user("打了五个电话没人管！"), WISH]
    assert opening(events, OPENS) == {MATTER: "上周五转账被扣了两次；打了五个电话没人管", PRODUCT: "转账"}


def test_a_demand_and_a_phone_number_are_taken_from_before() -> None:
    events = [
        user("转账被扣两次，马上给我退款"),
        user("我号码13912345678", "nlu_fallback", phone="13912345678"),
        WISH,
    ]
    said = opening(events, OPENS)
    assert said[DEMAND] == "马上给我退款"
    assert said[CONTACT] == "13912345678"


def test_a_question_is_not_what_happened() -> None:
    assert opening([user("投诉多久能处理完", "ask_manual"), WISH], OPENS) == {}


def test_what_the_opening_sentence_tells_is_added_to_what_was_told_before() -> None:
    opens = Heard("我要投诉客服挂我电话", "complain", 1.0)
    said = opening([user("转账被扣了两次"), WISH], opens)
    assert said == {MATTER: "转账被扣了两次；我要投诉客服挂我电话", PRODUCT: "客服服务"}


def test_a_threat_is_not_what_happened() -> None:
    opens = Heard("我要去银保监告你们", "complain", 1.0)
    events = [user("会员费扣了两次"), user("上个月扣的", "chitchat", date="上个月"), WISH]
    assert opening(events, opens) == {MATTER: "会员费扣了两次；上个月扣的", PRODUCT: "会员"}


def test_nothing_is_taken_from_before_the_last_complaint_or_from_long_ago() -> None:
    assert opening([user("转账被扣了两次"), ENDED, WISH], OPENS) == {}
    assert opening([user("转账被扣了两次"), *[user("在吗", "greet")] * TURNS, WISH], OPENS) == {}


def test_a_day_is_counted_from_when_it_was_said() -> None:
    found = days([user("昨天扣的", on="2025-11-24"), user("我要投诉，前天又扣了", "complain")], TODAY)
    assert {text: day["from"] for text, day in found.items()} == {"昨天": "2025-11-23", "前天": "2025-11-24"}


def test_what_was_told_of_ones_own_account_is_what_happened() -> None:
    events = [user("转账失败钱没退回来", "account_refund"), user("人工", "ask_human"), WISH]
    assert opening(events, OPENS) == {MATTER: "转账失败钱没退回来", PRODUCT: "转账"}
    assert opening([user("我的退款到哪了", "account_refund"), WISH], OPENS) == {}
