"""A roster as a file (xlsx, csv) or as JSON: one person a row, wrong rows told by their number."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from actions.training.exchange.reading import text_of
from knowledge.errors import bad_input

LARGEST = 1_000_000  # bytes: some 10,000 people
MOST = 100_000
_COLUMNS = 100
HEADINGS = {
    "工号": "staff_no",
    "姓名": "name",
    "部门": "department",
    "岗位": "job",
    "入职日期": "hired_on",
    "离职日期": "left_on",
    "账号": "account",
    "邮箱": "mail",
}
NEEDED = ("工号", "姓名")
_LONGEST = {"staff_no": 32, "name": 64, "department": 64, "job": 32, "account": 64, "mail": 254}
_LABELS = {field: heading for heading, field in HEADINGS.items()}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?")
_ADDRESS = re.compile(r"[\w.%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+", re.ASCII)
_EARLIEST, _LATEST = date(1950, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as a row says; `given` are the fields that the file has a column for."""

    row: int
    staff_no: str
    name: str
    department: str = ""
    job: str = ""
    hired_on: date | None = None
    left_on: date | None = None
    account: str = ""
    mail: str = ""
    given: frozenset[str] = frozenset({"name"})

    @property
    def where(self) -> str:
        """Return where it stands."""
        return f"第 {self.row} 行"


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be taken, and why."""

    where: str
    problem: str

    @property
    def row(self) -> int:
        """Return the row's number."""
        return int("".join(char for char in self.where if char.isdigit()) or 0)


def is_address(text: str) -> bool:
    """Tell whether this is a mail address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def read(name: str, content: bytes) -> tuple[list[Entry], list[Problem]]:
    """Return the people of a file and the rows that are wrong.

    Raises:
        WenjinError: 422 `bad_file`, `empty_file`, `unknown_format`, `file_too_large`.
    """
    if len(content) > LARGEST:
        raise bad_input("file_too_large", f"文件超过 {LARGEST // 1_000_000} MB，请分成几个导入。")
    lines = _lines(name, content)
    top = next((place for place, line in enumerate(lines[:10]) if _named(line)), None)
    if top is None:
        raise bad_input("bad_file", f"没有找到表头。第一行至少要有“{'”“'.join(NEEDED)}”。")
    fields = [HEADINGS.get(_heading(cell), "") for cell in lines[top]]
    rows = (
        (number, {field: cell for field, cell in zip(fields, line, strict=False) if field})
        for number, line in enumerate(lines[top + 1 :], top + 2)
    )
    return _taken(
        (number, row) for number, row in rows if any(str(cell or "").strip() for cell in row.values())
    )


def from_json(people: Sequence[Mapping[str, Any]]) -> tuple[list[Entry], list[Problem]]:
    """Return the people of a JSON list with the fields of `HEADINGS`, in English; the first is row 1."""
    known = set(HEADINGS.values())
    return _taken(
        (number, {field: cell for field, cell in one.items() if field in known})
        for number, one in enumerate(people, 1)
    )


def _taken(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> tuple[list[Entry], list[Problem]]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in rows:
        try:
            entry = _entry(number, row)
            for what, key in (("工号", entry.staff_no), ("账号", entry.account or entry.staff_no)):
                if seen.setdefault((what, key.casefold()), number) != number:
                    raise ValueError(f"{what} {key} 与第 {seen[what, key.casefold()]} 行重复")
        except ValueError as error:
            problems.append(Problem(f"第 {number} 行", str(error)))
        else:
            entries.append(entry)
    if not entries and not problems:
        raise bad_input("empty_file", "名单里没有人。")
    if len(entries) > MOST:
        raise bad_input("file_too_large", f"名单超过 {MOST:,} 人，请分成几个导入。")
    return entries, problems


def _entry(number: int, row: Mapping[str, Any]) -> Entry:
    texts = {field: _text(row.get(field), field) for field in _LONGEST}
    days = {field: _day(row.get(field), _LABELS[field]) for field in ("hired_on", "left_on")}
    for field in ("staff_no", "name"):
        if not texts[field]:
            raise ValueError(f"缺少{_LABELS[field]}")
    if any(char.isspace() for char in texts["staff_no"] + texts["account"]):
        raise ValueError("工号和账号不能有空格")
    if texts["mail"] and not is_address(texts["mail"]):
        raise ValueError(f"邮箱“{texts['mail']}”不像邮箱地址")
    if days["hired_on"] and days["left_on"] and days["left_on"] < days["hired_on"]:
        raise ValueError("离职日期早于入职日期")
    return Entry(
        number, texts["staff_no"], texts["name"], texts["department"], texts["job"], days["hired_on"],
        days["left_on"], texts["account"], texts["mail"], frozenset(row) - {"staff_no", "account"},
    )  # fmt: skip


def _text(cell: Any, field: str) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip().removeprefix("'")
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise ValueError(f"{_LABELS[field]}里有不能显示的字符")
    if len(text) > _LONGEST[field]:
        raise ValueError(f"{_LABELS[field]}超过 {_LONGEST[field]} 个字")
    return text


def _day(cell: Any, label: str) -> date | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 10_000 < cell < 80_000:
        cell = from_excel(cell)  # a spreadsheet's number of days
    if isinstance(cell, datetime):
        found: date | None = cell.date()
    elif isinstance(cell, date):
        found = cell
    else:
        text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip()
        if not text:
            return None
        match = _DATE.fullmatch(text)
        try:
            found = date(*(int(part) for part in match.groups())) if match else None
        except ValueError:
            found = None
    if found is None or not _EARLIEST <= found <= _LATEST:
        raise ValueError(f"{label}“{cell}”认不出，请写成 2026-03-02")
    return found


def _lines(name: str, content: bytes) -> list[list[Any]]:
    match PurePath(name.lower()).suffix:
        case ".xlsx":
            return _sheet(content)
        case ".csv":
            text = text_of(content)
            dialect = "excel-tab" if "\t" in text.split("\n", 1)[0] else "excel"
            try:
                return [list(line) for line in csv.reader(io.StringIO(text), dialect=dialect)]
            except csv.Error as error:
                raise bad_input("bad_file", "这不是能读的 csv 文件。") from error
        case other:
            raise bad_input("unknown_format", f"不认识的文件类型 {other or name}，可以导入 xlsx 和 csv。")


def _sheet(content: bytes) -> list[list[Any]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError) as error:
        raise bad_input("bad_file", "这不是能读的 xlsx 文件。") from error
    for sheet in book.worksheets:
        lines = [
            list(line) for line in sheet.iter_rows(max_row=MOST + 20, max_col=_COLUMNS, values_only=True)
        ]
        if any(_named(line) for line in lines[:10]):
            return lines
    return []


def _named(line: Sequence[Any]) -> bool:
    return set(NEEDED) <= {_heading(cell) for cell in line}


def _heading(cell: Any) -> str:
    return "".join(str(cell or "").split()).rstrip("*＊")
