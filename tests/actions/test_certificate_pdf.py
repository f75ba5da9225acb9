"""The PDF of a certificate: its Chinese text is there to be read, long titles fit, bad fonts are told."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import reportlab
from pdfminer.high_level import extract_text

from actions.training import certificate_pdf, certificates
from actions.training.certificate_pdf import Facts
from knowledge.errors import WenjinError

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
