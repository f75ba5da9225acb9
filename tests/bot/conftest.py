"""A server on real parts for the tests of the channels, shared by all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.bot.serving import Guest, Live, live
from tests.conftest import data_dir_like


@pytest.fixture(scope="session")
def shared_live(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Serve one fresh installation for all tests that do not break it."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("live"))
    with live(Settings(data_dir=folder)) as running:
        yield running


@pytest.fixture
def server(shared_live: Live) -> Live:
    """The shared server, with the services of its own."""
    return shared_live.mine()


@pytest.fixture
def guest(server: Live) -> Guest:
    """A new customer."""
    return server.guest()
