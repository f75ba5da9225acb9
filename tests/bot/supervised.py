"""A small application under our supervisor, as a process of its own: `python -m tests.bot.supervised PORT HOW`."""

from __future__ import annotations

import os
import sys
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot import metrics
from bot.settings import Settings
from bot.workers import Supervisor

STUCK = 3.0  # seconds


async def who(_: Request) -> PlainTextResponse:
    """Say which process answers."""
    return PlainTextResponse(str(os.getpid()))


async def hang(_: Request) -> PlainTextResponse:
    """Hold the event loop for longer than anybody waits."""
    time.sleep(600)
    return PlainTextResponse("")


async def busy(_: Request) -> PlainTextResponse:
    """Take a message in hand and never finish it; say which process has it."""
    metrics.TURNS_OPEN.inc()
    return PlainTextResponse(str(os.getpid()))


async def in_hand(_: Request) -> PlainTextResponse:
    """Say how many messages all processes together have in hand."""
    return PlainTextResponse(str(metrics.gathered().get_sample_value("wenjin_turns_open")))


def answering(settings: Settings) -> Starlette:
    """Return an application that answers."""
    del settings
    return Starlette(
        routes=[Route("/", who), Route("/hang", hang), Route("/busy", busy), Route("/in-hand", in_hand)]
    )


def broken(settings: Settings) -> Starlette:
    """Fail, as one does whose database is gone."""
    raise RuntimeError(f"nothing to serve on {settings.port}")


if __name__ == "__main__":
    port, how = sys.argv[1:]
    make = {"answering": answering, "broken": broken}[how]
    sys.exit(0 if Supervisor(make, Settings(port=int(port), workers=2), stuck=STUCK).run() else 1)
