"""Tests of reading a complaint with the real encoder and classifier."""

from __future__ import annotations

from datetime import date

import pytest

from actions.desk import categories, found
from actions.desk.reading import DeskReader, channel, levels
from tests.bot.talking import START, desk_reader

TODAY = date(2025, 11, 26)


@pytest.fixture(scope="module")
def reader() -> DeskReader:
    """The reader that a server has."""
    return desk_reader()


def test_a_reading_has_what_a_draft_needs(reader: DeskReader) -> None:
    reading = reader.read("昨天基金赎回少给了我3000元", "form", on=TODAY)
    assert reading.found["days"][0]["from"] == "2025-11-25"
    assert reading.found["amounts"][0]["value"] == "3000"
    assert reading.proposed["business"]["key"] == "wealth"
    assert len(reading.proposed["cause"]["others"]) == 2
    for axis in categories.AXES:
        categories.check(**{axis: reading.proposed[axis]["key"]})
    assert reading.vector.values.ndim == 1


def test_without_a_day_it_is_today(reader: DeskReader) -> None:
    assert reader.read("昨天扣的", "form").found["days"][0]["from"] == "2026-01-04"
    assert START.date() == date(2026, 1, 5)


@pytest.mark.parametrize("text", ["", "？？？", "a" * 2000])
def test_no_text_is_too_odd(reader: DeskReader, text: str) -> None:
    assert 0 < reader.read(text, "api").proposed["cause"]["confidence"] <= 1


@pytest.mark.parametrize(
    ("text", "source", "key"),
    [
        ("扣了两次", "chat", "web"),
        ("扣了两次", "api", "app"),
        ("昨天去门店问", "chat", "branch"),
        ("公众号上点的", "form", "wechat"),
        ("先打了电话又去了门店", "chat", "web"),  # two are named: where it came in
    ],
)
def test_the_channel_is_where_it_came_in_unless_another_is_named(text: str, source: str, key: str) -> None:
    assert channel(found.find(text, TODAY), source)["key"] == key


@pytest.mark.parametrize(
    ("text", "urgency", "impact"),
    [("扣了我5元", 1, 1), ("少了3000元", 1, 2), ("卡被盗刷了两万", 3, 3), ("客服骂我", 3, 1)],
)
def test_levels_to_start_from(text: str, urgency: int, impact: int) -> None:
    assert levels(text, found.find(text, TODAY)) == {"urgency": urgency, "impact": impact}
