"""The blind index: found by the holder of the secret, read by nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.desk import terms
from actions.store.crypto import Cipher
from actions.store.tables.desk import Ticket, TicketTerm
from tests.actions.conftest import KEY
from tests.actions.desk.people import complain

TEXTS = st.text(st.sampled_from("转账失败 理财１2345-67890ＡbC，。\u3000"), max_size=30)


@given(TEXTS, st.integers(0, 30), st.integers(2, 12))
def test_whatever_stands_in_a_text_has_its_words_there(text: str, start: int, length: int) -> None:
    flat = terms.plain(text)
    part = flat[start : start + length]
    if len(part) >= 2 and "-" not in part and len(terms._joined(part)) != terms.SUFFIX:
        assert set(terms._looked_for(part)) <= terms.words_of(text)


def test_words_of_a_text() -> None:
    assert terms.words_of("转账 失败") == {"转账", "账失", "失败"}
    assert terms.words_of("12345") == {"12", "23", "34", "45", "=1234", "=2345", "#2345"}
    assert {"=1234", "#5678", "=4567"} <= terms.words_of("138-1234-5678")
    assert terms.words_of("卡") == terms.words_of("") == set()


def test_the_index_holds_no_word_and_needs_the_secret(session: Session) -> None:
    made = complain(session)
    kept = set(session.scalars(select(TicketTerm.term).where(TicketTerm.ticket == made.search_key)))
    assert Cipher(KEY).blind("理财") in kept
    assert Cipher(b"another secret").blind("理财") not in kept
    assert made.indexed == terms.FORM


def test_adding_again_adds_nothing(session: Session, ticket: Ticket) -> None:
    def size() -> int:
        return session.scalar(select(func.count()).select_from(TicketTerm)) or 0

    before = size()
    terms.index(session, ticket)
    terms.add(session, ticket, "理财到账", "")
    assert size() == before
    terms.add(session, ticket, "理财产品")
    assert size() == before + 2


def test_common_and_rare_words_give_the_same_hits(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A common word is looked for ticket by ticket, a rare one by its list; both must say the same."""
    made = [complain(session, str(n), seed=n).id for n in range(6)]
    for few in (1000, 2):
        monkeypatch.setattr(terms, "_FEW", few)
        condition = terms.having(session, "理财到账")
        assert condition is not None
        assert set(session.scalars(select(Ticket.id).where(condition))) == set(made)
    assert terms.having(session, "卡") is None
