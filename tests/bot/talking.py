"""Talk to the real dialogue in tests: the trained model, a real database, an answerer of a few sentences."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import classify
from actions.desk.classify import Classifier
from actions.desk.reading import DeskReader
from actions.rasa.services import Services, configure
from actions.service import conversations
from actions.service.replies import Reply
from actions.store.base import new_id
from actions.store.context import TurnContext, session_scope
from actions.store.engine import Database
from actions.training import drills
from bot.dialogue import Dialogue, train
from knowledge.document import Answer, Audience, Citation, Outcome
from knowledge.encoder import load_encoder
from knowledge.vectors import VectorCache
from knowledge.weights import build

PROJECT = Path(__file__).resolve().parents[2]
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def prepared() -> Path:
    """Return where what is slow to make is kept between runs: WENJIN_TEST_CACHE, or what set-up prepared."""
    return Path(os.environ.get("WENJIN_TEST_CACHE") or PROJECT / ".wenjin")


def encoder_folder() -> Path:
    """Return the offline encoder, built once."""
    folder = prepared() / "encoder"
    return folder if (folder / "modules.json").is_file() else build(folder)


def model_file() -> Path:
    """Return the model of the present training data, trained once."""
    return train(out=prepared() / "models", encoder_path=encoder_folder())


@lru_cache(maxsize=1)
def dialogue() -> Dialogue:
    """Return the loaded dialogue that all tests share."""
    return Dialogue.load(model_file())


@lru_cache(maxsize=1)
def desk_reader() -> DeskReader:
    """Return what reads complaints, with the real encoder and classifier."""
    encoder = load_encoder(encoder_folder())
    encode = VectorCache(prepared() / "vectors", encoder).encode
    file = classify.ensure(prepared() / "models", encoder.fingerprint, encode)
    return DeskReader(lambda: encoder, lru_cache(lambda: Classifier.load(file)), START.date)


def new_database(folder: Path) -> Database:
    """Return a fresh database in a file."""
    database = Database(f"sqlite:///{folder / 'wenjin.db'}", b"a key for tests, nothing more")
    database.migrate()
    return database


class FewSentences:
    """Stands in for the manual: knows how long a complaint takes, refuses everything else."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Audience]] = []

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer, and remember what was asked."""
        del context
        self.asked.append((question, audience))
        if "多久" in question or "几天" in question:
            sentence = "一般投诉在三个工作日内答复。"
            cited = Citation("edition", "v1", "5.2", "投诉处理", sentence, 0.9)
            return Answer(Outcome.ANSWERED, f"{sentence}（《运营手册》5.2 投诉处理）", (cited,))
        return Answer(Outcome.REFUSED, "手册里没有写这个，我不能替您估算。")


class Chat:
    """One conversation with the bot, a minute a turn; `restart` is another process on the same database."""

    def __init__(self, database: Database, *, audience: str = "customer", user_id: str | None = None) -> None:
        self.database, self.audience, self.user_id = database, audience, user_id
        self.external_id = self.customer_id = new_id()
        self.now = START
        self.dialogue = dialogue()
        self.answerer = FewSentences()
        self.rng = random.Random(7)

    def say(self, text: str) -> list[Reply]:
        """Send one message and return the replies."""
        configure(
            Services(
                answerer=self.answerer, database=self.database, reader=desk_reader(), quiz_size=3,
                drills=lambda: drills.load(PROJECT / "training_data" / "drills"),
            )
        )  # fmt: skip
        self.now += timedelta(minutes=1)
        return self.dialogue.submit(self._turn(text)).result(timeout=60)

    def heard(self, text: str) -> str:
        """Send one message and return what a plain-text client reads."""
        return "\n".join(reply.text for reply in self.say(text))

    def tell(self, *texts: str) -> list[Reply]:
        """Send several messages and return the replies to the last."""
        return [self.say(text) for text in texts][-1]

    def restart(self) -> None:
        """Go on in a freshly loaded dialogue."""
        self.dialogue = Dialogue.load(model_file())

    async def _turn(self, text: str) -> list[Reply]:
        with self._scope() as conversation_id:
            return await self.dialogue.respond(text, conversation_id)

    @contextmanager
    def _scope(self) -> Iterator[str]:
        with self.database.begin() as session:
            conversation = self._conversation(session)
            asked, _ = conversations.receive(
                session, conversation=conversation, text="…", key=None, now=self.now
            )
            turn = TurnContext(
                conversation_id=conversation.id, customer_id=self.customer_id, audience=self.audience,
                user_id=self.user_id, turn_id=asked.id, now=self.now, rng=self.rng, channel="web",
            )  # fmt: skip
            with session_scope(session, turn):
                yield conversation.id

    def _conversation(self, session: Session) -> Any:
        return conversations.open_conversation(
            session, channel="web", external_id=self.external_id, customer_id=self.customer_id,
            audience=self.audience, user_id=self.user_id, now=self.now,
        )  # fmt: skip


def titles(replies: list[Reply]) -> list[str]:
    """Return the titles of all buttons."""
    return [button.title for reply in replies for button in reply.buttons]
