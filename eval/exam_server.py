"""A server without dialogue for exams: `python -m eval.exam_server FOLDER PORT`; and who sits in them."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.accounts import SignInSession, User
from actions.store.tables.training import PaperState, QuizAttemptItem
from actions.training import exams, plans
from actions.training.blueprints import Line
from actions.training.grading import LETTERS
from bot import exam_watch
from bot.app import create_app
from bot.assistant import sync_bank
from bot.runtime import Runtime
from bot.settings import Settings

CSRF = "a-token-of-a-measurement"
NOBODY = "-"  # no password has this hash


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in an exam: the cookie that signs them in, their attempt, the letters of each question."""

    token: str
    attempt: str
    answers: tuple[tuple[str, ...], ...]


def settings_of(folder: Path, database: str = "") -> Settings:
    """Return the settings of a measurement."""
    return Settings.model_validate({"data_dir": folder, **({"database_url": database} if database else {})})


def seats(settings: Settings, people: int, *, questions: int, minutes: int = 60) -> list[Seat]:
    """Put a bank, an exam and people who have begun it into the database."""
    runtime = Runtime(settings)
    sync_bank(runtime)
    made = []
    with runtime.db.begin() as s:
        boss = User(name="boss", password_hash=NOBODY, roles=["training"], created_at=runtime.now())
        s.add(boss)
        s.flush()
        plan = plans.Plan("测量", [Line(questions, type="single")], minutes=minutes)
        paper = plans.create(s, plan, user=boss, now=runtime.now())
        plans.set_state(s, paper.id, PaperState.OPEN, user=boss, now=runtime.now())
        for number in range(people):
            made.append(_seat(runtime, s, paper.id, number))
    runtime.db.dispose()
    return made


def _seat(runtime: Runtime, s: Session, paper_id: str, number: int) -> Seat:
    now = runtime.now()
    person = User(name=f"u{number}", password_hash=NOBODY, roles=["staff"], created_at=now)
    s.add(person)
    s.flush()
    token = f"token-of-{number}"
    hashed = hashlib.sha256(token.encode()).hexdigest()
    s.add(
        SignInSession(
            token_hash=hashed, user_id=person.id, csrf=CSRF, created_at=now, last_seen_at=now,
            expires_at=now + timedelta(hours=12),
        )
    )  # fmt: skip
    attempt = exams.start(s, paper_id=paper_id, user_id=person.id, seed=number, now=now)
    asked = exams.asked(s, attempt_id=attempt.id, user_id=person.id)
    return Seat(token, attempt.id, tuple(tuple(one.key for one in each.item.options) for each in asked))


def kept(settings: Settings) -> dict[tuple[str, int], tuple[list[str], int]]:
    """Return what the database holds of each answer: the letters as shown, and how often it was saved."""
    runtime = Runtime(settings)
    with runtime.db.reading() as s:
        rows = list(s.scalars(select(QuizAttemptItem)))
    runtime.db.dispose()
    return {
        (row.attempt_id, row.position): ([LETTERS[row.option_order.index(key)] for key in row.given], row.seq)
        for row in rows
    }


def app_of(settings: Settings) -> FastAPI:
    """Return the application with the clock of exams alone."""
    app = create_app(settings)
    runtime: Runtime = app.state.wenjin

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        await asyncio.to_thread(exam_watch.resume, runtime)
        watching = asyncio.create_task(exam_watch.keep(runtime, stopping))
        yield
        stopping.set()
        await watching

    app.router.lifespan_context = lifespan
    return app


def serve(folder: Path, port: int, database: str = "", later: float = 0) -> None:
    """Serve until killed, with a clock that is `later` seconds ahead."""
    app = app_of(settings_of(folder, database))
    if later:
        app.state.wenjin.clock = lambda: datetime.now(UTC) + timedelta(seconds=later)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none")


def main() -> None:
    """Serve as the command line says."""
    serve(Path(sys.argv[1]), int(sys.argv[2]), "".join(sys.argv[3:]))


if __name__ == "__main__":
    main()
