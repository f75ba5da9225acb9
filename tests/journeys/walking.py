"""A person in front of a browser: the chat page, the sign-in page, screenshots of what they see."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from bot.settings import PROJECT
from tests.bot.serving import Process

SHOTS = PROJECT / "test-results" / "journeys"
DESKTOP, PHONE = (1280, 800), (390, 844)
PATIENCE = 20_000
# The browser's own line about an answer that is no page; the test says which ones it expects.
_STATUS = re.compile(r"the server responded with a status of (\d+)")


@dataclass
class Installation:
    """The server and the accounts of its staff."""

    process: Process
    passwords: dict[str, str]

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return rows of the server's database."""
        with sqlite3.connect(f"file:{self.process.data_dir / 'wenjin.db'}?mode=ro", uri=True) as database:
            return list(database.execute(query, values))

    def count(self, query: str, *values: object) -> int:
        """Return the one number that a query counts."""
        return int(str(self.rows(query, *values)[0][0]))


@dataclass
class Person:
    """Somebody with a browser of their own; what their pages complain about is kept."""

    at: Installation
    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("request", self._watch)
        self.page.set_default_timeout(PATIENCE)

    def _listen(self, message: ConsoleMessage) -> None:
        status = _STATUS.search(message.text)
        expected = (status and status[1] in self.allowed) or any(
            words in message.text for words in self.allowed
        )
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(f"{message.type}: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.at.process.base, "data:", "blob:")):
            self.complaints.append(f"asked another server: {request.url}")

    def go(self, path: str) -> None:
        """Open a page of the server."""
        self.page.goto(f"{self.at.process.base}{path}")

    def sign_in(self, name: str) -> None:
        """Fill in the sign-in form that is shown."""
        self.page.get_by_label("账号").fill(name)
        self.page.get_by_label("密码").fill(self.at.passwords[name])
        self.page.get_by_role("button", name="登录", exact=True).click()

    def snap(self, name: str) -> None:
        """Keep what is seen, on a desktop and on a phone; nothing may stick out to the side."""
        before = self.page.viewport_size
        for label, (width, height) in (("desktop", DESKTOP), ("phone", PHONE)):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=SHOTS / f"{name}-{label}.png", animations="disabled")
            wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name}: the page is {wide} px too wide for a {label}"
        if before:
            self.page.set_viewport_size(before)

    def presses(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, target: Locator) -> None:
        """Move with the Tab key until the target has the focus."""
        for _ in range(60):
            if target.evaluate("node => node === node.getRootNode().activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key never reaches {target}")


class Chat:
    """The chat page in somebody's browser."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self) -> Chat:
        """Open the page and wait until it is ready to talk."""
        self.person.go("/")
        expect(self.page.locator(".suggestion").first.or_(self.messages.first)).to_be_visible()
        expect(self.page.locator(".suggestion--wait")).to_have_count(0)
        return self

    @property
    def messages(self) -> Locator:
        """All messages."""
        return self.page.locator("#log .msg")

    @property
    def replies(self) -> Locator:
        """Everything that was not said by this customer."""
        return self.page.locator("#log .msg:not(.msg--customer)")

    @property
    def last(self) -> Locator:
        """The last message."""
        return self.messages.last

    def type(self, text: str) -> None:
        """Send a message without waiting for anything."""
        self.page.locator("#text").fill(text)
        self.page.locator("#text").press("Enter")

    def say(self, *texts: str) -> Locator:
        """Send messages one after the other, each after the answer to the one before; return the last reply."""
        for text in texts:
            self._then(lambda text=text: self.type(text))
        return self.last

    def tap(self, title: str) -> Locator:
        """Press a choice and wait for the answer to it."""
        button = self.page.get_by_role("button", name=title, exact=True).last
        self._then(lambda: button.click())
        return self.last

    def _then(self, act: object) -> None:
        before = self.replies.count()
        assert callable(act)
        act()
        expect(self.replies.nth(before)).to_be_visible()
        expect(self.page.locator("#typing")).to_be_hidden()

    def hears(self, text: str | re.Pattern[str]) -> Locator:
        """Wait until something that others said holds this text."""
        found = self.replies.filter(has_text=text).last
        expect(found).to_be_visible()
        return found

    def number(self) -> str:
        """Return the ticket number that was told last."""
        text = self.page.locator(".ticketno").last.inner_text()
        assert re.fullmatch(r"TS\d{6}-\d{5}", text), text
        return text

    def complain(self, matter: str, steps: Sequence[str] = ("支付", "退还多扣的钱", "就在这里回复")) -> str:
        """File a complaint and return its number."""
        self.say("我要投诉", matter, *steps)
        self.tap("确认提交")
        return self.number()


def clear_shots() -> Path:
    """Return the folder for screenshots, without those of an earlier run."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for old in SHOTS.glob("*.png"):
        old.unlink()
    return SHOTS
