"""The test conversations are held over HTTP, and the reading of stories and trackers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from eval.conversations import Turn, last_turn, plain, read_stories
from eval.dialogue import Channels, Outcome, differences
from tests.bot.serving import Live, live
from tests.conftest import data_dir_like

STORIES = read_stories()


@pytest.fixture(scope="module")
def server(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Serve one fresh installation for all conversations."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("conversations"))
    with live(Settings(data_dir=folder)) as running:
        yield running


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_a_conversation_over_http_goes_as_written(server: Live, story: object) -> None:
    channels = Channels(server.mine().base, server.runtime.db)
    outcome = channels.hold(next(one for one in STORIES if one is story))
    assert outcome == Outcome(outcome.story, outcome.turns, ())


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(STORIES) >= 80
    assert len({story.name for story in STORIES}) == len(STORIES)
    assert all(2 <= len(story.turns) <= 12 for story in STORIES)
    assert any(story.staff for story in STORIES)


def test_marks_of_entities_are_no_words() -> None:
    assert plain('[昨天](date)扣了[两百]{"entity": "amount", "value": "200"}\n') == "昨天扣了两百"


def test_the_form_stays_open_over_turns() -> None:
    [story] = [one for one in STORIES if one.name == "中途问一句"]
    assert [turn.form for turn in story.turns] == [*["complaint_form"] * 5, None]
    assert [turn.answers for turn in story.turns] == [False, True, False, True, True, True]
    assert story.turns[2].actions == ("action_answer", "complaint_form")


def test_a_stored_tracker_tells_its_last_turn() -> None:
    heard = {"event": "user", "text": "你好", "parse_data": {"intent": {"name": "greet"}}}
    done = [{"event": "action", "name": name} for name in ("utter_greet", "action_listen")]
    assert last_turn({"loop": "quiz_form", "events": [heard, *done]}) == Turn(
        "你好", "greet", ("utter_greet",), "quiz_form"
    )


def test_what_differs_is_said() -> None:
    wanted = Turn("转人工", "ask_human", ("action_request_human",), None)
    other = Turn("转人工", "greet", ("utter_greet",), None)
    assert differences(wanted, wanted, [{"kind": "handover", "text": "已为您转接"}]) == []
    answer = Turn("退还费用", "ask_human", ("complaint_form",), "complaint_form", True)
    heard = Turn("退还费用", "complain", ("complaint_form",), "complaint_form")
    assert differences(answer, heard, [{"text": "好"}]) == []
    assert len(differences(wanted, other, [{"kind": "text", "text": "您好"}])) == 3
    apology = [{"kind": "handover", "text": "好"}, {"kind": "error", "text": "抱歉"}]
    assert "no error" in differences(wanted, wanted, apology)[0]
    refused = [
        {"kind": "handover", "text": "好"},
        {"kind": "error", "code": "ticket_not_found", "text": "没有"},
    ]
    assert differences(wanted, wanted, refused) == []
