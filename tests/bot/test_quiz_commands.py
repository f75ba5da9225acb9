"""The commands of the question bank."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from actions.service import accounts
from actions.training import bank, review
from actions.training.exchange import gift, table
from actions.training.exchange.rows import whole_stem
from bot.cli import main
from bot.runtime import Runtime
from bot.settings import PROJECT, Settings

FIELDS = ["id", "type", "stem", "options", "key", "section", "sentence", "explanation", "status"]
OWN = bank.load(PROJECT / "training_data" / "quiz")
QTI = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"


def test_jsonl_has_the_fields_that_other_programs_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quiz", "export", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == len(OWN) >= 300
    for row, question in zip(rows, OWN, strict=True):
        assert list(row) == FIELDS and row["id"] == question.id
        keys = {option[0] for option in row["options"]}
        assert not keys or set(row["key"]) <= keys


def test_status_narrows_the_export(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quiz", "export", "--status", "retired"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == sum(q.status == "retired" for q in OWN)


@pytest.mark.parametrize("kind", ["csv", "gift", "xlsx"])
def test_files_read_back_as_the_bank(kind: str, tmp_path: Path) -> None:
    out = tmp_path / f"bank.{kind}"
    assert main(["quiz", "export", "--format", kind, "--out", str(out)]) == 0
    readers = {
        "csv": lambda: table.read_csv(out.read_bytes()),
        "gift": lambda: gift.read(out.read_text(encoding="utf-8")),
        "xlsx": lambda: table.read_xlsx(out.read_bytes()),
    }
    rows = list(readers[kind]())
    assert [row.problem for row in rows if row.problem] == []
    read = {row.question.id: row.question.content for row in rows if row.question}
    for question in OWN:
        stem = question.content.stem if kind in ("csv", "xlsx") else whole_stem(question.content)
        assert read[question.id].stem == stem
        assert read[question.id].answer == question.content.answer
        assert read[question.id].options == question.content.options


def test_the_qti_package_holds_every_question_with_its_key(tmp_path: Path) -> None:
    out = tmp_path / "bank.zip"
    assert main(["quiz", "export", "--format", "qti", "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as package:
        manifest = ET.fromstring(package.read("imsmanifest.xml"))  # noqa: S314  our own file
        files = {one.get("href", "") for one in manifest.iter() if one.tag.endswith("}file")}
        assert files == set(package.namelist()) - {"imsmanifest.xml"}
        for question in OWN:
            item = ET.fromstring(package.read(f"items/{question.id}.xml"))  # noqa: S314
            values = [
                v.text for v in item.iterfind(f"{QTI}responseDeclaration/{QTI}correctResponse/{QTI}value")
            ]
            right = question.content.answer
            assert values == list(right if question.content.type == "multiple" else right[:1])
            choices = [c.get("identifier") for c in item.iter(f"{QTI}simpleChoice")]
            assert choices == list(question.content.keys or (["true", "false"] if choices else []))


def test_what_is_no_text_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quiz", "export", "--format", "xlsx"]) == 1
    assert "请用 --out 指定文件" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    command = f"{sys.executable} -m bot.cli quiz export | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == OWN[0].id and done.stderr == ""


def test_draft_prints_writes_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data-dir", str(tmp_path / "data")]
    assert main([*data, "quiz", "draft"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) >= 100 and {row["status"] for row in rows} == {"draft"}
    folder = tmp_path / "drafts"
    folder.mkdir()
    assert main([*data, "quiz", "draft", "--out", str(folder / "one.yml")]) == 0
    assert [one.id for one in bank.load(folder)] == [row["id"] for row in rows]
    capsys.readouterr()
    assert main([*data, "quiz", "draft", "--save", "nobody"]) != 0
    assert "没有用户" in capsys.readouterr().err


def test_drafts_are_kept_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_dir = tmp_path / "data"
    runtime = Runtime(Settings.model_validate({"data_dir": data_dir}))
    with runtime.db.begin() as s:
        accounts.add_user(s, name="tm", password="a-long-password", roles=["training"], now=runtime.now())
    for kept in (True, False):
        assert main(["--data-dir", str(data_dir), "quiz", "draft", "--save", "tm"]) == 0
        assert ("：0 题，在" in capsys.readouterr().err) is not kept
    with runtime.db.begin() as s:
        held = review.questions(s)
    assert len(held) >= 100 and {(one.status.value, one.author) for one in held} == {("draft", "draft")}
