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
    """A question version that may be drawn; `keys` are its option keys in the author's order."""

    version_id: str
    section: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question of a paper and the order in which its options are shown."""

    version_id: str
    option_order: tuple[str, ...]


def candidates(s: Session) -> list[Candidate]:
    """Return the current versions that papers may take: approved and not stale."""
    rows = s.execute(
        select(QuizQuestionVersion)
        .join(QuizQuestion, QuizQuestion.version_id == QuizQuestionVersion.id)
        .where(QuizQuestion.status == Status.APPROVED.value, QuizQuestion.stale.is_(False))
    ).scalars()
    return [Candidate(row.id, row.section, Content.from_json(row.content).keys) for row in rows]


def draw(bank: Sequence[Candidate], *, size: int, seed: int) -> list[Drawn]:
    """Return at most `size` questions; the same seed and bank give the same paper, in whatever order.

    No section gives another question while one that has given fewer has some left; chapters take turns.
    """
    rng = random.Random(seed)  # noqa: S311  a paper must be repeatable, not secret
    order = _layers(bank, rng)[:size]
    return [Drawn(one.version_id, _shuffled(one.keys, rng)) for one in order]


def _layers(bank: Sequence[Candidate], rng: random.Random) -> list[Candidate]:
    """Return all candidates: first one of each section, then the second of each, …"""
    sections: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(bank, key=lambda one: one.version_id):
        sections[candidate.section].append(candidate)
    for held in sections.values():
        rng.shuffle(held)
    order = _round_robin(sorted(sections), rng)
    layers = zip_longest(*(sections[section] for section in order))
    return [candidate for candidate in chain.from_iterable(layers) if candidate is not None]


def _round_robin(sections: Sequence[str], rng: random.Random) -> list[str]:
    """Return the sections one chapter after the other in turn; chapters and their sections are shuffled."""
    chapters: dict[str, list[str]] = defaultdict(list)
    for section in sections:
        chapters[section.split(".")[0]].append(section)
    for held in chapters.values():
        rng.shuffle(held)
    shuffled = list(chapters.values())
    rng.shuffle(shuffled)
    return [section for turn in zip_longest(*shuffled) for section in turn if section is not None]


def _shuffled(keys: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(keys, len(keys)))
