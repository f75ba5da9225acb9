"""The shapes that Rasa's clients know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.rasa_forms import markdown, rest_form, socket_form

_CITED = {"manual": "wenjin", "section": "5.2", "title": "投诉处理"}


def message(text: str = "您好", **more: Any) -> dict[str, Any]:
    """Return a message of the bot."""
    return {"text": text, "kind": "text", "buttons": [], "data": {}, **more}


def test_a_text_has_one_key_and_buttons_have_two() -> None:
    assert socket_form(message(), "手册") == {"text": "您好"}
    asked = socket_form(message(buttons=[{"title": "确认", "payload": "确认提交"}]), "手册")
    assert asked == {
        "text": "您好",
        "quick_replies": [{"content_type": "text", "title": "确认", "payload": "确认提交"}],
    }


def test_the_source_stands_in_the_text_once() -> None:
    said = message("三天内答复。", kind="answer", data={"citations": [_CITED, _CITED]})
    assert socket_form(said, "运营手册") == {"text": "三天内答复。  \n来源：《运营手册》5.2 投诉处理"}
    sent = rest_form(said, "anna", "运营手册")
    assert sent["text"].endswith("\n来源：《运营手册》5.2 投诉处理")
    assert set(sent) == {"recipient_id", "text", "custom"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话 138****5678，卡 6222****1234", "电话 138••••5678，卡 6222••••1234"),
        ("一\n二", "一  \n二"),
        ("3 * 5", "3 * 5"),
    ],
)
def test_markdown_shows_what_was_written(text: str, shown: str) -> None:
    assert markdown(text) == shown


@given(st.text(), st.lists(st.fixed_dictionaries({"title": st.text(), "payload": st.text()})))
def test_a_widget_always_gets_a_shape_that_it_shows(text: str, buttons: list[dict[str, str]]) -> None:
    keys = set(socket_form(message(text, buttons=buttons), "手册"))
    assert keys == ({"text", "quick_replies"} if buttons else {"text"})
