"""The PDF of a certificate: its Chinese text is there to be read, long titles fit, bad fonts are told."""

from __future__ import annotations

import io
import shutil
import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import reportlab
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.t2CharStringPen import T2CharStringPen  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from pdfminer.high_level import extract_text

from actions.training import certificate_pdf, certificates, pdf_fonts
from actions.training.certificate_pdf import Facts
from knowledge.errors import WenjinError

CHINESE = [
    bytes((high, low)).decode("gb2312", "ignore") for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF)
]
FACTS = Facts(
    name="王芳",
    staff_no="A1",
    title="反洗钱年度考试",
    score="90 / 100",
    serial="WJ20260302-ABCDEFGHJKLM",
    issued_on=date(2026, 3, 2),
    valid_until=date(2027, 3, 2),
    address="https://wenjin.example/certificates/WJ20260302-ABCDEFGHJKLM",
)


def test_all_that_a_certificate_says_is_text_in_it() -> None:
    text = extract_text(io.BytesIO(certificate_pdf.make(FACTS)))
    for words in (
        "培训合格证书",
        "王芳（工号 A1）",
        "《反洗钱年度考试》",
        "90 / 100",
        FACTS.serial,
        "2027年3月2日",
    ):
        assert words in text, words
    lasting = extract_text(io.BytesIO(certificate_pdf.make(replace(FACTS, valid_until=None, staff_no=""))))
    assert "长期有效" in lasting and "工号" not in lasting


def test_a_long_title_still_stands_whole() -> None:
    title = "长" * 100
    text = extract_text(io.BytesIO(certificate_pdf.make(replace(FACTS, title=title))))
    assert title in text.replace("\n", "")


def test_the_same_facts_give_the_same_file() -> None:
    assert certificate_pdf.make(FACTS) == certificate_pdf.make(FACTS)


def test_a_font_that_cannot_be_embedded_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    for path in (broken, tmp_path / "none.ttf"):
        with pytest.raises(WenjinError) as caught:
            certificate_pdf.make(FACTS, font=path)
        assert caught.value.code == "bad_font"


@pytest.mark.parametrize(
    ("name", "masked"), [("王芳", "王*"), ("欧阳小芳", "欧***"), ("王", "王*"), ("Jonathan", "J***")]
)
def test_a_name_is_masked_but_for_its_first_character(name: str, masked: str) -> None:
    assert certificates.masked(name) == masked


def test_the_font_of_the_setting_is_embedded() -> None:
    font = (
        Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    )  # no Chinese, but a font file that is always there
    content = certificate_pdf.make(FACTS, font=font)
    assert b"/FontFile2" in content and FACTS.serial in extract_text(io.BytesIO(content))


def font_file(path: Path, family: str, *, truetype: bool) -> None:
    """Make a font in which every common Chinese character is a box."""
    builder = FontBuilder(1000, isTTF=truetype)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({ord(char): "box" for char in [*CHINESE, *string.printable] if char})
    pen = TTGlyphPen(None) if truetype else T2CharStringPen(1000, None)
    pen.moveTo((100, 0))
    for corner in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    if isinstance(pen, TTGlyphPen):
        builder.setupGlyf({".notdef": pen.glyph(), "box": pen.glyph()})
    else:
        shape = pen.getCharString()
        builder.setupCFF(family.replace(" ", ""), {}, {".notdef": shape, "box": shape}, {})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "box": (1000, 100)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


@pytest.mark.skipif(shutil.which("fc-match") is None, reason="a system without fontconfig")
def test_fonts_of_the_system_are_found_and_embedded_where_they_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, family, truetype in (
        ("a.ttf", "Some Hei", True),
        ("b.ttf", "Noto Sans SC", True),
        ("c.otf", "Noto Sans CJK SC", False),
    ):
        font_file(tmp_path / name, family, truetype=truetype)
    settings = tmp_path / "fonts.conf"
    settings.write_text(
        f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(settings))
    found = [Path(one.path).name for one in pdf_fonts.candidates() if one.path.startswith(str(tmp_path))]
    assert found == ["b.ttf", "a.ttf"], "Noto first, outlines that cannot be embedded not at all"
    content = certificate_pdf.make(FACTS, font=tmp_path / found[0])
    assert b"/FontFile2" in content and "王芳" in extract_text(io.BytesIO(content))


def test_without_fontconfig_only_usual_places_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert all(Path(one.path).is_file() for one in pdf_fonts.candidates())


def test_a_font_without_latin_or_chinese_letters_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    import reportlab

    latin = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    assert latin.is_file()
    monkeypatch.setattr(pdf_fonts, "candidates", lambda: [pdf_fonts.FontFile(str(latin))])
    assert certificate_pdf._system.__wrapped__() == certificate_pdf.READERS_OWN
