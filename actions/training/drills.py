"""Drills: somebody answers an upset customer line by line, and is marked by the rules of the drill."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service.messages import clean
from actions.store.tables.training import AttemptState, DrillRun
from knowledge.errors import bad_input, conflict, not_found

END = "end"
MAX_LINE = 300


@dataclass(frozen=True, slots=True)
class Goal:
    """What a trainee has to say: met when a pattern is found in a line."""

    key: str
    title: str
    points: int
    required: bool
    section: str
    sentence: str
    hint: str
    model: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What must not be said: `points` are negative and taken off once."""

    key: str
    title: str
    points: int
    section: str
    sentence: str
    why: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the customer says, the goals that it invites, and where it goes by the goals that are met."""

    id: str
    customer: str
    expect: tuple[str, ...]
    next: tuple[tuple[frozenset[str], str], ...]


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill as its file says; `hash` names this content."""

    id: str
    title: str
    topic: str
    roles: tuple[str, ...]
    minutes: int
    intro: str
    goals: tuple[Goal, ...]
    forbidden: tuple[Forbidden, ...]
    turns: tuple[Turn, ...]
    good: str
    poor: str
    hash: str

    @property
    def max_score(self) -> int:
        """Return the points of all goals."""
        return sum(one.points for one in self.goals)


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the conversation."""

    customer: bool
    text: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation is after some lines: all that follows from them."""

    talk: tuple[Said, ...]
    at: Turn | None
    met: tuple[Goal, ...]
    missed: tuple[Goal, ...]
    broken: tuple[Forbidden, ...]
    score: int
    good: bool

    @property
    def hints(self) -> tuple[str, ...]:
        """Return hints for what the customer's last line invites and was not said yet."""
        return tuple(one.hint for one in self.missed if self.at and one.key in self.at.expect)


def load(folder: Path) -> dict[str, Drill]:
    """Return the drills of a folder by id, in the order of their files."""
    return dict(_read(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.yml")))


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> tuple[str, Drill]:
    text = path.read_text(encoding="utf-8")
    row: dict[str, Any] = yaml.safe_load(text)
    names = ("key", "title", "points", "section", "sentence")
    drill = Drill(
        id=row["id"],
        title=row["title"],
        topic=row["topic"],
        roles=tuple(row["roles"]),
        minutes=row["minutes"],
        intro=row["intro"],
        goals=tuple(
            Goal(
                **{name: one[name] for name in (*names, "required", "hint", "model")},
                patterns=tuple(one["patterns"]),
            )
            for one in row["goals"]
        ),
        forbidden=tuple(
            Forbidden(**{name: one[name] for name in (*names, "why")}, patterns=tuple(one["patterns"]))
            for one in row["forbidden"]
        ),
        turns=tuple(
            Turn(
                one["id"],
                one["customer"],
                tuple(one["expect"]),
                tuple((frozenset(way.get("when", ())), way["go"]) for way in one["next"]),
            )
            for one in row["turns"]
        ),
        good=row["ends"]["good"],
        poor=row["ends"]["poor"],
        hash=hashlib.sha256(text.encode()).hexdigest(),
    )
    return drill.id, drill


def play(drill: Drill, lines: Sequence[str]) -> State:
    """Return where a conversation is after these lines of the trainee; lines after the end count nothing."""
    turns = {one.id: one for one in drill.turns}
    at: Turn | None = drill.turns[0]
    talk = [Said(True, drill.turns[0].customer)]
    met: dict[str, Goal] = {}
    broken: dict[str, Forbidden] = {}
    for line in lines:
        if at is None:
            break
        talk.append(Said(False, line))
        met |= {one.key: one for one in drill.goals if _found(one.patterns, line)}
        broken |= {one.key: one for one in drill.forbidden if _found(one.patterns, line)}
        go = next(go for when, go in at.next if when <= met.keys())
        at = turns.get(go) if go != END else None
        if at:
            talk.append(Said(True, at.customer))
    good = not broken and all(one.key in met for one in drill.goals if one.required)
    if at is None:
        talk.append(Said(True, drill.good if good else drill.poor))
    points = sum(one.points for one in met.values()) + sum(one.points for one in broken.values())
    return State(
        talk=tuple(talk),
        at=at,
        met=tuple(one for one in drill.goals if one.key in met),
        missed=tuple(one for one in drill.goals if one.key not in met),
        broken=tuple(one for one in drill.forbidden if one.key in broken),
        score=max(0, points),
        good=good,
    )


def _found(patterns: Sequence[str], line: str) -> bool:
    return any(re.search(pattern, line) for pattern in patterns)


def start(s: Session, *, user_id: str, drill: Drill, now: datetime) -> DrillRun:
    """Begin a drill, or return the person's open run of it; one of an older text of the drill is dropped."""
    for row in s.scalars(
        select(DrillRun).where(
            DrillRun.user_id == user_id,
            DrillRun.drill_id == drill.id,
            DrillRun.state == AttemptState.OPEN,
        )
    ):
        if row.drill_hash == drill.hash:
            return row
        s.delete(row)
    made = DrillRun(
        user_id=user_id,
        drill_id=drill.id,
        drill_hash=drill.hash,
        state=AttemptState.OPEN,
        said={"lines": []},
        max_score=drill.max_score,
        started_at=now,
    )
    s.add(made)
    s.flush()
    return made


def get(s: Session, run_id: str, user_id: str) -> DrillRun:
    """Return a person's run. Raises 404 `unknown_drill_run`, also for another person's."""
    row = s.scalar(select(DrillRun).where(DrillRun.id == run_id, DrillRun.user_id == user_id))
    if row is None:
        raise not_found("unknown_drill_run", "没有找到这次演练，请重新开始。")
    return row


def lines_of(row: DrillRun) -> list[str]:
    """Return what the trainee has said so far."""
    return list(row.said.get("lines", ()))


def say(
    s: Session, *, run_id: str, user_id: str, drill: Drill, text: str, turn: int, now: datetime
) -> DrillRun:
    """Take one line; `turn` is how many had been said when it was written, so that none counts twice.

    Raises:
        WenjinError: 404 `unknown_drill_run`; 409 `drill_changed`; 422 `bad_line`.
    """
    row = _locked(s, run_id, user_id)
    if row.state is not AttemptState.OPEN or row.turn != turn:
        return row
    _same_text(row, drill)
    line = clean(text)
    if not 1 <= len(line) <= MAX_LINE:
        raise bad_input("bad_line", f"请写下您要对客户说的话，最多 {MAX_LINE} 个字。")
    lines = [*lines_of(row), line]
    state = play(drill, lines)
    row.said, row.turn = {"lines": lines}, len(lines)
    row.met, row.broken = [one.key for one in state.met], [one.key for one in state.broken]
    if state.at is None:
        _close(row, state, now)
    s.flush()
    return row


def _locked(s: Session, run_id: str, user_id: str) -> DrillRun:
    query = select(DrillRun).where(DrillRun.id == run_id, DrillRun.user_id == user_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return s.scalar(locked) or get(s, run_id, user_id)


def _same_text(row: DrillRun, drill: Drill) -> None:
    if row.drill_hash != drill.hash:
        raise conflict("drill_changed", "这个演练刚改过内容，请回到演练页重新开始。")


def _close(row: DrillRun, state: State, now: datetime) -> None:
    row.state, row.finished_at = AttemptState.FINISHED, now
    row.score, row.passed = state.score, state.good


def finish(s: Session, *, run_id: str, user_id: str, drill: Drill, now: datetime) -> DrillRun:
    """End a run before its conversation does and mark what was said; doing it twice is harmless.

    Raises:
        WenjinError: 404 `unknown_drill_run`; 409 `drill_changed`.
    """
    row = _locked(s, run_id, user_id)
    if row.state is AttemptState.OPEN:
        _same_text(row, drill)
        _close(row, play(drill, lines_of(row)), now)
        s.flush()
    return row


def runs(s: Session, user_id: str) -> list[DrillRun]:
    """Return a person's runs, newest first."""
    made = select(DrillRun).where(DrillRun.user_id == user_id)
    return list(s.scalars(made.order_by(DrillRun.started_at.desc(), DrillRun.id)))
