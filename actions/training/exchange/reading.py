"""A file of questions: which format it is, what it holds, and what would happen if it were imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from actions.training.exchange import aiken, gift, lines, table
from actions.training.exchange.rows import Row
from actions.training.numerals import comparable
from actions.training.questions import Question
from knowledge.errors import bad_input

LARGEST = 20_000_000  # bytes
_ENCODINGS = ("utf-8-sig", "utf-16", "gb18030")


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an import would do. `taken` are new or changed questions; nothing is imported unless all can be.

    `refused` and `repeated` are rows with a reason: wrong in themselves, or there already.
    """

    format: str
    taken: tuple[Row, ...]
    refused: tuple[Row, ...]
    repeated: tuple[Row, ...]

    @property
    def questions(self) -> list[Question]:
        """Return what would be imported."""
        return [row.question for row in self.taken if row.question is not None]


def dry_run(name: str, content: bytes, known: Sequence[Question] = ()) -> DryRun:
    """Read a file and say of every question what would become of it; `known` is the bank.

    Raises:
        WenjinError: 422 `bad_file`, `empty_file`, `unknown_format`, `file_too_large`.
    """
    if len(content) > LARGEST:
        raise bad_input("file_too_large", f"文件超过 {LARGEST // 1_000_000} MB，请分成几个导入。")
    kind, rows = _read(name, content)
    taken: list[Row] = []
    refused: list[Row] = []
    repeated: list[Row] = []
    versions = {q.version_id for q in known}
    stems = {_said(q): q.id for q in known}
    ids: dict[str, str] = {}
    for row in rows:
        question = row.question
        if question is None:
            refused.append(row)
            continue
        said = _said(question)
        if question.version_id in versions or stems.get(said, question.id) != question.id:
            repeated.append(replace(row, problem=f"与 {stems.get(said, question.id)} 相同"))
        elif question.id in ids:
            refused.append(
                replace(row, question=None, problem=f"编号 {question.id} 与{ids[question.id]}重复")
            )
        else:
            stems[said], ids[question.id] = question.id, row.where
            taken.append(row)
    if not (taken or refused or repeated):
        raise bad_input("empty_file", "文件里没有题目。")
    return DryRun(kind, tuple(taken), tuple(refused), tuple(repeated))


def _said(question: Question) -> str:
    """Return what makes two questions the same to a person: stem, options in any order, answer."""
    content = question.content
    right = sorted(comparable(text) or text for key, text in content.options if key in content.answer)
    options = sorted(comparable(text) or text for _, text in content.options)
    answer = right or sorted(content.answer)
    return "\n".join((comparable(content.stem), *options, "=", *answer))


def _read(name: str, content: bytes) -> tuple[str, Iterator[Row]]:
    match PurePath(name.lower()).suffix:
        case ".xlsx":
            return "xlsx", table.read_xlsx(content)
        case ".csv" | ".tsv":
            return "csv", table.read_csv(content)
        case ".jsonl" | ".ndjson":
            return "jsonl", lines.read(text_of(content))
        case ".gift":
            return "gift", gift.read(text_of(content))
        case ".aiken":
            return "aiken", aiken.read(text_of(content))
        case ".txt":
            text = text_of(content)
            kind, reader = _of_text(text)
            return kind, reader(text)
        case other:
            raise bad_input(
                "unknown_format",
                f"不认识的文件类型 {other or name}，可以导入 xlsx、csv、jsonl、gift 和 txt（Aiken）。",
            )


def _of_text(text: str) -> tuple[str, Callable[[str], Iterator[Row]]]:
    """Tell the two text formats apart: only Aiken has lines ANSWER."""
    return ("aiken", aiken.read) if aiken.looks_like(text) else ("gift", gift.read)


def text_of(content: bytes) -> str:
    """Return the text of a file; raise 422 `bad_file` where no usual encoding fits."""
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise bad_input("bad_file", "文件编码认不出，请另存为 UTF-8。")
