"""The manuals at hand: versions, switching, and the index that is built once."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.settings import Settings
from knowledge import index as indexes
from knowledge.document import Audience, Document, Outcome
from knowledge.encoder import Encoder, SentenceEncoder
from knowledge.errors import WenjinError
from knowledge.library import EDITION, Library, LiveAnswerer

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture
def shelf(data_dir: Path) -> Library:
    return Library(data_dir, edition=Settings().edition_dir, questions=Settings().questions_dir)


@pytest.fixture
def short(shelf: Library) -> Document:
    """A few sections of our edition, which are learnt in seconds; the second tells how long a complaint takes."""
    asked = next(one for one in shelf.edition if "投诉" in one.title)
    return replace(shelf.edition, title="甲", sections=(shelf.edition.sections[0], asked))


def renamed(document: Document, title: str) -> Document:
    return replace(document, title=title)


def test_a_fresh_installation_answers_from_our_edition(shelf: Library) -> None:
    (info,) = shelf.manuals()
    assert (info.name, info.in_use, info.sections) == (EDITION, True, 36)


def test_each_import_of_other_content_is_a_new_version_and_the_old_one_stays(shelf: Library) -> None:
    first = shelf.add(renamed(shelf.edition, "甲"), name="ours", report={}, now=NOW)
    again = shelf.add(renamed(shelf.edition, "甲"), name="ours", report={}, now=NOW)
    second = shelf.add(renamed(shelf.edition, "乙"), name="ours", report={"file": "b.txt"}, now=NOW)
    assert (first, again, second) == ("v1", "v1", "v2")
    assert shelf.document("ours").title == "乙"
    assert shelf.document("ours", "v1").title == "甲"
    assert shelf.report("ours") == {"file": "b.txt"}


def test_switching_is_remembered_by_the_next_process(shelf: Library, data_dir: Path) -> None:
    shelf.add(renamed(shelf.edition, "甲"), name="ours", report={}, now=NOW)
    shelf.use("ours")
    other = Library(data_dir, edition=Settings().edition_dir, questions=Settings().questions_dir)
    assert other.in_use() == "ours"
    other.use(EDITION)
    assert shelf.in_use() == EDITION


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", EDITION, "x" * 80])
def test_a_bad_name_is_refused_and_nothing_is_written(shelf: Library, name: str) -> None:
    with pytest.raises(WenjinError) as caught:
        shelf.add(shelf.edition, name=name, report={}, now=NOW)
    assert caught.value.code == "bad_manual_name"
    assert len(shelf.manuals()) == 1


def test_an_unknown_manual_is_named_with_the_known_ones(shelf: Library) -> None:
    with pytest.raises(WenjinError) as caught:
        shelf.use("nowhere")
    assert caught.value.code == "unknown_manual"
    assert EDITION in caught.value.message
    assert shelf.in_use() == EDITION


def test_an_index_is_built_once(
    shelf: Library, encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shelf.index(EDITION, encoder)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(indexes, "build", refuse)
    second = shelf.index(EDITION, encoder)
    assert first.key == second.key
    assert [u.text for u in first.units] == [u.text for u in second.units]


def test_a_switch_is_noticed_at_the_next_question(
    shelf: Library, short: Document, encoder: SentenceEncoder
) -> None:
    live = LiveAnswerer(shelf, lambda: encoder)
    before = live.answer("投诉一般多久能处理完", audience=Audience.CUSTOMER)
    shelf.add(short, name="ours", report={}, now=NOW)
    shelf.use("ours")
    after = live.answer("投诉一般多久能处理完", audience=Audience.CUSTOMER)
    assert before.outcome is after.outcome is Outcome.ANSWERED
    assert {c.manual for c in before.citations} == {EDITION}
    assert {(c.manual, c.version) for c in after.citations} == {("ours", "v1")}
    assert before.text == after.text


class _Counting:
    """Counts what is encoded and passes it on."""

    def __init__(self, inner: Encoder) -> None:
        self._inner, self.seen = inner, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def encode_full(self, texts: Sequence[str], **options: object) -> object:
        self.seen += len(texts)
        return self._inner.encode_full(texts, **options)  # type: ignore[arg-type]


def test_what_did_not_change_is_not_encoded_again(
    shelf: Library, short: Document, encoder: SentenceEncoder
) -> None:
    shelf.add(short, name="ours", report={}, now=NOW)
    shelf.index("ours", encoder)
    section = short.sections[0]
    changed = replace(
        section,
        paragraphs=(
            replace(section.paragraphs[0], text=f"这一句是新写的，编号{uuid.uuid4()}。"),
            *section.paragraphs[1:],
        ),
    )
    shelf.add(
        replace(short, sections=(changed, *short.sections[1:])),
        name="ours",
        report={},
        now=NOW,
    )
    counting = _Counting(encoder)
    shelf.index("ours", counting)  # type: ignore[arg-type]
    assert 0 < counting.seen < 10
