"""PDF files: text by page, taken apart in a bounded process and laid out as lines and headings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

from knowledge.errors import WenjinError, bad_input
from knowledge.readers.pdf_layout import Fragment, Page, lay_out
from knowledge.readers.pdf_worker import MOST_PAGES
from knowledge.readers.raw import RawText, corrupt, empty, protected, structured

PDF = "PDF"
LONGEST_SECONDS = 600.0
FEWEST_CHARACTERS = 20
_MOST_UNMAPPED = 0.2
_NAMED_PAGES = 10


def read_pdf(data: bytes, name: str, *, progress: Callable[[int, int], None] | None = None) -> RawText:
    """Read a pdf; `progress` gets (pages done, all pages).

    Raises WenjinError: corrupt_file, password_protected, scanned_pdf, empty_file, unreadable_encoding (422),
    file_too_large (413).
    """
    pages = []
    for row in _taken_apart(data):
        fragments = tuple(Fragment.of(row["page"], *fragment) for fragment in row["fragments"])
        dots = tuple((x, y) for x, y in row["dots"])
        pages.append(Page(row["page"], row["width"], row["height"], fragments, row["images"], dots))
        if progress:
            progress(row["page"], row["of"])
    text = "".join(fragment.text for page in pages for fragment in page.fragments)
    _refuse_without_text(pages, text)
    return structured(lay_out(pages), name=name, kind="pdf", notes=tuple(_notes(pages)))


def _refuse_without_text(pages: list[Page], text: str) -> None:
    if len(text.strip()) < FEWEST_CHARACTERS:
        if any(page.images for page in pages):
            raise bad_input(
                "scanned_pdf",
                "这份 PDF 是扫描件，里面是图片而不是文字。请先用扫描软件做文字识别（OCR），"
                "另存为带文字的 PDF 或 Word 文件，核对后再导入。",
            )
        raise empty(PDF)
    if text.count("(cid:") * 6 > _MOST_UNMAPPED * len(text):
        raise bad_input(
            "unreadable_encoding",
            "这份 PDF 的字体没有带文字对照表，取不出文字。请用原来的 Word 文件导入，或重新生成一份 PDF。",
        )


def _notes(pages: list[Page]) -> Iterator[str]:
    blank = [str(page.number) for page in pages if page.images and not page.fragments]
    if blank:
        more = " 等" if len(blank) > _NAMED_PAGES else ""
        named = "、".join(blank[:_NAMED_PAGES])
        yield f"第 {named}{more} 页（共 {len(blank)} 页）只有图片，没有读到文字。"


def _taken_apart(data: bytes) -> Iterator[dict[str, Any]]:
    """Run the worker on a copy of the file and yield its pages."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "manual.pdf")
        with open(path, "wb") as file:
            file.write(data)
        yield from _pages(path)


def _pages(path: str) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "knowledge.readers.pdf_worker", path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)}
    with subprocess.Popen(  # noqa: S603  our own module, with a path of our own making
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as worker:
        timer = threading.Timer(LONGEST_SECONDS, worker.kill)
        timer.start()
        expected = done = 0
        try:
            for line in worker.stdout or ():
                row = json.loads(line)
                if "error" in row:
                    raise _refusal(row["error"])
                expected, done = row["of"], row["page"]
                yield row
        except ValueError as error:
            raise corrupt(PDF) from error
        finally:
            timer.cancel()
            worker.kill()
    if done < expected or not expected:
        raise _refusal("corrupt" if not expected else "large")


def _refusal(reason: str) -> WenjinError:
    if reason == "password":
        return protected(PDF)
    if reason == "large":
        message = f"这份 PDF 太大或太复杂，读不完（上限 {MOST_PAGES} 页）。请只保留手册正文，或分成几份导入。"
        return WenjinError("file_too_large", 413, message, {"format": PDF})
    return corrupt(PDF)
