"""QTI packages against a schema of our own profile, which is as strict as the published one or stricter."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree  # type: ignore[import-untyped]

from actions.training import bank
from actions.training.exchange import qti
from actions.training.questions import Question, QuestionType
from bot.settings import PROJECT
from tests.actions.training_bank import question, questions

DATA = Path(__file__).parents[1] / "data"
MANIFEST = "imsmanifest.xml"


def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(DATA / name))


def complaints(files: dict[str, bytes]) -> list[str]:
    """Return what the two schemas say against the files of a package."""
    items, manifest = schema("qti_profile.xsd"), schema("imscp_profile.xsd")
    found = []
    for name, content in files.items():
        rules = manifest if name == MANIFEST else items
        if not rules.validate(etree.fromstring(content)):
            found.append(f"{name}: {rules.error_log.last_error}")
    return found


def package(made: Sequence[Question], folder: Path) -> dict[str, bytes]:
    out = folder / "bank.zip"
    qti.write(made, out, title="题库")
    with zipfile.ZipFile(out) as held:
        return {name: held.read(name) for name in held.namelist()}


def test_every_question_of_the_bank_is_valid(tmp_path: Path) -> None:
    made = bank.load(PROJECT / "training_data" / "quiz")
    files = package(made, tmp_path)
    assert len(files) == len(made) + 2 and len(made) >= 400
    assert complaints(files) == []


def test_questions_that_people_bring_are_valid_whatever_they_are_called(tmp_path: Path) -> None:
    names = ["../../etc/x", "题 1", "1-a", "part-1", "wenjin.test", "A&B<c>", "q-1", "Q" * 64]
    made = [question(name, stem=f"第 {number} 题？\x0b\ufffe") for number, name in enumerate(names)]
    fill = question("f-1", QuestionType.FILL, answer=("30日", "三十天", "30 日"))
    odd = replace(fill, content=replace(fill.content, explanation="一\n\n二", scenario="甲\n\n乙"))
    files = package([*questions(), *made, odd], tmp_path)
    assert complaints(files) == []
    assert len(files) == len(questions()) + len(made) + 3
    assert not any(".." in name or name.startswith("/") for name in files)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'cardinality="single"', b'cardinality="two"'),
        (b'responseIdentifier="RESPONSE"', b'responseIdentifier="OTHER"'),
        (b'identifier="B">', b'identifier="A">'),
        (b'<baseValue baseType="float">1</baseValue>', b""),
        (b"<prompt>", b"<prompt><b/>"),
        (b' timeDependent="false"', b""),
    ],
)
def test_the_schema_refuses_what_is_wrong(tmp_path: Path, old: bytes, new: bytes) -> None:
    content = package([question("one")], tmp_path)["items/one.xml"]
    assert old in content and complaints({"one.xml": content}) == []
    assert complaints({"one.xml": content.replace(old, new, 1)}) != []


def test_a_manifest_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    manifest = package([question("one")], tmp_path)[MANIFEST]
    assert complaints({MANIFEST: manifest}) == []
    assert complaints({MANIFEST: manifest.replace(b'identifierref="r-one"', b'identifierref="r-two"')}) != []
