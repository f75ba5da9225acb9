"""Bytes to text in the encodings of Chinese files, the likeliest one where nothing says which."""

from __future__ import annotations

import codecs
import math
import re

from knowledge.errors import WenjinError, bad_input
from knowledge.readers.raw import READABLE
from knowledge.restore.script import HAN, TONED, simplified
from knowledge.restore.words import commonness

LEAST_PLAUSIBLE = -9.0

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GUESSED = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HAN = re.compile(f"[{HAN}\U00020000-\U0003ffff]")
_NEUTRAL = frozenset(TONED + "，。、；：？！“”‘’《》（）〈〉「」『』【】〔〕—…·％×℃□○●■①②③④⑤⑥⑦⑧⑨⑩\u3000\xa0")
_NEUTRAL_SCORE = math.log(1e-3)
_UNKNOWN_SCORE = math.log(1e-9)
_SAMPLE = 20_000
_MOST_BROKEN = 0.001


def decode(data: bytes, *, declared: str = "") -> tuple[str, str]:
    """Return the text and the encoding; `declared` is what the file itself claims, if anything.

    Raises WenjinError: binary_file, unreadable_encoding (422).
    """
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
    return _as_declared(data, declared) or _guess(data, declared)


def count_han(text: str) -> int:
    """Count the Chinese characters of a text, of its beginning where it is very long."""
    return len(_HAN.findall(text[: 100 * _SAMPLE]))


def plausibility(text: str) -> float:
    """Return how plausible a text is as Chinese: the mean log frequency of its non-ASCII characters.

    Real Chinese, simplified or traditional, scores about -7, another language or a wrong encoding below -9.5.
    """
    sample = text if len(text) <= 2 * _SAMPLE else text[:_SAMPLE] + text[len(text) // 2 :][:_SAMPLE]
    scores = [_character_score(char) for char in sample if not char.isascii()]
    return sum(scores) / len(scores) if scores else _UNKNOWN_SCORE


def _as_declared(data: bytes, declared: str) -> tuple[str, str] | None:
    encoding = _SUPERSETS.get(declared.lower(), declared.lower())
    text = _strictly(data, encoding) if encoding else None
    if text is None or _is_binary(text) or plausibility(text) < LEAST_PLAUSIBLE:
        return None
    return text, encoding


def _guess(data: bytes, declared: str) -> tuple[str, str]:
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
    forgiven = _forgiving(data, _SUPERSETS.get(declared.lower(), declared.lower()))
    if forgiven:
        return forgiven
    raise bad_input(
        "unreadable_encoding",
        "认不出这个文件的文字编码。请用记事本等程序打开它，确认文字正常后，"
        "另存为 UTF-8 编码的 txt 文件再导入。",
    )


def _forgiving(data: bytes, encoding: str) -> tuple[str, str] | None:
    """Decode as declared where only a stray byte here and there is wrong."""
    try:
        text = data.decode(encoding, "replace") if encoding else ""
    except LookupError:
        return None
    few = 0 < text.count("\ufffd") <= max(1, len(text) * _MOST_BROKEN)
    return (text, encoding) if few and plausibility(text.replace("\ufffd", "")) >= LEAST_PLAUSIBLE else None


def _strictly(data: bytes, encoding: str) -> str | None:
    """Decode without forgiving anything but a character cut off at the very end."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data, final=False)
    except (UnicodeError, ValueError, LookupError, AttributeError, TypeError):
        return None


def _is_binary(text: str) -> bool:
    controls = len(_CONTROL.findall(text))
    return controls > 0 and ("\x00" in text or controls > len(text) / 1000)


def _binary() -> WenjinError:
    return bad_input("binary_file", f"认不出这是什么文件。请选择手册文件：{READABLE}。")


def _character_score(char: str) -> float:
    frequency = commonness(simplified(char))
    if frequency:
        return math.log(frequency)
    return _NEUTRAL_SCORE if char in _NEUTRAL else _UNKNOWN_SCORE
