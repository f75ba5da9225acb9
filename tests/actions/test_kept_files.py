"""Files between trying and taking: one a person and purpose, for an hour, encrypted, nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from actions.service import accounts, kept_files
from actions.store.engine import Database
from actions.store.tables.accounts import KeptFile
from knowledge.errors import WenjinError

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def people(db: Database) -> list[str]:
    with db.begin() as s:
        return [
            accounts.add_user(s, name=name, password="a-long-password", roles=["training"], now=NOW)[0].id
            for name in ("wang", "li")
        ]


def keep(db: Database, who: str, content: str, *, purpose: str = "questions", after: int = 0) -> str:
    with db.begin() as s:
        return kept_files.keep(
            s, user_id=who, purpose=purpose, name="题.csv", content=content.encode(),
            now=NOW + timedelta(minutes=after),
        )  # fmt: skip


def fetched(db: Database, who: str, word: str, *, purpose: str = "questions", after: int = 0) -> str | None:
    now = NOW + timedelta(minutes=after)
    with db.reading() as s:
        try:
            return kept_files.fetch(s, user_id=who, purpose=purpose, digest=word, now=now)[1].decode()
        except WenjinError as error:
            assert error.code == "file_gone"
            return None


def test_a_file_is_fetched_by_whoever_tried_it_for_an_hour(db: Database) -> None:
    wang, li = people(db)
    word = keep(db, wang, "题干,答案")
    assert fetched(db, wang, word, after=59) == "题干,答案"
    assert fetched(db, wang, word, after=60) is None
    assert fetched(db, li, word) is None
    assert fetched(db, wang, word, purpose="roster") is None
    with db.reading() as s:
        stored = bytes(s.execute(text("SELECT content FROM kept_files")).scalar_one())
        assert "题干".encode() not in stored


def test_the_last_one_replaces_the_one_before_and_old_ones_go(db: Database) -> None:
    wang, li = people(db)
    first, _ = keep(db, wang, "一"), keep(db, wang, "名单", purpose="roster")
    second = keep(db, wang, "二")
    assert fetched(db, wang, first) is None and fetched(db, wang, second) == "二"
    keep(db, li, "三", after=90)
    with db.begin() as s:
        assert [one.user_id for one in s.query(KeptFile)] == [li]
        kept_files.drop(s, user_id=li, purpose="questions")
        assert s.query(KeptFile).count() == 0


@pytest.mark.parametrize("name", ["长" * 400, ""])
def test_any_name_is_kept(db: Database, name: str) -> None:
    wang, _ = people(db)
    with db.begin() as s:
        word = kept_files.keep(s, user_id=wang, purpose="roster", name=name, content=b"x", now=NOW)
        found, _ = kept_files.fetch(s, user_id=wang, purpose="roster", digest=word, now=NOW)
        assert found == name[:255]
