"""The commands of the question bank."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
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


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let commands find an installation without a database; return its folder."""
    monkeypatch.setenv("WENJIN_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def runtime(fresh: Path) -> Runtime:
    """Return an installation with a training administrator and another person, its bank not yet filled."""
    made = Runtime(Settings.model_validate({"data_dir": fresh}))
    with made.db.begin() as s:
        for name, role in (("tm", "training"), ("zhao", "staff")):
            accounts.add_user(s, name=name, password="a-long-password", roles=[role], now=made.now())
    return made


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


def test_drafts_are_kept_once(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    for kept in (True, False):
        assert main(["quiz", "draft", "--save", "tm"]) == 0
        assert ("：0 题，在" in capsys.readouterr().err) is not kept
    with runtime.db.begin() as s:
        held = review.questions(s)
    assert len(held) >= 100 and {(one.status.value, one.author) for one in held} == {("draft", "draft")}


GIFT = "::own-1::投诉最迟几天答复？{=15 天 ~20 天 ~30 天####十五天。}\n"


def exported(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, str]:
    """Return the status of each question that the command prints."""
    capsys.readouterr()
    assert main(["quiz", "export", *more]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {row["id"]: row["status"] for row in rows}


@pytest.mark.usefixtures("runtime")
def test_import_tries_takes_and_knows_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "新题.gift"
    file.write_text(GIFT, encoding="utf-8")
    command = ["quiz", "import", str(file), "--by", "tm"]
    assert main([*command, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "可以导入\town-1\t投诉最迟几天答复" in said.out and "试算（gift）" in said.err
    assert "own-1" not in exported(capsys)
    assert main(command) == 0
    assert exported(capsys) == {**{one.id: one.status.value for one in OWN}, "own-1": "draft"}
    assert main(command) == 0
    said = capsys.readouterr()
    assert "已有\t与 own-1 相同" in said.out and "没有新题" in said.err


@pytest.mark.usefixtures("runtime")
def test_import_takes_nothing_where_one_row_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "q.csv"
    file.write_text("题干,选项A,选项B,答案\n甲对吗？,对,不对,A\n乙对吗？,对,不对,C\n", encoding="utf-8")
    assert main(["quiz", "import", str(file), "--by", "tm"]) == 1
    said = capsys.readouterr()
    assert "第 3 行\t不能导入\t答案 C 不在选项里（选项到 B）" in said.out and "都没有导入" in said.err
    assert exported(capsys, "--status", "draft") == {}


@pytest.mark.usefixtures("runtime")
def test_import_reads_the_format_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.dat"
    file.write_text(GIFT, encoding="utf-8")
    assert main(["quiz", "import", str(file), "--by", "tm"]) == 1
    assert "不认识的文件类型" in capsys.readouterr().err
    assert main(["quiz", "import", str(file), "--by", "tm", "--format", "gift"]) == 0
    assert exported(capsys, "--status", "draft") == {"own-1": "draft"}


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(("name", "says"), [("nobody", "没有用户"), ("zhao", "培训")])
def test_import_needs_a_training_administrator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    file = tmp_path / "q.gift"
    file.write_text(GIFT, encoding="utf-8")
    assert main(["quiz", "import", str(file), "--by", name, "--dry-run"]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("runtime")
def test_the_bank_as_a_file_brings_nothing_new(capsys: pytest.CaptureFixture[str]) -> None:
    cases = PROJECT / "training_data" / "quiz" / "cases.yml"
    assert main(["quiz", "import", str(cases), "--by", "tm"]) == 0
    assert "没有新题" in capsys.readouterr().err


def test_export_has_the_version_in_force_and_finds_changes_that_wait(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = OWN[0]
    with runtime.db.begin() as s:
        bank.sync(s, OWN, runtime.now())
        user = accounts.find_user(s, "tm")
        assert user
        changed = replace(first, content=replace(first.content, explanation="另一种解析。"))
        review.edit(s, changed, seen=first.version_id, user=user, now=runtime.now())
        review.submit(s, first.id, user=user, now=runtime.now())
    assert exported(capsys)[first.id] == "approved"
    assert exported(capsys, "--status", "in_review") == {first.id: "in_review"}
    out = tmp_path / "waiting.csv"
    assert main(["quiz", "export", "--format", "csv", "--status", "in_review", "--out", str(out)]) == 0
    assert "另一种解析" in out.read_text(encoding="utf-8-sig")
    capsys.readouterr()
    assert main(["quiz", "import", str(out), "--by", "tm"]) == 0
    assert "没有新题" in capsys.readouterr().err, "a change that waits is there already"
    assert exported(capsys, "--status", "in_review") == {first.id: "in_review"}
