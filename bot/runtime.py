"""Everything that is built once when the server starts, and put together here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakMethod

from sqlalchemy import event
from sqlalchemy.orm import Session

from actions.desk import categories, classify
from actions.desk.reading import DeskReader
from actions.desk.workdays import SHANGHAI
from actions.learning.published import Published
from actions.learning.work import Work
from actions.store.engine import Database
from actions.store.tables.desk import Notice
from actions.store.tables.service import Turn
from bot.channels.suggestions import Suggestions
from bot.guests import Guests, load_secret
from bot.hub import Hub, make_hub
from bot.identity import Identities
from bot.settings import Settings
from knowledge.document import Audience, Outcome
from knowledge.embedding import Embedding
from knowledge.encoder import Encoder, load_encoder
from knowledge.library import Library, LiveAnswerer
from knowledge.sameness import bare
from knowledge.supplement import Supplemented
from knowledge.text import normalise
from knowledge.vectors import VectorCache

NOTICES = "notices"  # what a sender waits for, beside conversations


@dataclass
class Runtime:
    """The parts that routes, channels and commands share, each built when it is first asked for."""

    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        """Let the process sort complaints by the operator's own categories where they are set."""
        if self.settings.categories_file:
            categories.use(self.settings.categories_file)

    @cached_property
    def secret(self) -> bytes:
        """Return the installation's secret."""
        return load_secret(self.settings.data_dir)

    @cached_property
    def db(self) -> Database:
        """Return the database, migrated; chats are woken when new turns are committed."""
        database = Database(self.settings.url, self.secret, info={"desk": self.settings.desk_rules()})
        database.migrate()
        # SQLAlchemy keeps listeners for ever: one that held this runtime would keep its indexes, too.
        _wake_on_commit(database, WeakMethod(self._wake))
        return database

    def _wake(self, conversation_id: str) -> None:
        self.hub.publish(conversation_id)

    @cached_property
    def guests(self) -> Guests:
        """Return the signer of guest cookies."""
        return Guests(self.secret)

    @cached_property
    def identities(self) -> Identities:
        """Return the reader of host tokens."""
        set_ = self.settings
        return Identities(
            set_.identity_key, self.secret, issuer=set_.identity_issuer, audience=set_.identity_audience
        )

    @cached_property
    def hub(self) -> Hub:
        """Return what wakes open chats."""
        return make_hub(self.settings.redis_url)

    @cached_property
    def library(self) -> Library:
        """Return the manuals."""
        settings = self.settings
        return Library(settings.data_dir, edition=settings.edition_dir, questions=settings.questions_dir)

    @property
    def encoder(self) -> Encoder:
        """Return the encoder of this process."""
        return load_encoder(self.settings.encoder_path)

    @cached_property
    def answerer(self) -> Supplemented:
        """Return the answerer of whatever manual is in use, with what its owner has published beside it."""
        live = LiveAnswerer(self.library, lambda: self.encoder)
        return Supplemented(live, lambda: self.encoder, Published(lambda: self.db), self.today)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Return what chats offer to ask first."""
        return Suggestions(self.answerer)

    @cached_property
    def work(self) -> Work:
        """Return what is left to do for the knowledge owner."""
        return Work(self.answerer, Embedding(lambda: self.encoder))

    @cached_property
    def classifier(self) -> classify.Classifier:
        """Return what proposes a complaint's business and cause, trained where that is not done yet."""
        return classify.Classifier.load(self.train_classifier())

    def train_classifier(self, say: Callable[[str], None] = lambda _: None) -> Path:
        """Return the file of the classifier of the present examples and categories."""
        folder, encoder = self.settings.data_dir, self.encoder
        encode = VectorCache(folder / "vectors", encoder).encode
        return classify.ensure(folder / "models", encoder.fingerprint, encode, say)

    @cached_property
    def desk_reader(self) -> DeskReader:
        """Return what reads complaints: `read(text, source)`, `same_matter`, `similar`."""
        return DeskReader(lambda: self.encoder, lambda: self.classifier, self.today)

    @cached_property
    def turns(self) -> Any:
        """Return the turn service; loads the dialogue model."""
        from bot.assistant import make_turns

        return make_turns(self)

    @cached_property
    def _bank(self) -> frozenset[str]:
        return frozenset(bare(normalise(one.text)) for one in self.library.bank.answerable)

    def knows(self, text: str, audience: str) -> bool:
        """Tell whether a text is a question of the bank, or an answer was published for an audience."""
        if bare(normalise(text)) in self._bank:
            return True
        match = self.answerer.nearest(text, audience=Audience(audience))
        return match is not None and match.answers

    def answers(self, text: str, audience: str) -> bool:
        """Tell whether the manual in use answers a text."""
        return self.answerer.answer(text, audience=Audience(audience)).outcome is Outcome.ANSWERED

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self.clock()

    def today(self) -> date:
        """Return the day in China."""
        return self.now().astimezone(SHANGHAI).date()


def _wake_on_commit(database: Database, waking: WeakMethod[Callable[[str], None]]) -> None:
    """Wake conversations that got turns, and who sends notices, once it is committed."""

    def collect(session: Session, _: object) -> None:
        news = {turn.conversation_id for turn in session.new if isinstance(turn, Turn)}
        if any(isinstance(one, Notice) for one in session.new):
            news.add(NOTICES)
        session.info.setdefault("woken", set()).update(news)

    def wake(session: Session) -> None:
        publish = waking()
        for conversation_id in session.info.pop("woken", ()):
            if publish:
                publish(conversation_id)

    event.listen(
        database._sessions, "before_flush", lambda session, _context, _instances: collect(session, None)
    )
    event.listen(database._sessions, "after_commit", wake)
