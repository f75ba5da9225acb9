"""The answerer of our own edition, on the real encoder and the real question bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.answering import Answerer
    from knowledge.encoder import SentenceEncoder
    from knowledge.index import Index
    from knowledge.library import Library


@pytest.fixture(scope="session")
def index(library: Library, encoder: SentenceEncoder) -> Index:
    """Return the index of our own edition."""
    return library.index("wenjin", encoder)


@pytest.fixture(scope="session")
def answerer(index: Index, encoder: SentenceEncoder) -> Answerer:
    """Return the answerer of our own edition."""
    from knowledge.answering import Answerer

    return Answerer(index, encoder)
