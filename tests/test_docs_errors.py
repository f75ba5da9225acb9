"""Each error code that the source can give stands on the errors page with its status, and no other."""

import re
from collections import Counter

from bot.settings import PROJECT
from tests.error_codes import codes

PAGE = PROJECT / "bot" / "docs" / "errors.md"
_ROW = re.compile(r"^\| `([a-z0-9_<>]+)` \| ([a-z0-9, ]+) \| (.+) \| (.+) \|$", re.M)


def _rows() -> list[tuple[str, str, str, str]]:
    return _ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_code_has_its_row_with_its_statuses_and_no_other_does() -> None:
    told = {code: set(statuses.split(", ")) for code, statuses, _, _ in _rows()}
    assert told == codes(PROJECT)


def test_codes_that_other_pages_name_exist() -> None:
    known = codes(PROJECT)
    for page in PAGE.parent.rglob("*.md"):
        for status, code in re.findall(r"\b([45]\d\d) `([a-z_]+)`", page.read_text(encoding="utf-8")):
            assert status in known.get(code, ()), f"{page.name}: {status} {code}"


def test_each_code_stands_once_and_says_when_and_what_to_do() -> None:
    assert [code for code, number in Counter(row[0] for row in _rows()).items() if number > 1] == []
    assert all(when.strip() and do.strip() for _, _, when, do in _rows())
