"""The grown desk is a real one: proven, found by its words, and the same on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from actions.desk import registry, terms, tickets
from actions.desk.registry import Wanted
from actions.store.tables.desk import Ticket, TicketTerm
from eval.desk import _opened, _postgres, looks
from eval.desk_data import NOW, fill, write_terms

SIZE = 300


@pytest.mark.postgres
def test_a_grown_desk(tmp_path: Path) -> None:
    file, seen = tmp_path / "desk.db", list[tuple[int, int]]()
    database = _opened(f"sqlite:///{file}")
    asked, rows = fill(database, SIZE, lambda done, total: seen.append((done, total)))
    write_terms(database, rows)
    assert seen == [(SIZE, SIZE)]
    with database.begin() as s:
        made = list(s.scalars(select(Ticket)))
        assert len(made) == SIZE
        for ticket in made[:: SIZE // 20]:
            assert tickets.verify(s, ticket) == []
        before = set(s.execute(select(TicketTerm.term, TicketTerm.ticket)).tuples())
        for ticket in made[:10]:
            terms.index(s, ticket)
        assert set(s.execute(select(TicketTerm.term, TicketTerm.ticket)).tuples()) == before
        assert registry.count(s, Wanted(text=asked.common), NOW) == SIZE
        assert [one.number for one in registry.listed(s, Wanted(text=asked.phone), NOW)] == [asked.number]
        here = {name: look(s) for name, look in looks(asked).items()}
    with _postgres(file, rows) as copy:
        assert copy is not None
        with copy.reading() as s:
            for name, look in looks(asked).items():
                there = look(s)
                if isinstance(there, list):
                    assert [one.id for one in there] == [one.id for one in here[name]], name  # type: ignore[attr-defined]
                else:
                    assert there == here[name], name
    database.dispose()
