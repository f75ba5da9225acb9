"""What all tests share: the prepared models of this checkout, and a server on real parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.settings import PROJECT, Settings
from knowledge.encoder import SentenceEncoder, load_encoder

if TYPE_CHECKING:
    from knowledge.document import Document
    from knowledge.library import Library
    from knowledge.questions import QuestionBank

PREPARED = PROJECT / ".wenjin"
SHARED = Path(os.environ.get("WENJIN_SHARED", PROJECT.parent / "shared"))
SCRAPE = SHARED / "manual" / "operations-manual-scrape.txt"

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def prepared() -> Path:
    """Return the folder that `wenjin setup` prepared; `make test` does that first."""
    if not (PREPARED / "encoder" / "modules.json").is_file():
        pytest.fail("Nothing is prepared: run make setup (make test does).")
    return PREPARED


@pytest.fixture(scope="session")
def encoder(prepared: Path) -> SentenceEncoder:
    """Return the real encoder."""
    return load_encoder(prepared / "encoder")


def data_dir_like(prepared: Path, folder: Path) -> Path:
    """Make a fresh data folder that shares what is built (encoder, vectors, indexes, models) and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("encoder", "vectors", "models"):
        (prepared / name).mkdir(exist_ok=True)
        (folder / name).symlink_to(prepared / name)
    (folder / "indexes").mkdir()  # what a test builds stays with the test
    for index in (prepared / "indexes").glob("*"):
        (folder / "indexes" / index.name).symlink_to(index)
    return folder


@pytest.fixture
def data_dir(prepared: Path, tmp_path: Path) -> Path:
    """Return a fresh data folder with the prepared models."""
    return data_dir_like(prepared, tmp_path / "data")


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return settings of a fresh installation."""
    return Settings(data_dir=data_dir)


@pytest.fixture(scope="session")
def library(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return a library that holds our own edition only."""
    from knowledge.library import Library

    folder = data_dir_like(prepared, tmp_path_factory.mktemp("library"))
    return Library(folder, edition=Settings().edition_dir, questions=Settings().questions_dir)


@pytest.fixture(scope="session")
def edition(library: Library) -> Document:
    """Return our own edition of the manual."""
    return library.edition


@pytest.fixture(scope="session")
def question_bank(library: Library) -> QuestionBank:
    """Return the question bank."""
    return library.bank


@pytest.fixture
def scrape() -> Iterator[Path]:
    """Return the scraped manual, which is not part of the project."""
    if not SCRAPE.is_file():
        pytest.skip(f"The scraped manual is not at {SCRAPE}.")
    yield SCRAPE
