"""The bank's folder: YAML files of questions and cases, read and checked for form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml

from actions.training.questions import FALSE, TRUE, Case, Content, Difficulty, Question, QuestionType, Status
from knowledge.errors import bad_input

E = TypeVar("E", bound=StrEnum)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
_SECTION = re.compile(r"\d+\.\d+")
_REQUIRED = ("id", "type", "stem", "answer", "explanation", "section", "sentence", "status")
_KNOWN = {*_REQUIRED, "options", "tolerance", "difficulty", "topic", "roles", "author", "case"}
_CASE_REQUIRED = ("id", "title", "scenario", "section")
_CASE_KNOWN = {*_CASE_REQUIRED, "topic", "roles"}
_SHOWN_ERRORS = 10
Rows = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One question or case of a file: where it stands, its id, and the question or what is wrong with it."""

    where: str
    name: str
    question: Question | None = None
    problem: str = ""


class _Loader(yaml.SafeLoader):
    """YAML without references: a small file of them unfolds into one that no machine can hold."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("不能用 * 引用别处的内容")
        return super().compose_node(parent, index)


def load(folder: Path) -> list[Question]:
    """Read all `*.yml` files of a folder in the order of their names; a question may name any file's case.

    Raises:
        WenjinError: 422 `bad_bank`; message and `errors` name file, question and what is wrong, all at once.
    """
    errors: list[str] = []
    asked: Rows = []
    told: Rows = []
    for path in sorted(folder.glob("*.yml")):
        try:
            rows, cases = parse(path.read_text(encoding="utf-8"), before=f"{path.name} ")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            errors.append(f"{path.name}：不是题库文件（{error}）")
        else:
            asked += rows
            told += cases
    found = entries(asked, told)
    errors += [f"{one.where}（{one.name}）：{one.problem}" for one in found if one.problem]
    if errors:
        more = f"\n还有 {len(errors) - _SHOWN_ERRORS} 处" if len(errors) > _SHOWN_ERRORS else ""
        message = "题库读不出来，请修改后再试：\n" + "\n".join(errors[:_SHOWN_ERRORS]) + more
        raise bad_input("bad_bank", message, errors=errors)
    return [one.question for one in found if one.question]


def parse(text: str, *, before: str = "") -> tuple[Rows, Rows]:
    """Return the questions and the cases of a file as (where, fields); a ValueError says why it is none."""
    try:
        held = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ValueError(f"第 {mark.line + 1 if mark else 1} 行看不懂：{error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ValueError("嵌套得太深") from None
    if not isinstance(held, dict) or "questions" not in held:
        raise ValueError("没有 questions 一项")
    rows, cases = held["questions"], held.get("cases") or []
    if not isinstance(rows, list) or not isinstance(cases, list):
        raise ValueError("questions 和 cases 应当是列表")
    return (
        [(f"{before}第 {number} 题", row) for number, row in enumerate(rows, 1)],
        [(f"{before}第 {number} 个案例", row) for number, row in enumerate(cases, 1)],
    )


def entries(asked: Rows, told: Rows) -> list[Entry]:
    """Return what becomes of each row: cases that are wrong, then all questions in their order."""
    found: list[Entry] = []
    cases: dict[str, Case] = {}
    for where, row in told:
        try:
            case = _case(row)
            if case.id in cases:
                raise ValueError("案例编号重复")
            cases[case.id] = case
        except ValueError as error:
            found.append(Entry(where, _name(row), problem=str(error)))
    for where, row in asked:
        try:
            found.append(Entry(where, _name(row), _question(row, cases)))
        except ValueError as error:
            found.append(Entry(where, _name(row), problem=str(error)))
    return found


def _name(row: Any) -> str:
    name = row.get("id") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name else "没有编号"


def _fields(row: Any, required: tuple[str, ...], known: set[str]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError("应当是一组字段")
    if missing := [field for field in required if row.get(field) in (None, "", [])]:
        raise ValueError(f"缺少 {'、'.join(missing)}")
    if unknown := sorted(str(field) for field in row.keys() - known):
        raise ValueError(f"不认识的字段 {'、'.join(unknown)}")
    return row


def _case(row: Any) -> Case:
    """Build a case; a ValueError says what is wrong."""
    row = _fields(row, _CASE_REQUIRED, _CASE_KNOWN)
    return Case(
        id=_matching(row, "id", _ID, "编号用小写字母、数字和短横线"),
        title=_text(row, "title"),
        scenario=_text(row, "scenario"),
        section=_matching(row, "section", _SECTION, '节号要写成带引号的文字，例如 "3.5"'),
        topic=str(row.get("topic", "")),
        roles=_strings(row.get("roles", []), "roles"),
    )


def _question(row: Any, cases: dict[str, Case]) -> Question:
    """Build a question; a ValueError says what is wrong."""
    row = _fields(row, _REQUIRED, _KNOWN)
    named = row.get("case")
    if named is not None and named not in cases:
        raise ValueError(f"没有案例 {named}")
    case = cases[named] if named else None
    return Question(
        id=_matching(row, "id", _ID, "编号用小写字母、数字和短横线"),
        content=_content(row, case),
        difficulty=_member(row, "difficulty", Difficulty, Difficulty.MEDIUM),
        topic=str(row.get("topic") or (case.topic if case else "")),
        roles=_strings(row.get("roles") or (list(case.roles) if case else []), "roles"),
        status=_member(row, "status", Status),
        author=str(row.get("author", "")),
        case=case,
    )


def _content(row: dict[str, Any], case: Case | None) -> Content:
    kind = _member(row, "type", QuestionType)
    return Content(
        type=kind,
        stem=_text(row, "stem"),
        options=_read_options(kind, row.get("options")),
        answer=_answer(kind, row["answer"]),
        tolerance=_decimal(row.get("tolerance", 0), "tolerance"),
        explanation=_text(row, "explanation"),
        section=_matching(row, "section", _SECTION, '节号要写成带引号的文字，例如 "3.5"'),
        sentence=_text(row, "sentence"),
        scenario=case.scenario if case else "",
    )


def _text(row: dict[str, Any], field: str) -> str:
    if not isinstance(row[field], str) or not row[field].strip():
        raise ValueError(f"{field} 应当是文字")
    return str(row[field]).strip()


def _matching(row: dict[str, Any], field: str, pattern: re.Pattern[str], rule: str) -> str:
    value = row[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{field} “{value}”不对：{rule}")
    return value


def _member(row: dict[str, Any], field: str, enum: type[E], default: E | None = None) -> E:
    value = row.get(field, default)
    if value not in list(enum):
        raise ValueError(f"{field} “{value}”不认识，可以是 {'、'.join(enum)}")
    return enum(value)


def _strings(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{field} 应当是文字的列表")
    return tuple(value)


def _decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{field} 应当是数字")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{field} 应当是有限的数字")
    return number


def _read_options(kind: QuestionType, value: Any) -> tuple[tuple[str, str], ...]:
    if not kind.has_options:
        if value:
            raise ValueError(f"{kind.label}没有选项")
        return ()
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("options 应当写成 A: …、B: …")
    if any(isinstance(text, dict | list | bool) or text in (None, "") for text in value.values()):
        raise ValueError("选项内容应当是文字")
    return tuple((key, str(text).strip()) for key, text in value.items())


def _answer(kind: QuestionType, value: Any) -> tuple[str, ...]:
    match kind:
        case QuestionType.TRUE_FALSE:
            if not isinstance(value, bool):
                raise ValueError("判断题的 answer 应当是 true 或 false")
            return (TRUE if value else FALSE,)
        case QuestionType.NUMERIC:
            return (format(_decimal(value, "answer"), "f"),)
        case _:
            return _strings(value, "answer")
