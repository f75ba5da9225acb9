"""The timer in the server: it goes on after a failure and stops when told to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import upkeep
from bot.runtime import Runtime
from bot.settings import load_settings


async def test_a_failure_does_not_end_it_and_stopping_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runtime, stopping, runs = Runtime(load_settings({}, data_dir=tmp_path)), asyncio.Event(), 0
    loop = asyncio.get_running_loop()

    def fails(_: Runtime) -> dict[str, int]:
        nonlocal runs
        runs += 1
        if runs == 3:
            loop.call_soon_threadsafe(stopping.set)
        raise ValueError("broken")

    monkeypatch.setattr(upkeep, "once", fails)
    await asyncio.wait_for(upkeep.keep(runtime, stopping, every=0), 60)
    assert runs == 3
    assert caplog.text.count("upkeep failed") == 3


async def test_stopping_does_not_wait_for_the_next_minute(tmp_path: Path) -> None:
    runtime, stopping = Runtime(load_settings({}, data_dir=tmp_path)), asyncio.Event()
    running = asyncio.create_task(upkeep.keep(runtime, stopping))
    stopping.set()
    await asyncio.wait_for(running, 30)
