"""The plan of a paper: lines that say how many questions of what kind for how many points, and the draw."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actions.training.papers import Candidate, Drawn, shuffled, spread, with_cases
from actions.training.questions import Difficulty, QuestionType
from knowledge.errors import bad_input, conflict

MOST_LINES, MOST_QUESTIONS, MOST_POINTS = 30, 200, 100
_DIFFICULTIES = {Difficulty.EASY: "易", Difficulty.MEDIUM: "中", Difficulty.HARD: "难"}


@dataclass(frozen=True, slots=True)
class Line:
    """`count` questions of `points` each, out of those that fit all that is named; "" names nothing."""

    count: int
    points: int = 10
    topic: str = ""
    section: str = ""
    chapter: str = ""
    type: str = ""
    difficulty: str = ""
    job: str = ""

    def takes(self, one: Candidate) -> bool:
        """Tell whether a question fits; one that names no jobs is for everybody."""
        return (
            self.topic in ("", one.topic)
            and self.section in ("", one.section)
            and self.chapter in ("", one.section.split(".")[0])
            and self.type in ("", one.type)
            and self.difficulty in ("", one.difficulty)
            and (not self.job or not one.jobs or self.job in one.jobs)
        )

    @property
    def words(self) -> str:
        """Say what the line draws from."""
        said = [
            self.topic,
            f"{self.section} 节" if self.section else "",
            f"第 {self.chapter} 章" if self.chapter else "",
            QuestionType(self.type).label if self.type else "",
            f"难度{_DIFFICULTIES[Difficulty(self.difficulty)]}" if self.difficulty else "",
            f"{self.job}适用" if self.job else "",
        ]
        return "、".join(one for one in said if one) or "全部题目"

    def to_json(self) -> dict[str, Any]:
        """Return the line as it is stored: what names nothing is left out."""
        return {name: value for name, value in asdict(self).items() if value != ""}


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Build the lines of a blueprint.

    Raises:
        WenjinError: 422 `bad_blueprint`, with the number of the line.
    """
    if not 1 <= len(rows) <= MOST_LINES:
        raise bad_input("bad_blueprint", f"抽题规则要有 1 到 {MOST_LINES} 行。")
    lines = tuple(_line(number, row) for number, row in enumerate(rows, 1))
    if sum(line.count for line in lines) > MOST_QUESTIONS:
        raise bad_input("bad_blueprint", f"一份试卷最多 {MOST_QUESTIONS} 题。")
    return lines


def _line(number: int, row: Mapping[str, Any]) -> Line:
    def refuse(why: str) -> Exception:
        return bad_input("bad_blueprint", f"抽题规则第 {number} 行：{why}", line=number)

    def whole(name: str, default: int, most: int, called: str) -> int:
        value = row.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise refuse(f"{called}要是 1 到 {most} 的整数。")
        return value

    words = {
        name: str(row.get(name) or "").strip()
        for name in ("topic", "section", "chapter", "type", "difficulty", "job")
    }
    if words["type"] and words["type"] not in list(QuestionType):
        raise refuse("没有这种题型。")
    if words["difficulty"] and words["difficulty"] not in list(Difficulty):
        raise refuse("没有这种难度。")
    count = whole("count", 0, MOST_QUESTIONS, "题数")
    return Line(count, whole("points", 10, MOST_POINTS, "每题分值"), **words)


def available(bank: Sequence[Candidate], lines: Sequence[Line]) -> list[int]:
    """Return how many questions fit each line, whatever the other lines take."""
    return [sum(line.takes(one) for one in bank) for line in lines]


def draw(
    bank: Sequence[Candidate],
    lines: Sequence[Line],
    *,
    seed: int,
    shuffle_questions: bool = True,
    shuffle_options: bool = True,
) -> list[Drawn]:
    """Return a paper that gives every line its count and no question twice; same seed and bank, same paper.

    A line prefers questions spread over its sections, and a case with all its questions. Where two lines
    want the same questions, they are shared out so that both are filled if that is possible at all. The
    questions of a case stand side by side.

    Raises:
        WenjinError: 409 `blueprint_unmet`: which line the bank cannot fill, and by how many it is short.
    """
    rng = random.Random(seed)  # noqa: S311  a paper must be repeatable, not secret
    owner = _share(bank, lines, rng)
    taken = [one for one in sorted(bank, key=lambda one: one.version_id) if one.version_id in owner]
    if shuffle_questions:
        rng.shuffle(taken)
    else:
        taken.sort(key=lambda one: (owner[one.version_id], one.version_id))
    return [
        Drawn(
            one.version_id,
            shuffled(one.keys, rng) if shuffle_options else one.keys,
            lines[owner[one.version_id]].points,
        )
        for one in with_cases(taken)
    ]


def _share(bank: Sequence[Candidate], lines: Sequence[Line], rng: random.Random) -> dict[str, int]:
    """Return which line each drawn question belongs to: a matching, enlarged along augmenting paths."""
    wanted = [with_cases(spread([one for one in bank if line.takes(one)], rng)) for line in lines]
    owner: dict[str, int] = {}
    for number, line in enumerate(lines):
        _take_whole(wanted[number], number, line.count, owner)
        while (held := sum(1 for one in owner.values() if one == number)) < line.count:
            if not _augment(number, wanted, owner, set()):
                raise _unmet(number, line, held, len(wanted[number]))
    return owner


def _take_whole(order: Sequence[Candidate], number: int, count: int, owner: dict[str, int]) -> None:
    """Take what is free in the line's order, passing over a case that is larger than what is left."""
    sizes = Counter(one.case for one in order if one.case and one.version_id not in owner)
    left, begun = count, set[str]()
    for one in order:
        if left == 0:
            return
        if one.version_id in owner or (one.case and one.case not in begun and sizes[one.case] > left):
            continue
        begun.add(one.case)
        owner[one.version_id] = number
        left -= 1


def _augment(
    number: int, wanted: Sequence[Sequence[Candidate]], owner: dict[str, int], tried: set[str]
) -> bool:
    """Give a line one question more, letting other lines move on to others of theirs."""
    for one in wanted[number]:
        holder = owner.get(one.version_id)
        if one.version_id in tried or holder == number:
            continue
        tried.add(one.version_id)
        if holder is None or _augment(holder, wanted, owner, tried):
            owner[one.version_id] = number
            return True
    return False


def _unmet(number: int, line: Line, held: int, fitting: int) -> Exception:
    shared = f"，其中一些已被前面的行用掉，只剩 {held} 题" if held < fitting else ""
    return conflict(
        "blueprint_unmet",
        f"抽题规则第 {number + 1} 行（{line.words}）要 {line.count} 题，题库里符合的有 {fitting} 题{shared}。"
        "请减少题数，或先审核更多题目。",
        line=number + 1,
        wanted=line.count,
        available=held,
    )
