"""The guides name what the program shows: buttons and lists in bold, addresses, roles, alerts."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Match

from actions.service.accounts import ROLES
from bot.app import create_app
from bot.settings import PROJECT, load_settings

GUIDES = PROJECT / "bot" / "docs" / "guides"
NAMES = ("handler", "integrator", "knowledge-owner", "operator", "training-officer")
README = PROJECT / "README.md"
PAGES = [README, *(GUIDES / f"{name}.md" for name in NAMES)]
ALERTS = PROJECT / "bot" / "docs" / "operations" / "prometheus-alerts.yml"
_ADDRESS = re.compile(r"(?:`(?:[A-Z]+ )?|://chat\.example\.com)(/[^`\s\"?]*)")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The application with its routes; nothing is loaded."""
    return create_app(load_settings({}, data_dir=tmp_path_factory.mktemp("routes")))


def _read(name: str) -> str:
    return (GUIDES / f"{name}.md").read_text(encoding="utf-8")


def test_each_kind_of_user_has_a_guide_that_the_readme_names() -> None:
    assert tuple(sorted(page.stem for page in GUIDES.glob("*.md"))) == NAMES
    text = README.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"(bot/docs/guides/{name}.md)" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_bold_is_shown_by_the_program(name: str) -> None:
    shown = "".join(
        path.read_text(encoding="utf-8")
        for room in ("bot/pages", "bot/widget/src", "actions")
        for path in (PROJECT / room).rglob("*")
        if path.suffix in {".py", ".html", ".ts"}
    )
    bold = [piece for one in re.findall(r"\*\*(.+?)\*\*", _read(name)) for piece in one.split(" → ")]
    assert [piece for piece in bold if piece not in shown] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_addresses_are_served(page: Path, app: FastAPI) -> None:
    named = {one.rstrip("/") or "/" for one in _ADDRESS.findall(page.read_text(encoding="utf-8"))}
    assert [path for path in sorted(named) if not _is_served(app, path)] == []
    assert not _is_served(app, "/nowhere")


def _is_served(app: FastAPI, path: str) -> bool:
    """Tell whether some route takes the path, whatever the method."""
    scopes: list[dict[str, Any]] = [
        {"type": kind, "path": written, "root_path": "", "method": "GET", "headers": []}
        for kind in ("http", "websocket")
        for written in (path, f"{path}/")
    ]
    return any(route.matches(scope)[0] is not Match.NONE for route in app.routes for scope in scopes)


def test_every_role_and_every_alert_is_in_the_operators_guide() -> None:
    alerts = re.findall(r"alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    assert [one for one in (*ROLES, *alerts) if f"`{one}`" not in _read("operator")] == []
