"""A site on a real SQLite database, without dialogue or encoder: pages need neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from actions.service import accounts
from actions.training import bank
from bot.app import create_app
from bot.runtime import Runtime
from bot.settings import Settings
from tests.actions.training_bank import MANUAL, questions

PASSWORD = "a-long-password"
HTML = {"accept": "text/html"}
START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # of the clock that tests move


@dataclass
class Visitor:
    """A browser: keeps cookies, follows no redirects, finds the token of its forms."""

    client: TestClient

    def get(self, path: str) -> Response:
        """Open a page."""
        response: Response = self.client.get(path, headers=HTML)
        return response

    def token(self) -> str:
        """Return the form token of the signed-in session."""
        found = re.search(r'name="csrf" content="([^"]+)"', self.get("/home").text)
        assert found, "nobody is signed in"
        return found[1]

    def post(
        self, path: str, data: Mapping[str, str | list[str]] | None = None, *, token: str | None = None
    ) -> Response:
        """Send a form with its token."""
        form = {**(data or {}), "csrf": self.token() if token is None else token}
        response: Response = self.client.post(path, data=form, headers=HTML)
        return response


@dataclass
class Site:
    """The application and its runtime, with a way to make visitors."""

    app: FastAPI
    runtime: Runtime

    def visitor(self) -> Visitor:
        """Return a fresh browser."""
        return Visitor(TestClient(self.app, follow_redirects=False, raise_server_exceptions=False))

    def add(self, name: str, *roles: str) -> str:
        """Add a user called after their name and return the id."""
        with self.runtime.db.begin() as s:
            made, _ = accounts.add_user(
                s, name=name, password=PASSWORD, roles=roles, display_name=name.upper(), now=datetime.now(UTC)
            )
            return made.id

    def signed_in(self, name: str, *roles: str) -> Visitor:
        """Add a user and return their signed-in browser."""
        self.add(name, *roles)
        visitor = self.visitor()
        response = visitor.client.post("/login", data={"name": name, "password": PASSWORD}, headers=HTML)
        assert response.status_code == 303, response.text
        return visitor


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a fresh site."""
    app = create_app(Settings.model_validate({"data_dir": tmp_path / "data"}))
    return Site(app, app.state.wenjin)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(site: Site) -> Clock:
    """Give the site a clock that tests move, and a bank."""
    made = Clock()
    site.runtime.clock = made
    with site.runtime.db.begin() as s:
        bank.sync(s, questions(), START, manual=MANUAL)
    return made
