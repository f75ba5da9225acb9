"""The first page after sign-in: the doors of each role, and a new installation's next step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.service import accounts
from bot.pages import signin
from bot.runtime import Runtime
from bot.settings import Settings
from knowledge.document import Document
from tests.bot.serving import live
from tests.conftest import data_dir_like


@pytest.fixture
def runtime(prepared: Path, tmp_path: Path) -> Iterator[Runtime]:
    """A fresh installation with its administrator."""
    made = Runtime(Settings(data_dir=data_dir_like(prepared, tmp_path / "data")))
    with made.db.begin() as session:
        accounts.ensure_admin(session, now=made.now())
    yield made
    made.db.dispose()


def test_a_new_installation_has_one_next_step_after_the_other(runtime: Runtime, edition: Document) -> None:
    step = signin._next_step(runtime)
    assert step is not None
    assert "user add" in step.command
    with runtime.db.begin() as session:
        accounts.add_user(session, name="li", password=None, roles=["staff"], now=runtime.now())
    step = signin._next_step(runtime)
    assert step is not None
    assert "manual import" in step.command
    runtime.library.add(edition, name="ours", report={}, now=runtime.now())
    assert signin._next_step(runtime) is None


def test_only_an_administrator_is_told(settings: Settings) -> None:
    with live(settings, dialogue=False) as server:  # other tests import manuals into the shared one
        assert "下一步" not in server.staff("handler").page("/home")
        assert "wenjin manual import" in server.staff("admin").page("/home")
