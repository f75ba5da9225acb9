"""Draw a paper from the bank: spread over the sections of the manual, repeatable from its seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.training import QuizQuestion, QuizQuestionVersion
from actions.training.questions import Content, Status


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question version that may be drawn; `keys` are its option keys in the author's order.

    `case` names the scenario that it shares with others, "" for none.
    """

    version_id: str
    section: str
    keys: tuple[str, ...] = ()
    type: str = ""
    difficulty: str = ""
    topic: str = ""
    jobs: tuple[str, ...] = ()
    case: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question of a paper and the order in which its options are shown."""

    version_id: str
    option_order: tuple[str, ...]
    points: int = 10


_SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {}  # of versions, which never change: type, option keys


def candidates(s: Session) -> list[Candidate]:
    """Return the current versions that papers may take: approved and not stale."""
    drawable = (QuizQuestion.status == Status.APPROVED.value, QuizQuestion.stale.is_(False))
    version, head = QuizQuestionVersion, QuizQuestion
    rows = s.execute(
        select(version.id, version.section, head.difficulty, head.topic, head.roles, head.case_id)
        .join(head, head.version_id == version.id)
        .where(*drawable)
    ).all()
    if unknown := {row[0] for row in rows} - _SHAPES.keys():
        contents = select(version.id, version.content).join(head, head.version_id == version.id)
        for version_id, content in s.execute(contents.where(*drawable)):
            if version_id in unknown:
                _SHAPES[version_id] = (content["type"], Content.from_json(content).keys)
    return [
        Candidate(version_id, section, keys, kind, difficulty, topic, tuple(roles), case_id or "")
        for version_id, section, difficulty, topic, roles, case_id in rows
        for kind, keys in [_SHAPES[version_id]]
    ]


def draw(bank: Sequence[Candidate], *, size: int, seed: int) -> list[Drawn]:
    """Return at most `size` questions; the same seed and bank give the same paper, in whatever order.

    No section gives another question while one that has given fewer has some left; chapters take turns. A
    case that is drawn brings its further questions along, and they stand together.
    """
    rng = random.Random(seed)  # noqa: S311  a paper must be repeatable, not secret
    order = with_cases(spread(bank, rng))[:size]
    return [Drawn(one.version_id, shuffled(one.keys, rng)) for one in order]


def spread(bank: Sequence[Candidate], rng: random.Random) -> list[Candidate]:
    """Return all candidates: first one of each section, then the second of each, …"""
    sections: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(bank, key=lambda one: one.version_id):
        sections[candidate.section].append(candidate)
    for held in sections.values():
        rng.shuffle(held)
    order = _round_robin(sorted(sections), rng)
    layers = zip_longest(*(sections[section] for section in order))
    return [candidate for candidate in chain.from_iterable(layers) if candidate is not None]


def with_cases(order: Sequence[Candidate]) -> list[Candidate]:
    """Put a case's questions side by side where its first one stands, in the author's order."""
    held: dict[str, list[Candidate]] = defaultdict(list)
    for one in sorted(order, key=lambda one: one.version_id):
        if one.case:
            held[one.case].append(one)
    result: list[Candidate] = []
    for one in order:
        result += held.pop(one.case, []) if one.case else [one]
    return result


def _round_robin(sections: Sequence[str], rng: random.Random) -> list[str]:
    """Return the sections one chapter after the other in turn; chapters and their sections are shuffled."""
    chapters: dict[str, list[str]] = defaultdict(list)
    for section in sections:
        chapters[section.split(".")[0]].append(section)
    for held in chapters.values():
        rng.shuffle(held)
    shuffled_chapters = list(chapters.values())
    rng.shuffle(shuffled_chapters)
    return [section for turn in zip_longest(*shuffled_chapters) for section in turn if section is not None]


def shuffled(keys: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """Return the keys in a random order."""
    return tuple(rng.sample(keys, len(keys)))
