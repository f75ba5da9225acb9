"""A process of its own that takes a pdf apart: a hostile file can neither fill the memory nor run for ever.

Run as `python -m knowledge.readers.pdf_worker FILE`; prints one JSON object a page, or one with "error".
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

MOST_MEMORY = 2 * 1024**3
MOST_SECONDS = 300
MOST_PAGES = 3000
MOST_CHARACTERS = 10_000_000
MOST_DOTS = 1000
LARGEST_DOT = 8.0
SPLIT_GAP = 0.9
_OVERPRINT = 0.15


def bound() -> None:
    """Set the limits of this process where the system has them."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


def pages(path: str) -> Iterator[dict[str, Any]]:
    """Yield {"page", "of", "width", "height", "images", "dots", "fragments"} for each page.

    A fragment is [text, x0, y0, x1, y1, size], y upwards. Raises whatever pdfminer raises on a bad file.
    """
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    with open(path, "rb") as file:
        document = PDFDocument(PDFParser(file))
        found = list(PDFPage.create_pages(document))[: MOST_PAGES + 1]
        resources = PDFResourceManager()
        device = PDFPageAggregator(resources, laparams=LAParams(boxes_flow=None, all_texts=True))
        interpreter = PDFPageInterpreter(resources, device)
        for number, page in enumerate(found, 1):
            interpreter.process_page(page)
            layout = device.get_result()
            yield {
                "page": number, "of": len(found), "width": layout.width, "height": layout.height,
                "images": _images(layout), "dots": list(_dots(layout))[:MOST_DOTS],
                "fragments": list(_fragments(layout)),
            }  # fmt: skip


def _fragments(layout: Iterable[Any]) -> Iterator[list[Any]]:
    from pdfminer.layout import LTTextContainer, LTTextLine

    for item in layout:
        if isinstance(item, LTTextLine):
            yield from _line(item)
        elif isinstance(item, LTTextContainer) or hasattr(item, "__iter__"):
            yield from _fragments(item)


def _line(line: Iterable[Any]) -> Iterator[list[Any]]:
    """Split a line where a wide gap parts it: the cells of a table."""
    from pdfminer.layout import LTChar

    run: list[Any] = []
    for char in line:
        if not isinstance(char, LTChar):
            if run and isinstance(run[-1], LTChar):
                run.append(char)
            continue
        last = next((c for c in reversed(run) if isinstance(c, LTChar)), None)
        if last is not None and _is_overprinted(last, char):
            continue
        if last is not None and char.x0 - last.x1 > SPLIT_GAP * max(char.size, last.size):
            yield from _fragment(run)
            run = []
        run.append(char)
    yield from _fragment(run)


def _is_overprinted(last: Any, char: Any) -> bool:
    """Tell a character that is printed twice, a little aside, to look bold."""
    near = _OVERPRINT * char.size
    return bool(
        char.get_text() == last.get_text() and abs(char.x0 - last.x0) < near and abs(char.y0 - last.y0) < near
    )


def _fragment(run: list[Any]) -> Iterator[list[Any]]:
    from pdfminer.layout import LTChar

    text = "".join(_printed(run)).strip()
    chars = [item for item in run if isinstance(item, LTChar) and item.get_text().strip()]
    if not text or not chars:
        return
    size = Counter(round(char.size, 1) for char in chars).most_common(1)[0][0]
    y0 = statistics.median(char.y0 for char in chars)
    y1 = statistics.median(char.y1 for char in chars)
    x0, x1 = min(char.x0 for char in chars), max(char.x1 for char in chars)
    yield [text, round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2), size]


def _printed(run: list[Any]) -> Iterator[str]:
    """Yield the characters; a gap that pdfminer took for a space counts only between Latin ones."""
    from pdfminer.layout import LTChar

    texts = [item.get_text() for item in run]
    for at, item in enumerate(run):
        around = "".join(texts[max(0, at - 1) : at + 2])
        if isinstance(item, LTChar) or around.isascii():
            yield texts[at]


def _dots(layout: Iterable[Any]) -> Iterator[list[float]]:
    """Yield the middles of small drawn shapes: bullets that are no characters."""
    from pdfminer.layout import LTCurve, LTFigure

    for item in layout:
        if isinstance(item, LTFigure):
            yield from _dots(item)
        elif isinstance(item, LTCurve) and 0 < item.width < LARGEST_DOT and 0 < item.height < LARGEST_DOT:
            yield [round((item.x0 + item.x1) / 2, 2), round((item.y0 + item.y1) / 2, 2)]


def _images(layout: Iterable[Any]) -> int:
    from pdfminer.layout import LTFigure, LTImage

    found = 0
    for item in layout:
        if isinstance(item, LTImage):
            found += 1
        elif isinstance(item, LTFigure):
            found += _images(item)
    return found


def _say(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Read the file named on the command line."""
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

    logging.disable(logging.CRITICAL)
    bound()
    characters = 0
    try:
        for row in pages(sys.argv[1]):
            characters += sum(len(fragment[0]) for fragment in row["fragments"])
            if row["of"] > MOST_PAGES or characters > MOST_CHARACTERS:
                _say({"error": "large"})
                return 1
            _say(row)
    except (PDFPasswordIncorrect, PDFEncryptionError):
        _say({"error": "password"})
        return 1
    except MemoryError:
        _say({"error": "large"})
        return 1
    except Exception:  # pdfminer meets broken files with nearly every exception that there is
        _say({"error": "corrupt"})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
