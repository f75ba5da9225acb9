"""A certificate as a page of PDF, in Chinese, with a QR code to the page where anybody can check it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from actions.training import pdf_fonts
from actions.training.pdf_fonts import FontFile
from knowledge.errors import bad_input

READERS_OWN = "STSong-Light"  # a font that every reader of PDF brings along or replaces
_NEEDED = "Az09（工号证书"  # fonts to fall back on have Chinese letters and no others
_MARGIN, _QR = 48, 92  # points


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands on a certificate."""

    name: str
    staff_no: str
    title: str
    score: str
    serial: str
    issued_on: date
    valid_until: date | None
    address: str


def make(facts: Facts, *, font: Path | None = None) -> bytes:
    """Return the page, A4 across; `font` is the file of a TrueType font to embed.

    Raises:
        WenjinError: 422 `bad_font` where `font` cannot be embedded.
    """
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.pdfgen.canvas import Canvas

    width, height = landscape(A4)
    out = io.BytesIO()
    name = font_name(font)
    canvas = Canvas(out, pagesize=(width, height), invariant=True)
    canvas.setTitle(f"培训合格证书 {facts.serial}")
    canvas.setLineWidth(1.5)
    canvas.setStrokeColorRGB(0.06, 0.38, 0.4)
    canvas.rect(_MARGIN / 2, _MARGIN / 2, width - _MARGIN, height - _MARGIN)
    lines: Sequence[tuple[str, float, float]] = (
        ("培训合格证书", 34, 452),
        (f"{facts.name}{f'（工号 {facts.staff_no}）' if facts.staff_no else ''}", 22, 370),
        ("已通过以下培训考核，特此证明。", 15, 330),
        (f"《{facts.title}》", 22, 276),
        (f"得分 {facts.score}", 15, 240),
    )
    for text, size, y in lines:
        canvas.setFont(name, _fitting(canvas, text, name, size, width - 3 * _MARGIN))
        canvas.drawCentredString(width / 2, y, text)
    canvas.setFont(name, 12)
    until = _day(facts.valid_until) if facts.valid_until else "长期有效"
    for place, text in enumerate(
        (f"证书编号：{facts.serial}", f"发证日期：{_day(facts.issued_on)}", f"有效期至：{until}")
    ):
        canvas.drawString(_MARGIN * 1.5, 130 - 22 * place, text)
    _draw_qr(canvas, facts.address, width - _MARGIN * 1.5 - _QR, 72)
    canvas.setFont(name, 10)
    canvas.drawCentredString(width - _MARGIN * 1.5 - _QR / 2, 58, "扫码查验")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def font_name(font: Path | None = None) -> str:
    """Return the name of a registered font: the wanted one, else one of the system, else the reader's own."""
    return _system() if font is None else _embedded(FontFile(str(font)))


@cache
def _system() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    for font in pdf_fonts.candidates():
        try:
            name = _embedded(font)
        except Exception:  # noqa: S112  a broken font of the system is no reason to have no certificate
            continue
        if all(ord(letter) in pdfmetrics.getFont(name).face.charToGlyph for letter in _NEEDED):
            return name
    pdfmetrics.registerFont(UnicodeCIDFont(READERS_OWN))
    return READERS_OWN


@cache
def _embedded(font: FontFile) -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = f"wenjin-{Path(font.path).stem}-{font.index}"
    try:
        pdfmetrics.registerFont(TTFont(name, font.path, subfontIndex=font.index))
    except (TTFError, OSError) as error:
        raise bad_input(
            "bad_font", f"字体 {font.path} 用不了。请在 WENJIN_PDF_FONT 里写一个 TrueType 中文字体文件。"
        ) from error
    return name


def _fitting(canvas: object, text: str, name: str, size: float, width: float) -> float:
    """Return a size, at most the wanted one, at which a text fits a width."""
    del canvas
    from reportlab.pdfbase.pdfmetrics import stringWidth

    wide = stringWidth(text, name, size)
    return size if wide <= width else max(8.0, size * width / wide)


def _draw_qr(canvas: object, address: str, x: float, y: float) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    widget = QrCodeWidget(address, barLevel="M")
    left, bottom, right, top = widget.getBounds()
    scale = [_QR / (right - left), 0, 0, _QR / (top - bottom), 0, 0]
    drawing = Drawing(_QR, _QR, transform=scale)
    drawing.add(widget)
    renderPDF.draw(drawing, canvas, x, y)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
