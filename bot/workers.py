"""Several processes that serve one port: started, watched, started anew when one dies, ended together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from functools import partial
from typing import Any

import uvicorn
from sqlalchemy import make_url
from uvicorn.supervisors import Multiprocess

from bot.settings import Settings
from bot.show import say, steps
from knowledge.errors import bad_input, unavailable

SILENT = 120  # seconds after which a process that does not answer counts as dead; models take their time
ALL_READY = "{} 个工作进程已就绪。"
ENDING = 5  # seconds that open connections have when the server ends


def options(settings: Settings) -> dict[str, Any]:
    """Return how uvicorn serves, with one process or many."""
    return {
        "host": settings.host,
        "port": settings.port,
        "ws": "wsproto",
        "log_level": "warning",
        "access_log": False,
        "timeout_graceful_shutdown": ENDING,
    }


def check(settings: Settings) -> None:
    """Refuse more than one process where they could not share locks, wake-ups and turns.

    Raises:
        WenjinError: 422 `workers_need_servers`.
    """
    is_sqlite = make_url(settings.url).get_backend_name() == "sqlite"
    if settings.workers > 1 and (is_sqlite or not settings.redis_url):
        raise bad_input(
            "workers_need_servers",
            "多个工作进程需要 PostgreSQL（WENJIN_DATABASE_URL）和 Redis（WENJIN_REDIS_URL）："
            "SQLite 同时只能有一个进程写入，对话的先后顺序要靠 Redis 保证。",
        )


def set_up(settings: Settings) -> None:
    """Do what is to be done once, in a process of its own: a supervisor that has loaded nothing stays small.

    Raises:
        WenjinError: 503 `setup_failed`.
    """
    once = multiprocessing.get_context("spawn").Process(target=_prepare, args=(settings,))
    once.start()
    once.join()
    if once.exitcode:
        raise unavailable("setup_failed", "准备工作没有完成，服务没有启动。")


def _prepare(settings: Settings) -> None:
    from bot.assistant import prepare
    from bot.cli import set_up_logging
    from bot.runtime import Runtime

    set_up_logging(settings.log_level)
    with steps() as (step, progress):
        prepare(Runtime(settings), say=step, progress=progress)


def serve(settings: Settings) -> None:
    """Serve with `settings.workers` processes until the supervisor is told to end."""
    with tempfile.TemporaryDirectory(prefix="wenjin-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # each process writes what it counts there
        config = uvicorn.Config(
            partial(application, settings),
            factory=True,
            workers=settings.workers,
            timeout_worker_healthcheck=SILENT,
            **options(settings),
        )
        Supervisor(config, [config.bind_socket()]).run()


def application(settings: Settings) -> Any:
    """Return the application of one of the processes."""
    from bot.app import create_app
    from bot.cli import set_up_logging

    set_up_logging(settings.log_level)
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    return create_app(settings)


def _end_with_the_supervisor() -> None:
    """End when the supervisor was killed: nobody would end this process later."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(Multiprocess):
    """Says once that all processes serve."""

    _told = False

    def keep_subprocess_alive(self) -> None:
        """Start anew what died."""
        super().keep_subprocess_alive()
        if not self._told and not self.should_exit.is_set() and all(p.is_ready() for p in self.processes):
            self._told = True
            say(ALL_READY.format(len(self.processes)))
