"""Files to text: txt, Markdown, docx, pdf and html, each with its pages and places; clear refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowledge.errors import WenjinError, bad_input, not_found
from knowledge.readers.encodings import count_han, decode
from knowledge.readers.kinds import Kind, packed_kind, text_kind
from knowledge.readers.raw import LARGEST, RawText, empty

__all__ = ["LARGEST", "Kind", "RawText", "read", "read_bytes"]

FEWEST_HAN = 10
Progress = Callable[[int, int], None]


def read(path: Path, *, progress: Progress | None = None) -> RawText:
    """Read a manual from a file. Raises WenjinError: file_not_found (404) and everything of `read_bytes`."""
    try:
        if not path.is_file():
            raise not_found("file_not_found", f"找不到文件 {path.name}。请检查文件名和所在的文件夹。")
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(size)
        return read_bytes(path.read_bytes(), path.name, progress=progress)
    except (OSError, ValueError) as error:
        message = f"文件 {path.name} 打不开。请检查是否有读取它的权限，再试一次。"
        raise bad_input("unreadable_file", message) from error


def read_bytes(data: bytes, name: str, *, progress: Progress | None = None) -> RawText:
    """Read a manual that was sent as bytes; the content decides the format, not the name.

    `progress` gets (pages done, all pages) of a pdf. Raises WenjinError: empty_file, unsupported_format,
    binary_file, unreadable_encoding, not_a_manual, corrupt_file, password_protected, scanned_pdf (422),
    file_too_large (413).
    """
    if len(data) > LARGEST:
        raise _too_large(len(data))
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise empty()
    raw = _read(data, name, progress)
    if not raw.text.strip():
        raise empty()
    if count_han(raw.text) < FEWEST_HAN:
        raise bad_input("not_a_manual", "这个文件里几乎没有中文，不像一份手册。请选择有章节标题的中文手册。")
    return raw


def _read(data: bytes, name: str, progress: Progress | None) -> RawText:
    """Hand the bytes to the reader of their format; each is loaded only when it is needed."""
    packed = packed_kind(data)
    if packed is Kind.PDF:
        from knowledge.readers.pdf import read_pdf

        return read_pdf(data, name, progress=progress)
    if packed is Kind.DOCX:
        from knowledge.readers.docx import read_docx

        return read_docx(data, name)
    from knowledge.readers.html import declared_encoding, read_html

    text, encoding = decode(data, declared=declared_encoding(data))
    kind = text_kind(text, name)
    if kind is Kind.HTML:
        return read_html(text, name, encoding=encoding)
    return RawText(text, encoding, name, kind.value)


def _too_large(size: int) -> WenjinError:
    megabytes = size / 1024 / 1024
    message = f"文件有 {megabytes:.1f} MB，超过了 20 MB 的上限。请只保留手册正文，或分成几份导入。"
    return WenjinError("file_too_large", 413, message, {"size": size, "limit": LARGEST})
