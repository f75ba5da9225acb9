"""What a reader hands over, and how it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.errors import WenjinError, bad_input
from knowledge.restore.types import Restored
from knowledge.sections.markup import text_lines
from knowledge.sections.source import SourceLine

LARGEST = 20 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024
READABLE = "txt、Markdown、Word（.docx）、PDF 和网页（.html）"

_LINE_BREAKS = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class RawText:
    """The text of a file, the encoding it was in, and the file's name.

    `lines` are those of a file with a structure of its own (one line of `text` each), empty for plain text.
    `notes` tell what could not be read, in Chinese sentences.
    """

    text: str
    encoding: str
    name: str
    format: str = "txt"
    lines: tuple[SourceLine, ...] = ()
    title: str = ""
    notes: tuple[str, ...] = ()

    def source(self, restored: Restored) -> list[SourceLine]:
        """Return the restored lines with their pages and places in this file."""
        first = restored.first_line
        texts = restored.text.split("\n")
        known = self.lines[first : first + len(texts)]
        if not self.lines or len(known) != len(texts):
            return text_lines(restored.text, first=first + 1)
        if not restored.damaged:
            return list(self.lines)
        return [
            SourceLine(text, line.level, line.marker, line.role, line.joins, line.page, line.place)
            for text, line in zip(texts, known, strict=True)
            if text.strip()
        ]


def structured(
    lines: list[SourceLine], *, name: str, kind: str, encoding: str = "", title: str = "",
    notes: tuple[str, ...] = (),
) -> RawText:  # fmt: skip
    """Make the raw text of a file whose reader found lines."""
    text = "\n".join(line.text for line in lines)
    return RawText(text, encoding, name, kind, tuple(lines), title, notes)


def one_line(text: str) -> str:
    """Write a paragraph's text on one line, without characters that nobody sees."""
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub(" ", text))
    return re.sub(r"[ \t\xa0\u3000]+", " ", text).strip()


def corrupt(kind: str) -> WenjinError:
    """Make the error for a file that breaks off or contradicts its own format."""
    message = f"这份 {kind} 文件已损坏，打不开。请用原来的程序打开它，确认内容完整后重新保存，再导入一次。"
    return bad_input("corrupt_file", message, format=kind)


def protected(kind: str) -> WenjinError:
    """Make the error for a file behind a password."""
    message = f"这份 {kind} 文件有密码保护，读不出来。请在原来的程序里去掉密码，另存一份后再导入。"
    return bad_input("password_protected", message, format=kind)


def too_large_unpacked(kind: str) -> WenjinError:
    """Make the error for a small file that unpacks to an enormous one."""
    megabytes = LARGEST_UNPACKED // 1024 // 1024
    message = f"这份 {kind} 文件解开后超过 {megabytes} MB，不像一份手册。请检查文件来源，或分成几份导入。"
    return WenjinError("file_too_large", 413, message, {"limit": LARGEST_UNPACKED, "format": kind})


def empty(kind: str = "") -> WenjinError:
    """Make the error for a file without any text."""
    what = f"这份 {kind} 文件里没有文字" if kind else "这个文件是空的"
    return bad_input("empty_file", f"{what}。请选择有内容的手册文件：{READABLE}。")


def unsupported(kind: str, advice: str = "") -> WenjinError:
    """Make the error for a format that is not read."""
    message = f"还不能读{kind}文件。现在能读 {READABLE}：{advice or '请把手册另存为其中一种再导入'}。"
    return bad_input("unsupported_format", message, format=kind)
