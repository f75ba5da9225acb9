"""The spreadsheet template: one question a row, in xlsx or csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from actions.store.sheets import add_row, guarded
from actions.training.exchange.rows import Raw, Row, taken
from actions.training.grading import LETTERS, TRUTH_LABELS
from actions.training.questions import Difficulty, Question, QuestionType, Status
from knowledge.errors import bad_input

OPTIONS = tuple(f"选项{letter}" for letter in LETTERS[:10])
HEADINGS = (
    "编号", "题型", "案例", "题干", *OPTIONS, "答案", "容差", "解析", "章节", "原文", "难度", "主题", "岗位",
    "状态", "作者",
)  # fmt: skip
NEEDED = ("题干", "答案")
_OTHER_NAMES = {
    "题目": "题干",
    "正确答案": "答案",
    "类型": "题型",
    "解释": "解析",
    "节号": "章节",
    "分类": "主题",
}
DIFFICULTIES = {Difficulty.EASY: "易", Difficulty.MEDIUM: "中", Difficulty.HARD: "难"}
STATUSES = {
    Status.DRAFT: "草稿",
    Status.IN_REVIEW: "审核中",
    Status.APPROVED: "已审核",
    Status.RETIRED: "已停用",
}
_ENCODINGS = ("utf-8-sig", "gb18030")


def read_xlsx(content: bytes) -> Iterator[Row]:
    """Yield the questions of the first sheet that has the template's headings.

    Raises:
        WenjinError: 422 `bad_file` for what is no workbook or has no such sheet.
    """
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError) as error:
        raise bad_input("bad_file", "这不是能读的 xlsx 文件。") from error
    for sheet in book.worksheets:
        lines = [[_text(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
        if any(_named(line) for line in lines[:10]):
            return _rows(lines)
    raise bad_input("bad_file", f"没有找到表头。第一行至少要有“{'”“'.join(NEEDED)}”。")


def read_csv(content: bytes) -> Iterator[Row]:
    """Yield the questions of a csv file in UTF-8 or GB18030; raise 422 `bad_file` without headings."""
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise bad_input("bad_file", "文件编码认不出，请另存为 UTF-8。")
    dialect = "excel-tab" if "\t" in text.split("\n", 1)[0] else "excel"
    lines = list(csv.reader(io.StringIO(text), dialect=dialect))
    if not any(_named(line) for line in lines[:10]):
        raise bad_input("bad_file", f"没有找到表头。第一行至少要有“{'”“'.join(NEEDED)}”。")
    return _rows(lines)


def _named(line: Sequence[str]) -> bool:
    return set(NEEDED) <= {_heading(cell) for cell in line}


def _heading(cell: str) -> str:
    name = "".join(cell.split()).rstrip("*＊")
    return _OTHER_NAMES.get(name, name)


def _rows(lines: Sequence[Sequence[str]]) -> Iterator[Row]:
    top = next(place for place, line in enumerate(lines) if _named(line))
    headings = [_heading(cell) for cell in lines[top]]
    for number, line in enumerate(lines[top + 1 :], top + 2):
        cells = {name: _unguarded(cell) for name, cell in zip(headings, line, strict=False) if name}
        if any(cell.strip() for cell in cells.values()):
            yield taken(f"第 {number} 行", _raw(cells))


def _raw(cells: dict[str, str]) -> Raw:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    return Raw(
        stem=cell("题干"),
        options=[cell(name) for name in OPTIONS],
        answer=cell("答案"),
        type=cell("题型"),
        explanation=cell("解析"),
        id=cell("编号"),
        section=cell("章节"),
        sentence=cell("原文"),
        difficulty=cell("难度"),
        topic=cell("主题"),
        roles=cell("岗位").replace("，", "、").replace(",", "、").split("、"),
        tolerance=cell("容差"),
        author=cell("作者"),
        scenario=cell("案例"),
    )


def _text(value: Any) -> str:
    """Return a cell as a person sees it: 3 and not 3.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return TRUTH_LABELS["true" if value else "false"]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _unguarded(cell: str) -> str:
    """Return a cell without the mark that our own exports put before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell


def cells_of(question: Question) -> tuple[str, ...]:
    """Return a question as the template's cells."""
    content = question.content
    options = [text for _, text in content.options]
    return (
        question.id, content.type.label, content.scenario, content.stem, *options,
        *[""] * (len(OPTIONS) - len(options)),
        _answer(question), "" if not content.tolerance else str(content.tolerance), content.explanation,
        content.section, content.sentence, DIFFICULTIES[question.difficulty], question.topic,
        "、".join(question.roles), STATUSES[question.status], question.author,
    )  # fmt: skip


def _answer(question: Question) -> str:
    answer = question.content.answer
    match question.content.type:
        case QuestionType.TRUE_FALSE:
            return TRUTH_LABELS[answer[0]]
        case QuestionType.FILL:
            return "|".join(answer)
        case _:
            return "".join(answer)


def write_xlsx(questions: Iterable[Question], path: Path) -> int:
    """Write the template with these questions and return how many there are."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("题目")
    rows = [HEADINGS, *map(cells_of, questions)]
    for cells in rows:
        add_row(sheet, cells)
    book.save(path)
    return len(rows) - 1


def write_csv(questions: Iterable[Question]) -> Iterator[str]:
    """Yield the template with these questions as csv lines."""
    for cells in (HEADINGS, *map(cells_of, questions)):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([guarded(cell) for cell in cells])
        yield buffer.getvalue()
