"""What a file is, by its content: a wrong ending deceives nobody."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from knowledge.errors import WenjinError
from knowledge.readers.raw import corrupt, protected, unsupported


class Kind(StrEnum):
    """The formats that are read."""

    TEXT = "txt"
    MARKDOWN = "md"
    DOCX = "docx"
    PDF = "pdf"
    HTML = "html"


_SIGNATURES = (
    (b"{\\rtf", "RTF"), (b"Rar!", "压缩包"), (b"7z\xbc\xaf", "压缩包"), (b"\x1f\x8b", "压缩包"),
    (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"), (b"GIF8", "图片"),
)  # fmt: skip
_ZIPPED = (("xl/", "Excel"), ("ppt/", "PPT"), ("META-INF/container.xml", "电子书"), ("content.xml", "ODT"))
_STREAMS = (("WordDocument", "旧版 Word"), ("Workbook", "旧版 Excel"), ("PowerPoint Document", "旧版 PPT"))
_OLE = b"\xd0\xcf\x11\xe0"
_MHTML = re.compile(rb"^(?:from|mime-version|content-type):.*multipart/related", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(r"</(?:p|div|h[1-6]|table|ul|ol|section|article|body)\s*>", re.IGNORECASE)
_FEWEST_TAGS = 3
_CHECKED = 20_000


def packed_kind(data: bytes) -> Kind | None:
    """Return docx or pdf, None for what may be text. Raises WenjinError for formats that are not read."""
    if b"%PDF-" in data[:1024]:
        return Kind.PDF
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if data.startswith(_OLE):
        raise _compound(data)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            raise unsupported(kind)
    if _MHTML.match(data[:2000]):
        raise unsupported("网页存档", "请在浏览器里把它另存为“网页，仅 HTML”，再导入")
    return None


def text_kind(text: str, name: str) -> Kind:
    """Tell a web page from Markdown and plain text."""
    head = text[:_CHECKED]
    if _PAGE.match(head) or (head.lstrip().startswith("<") and len(_TAGS.findall(head)) >= _FEWEST_TAGS):
        return Kind.HTML
    return Kind.MARKDOWN if Path(name).suffix.lower() in {".md", ".markdown"} else Kind.TEXT


def _zipped(data: bytes) -> Kind:
    from io import BytesIO

    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise corrupt("Word") from error
    if any(name.startswith("word/") for name in names):
        return Kind.DOCX
    kind = next((kind for start, kind in _ZIPPED if any(n.startswith(start) for n in names)), "压缩包")
    raise unsupported(kind)


def _compound(data: bytes) -> WenjinError:
    """Make the error for the old container of Office files, which also holds encrypted new ones."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return protected("Word")
    named = (kind for stream, kind in _STREAMS if stream.encode("utf-16-le") in data)
    return unsupported(next(named, "旧版 Office"), "请用 Word 或 WPS 打开它，另存为 .docx 再导入")
