"""Put the dialogue together: model, actions and their services; the one place where all rooms meet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from actions.rasa.services import Answerer, Services, configure
from actions.training import bank, checks, drills
from bot.dialogue import Dialogue, train
from bot.dialogue.payloads import as_text
from bot.metrics import MODEL, stage
from bot.runtime import Runtime
from bot.settings import Settings
from bot.turns import TurnService
from knowledge.document import Answer, Audience
from knowledge.encoder import Progress
from knowledge.library import EDITION
from knowledge.text import normalise
from knowledge.weights import build as build_encoder

Say = Callable[[str], None]


def ensure_encoder(settings: Settings, say: Say) -> None:
    """Build the offline default encoder where it is absent and no other one is set."""
    if not settings.encoder and not (Path(settings.encoder_path) / "modules.json").is_file():
        say("准备句向量模型")
        build_encoder(Path(settings.encoder_path), progress=lambda part: say(f"准备句向量模型：{part}"))


def ensure_model(settings: Settings, say: Say) -> Path:
    """Return the dialogue model of the present training data, trained where it is absent."""
    return train(out=settings.data_dir / "models", encoder_path=settings.encoder_path, progress=say)


def prepare(runtime: Runtime, *, say: Say = lambda _: None, progress: Progress | None = None) -> None:
    """Do all set-up that is not done yet: encoder, index, quiz bank, complaint classes, dialogue model."""
    ensure_encoder(runtime.settings, say)
    say("准备手册索引")
    runtime.library.index(runtime.library.in_use(), runtime.encoder, progress=progress)
    say("准备题库")
    sync_bank(runtime)
    runtime.train_classifier(say)
    ensure_model(runtime.settings, say)


def sync_bank(runtime: Runtime) -> None:
    """Bring the project's quiz bank into the database; one whose sentence is gone stays out of papers."""
    questions = bank.load(runtime.settings.quiz_dir)
    sections = checks.sections_of(runtime.library.edition)
    with runtime.db.begin() as session:
        bank.sync(session, questions, runtime.now(), manual=sections)


def _title(runtime: Runtime, number: str) -> str:
    """Return the title of a section that the quiz bank names, "" where there is none."""
    section = runtime.library.edition.section(number)
    return section.title if section else ""


class TimedAnswerer:
    """Answers and notes how long it took."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer from the manual in use."""
        with stage("search"):
            return self._answerer.answer(question, audience=audience, context=context)


def make_turns(runtime: Runtime) -> TurnService:
    """Load the dialogue and return the service that runs turns through it."""
    settings = runtime.settings
    configure(
        Services(
            answerer=TimedAnswerer(runtime.answerer),
            manual_title=lambda: settings.manual_title,
            manual_version=lambda: runtime.library.version(EDITION),
            section_title=lambda number: _title(runtime, number),
            database=runtime.db,
            reader=runtime.desk_reader,
            drills=lambda: drills.load(settings.drills_dir),
            quiz_size=settings.quiz_size,
            pass_percent=settings.pass_percent,
        )
    )
    model = ensure_model(settings, lambda _: None)
    MODEL.labels(model.stem.removesuffix(".tar")).set(1)
    dialogue = Dialogue.load(model, manual=runtime)
    return TurnService(
        runtime.db,
        dialogue,
        runtime.hub,
        per_minute=settings.messages_per_minute,
        clock=runtime.now,
        ahead=lambda text: runtime.encoder.encode_one(normalise(as_text(text))),
    )
