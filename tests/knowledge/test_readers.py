"""Files in every encoding that Chinese files come in, and everything that is no manual."""

from __future__ import annotations

import os
import random
from pathlib import Path

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import WenjinError
from knowledge.readers import LARGEST, read, read_bytes

MANUAL = (
    "第一章 总则\n1.1 目的\n本手册用于规范客户服务工作，保护客户的合法权益。\n1.2 范围\n适用于全体员工。\n"
)
TRADITIONAL = opencc.OpenCC("s2tw").convert(MANUAL)
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "gb18030",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
]


def refused(data: bytes, name: str = "手册.txt") -> WenjinError:
    """Return the error with which these bytes are refused."""
    with pytest.raises(WenjinError) as caught:
        read_bytes(data, name)
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.message)
    return caught.value


@pytest.mark.parametrize("text", [MANUAL, TRADITIONAL], ids=["simplified", "traditional"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_reads_every_encoding(encoding: str, text: str) -> None:
    assert read_bytes(text.encode(encoding), "手册.txt").text == text


def test_reads_big5() -> None:
    raw = read_bytes(TRADITIONAL.encode("big5"), "手冊.txt")
    assert raw.text == TRADITIONAL
    assert raw.encoding == "big5hkscs"


def test_says_what_it_found() -> None:
    raw = read_bytes(MANUAL.encode("gb18030"), "手册.md")
    assert (raw.encoding, raw.name) == ("gb18030", "手册.md")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_a_character_cut_off_at_the_end_is_no_obstacle(encoding: str) -> None:
    assert read_bytes((MANUAL + "完").encode(encoding)[:-1], "手册.txt").text == MANUAL


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", "\u3000\n".encode()])
def test_empty_files(data: bytes) -> None:
    assert refused(data).code == "empty_file"


@pytest.mark.parametrize(
    "data",
    [random.Random(1).randbytes(5000), b"\x7fELF\x02\x01\x01" + bytes(300), bytes(range(256)) * 20],
    ids=["noise", "program", "all bytes"],
)
def test_binary_files(data: bytes) -> None:
    assert refused(data).code == "binary_file"


@pytest.mark.parametrize(
    "data",
    [
        ("これは日本語のマニュアルです。お客様への対応手順を説明します。" * 3).encode("shift-jis"),
        ("고객 서비스 운영 매뉴얼입니다. 고객 불만 처리 절차를 설명합니다." * 3).encode("euc-kr"),
        ("Ünïcödé façade naïve" * 20).encode("latin-1"),
        MANUAL.encode("utf-8").replace("客".encode(), b"\xe5\xae"),
    ],
    ids=["shift-jis", "euc-kr", "latin-1", "broken utf-8"],
)
def test_unknown_encodings(data: bytes) -> None:
    assert refused(data).code == "unreadable_encoding"


def test_text_that_is_no_manual() -> None:
    assert refused(b"hello world\n" * 30).code == "not_a_manual"


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"PK\x03\x04....", "manual", "corrupt_file"),
        (b"%PDF-1.7 ...", "manual.txt", "corrupt_file"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "manual.txt", "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "x", "unsupported_format"),
    ],
)
def test_what_cannot_be_read_is_refused_by_what_it_holds(data: bytes, name: str, code: str) -> None:
    assert refused(data, name).code == code


@pytest.mark.parametrize("name", ["manual.docx", "M.HTML"])
def test_the_content_decides_not_the_name(name: str) -> None:
    assert "1.1" in read_bytes(MANUAL.encode(), name).text


def test_files_that_are_too_large() -> None:
    error = refused(b"a" * (LARGEST + 1))
    assert (error.code, error.status) == ("file_too_large", 413)


def test_reads_from_a_path(tmp_path: Path) -> None:
    file = tmp_path / "手册.txt"
    file.write_bytes(MANUAL.encode("gb18030"))
    assert read(file).text == MANUAL
    with file.open("wb") as large:
        large.truncate(LARGEST + 1)
    with pytest.raises(WenjinError) as caught:
        read(file)
    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize("name", ["没有.txt", "."])
def test_a_path_without_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(WenjinError) as caught:
        read(tmp_path / name)
    assert (caught.value.code, caught.value.status) == ("file_not_found", 404)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "手册.txt"
    file.write_text(MANUAL)
    file.chmod(0)
    with pytest.raises(WenjinError) as caught:
        read(file)
    assert caught.value.code == "unreadable_file"


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_text_or_a_clear_refusal(data: bytes) -> None:
    try:
        assert read_bytes(data, "x.txt").text.strip()
    except WenjinError as error:
        assert error.message.endswith("。")


@given(
    st.lists(st.sampled_from(MANUAL.replace("。", "。\n").splitlines()), min_size=3, max_size=30),
    st.sampled_from(ENCODINGS),
)
@settings(max_examples=100, deadline=None)
def test_any_chinese_text_is_read_exactly(lines: list[str], encoding: str) -> None:
    text = "本手册供全体员工使用。\n" + "\n".join(lines)
    assert read_bytes(text.encode(encoding), "x.md").text == text
