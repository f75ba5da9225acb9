"""Servers for tests: the application in this process over real HTTP, and `wenjin run` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from actions.rasa.services import Services, configure, services
from actions.service import accounts
from actions.store.base import new_id
from bot.app import create_app
from bot.guests import COOKIE
from bot.runtime import Runtime
from bot.settings import PROJECT, Settings

PASSWORD = "a long enough password"
START_SECONDS = 180
MATTER = "上周三买东西扣了我两次钱，打了三次电话都没有人处理"
Message = dict[str, Any]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(uvicorn.Server):
    """Says when it is up, or that it failed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.tried = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.tried.set()


class Live:
    """The application in this process; `runtime` is its inside, `base` its address."""

    def __init__(self, settings: Settings, *, dialogue: bool = True) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.app = create_app(settings)
        self.runtime: Runtime = self.app.state.wenjin
        config = uvicorn.Config(
            self.app, port=self.port, ws="wsproto", log_level="warning", access_log=False,
            timeout_graceful_shutdown=2, log_config=None, lifespan="on" if dialogue else "off",
        )  # fmt: skip
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.services = Services()

    def start(self) -> None:
        """Serve; raise when the application does not start."""
        self._thread.start()
        if not self._server.tried.wait(START_SECONDS) or not self._server.started:
            raise RuntimeError("the application did not start")
        self.services = services()

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.should_exit = True
        self._thread.join(30)

    def mine(self) -> Live:
        """Give the actions of this process this server's services again: other tests set their own."""
        configure(self.services)
        return self

    def client(self, **headers: str) -> httpx.Client:
        """Return a client with an empty cookie jar."""
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def guest(self) -> Guest:
        """Return a new customer with an open session."""
        return Guest(self.client())

    def visitor(self, **headers: str) -> Visitor:
        """Return a new customer who has a guest's cookie and has not opened the chat."""
        return Visitor(self.client(**headers), self.runtime)

    def add_user(self, *roles: str, name: str = "") -> str:
        """Make an account and return its name; its password is `PASSWORD`."""
        called = name or f"u{new_id()[:10]}"
        with self.runtime.db.begin() as s:
            accounts.add_user(s, name=called, password=PASSWORD, roles=roles, now=self.runtime.now())
        return called

    def staff(self, *roles: str) -> Staff:
        """Return somebody signed in with these roles."""
        return Staff(self.client(), self.add_user(*roles))


@contextmanager
def live(settings: Settings, *, dialogue: bool = True) -> Iterator[Live]:
    """Serve the application for as long as the block runs; without `dialogue` it is up at once, and no bot."""
    running = Live(settings, dialogue=dialogue)
    running.start()
    try:
        yield running
    finally:
        running.stop()


class Visitor:
    """A customer outside of the chat."""

    def __init__(self, http: httpx.Client, runtime: Runtime) -> None:
        self.http, self.id = http, runtime.guests.new()
        http.cookies.set(COOKIE, runtime.guests.sign(self.id))


class Guest:
    """A customer who speaks to the chat API as the page does."""

    def __init__(self, client: httpx.Client) -> None:
        self.http = client
        self.session: dict[str, Any] = self.open()

    def open(self) -> dict[str, Any]:
        """Open the session, or come back to it."""
        return dict(self.http.post("/api/chat/session").raise_for_status().json())

    def post(self, text: object, key: str = "") -> httpx.Response:
        """Send a message."""
        return self.http.post("/api/chat/messages", json={"text": text, "key": key or new_id()})

    def say(self, text: str, key: str = "") -> list[Message]:
        """Send a message and return it with its replies."""
        return list(self.post(text, key).raise_for_status().json()["messages"])

    def replies(self, text: str) -> list[Message]:
        """Send a message and return the replies."""
        return self.say(text)[1:]

    def heard(self, text: str) -> str:
        """Send a message and return what the replies say."""
        return "\n".join(message["text"] for message in self.replies(text))

    def history(self, after: int = 0) -> list[Message]:
        """Return the turns after a place."""
        return list(
            self.http.get("/api/chat/messages", params={"after": after}).raise_for_status().json()["messages"]
        )

    def complain(self, matter: str = MATTER, phone: str = "13812345678") -> Message:
        """File a complaint from its first word to its number and return the ticket's message."""
        self.fill(matter, phone)
        return next(m for m in self.replies("确认提交") if m["kind"] == "ticket")

    def fill(self, matter: str = MATTER, phone: str = "13812345678") -> None:
        """Answer the form's questions up to the confirmation."""
        answers = {
            "请您说说发生了什么": matter,
            "涉及哪个产品或服务": "支付",
            "希望我们怎么处理": "退还多扣的钱",
            "怎么联系您": phone,
        }
        said = self.heard("我要投诉")
        while "请您核对" not in said:
            said = self.heard(next(answer for asked, answer in answers.items() if asked in said))


class Staff:
    """Somebody signed in through the sign-in form."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        self.http, self.name = client, name
        answer = client.post("/login", data={"name": name, "password": PASSWORD, "next": "/home"})
        assert answer.status_code == 303, answer.text
        page = client.get("/home").raise_for_status().text
        token = re.search(r'<meta name="csrf" content="([^"]+)"', page)
        assert token, "the page has no csrf token"
        self.csrf = token[1]

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Submit a form as its page does."""
        return self.http.post(path, data={"csrf": self.csrf, **fields})

    def page(self, path: str) -> str:
        """Return a page's HTML."""
        return self.http.get(path).raise_for_status().text


class Process:
    """`wenjin run` on a data folder: can be killed and started again; `settings` are environment variables."""

    def __init__(self, data_dir: Path, log: Path, **settings: str) -> None:
        self.data_dir, self.log, self.port = data_dir, log, free_port()
        self.settings = settings
        self.base = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command("run"), "--port", str(self.port)],
                cwd=PROJECT, env={**clean_environment(), **self.settings}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        for _ in range(START_SECONDS * 5):
            if self._is_ready():
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)
                raise RuntimeError(f"wenjin run ended:\n{self.output()}")
        self.kill()
        raise RuntimeError(f"wenjin run was not ready in time:\n{self.output()}")

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        """Return the running process's number."""
        assert self._process
        return self._process.pid

    def output(self) -> str:
        """Return all that was printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def admin_password(self) -> str:
        """Return the password that the first start printed."""
        found = re.findall(r"账号 admin\s+密码 (\S+)", self.output())
        assert len(found) == 1, f"the password should be printed once:\n{self.output()}"
        return str(found[0])

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)
            raise

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of wenjin on this data folder."""
        return [sys.executable, "-m", "bot.cli", "--data-dir", str(self.data_dir), *arguments]

    def wenjin(self, *arguments: str) -> str:
        """Run another command beside the server and return what it printed."""
        done = subprocess.run(
            self.command(*arguments), cwd=PROJECT, env=clean_environment(), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
        )  # fmt: skip
        said = done.stdout.decode()
        assert done.returncode == 0, said
        return said

    def add_user(self, name: str, *roles: str, display_name: str = "") -> str:
        """Make an account with `wenjin user add` and return the password it printed."""
        wanted = [part for role in roles for part in ("--role", role)]
        said = self.wenjin("user", "add", name, *wanted, "--display-name", display_name)
        found = re.search(r"密码只显示这一次：(\S+)", said)
        assert found, said
        return found[1]

    def guest(self) -> Guest:
        """Return a new customer with an open session."""
        return Guest(httpx.Client(base_url=self.base, timeout=60))


def clean_environment() -> dict[str, str]:
    """Return this environment without settings of an installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENJIN_")}
    return {**kept, "PYTHONUNBUFFERED": "1"}
