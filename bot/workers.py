"""Several processes that serve one port: started, watched, started anew when one dies, ended together."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

import uvicorn
from sqlalchemy import make_url
from threadpoolctl import threadpool_limits

from bot.metrics import forget
from bot.settings import Settings
from bot.show import say, steps
from knowledge.errors import bad_input, unavailable

log = logging.getLogger(__name__)
SPAWN = multiprocessing.get_context("spawn")  # a fork would share threads' locks
LOOK = 0.5  # seconds after which a supervisor sees what it was told
STUCK = 60  # seconds without a beat after which a process that has served is taken for stuck
ENDING = 5  # seconds that open connections have when the server ends
ALL_READY = "{} 个工作进程已就绪。"
Make = Callable[[Settings], Any]


def options(settings: Settings) -> dict[str, Any]:
    """Return how uvicorn serves, with one process or many."""
    return {
        "host": settings.host,
        "port": settings.port,
        "ws": "wsproto",
        "log_level": "warning",
        "log_config": None,  # its lines are written as ours are: masked, and JSON where that is set
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
    once = SPAWN.Process(target=_prepare, args=(settings,))
    once.start()
    once.join()
    if once.exitcode:
        raise unavailable("setup_failed", "准备工作没有完成，服务没有启动。")


def _prepare(settings: Settings) -> None:
    from bot.assistant import prepare
    from bot.cli import set_up_logging
    from bot.runtime import Runtime

    set_up_logging(settings)
    with steps() as (step, progress):
        prepare(Runtime(settings), say=step, progress=progress)


def serve(settings: Settings) -> bool:
    """Serve with `settings.workers` processes until told to end; False where one could not start."""
    with tempfile.TemporaryDirectory(prefix="wenjin-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # each process writes what it counts there
        return Supervisor(application, settings).run()


def application(settings: Settings) -> Any:
    """Return the application of one of the processes."""
    from bot.app import create_app
    from bot.cli import set_up_logging

    set_up_logging(settings)
    return create_app(settings)


class Supervisor:
    """Keeps `settings.workers` processes alive that serve what `make` returns on one socket.

    One whose event loop has not turned for `stuck` seconds is killed and replaced.
    """

    def __init__(self, make: Make, settings: Settings, *, stuck: float = STUCK) -> None:
        self._make, self._settings, self._stuck = make, settings, stuck
        self._socket = uvicorn.Config("", **options(settings)).bind_socket()
        self._ending = False

    def run(self) -> bool:
        """Watch the processes until SIGTERM or SIGINT; False where one ended before it had ever served."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        running = [self._start() for _ in range(self._settings.workers)]
        told = failed = False
        while not (self._ending or failed):
            connection.wait([one.process.sentinel for one in running], LOOK)
            for one in running:
                if one.is_stuck(self._stuck):
                    log.error("process %d is stuck and is replaced", one.process.pid)
                    one.kill()
            failed = any(one.is_dead and not one.served.is_set() for one in running)
            if not (self._ending or failed):
                running = [self._anew(one) if one.is_dead else one for one in running]
            if not told and all(one.served.is_set() for one in running):
                told = True
                say(ALL_READY.format(len(running)))
        for one in running:
            one.process.terminate()
        for one in running:
            one.end()
        return not failed

    def _end(self, *_: object) -> None:
        self._ending = True

    def _anew(self, dead: Worker) -> Worker:
        log.error("process %d has ended and is replaced", dead.process.pid)
        forget(dead.process.pid)
        return self._start()

    def _start(self) -> Worker:
        served, beat = SPAWN.Event(), SPAWN.RawValue("d", 0.0)
        process = SPAWN.Process(target=work, args=(self._make, self._settings, self._socket, served, beat))
        process.start()
        return Worker(process, served, beat)


@dataclass(frozen=True, slots=True)
class Worker:
    """One process; `served` is set once it has served, `beat` is when its event loop turned last."""

    process: Any
    served: Any
    beat: Any

    @property
    def is_dead(self) -> bool:
        """Tell whether it has ended."""
        return not self.process.is_alive()

    def is_stuck(self, seconds: float) -> bool:
        """Tell whether it has served and its event loop has not turned for so long."""
        return self.served.is_set() and not self.is_dead and time.monotonic() - self.beat.value > seconds

    def end(self) -> None:
        """Wait for it to end, not for ever."""
        self.process.join(2 * ENDING)
        if self.process.is_alive():
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()


def work(make: Make, settings: Settings, shared: socket.socket, served: Any, beat: Any) -> None:
    """Serve on a shared socket; ends with the process that started it."""
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    server = _Server(uvicorn.Config(make(settings), **options(settings)), served, beat)
    server.run([shared])
    if not server.started:
        sys.exit(1)


def settle() -> None:
    """Make a process that has loaded everything serve evenly; for one that does nothing else until it ends.

    A turn is one thread's work: BLAS's own threads would spin on the other cores for longer than their share
    takes. What is loaded stays: the collector need not go through a million objects again (0.4 s each time).
    """
    threadpool_limits(1, user_api="blas")
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Tells its supervisor that it serves, and ten times a second that its event loop turns."""

    def __init__(self, config: uvicorn.Config, served: Any, beat: Any) -> None:
        super().__init__(config)
        self._served, self._beat = served, beat

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            settle()
            self._beat.value = time.monotonic()  # the same clock in all processes of a machine
            self._served.set()

    async def on_tick(self, counter: int) -> bool:
        self._beat.value = time.monotonic()
        return await super().on_tick(counter)


def _end_with_the_supervisor() -> None:
    """End when the supervisor was killed: nobody else would end this process."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)
