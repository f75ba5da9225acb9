"""A server that is there to be killed: it has loaded everything, and each line on its input makes one more.

The children share the listening socket, so that a customer who calls between two of them is answered by the
next. They run the application as it is, without dialogue and encoder, and one route more for the handler.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI

from actions.desk import tickets, work
from actions.desk.duplicates import Vector
from actions.desk.reading import Reading
from actions.service.accounts import find_user
from bot.app import create_app
from bot.deps import RuntimeDep
from bot.runtime import Runtime
from bot.settings import Settings

HANDLER = "lin"


class Blind:
    """Reads nothing in a complaint."""

    def read(self, *_: object) -> Reading:
        """Return that nothing was found."""
        return Reading({}, {}, Vector("none", np.zeros(4, np.float32)))


def app_of(settings: Settings) -> FastAPI:
    """Return the application with a handler's answer as a route."""
    runtime = Runtime(settings)
    runtime.__dict__["desk_reader"] = Blind()
    app = create_app(settings, warmed=runtime)

    @app.post("/handler/{number}")
    def answer(number: str, said: dict[str, Any], runtime: RuntimeDep) -> dict[str, Any]:
        with runtime.db.begin() as s:
            user, found = find_user(s, HANDLER), tickets.get_by_number(s, number)
            assert user is not None
            by: dict[str, Any] = {"ticket_id": found.id, "user": user, "now": runtime.now()}
            work.take(s, version=1, **by)
            work.reply(s, text=str(said["text"]), version=2, **by)
            return {"version": found.version}

    return app


def serve(app: FastAPI, listening: socket.socket) -> None:
    """Be a server until killed."""
    config = uvicorn.Config(app, ws="none", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


def main(folder: str, fd: str, hook: str, secret: str) -> None:
    """Make a child for each line; say its number, and that it is gone."""
    listening = socket.socket(fileno=int(fd))
    settings = Settings(data_dir=Path(folder), webhook_url=hook, webhook_secret=secret)
    Runtime(settings).db.dispose()  # what this loads no child needs to load again
    app = app_of(settings)
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            try:
                serve(app, listening)
            finally:
                os._exit(1)
        print(child, flush=True)  # noqa: T201  the answer to the line
        os.waitpid(child, 0)
        print("gone", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
