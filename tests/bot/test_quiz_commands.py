"""The commands of the question bank."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from actions.training import bank
from actions.training.exchange import gift, table
from bot.cli import main
from bot.settings import PROJECT

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
        assert read[question.id].stem == question.content.stem
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
