"""The questions that are asked: the blind set with its two halves, or a fifth held out of the bank."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.document import Audience, Document
from knowledge.errors import bad_input
from knowledge.passages import Unit, units_of_document
from knowledge.questions import Question, QuestionBank, Unanswerable
from knowledge.text import normalise
from knowledge.vectors import VectorCache

BLIND = Path(__file__).parent / "questions"
HELD_OUT = 0.2
SAME_SENTENCE = 0.9  # cosine from which a sentence of another edition says the same
NOWHERE = "absent"  # the side of questions whose section this manual has not


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what is right for it.

    `side` is answerable, closed, absent, near, account or far. `sentence` is the sentence that answers it,
    "" where none is known.
    """

    id: str
    text: str
    audience: Audience
    difficulty: str
    side: str
    section: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """The bank that may be learned from, and what is asked of it."""

    bank: QuestionBank
    asked: tuple[Asked, ...]


def load_blind(folder: Path = BLIND) -> list[Asked]:
    """Return the questions of `answerable.jsonl` and `unanswerable.jsonl`.

    Raises:
        WenjinError: `no_questions` (422) without the files, `bad_question_file` naming file and line.
    """
    out: list[Asked] = []
    for name in ("answerable", "unanswerable"):
        path = folder / f"{name}.jsonl"
        if not path.is_file():
            raise bad_input("no_questions", f"没有找到测量用的问题：{path.name}。", file=path.name)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                out.append(_read(json.loads(line), answerable=name == "answerable"))
            except (ValueError, KeyError, TypeError) as error:
                message = f"问题文件 {path.name} 第 {number} 行读不出来：{error}"
                raise bad_input("bad_question_file", message, file=path.name, line=number) from error
    return out


def _read(row: dict[str, str], *, answerable: bool) -> Asked:
    audience = Audience(row.get("audience", "customer"))
    if answerable:
        return Asked(row["id"], row["question"], audience, row.get("difficulty", ""), "answerable",
                     row["section"], row.get("sentence", ""))  # fmt: skip
    return Asked(row["id"], row["question"], audience, "", side_of(row["kind"]))


def side_of(kind: str) -> str:
    """Return account, far or near for a kind of unanswerable question.

    The bank's kinds are finer: near_account, near_fee_rate, staff_hr, far_life …
    """
    if kind in ("account", "near_account"):
        return "account"
    return "far" if kind.startswith("far") else "near"


def half(identity: str) -> str:
    """Return "dev" or "test" by a hash of the id: the same for ever, whatever is added later."""
    return "test" if hashlib.sha256(identity.encode()).digest()[0] % 2 else "dev"


def part(asked: Iterable[Asked], name: str) -> list[Asked]:
    """Return one half of the questions, or "all" of them."""
    return [q for q in asked if name in ("all", half(q.id))]


def split(bank: QuestionBank, seed: int, *, by_sentence: bool = False) -> Split:
    """Hold out a fifth of the questions at random, or all questions of a fifth of the anchor sentences."""
    rng = np.random.RandomState(seed)
    if by_sentence:
        anchors = sorted({(q.section, q.anchor) for q in bank.answerable})
        chosen = {anchors[i] for i in rng.permutation(len(anchors))[: int(len(anchors) * HELD_OUT)]}
        out = np.array([(q.section, q.anchor) in chosen for q in bank.answerable])
    else:
        out = _sample(rng, len(bank.answerable))
    refused = _sample(rng, len(bank.unanswerable))
    kept = tuple(q for q, held in zip(bank.answerable, out, strict=True) if not held)
    learned = tuple(q for q, held in zip(bank.unanswerable, refused, strict=True) if not held)
    asked = [_of_bank(i, bank.answerable[i]) for i in np.flatnonzero(out)]
    asked += [_of_bank(i, bank.unanswerable[i]) for i in np.flatnonzero(refused)]
    return Split(QuestionBank(kept, learned), tuple(asked))


def _of_bank(place: int, question: Question | Unanswerable) -> Asked:
    if isinstance(question, Unanswerable):
        return Asked(f"u{place}", question.text, question.audience, "", side_of(question.kind))
    return Asked(f"a{place}", question.text, question.audience, question.style, "answerable",
                 question.section, question.anchor)  # fmt: skip


def _sample(rng: np.random.RandomState, count: int) -> npt.NDArray[np.bool_]:
    out = np.zeros(count, bool)
    out[rng.permutation(count)[: int(count * HELD_OUT)]] = True
    return out


def settle(asked: Sequence[Asked], document: Document, cache: VectorCache) -> list[Asked]:
    """Return the questions as this manual and its audiences have them.

    A section that the audience may not read makes a question closed, a section that is not there absent. The
    right sentence becomes the manual's own: the same words, else the nearest of the section by the encoder's
    cosine from SAME_SENTENCE on, else "".
    """
    placed = [replace(q, side=_side(q, document)) for q in asked]
    units = units_of_document(document)
    by_section: dict[str, list[Unit]] = {}
    for unit in units:
        by_section.setdefault(unit.section, []).append(unit)
    twins = _twins({(q.section, q.sentence) for q in placed if q.sentence}, by_section, cache)
    return [replace(q, sentence=twins.get((q.section, q.sentence), "")) for q in placed]


def _side(question: Asked, document: Document) -> str:
    if not question.section:
        return question.side
    section = document.section(question.section)
    if section is None:
        return NOWHERE
    return "answerable" if question.audience.may_read(section.audience) else "closed"


def _twins(
    wanted: set[tuple[str, str]], by_section: dict[str, list[Unit]], cache: VectorCache
) -> dict[tuple[str, str], str]:
    """Map (section, sentence) to this manual's sentence."""
    found: dict[tuple[str, str], str] = {}
    for section, sentence in sorted(wanted):
        texts = [unit.text for unit in by_section.get(section, ())]
        plain = normalise(sentence)
        same = [t for t in texts if normalise(t) == plain] or [t for t in texts if plain in normalise(t)]
        if same:
            found[section, sentence] = same[0]
        elif texts:
            vectors = np.stack([e.sentence for e in cache.encode([plain, *map(normalise, texts)])])
            similar = vectors[1:] @ vectors[0]
            if similar.max() >= SAME_SENTENCE:
                found[section, sentence] = texts[int(similar.argmax())]
    return found


def known_already(asked: Sequence[Asked], bank: QuestionBank) -> list[Asked]:
    """Return the questions that the bank holds word for word: for these nothing is blind."""
    texts = {normalise(q.text) for q in bank.answerable} | {normalise(q.text) for q in bank.unanswerable}
    return [q for q in asked if normalise(q.text) in texts]
