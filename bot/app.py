"""The web application: channels, pages, health and metrics around one runtime."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response

from actions.desk import links
from actions.store.base import new_id
from bot import exam_watch, logs, metrics, operations, pages, problems, upkeep
from bot.channels import callback, chat, files, live, marks, rasa_socket, rest, roster, websocket
from bot.channels import tickets as ticket_api
from bot.channels.rasa_socket import RasaSocket
from bot.limits import BodyLimit, largest_body
from bot.runtime import Runtime
from bot.sender import Sender, channels_of
from bot.settings import Settings
from bot.widget_origins import WidgetOrigins
from knowledge.document import Audience
from knowledge.encoder import Progress

log = logging.getLogger(__name__)
Say = Callable[[str], None]
_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

# Pages whose address is a secret: it goes to no other site, no search engine, no cache, no log.
_SECRET_LINK = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}


def create_app(settings: Settings, *, warmed: Runtime | None = None) -> FastAPI:
    """Return the application; heavy parts are loaded at its start unless a `warmed` runtime has them."""
    runtime = warmed or Runtime(settings)
    app = FastAPI(title="问津", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.wenjin = runtime
    app.state.warm = warmed is not None
    app.state.stopping = asyncio.Event()
    app.add_middleware(BodyLimit)
    app.middleware("http")(_watch)
    app.add_middleware(WidgetOrigins, origins=settings.widget_sites)
    problems.install(app)
    app.include_router(chat.router)
    app.include_router(files.router)
    app.include_router(live.router)
    app.include_router(marks.router)
    app.include_router(ticket_api.router)
    app.include_router(roster.router)
    app.include_router(rest.router)
    app.include_router(callback.router)
    app.include_router(websocket.router)
    for router in pages.routers():
        app.include_router(router)
    app.mount("/static/vendor/echarts", pages.Assets(directory=pages.echarts_dir()), name="echarts")
    app.mount(rasa_socket.PATH, RasaSocket(runtime, app.state.stopping).app)
    app.mount("/static", pages.Assets(directory=pages.static_dir()), name="static")
    app.include_router(operations.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.wenjin
    await runtime.hub.start()
    sending = asyncio.create_task(Sender(runtime, channels_of(runtime.settings)).run(app.state.stopping))
    if not app.state.warm:
        await asyncio.to_thread(warm, runtime)
    await asyncio.to_thread(exam_watch.resume, runtime)
    timer = asyncio.create_task(upkeep.keep(runtime, app.state.stopping))
    exams = asyncio.create_task(exam_watch.keep(runtime, app.state.stopping))
    app.state.ready = True
    yield
    app.state.ready = False
    app.state.stopping.set()
    await runtime.hub.stop()
    await sending
    await timer
    await exams
    await asyncio.to_thread(runtime.turns.close)
    runtime.db.dispose()


def warm(runtime: Runtime, *, say: Say = lambda _: None, progress: Progress | None = None) -> None:
    """Prepare and load everything and run one question through, so that the first turn is quick."""
    from bot.assistant import prepare

    prepare(runtime, say=say, progress=progress)
    say("启动对话")
    runtime.turns.warm()
    runtime.desk_reader.read("转账被扣了两次", "chat")
    for audience in Audience:
        runtime.suggestions.offer(audience)
    operations.show_versions(runtime)


async def _watch(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Give the request an id, refuse oversized bodies, add security headers, count and log it."""
    request.state.request_id = new_id()[:12]
    logs.request_id.set(request.state.request_id)
    started = time.perf_counter()
    if int(request.headers.get("content-length") or 0) > largest_body(request.url.path):
        response = problems.problem(request, 413, "too_large", "发送的内容太大，请精简后再试。")
    else:
        response = await _answered(request, call_next)
    secret = request.url.path.startswith(links.PATH)
    for name, value in {**_SECURITY, **(_SECRET_LINK if secret else {})}.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request.state.request_id
    metrics.REQUESTS.labels(str(response.status_code)).inc()
    took = (time.perf_counter() - started) * 1000
    shown = f"{links.PATH}…" if secret else logs.address(request.url.path)
    quiet = request.url.path in operations.PROBES and response.status_code == 200
    level = logging.DEBUG if quiet else logging.INFO
    log.log(level, "%s %s %d %.0f ms", request.method, shown, response.status_code, took)
    return response


async def _answered(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Return the answer; a failure is answered here too, so that it gets headers and is counted."""
    try:
        return await call_next(request)
    except Exception as error:
        return await problems.unexpected(request, error)


def asgi() -> Any:
    """Return the application for a process manager, settings from the environment."""
    import os

    from bot.settings import load_settings

    return create_app(load_settings(os.environ))
