"""Files to text: txt and Markdown in the encodings of Chinese files; clear refusals for the rest."""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import WenjinError, bad_input, not_found
from knowledge.restore.script import HAN, TONED, simplified
from knowledge.restore.words import commonness

LARGEST = 20 * 1024 * 1024
FEWEST_HAN = 10
LEAST_PLAUSIBLE = -9.0

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GUESSED = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_OTHER_FORMATS = {
    ".doc": "Word", ".docx": "Word", ".wps": "WPS", ".rtf": "RTF", ".odt": "ODT", ".pdf": "PDF",
    ".html": "网页", ".htm": "网页", ".mht": "网页", ".xls": "Excel", ".xlsx": "Excel", ".ppt": "PPT",
    ".pptx": "PPT", ".epub": "电子书", ".zip": "压缩包", ".rar": "压缩包", ".7z": "压缩包",
    ".png": "图片", ".jpg": "图片", ".jpeg": "图片",
}  # fmt: skip
_SIGNATURES = (
    (b"%PDF-", "PDF"), (b"PK\x03\x04", "Word、Excel 或压缩包"), (b"\xd0\xcf\x11\xe0", "旧版 Word 或 Excel"),
    (b"{\\rtf", "RTF"), (b"Rar!", "压缩包"), (b"7z\xbc\xaf", "压缩包"),
    (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"),
)  # fmt: skip
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HAN = re.compile(f"[{HAN}\U00020000-\U0003ffff]")
_NEUTRAL = frozenset(TONED + "，。、；：？！“”‘’《》（）〈〉「」『』【】〔〕—…·％×℃□○●■①②③④⑤⑥⑦⑧⑨⑩\u3000\xa0")
_NEUTRAL_SCORE = math.log(1e-3)
_UNKNOWN_SCORE = math.log(1e-9)
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class RawText:
    """The text of a file, the encoding it was in, and the file's name."""

    text: str
    encoding: str
    name: str


def read(path: Path) -> RawText:
    """Read a manual from a file. Raises WenjinError: file_not_found (404) and everything of `read_bytes`."""
    try:
        if not path.is_file():
            raise not_found("file_not_found", f"找不到文件 {path.name}。请检查文件名和所在的文件夹。")
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(size)
        return read_bytes(path.read_bytes(), path.name)
    except (OSError, ValueError) as error:
        message = f"文件 {path.name} 打不开。请检查是否有读取它的权限，再试一次。"
        raise bad_input("unreadable_file", message) from error


def read_bytes(data: bytes, name: str) -> RawText:
    """Decode a manual that was sent as bytes.

    Raises WenjinError: empty_file, unsupported_format, binary_file, unreadable_encoding, not_a_manual (422),
    file_too_large (413).
    """
    if len(data) > LARGEST:
        raise _too_large(len(data))
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise bad_input("empty_file", "这个文件是空的。请选择有内容的 txt 或 Markdown 文件。")
    _refuse_other_formats(data, name)
    text, encoding = _decode(data)
    if not text.strip():
        raise bad_input("empty_file", "这个文件里只有空白。请选择有内容的 txt 或 Markdown 文件。")
    if len(_HAN.findall(text[: 100 * _SAMPLE])) < FEWEST_HAN:
        raise bad_input(
            "not_a_manual",
            "这个文件里几乎没有中文，不像一份手册。请选择有章节标题的中文手册，存为 txt 或 Markdown。",
        )
    return RawText(text, encoding, name)


def _too_large(size: int) -> WenjinError:
    megabytes = size / 1024 / 1024
    message = f"文件有 {megabytes:.1f} MB，超过了 20 MB 的上限。请只保留手册正文，或分成几份导入。"
    return WenjinError("file_too_large", 413, message, {"size": size, "limit": LARGEST})


def _refuse_other_formats(data: bytes, name: str) -> None:
    kind = _OTHER_FORMATS.get(Path(name).suffix.lower()) or next(
        (kind for signature, kind in _SIGNATURES if data.startswith(signature)), ""
    )
    if not kind and _HTML.match(data[:2048].removeprefix(codecs.BOM_UTF8)):
        kind = "网页"
    if kind:
        message = f"还不能读{kind}文件。现在能读 txt 和 Markdown（.txt、.md）：请把手册另存为纯文本后再导入。"
        raise bad_input("unsupported_format", message, format=kind)


def _decode(data: bytes) -> tuple[str, str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            if text is None:
                continue
            if _is_binary(text):
                raise _binary()
            return text, encoding
    text = _strictly(data, "utf-8")
    if text is not None and not _is_binary(text):
        return text, "utf-8"
    return _guess(data)


def _guess(data: bytes) -> tuple[str, str]:
    candidates = ((_strictly(data, encoding), encoding) for encoding in _GUESSED)
    scored = [
        (plausibility(text), text, encoding)
        for text, encoding in candidates
        if text is not None and not _is_binary(text)
    ]
    best = max(scored, default=None, key=lambda entry: entry[0])
    if best and best[0] >= LEAST_PLAUSIBLE:
        return best[1], best[2]
    if b"\x00" in data or _is_binary(data[:_SAMPLE].decode("latin-1")):
        raise _binary()
    raise bad_input(
        "unreadable_encoding",
        "认不出这个文件的文字编码。请用记事本等程序打开它，确认文字正常后，"
        "另存为 UTF-8 编码的 txt 文件再导入。",
    )


def _strictly(data: bytes, encoding: str) -> str | None:
    """Decode without forgiving anything but a character cut off at the very end."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=False)
    except (UnicodeError, ValueError):
        return None


def _is_binary(text: str) -> bool:
    controls = len(_CONTROL.findall(text))
    return controls > 0 and ("\x00" in text or controls > len(text) / 1000)


def _binary() -> WenjinError:
    return bad_input("binary_file", "这不是文本文件。请选择 txt 或 Markdown 格式的手册（.txt、.md）。")


def plausibility(text: str) -> float:
    """Return how plausible a text is as Chinese: the mean log frequency of its non-ASCII characters.

    Real Chinese, simplified or traditional, scores about -7, another language or a wrong encoding below -9.5.
    """
    sample = text if len(text) <= 2 * _SAMPLE else text[:_SAMPLE] + text[len(text) // 2 :][:_SAMPLE]
    scores = [_character_score(char) for char in sample if not char.isascii()]
    return sum(scores) / len(scores) if scores else _UNKNOWN_SCORE


def _character_score(char: str) -> float:
    frequency = commonness(simplified(char))
    if frequency:
        return math.log(frequency)
    return _NEUTRAL_SCORE if char in _NEUTRAL else _UNKNOWN_SCORE
