"""Tests of `wenjin understand`: one text for people and for programs, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from tests.bot.talking import model_file, prepared

KEYS = ["intent", "confidence", "ranking", "entities", "in_scope"]


def understand(*arguments: str) -> int:
    """Run the command with the data folder that tests share."""
    model_file()
    return main(["--data-dir", str(prepared()), "understand", *arguments])


def test_a_text_is_understood_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert understand("我要投诉，TS260105-12345 那单扣了我30块", "--json") == 0
    row: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(row) == KEYS
    assert (row["intent"], row["in_scope"]) == ("complain", True)
    assert row["ranking"][0] == {"intent": "complain", "confidence": row["confidence"]}
    found = {one["entity"]: one for one in row["entities"]}
    assert found["ticket_number"] == {
        "entity": "ticket_number", "value": "TS260105-12345", "start": 5, "end": 19,
    }  # fmt: skip
    assert found["amount"]["value"] == "30块"


def test_people_read_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert understand("我要投诉你们，马上给我转人工客服") == 0
    said = capsys.readouterr().out
    assert said.startswith("意图：complain（把握 ")
    assert "在服务范围内" in said and "同时：ask_human" in said


def test_every_line_of_a_file_is_understood(tmp_path: Path) -> None:
    asked, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    rows = [{"id": "a", "text": "转人工"}, {"id": 7, "text": "讲个笑话"}, {"id": "c", "text": " "}]
    asked.write_text("\n\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8-sig")
    assert understand("--batch", str(asked), "--out", str(out)) == 0
    done = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in done] == [["id", *KEYS]] * 3
    assert [row["id"] for row in done] == ["a", 7, "c"]
    assert [row["in_scope"] for row in done] == [True, False, False]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"id": "b"}', "第 2 行读不出来：缺少 'text'"),
        ('{"id": "b", "text": 5}', "第 2 行读不出来：text 应是文字"),
        ('["b", "转人工"]', "第 2 行读不出来：应是 {id, text} 这样的一个对象"),
        ("转人工", "第 2 行读不出来"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    line: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    asked.write_text('{"id": "a", "text": "转人工"}\n' + line, encoding="utf-8")
    assert understand("--batch", str(asked), "--out", str(out)) == 1
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [asked]


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert understand() == 1
    assert "请写上要理解的话" in capsys.readouterr().err
    assert understand("--batch", str(tmp_path / "none.jsonl")) == 1
    assert "请用 --out" in capsys.readouterr().err
    assert understand("--batch", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "o")) == 1
    assert "没有这个文件" in capsys.readouterr().err
