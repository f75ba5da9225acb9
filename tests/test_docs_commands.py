"""Each command of wenjin stands on the page of commands with each of its arguments, and no other does."""

import argparse
import re

import pytest

from bot.cli import parser
from bot.settings import PROJECT
from tests.command_tree import arguments, commands

PAGE = PROJECT / "bot" / "docs" / "commands.md"


def _sections() -> dict[str, dict[str, str]]:
    """Return the rows of each command's table: argument -> meaning; those of wenjin itself under ""."""
    parts = re.split(r"^## wenjin (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    found = {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    return {name: dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.M)) for name, text in found.items()}


def test_every_command_has_its_section_and_no_other_does() -> None:
    assert set(_sections()) - {""} == set(commands())


@pytest.mark.parametrize("name", ["", *commands()])
def test_every_argument_has_its_row_with_its_values_and_default(name: str) -> None:
    told = _sections().get(name, {})
    known = arguments(commands()[name] if name else parser())
    assert set(told) == set(known)
    for called, one in known.items():
        missing = [value for value in _said(one) if f"`{value}`" not in told[called]]
        assert missing == [], called
        if one.option_strings and one.required:
            assert "needed" in told[called], called


def _said(one: argparse.Action) -> list[str]:
    """Return the values and the default that a row must name."""
    values = [] if isinstance(one.choices, range) else list(one.choices or [])
    plain = isinstance(one.default, str | int) and bool(one.default)
    return [str(value) for value in [*values, *([one.default] if plain else [])]]
