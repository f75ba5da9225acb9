"""The proxy of the docs before a real server: pages, pushes, WebSocket, files; what it keeps inside. The unit, too."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.client import connect

from bot.limits import LARGEST_FORM_BODY
from bot.settings import PROJECT
from tests.bot.serving import Guest, Live, free_port

FOLDER = PROJECT / "bot" / "docs" / "operations"
EXAMPLE, UNIT = FOLDER / "nginx.conf", FOLDER / "wenjin.service"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL, ANALYZE = shutil.which("openssl"), shutil.which("systemd-analyze")
QUESTION = "投诉一般多久能处理完"
ORDINARY = 1_000_000  # nginx's own limit of a body
with_nginx = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed")


@pytest.fixture
def proxied(server: Live, tmp_path: Path) -> Iterator[str]:
    """Run nginx with the example before the server; yield its address."""
    assert NGINX
    assert OPENSSL
    key, certificate, port = tmp_path / "wenjin.key", tmp_path / "wenjin.crt", free_port()
    make = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = EXAMPLE.read_text("utf-8").replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("/etc/nginx/wenjin", str(tmp_path / "wenjin")).replace(
        "http://127.0.0.1:8000", server.base
    )
    temporary = "".join(
        f"{kind}_temp_path {tmp_path / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    as_root = "user root;\n" if os.geteuid() == 0 else ""  # its workers write where tests write
    main = tmp_path / "main.conf"
    main.write_text(
        f"{as_root}pid {tmp_path / 'pid'};\nerror_log stderr;\nevents {{}}\nhttp {{\n{temporary}{text}}}\n",
        "utf-8",
    )
    process = subprocess.Popen([NGINX, "-e", "stderr", "-g", "daemon off;", "-p", tmp_path, "-c", main])
    try:
        _wait_for(f"https://127.0.0.1:{port}/healthz")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if httpx.get(address, verify=False).status_code == 200:  # noqa: S501  the test's own certificate
                return
        time.sleep(0.1)
    raise RuntimeError("nginx did not start")


def _client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, verify=False, timeout=60)  # noqa: S501  as above


@with_nginx
def test_the_chat_goes_through_and_pushes_arrive_while_the_line_is_open(proxied: str) -> None:
    guest = Guest(_client(proxied))
    assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"
    with guest.http.stream("GET", "/api/chat/events") as pushed:
        lines = (line for line in pushed.iter_lines() if line.startswith("data: "))
        assert json.loads(next(lines).removeprefix("data: "))["text"] == QUESTION
    assert guest.http.get("/").status_code == 200


@with_nginx
async def test_a_websocket_goes_through_from_a_page_of_the_same_host(proxied: str) -> None:
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    address = proxied.replace("https", "wss") + "/api/chat/ws"
    async with connect(address, ssl=trust, extra_headers={"Origin": proxied}) as socket:
        await socket.send(json.dumps({"type": "open"}))
        assert json.loads(await socket.recv())["type"] == "opened"


@with_nginx
def test_what_is_for_operators_stays_inside_and_the_rest_is_large_enough(proxied: str) -> None:
    http = _client(proxied)
    assert [http.get(path).status_code for path in ("/metrics", "/readyz", "/healthz")] == [403, 403, 200]
    answer = http.post(
        "/complain", content=b"x" * (LARGEST_FORM_BODY - 1), headers={"content-type": "text/plain"}
    )
    assert "x-request-id" in answer.headers  # Wenjin's own answer, not nginx's 413
    assert http.post("/api/chat/session", content=b"x" * 2 * ORDINARY).json()["code"] == "too_large"


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    assert ANALYZE
    there = (
        UNIT.read_text("utf-8")
        .replace("/srv/wenjin/.venv/bin/wenjin", "/bin/true")
        .replace("User=wenjin\n", "")
    )
    (tmp_path / UNIT.name).write_text(there, "utf-8")
    done = subprocess.run(
        [ANALYZE, "verify", str(tmp_path / UNIT.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
