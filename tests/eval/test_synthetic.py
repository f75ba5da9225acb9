"""A manual can be grown to any size, and is the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.synthetic import grow

if TYPE_CHECKING:
    from knowledge.document import Document


def test_grown_manuals_have_the_passages_that_were_asked_for(edition: Document) -> None:
    grown = grow(edition, 120, 1)
    assert len(grown.passages) == 120
    assert [len(s.paragraphs) for s in grown.sections] == [50, 50, 20]
    assert grown == grow(edition, 120, 1) != grow(edition, 120, 2)
    numbers = {s.number for s in grown.sections}
    assert len(numbers) == 3 and not numbers & {s.number for s in edition}
    known = {text for s in edition for p in s.paragraphs for text in [p.text]}
    assert all(any(u.text in text for text in known) for u in grown.units)
