"""The commands of wenjin as argparse knows them, and command lines as the documentation writes them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from bot.cli import parser

Commands = dict[str, argparse.ArgumentParser]


def commands() -> Commands:
    """Return each command that can be run, by its words after `wenjin`."""
    return dict(_below(parser(), ""))


def arguments(of: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return a command's arguments by the names that people type, those of positions in capitals."""
    return {_called(one): one for one in of._actions if not isinstance(one, _NOT_ARGUMENTS)}


_NOT_ARGUMENTS = (argparse._HelpAction, argparse._SubParsersAction)


def _called(one: argparse.Action) -> str:
    return one.option_strings[-1] if one.option_strings else one.dest.upper()


def _below(top: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [one for one in top._actions if isinstance(one, argparse._SubParsersAction)]
    for name, one in [pair for group in groups for pair in group.choices.items()]:
        yield from _below(one, f"{words} {name}".strip())
    if not groups:
        yield words, top


# How the pages write what a reader puts in, a choice of words, and what may be left out.
_PROMPT = re.compile(
    r"^(?:\$ )?(?:(?:[A-Z][A-Z_]*=\S+ )*)(?:\.venv/bin/)?wenjin (.+?)(?:\s{2,}\S.*|\s+# .*)?$"
)


def lines(page: Path) -> Iterator[str]:
    """Yield the arguments of each command line of a page, in blocks and between backticks."""
    text = page.read_text(encoding="utf-8")
    candidates = [*text.splitlines(), *re.findall(r"`([^`\n]+)`", text)]
    for candidate in candidates:
        if found := _PROMPT.match(candidate.strip().removesuffix("\\")):
            yield found[1]


def variants(line: str) -> Iterator[list[str]]:
    """Yield the words of a command line: without what may be left out, with it, and with each choice."""
    for one in {re.sub(r"\s*\[[^\[\]]*\]", "", _inner(line)), re.sub(r"[\[\]]", "", line)}:
        words = shlex.split(one)
        most = max((len(word.split("|")) for word in words), default=1)
        for n in range(most):
            yield [_choice(word, n) for word in words]


def _inner(line: str) -> str:
    """Take nested brackets away."""
    while (shorter := re.sub(r"\[([^\[\]]*)\[[^\[\]]*\]", r"[\1", line)) != line:
        line = shorter
    return line


def _choice(word: str, n: int) -> str:
    parts = ["2"] if word == "N" else word.split("|")  # N stands for a number
    return parts[min(n, len(parts) - 1)]
