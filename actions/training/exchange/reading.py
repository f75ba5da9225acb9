"""A file of questions: which format it is, what it holds, and what would happen if it were imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from actions.training.exchange import aiken, bank_file, gift, lines, table
from actions.training.exchange.rows import Row, whole_stem
from actions.training.numerals import comparable
from actions.training.questions import Question
from knowledge.errors import bad_input

LARGEST = 20_000_000  # bytes
AUTO = "auto"
_ENDINGS = {
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".gift": "gift",
    ".aiken": "aiken",
    ".yml": "yaml",
    ".yaml": "yaml",
}
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


def dry_run(name: str, content: bytes, known: Sequence[Question] = (), *, kind: str = AUTO) -> DryRun:
    """Read a file and say of every question what would become of it; `known` is the bank.

    `kind` is one of `FORMATS`, or told by the file's name and text.

    Raises:
        WenjinError: 422 `bad_file`, `empty_file`, `unknown_format`, `file_too_large`.
    """
    if len(content) > LARGEST:
        raise bad_input("file_too_large", f"文件超过 {LARGEST // 1_000_000} MB，请分成几个导入。")
    kind = kind_of(name, content) if kind == AUTO else kind
    rows = FORMATS[kind](content)
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
    """Return what makes two questions the same to a person: case, stem, options in any order, answer."""
    content = question.content
    right = sorted(comparable(text) or text for key, text in content.options if key in content.answer)
    options = sorted(comparable(text) or text for _, text in content.options)
    answer = right or sorted(content.answer)
    return "\n".join((comparable(whole_stem(content)), *options, "=", *answer))


def kind_of(name: str, content: bytes) -> str:
    """Return the format that a file's name tells; of the two in .txt, only Aiken has lines ANSWER."""
    suffix = PurePath(name.lower()).suffix
    if suffix == ".txt":
        return "aiken" if aiken.looks_like(text_of(content)) else "gift"
    if suffix not in _ENDINGS:
        raise bad_input(
            "unknown_format",
            f"不认识的文件类型 {suffix or name}，可以导入 xlsx、csv、jsonl、yml、gift 和 txt（Aiken）。",
        )
    return _ENDINGS[suffix]


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


def _text_reader(reader: Callable[[str], Iterator[Row]]) -> Callable[[bytes], Iterator[Row]]:
    return lambda content: reader(text_of(content))


FORMATS: dict[str, Callable[[bytes], Iterator[Row]]] = {
    "xlsx": table.read_xlsx,
    "csv": table.read_csv,
    "gift": _text_reader(gift.read),
    "aiken": _text_reader(aiken.read),
    "yaml": _text_reader(bank_file.read),
    "jsonl": _text_reader(lines.read),
}
