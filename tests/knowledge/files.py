"""Real files of a manual, made on the spot: Word, web page and PDF from the same Document."""

from __future__ import annotations

import html
import shutil
import subprocess
import tempfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import docx
from docx.document import Document as Word

from knowledge.document import Document, Paragraph, ParagraphKind, Section

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def word_bytes(word: Word) -> bytes:
    """Save a Word document."""
    out = BytesIO()
    word.save(out)
    return out.getvalue()


def to_docx(document: Document, *, styled: bool = True) -> bytes:
    """Write a manual as a Word file, with heading styles or with numbered plain paragraphs only."""
    word = docx.Document()
    word.add_paragraph(document.title, style="Title" if styled else None)
    for section, opens in _sections(document):
        if opens:
            heading = f"第{section.chapter}章 {section.chapter_title}"
            word.add_paragraph(heading, style="Heading 1" if styled else None)
        word.add_paragraph(f"{section.number} {section.title}", style="Heading 2" if styled else None)
        for paragraph, subheading in _paragraphs(section):
            if subheading:
                word.add_paragraph(subheading, style="Heading 3" if styled else None)
            bulleted = styled and paragraph.marker == "- "
            text = paragraph.text if bulleted else paragraph.marker + paragraph.text
            word.add_paragraph(text, style="List Bullet" if bulleted else None)
    return word_bytes(word)


def to_html(document: Document, *, encoding: str = "utf-8") -> bytes:
    """Write a manual as a web page with menus, scripts and a foot around it."""
    body = [f"<h1>{html.escape(document.title)}</h1>"]
    for section, opens in _sections(document):
        if opens:
            body.append(f"<h2>第{section.chapter}章 {html.escape(section.chapter_title)}</h2>")
        body.append(f"<h3>{section.number} {html.escape(section.title)}</h3>")
        items: list[str] = []
        for paragraph, subheading in _paragraphs(section):
            if items and (subheading or paragraph.marker != "- "):
                body.append(f"<ul>{''.join(items)}</ul>")
                items = []
            if subheading:
                body.append(f"<h4>{html.escape(subheading)}</h4>")
            if paragraph.kind is ParagraphKind.ITEM and paragraph.marker == "- ":
                items.append(f"<li>{html.escape(paragraph.text)}</li>\n")
            else:
                body.append(f"<p>\n  {html.escape(paragraph.marker + paragraph.text)}\n</p>")
        body.append(f"<ul>{''.join(items)}</ul>" if items else "")
    page = (
        f'<!DOCTYPE html><html><head><meta charset="{encoding}"><title>{document.title}_某某文库</title>'
        "<style>@page { size: A4; margin: 20mm } body { font: 12pt 'Noto Serif CJK SC', serif; line-height: 1.6 }"
        "h1 { font-size: 26pt } h2 { font-size: 20pt } h3 { font-size: 16pt } h4 { font-size: 14pt }</style>"
        "<script>var 菜单 = '第九章 脚本';</script></head><body>"
        "<nav><a href='/'>首页</a><a href='/9'>9.9 推荐阅读</a></nav>"
        f"<main>{''.join(body)}</main><footer>版权所有 2024 某某文库</footer></body></html>"
    )
    return page.encode(encoding)


def to_text(document: Document) -> str:
    """Write a manual as plain text, headings by number only."""
    lines = [document.title]
    for section, opens in _sections(document):
        if opens:
            lines.append(f"第{section.chapter}章 {section.chapter_title}")
        lines.append(f"{section.number} {section.title}")
        for paragraph, subheading in _paragraphs(section):
            lines += [subheading] if subheading else []
            lines.append(paragraph.marker + paragraph.text)
    return "".join(f"{line}\n" for line in lines)


@lru_cache(maxsize=4)
def to_pdf(page: bytes, *, header: bool = True) -> bytes:
    """Print a web page as PDF with headless Chromium, with its date, title and page numbers in the margins."""
    assert CHROMIUM
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "manual.html"), Path(folder, "manual.pdf")
        source.write_bytes(page)
        command = [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder}/profile",
        ]
        command += [] if header else ["--no-pdf-header-footer"]
        command += [f"--print-to-pdf={target}", source.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return target.read_bytes()


def _sections(document: Document) -> list[tuple[Section, bool]]:
    chapters = ["", *(section.chapter for section in document)]
    return [(s, s.chapter != before) for s, before in zip(document, chapters, strict=False)]


def _paragraphs(section: Section) -> list[tuple[Paragraph, str]]:
    headings = ["", *(paragraph.heading for paragraph in section.paragraphs)]
    return [
        (p, p.heading if p.heading != before else "")
        for p, before in zip(section.paragraphs, headings, strict=False)
    ]
