"""What the actions need and the process has built once: answerer, reader of complaints, rules of a quiz."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from actions.desk.reading import DeskReader
from actions.store.engine import Database
from actions.training.drills import Drill
from knowledge.document import Answer, Audience
from knowledge.errors import unavailable


class Answerer(Protocol):
    """Answers a question from the manual that is in use."""

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Return the manual's sentences with their places, or an honest refusal."""


@dataclass(frozen=True, slots=True)
class Services:
    """Shared parts. `manual_title` is asked anew each time: the manual in use can be switched."""

    answerer: Answerer | None = None
    manual_title: Callable[[], str] = lambda: "运营手册"
    manual_version: Callable[[], str] = lambda: ""
    section_title: Callable[[str], str] = lambda _number: ""
    database: Database | None = None
    reader: DeskReader | None = None
    drills: Callable[[], Mapping[str, Drill]] = dict
    quiz_size: int = 10
    pass_percent: int = 80


_configured: list[Services] = [Services()]


def configure(services: Services) -> None:
    """Give the actions of this process their services; the last call wins."""
    _configured[0] = services


def services() -> Services:
    """Return what was configured, or empty services."""
    return _configured[0]


def answerer() -> Answerer:
    """Return the answerer, or raise 503 `no_manual` when there is none."""
    found = _configured[0].answerer
    if found is None:
        raise unavailable("no_manual", "手册还没有准备好，请稍后再问，或说“转人工”。")
    return found
