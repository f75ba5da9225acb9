"""What pages of three panes share: lists on the left, lines of one in the middle, a case on the right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """A word beside a line; colour is never alone."""

    words: str
    level: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list; `pick` is what its box stands for where several lines can be chosen."""

    href: str
    top: str
    when: str
    line: str
    tags: tuple[Tag, ...] = ()
    current: bool = False
    strong: bool = False
    pick: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One list in the left pane: how many lines it has; `urgent` where none should be waiting there.

    `letter` opens it after g on the keyboard.
    """

    key: str
    href: str
    title: str
    count: int
    urgent: bool = False
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lists that stand together."""

    title: str
    entries: tuple[Entry, ...]
