"""The audit log: whole as written; changed, removed and re-ordered rows show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from actions.store import audit
from actions.store.chain import canonical, link_hash
from actions.store.engine import Database
from tests.actions.conftest import NOW

Spoil = Callable[[Session], Any]


def write(s: Session, count: int, actor: str = "li") -> None:
    for number in range(count):
        data = {
            "n": number,
            "中文": "值",
            "share": 0.1,
            "big": 1e22,
            "none": None,
            "nested": {"b": 1, "a": [1, 2]},
        }
        audit.record(
            s, actor=actor, action="x.do", object_type="x", object_id=str(number), data=data, now=NOW
        )


def sql(*statements: str) -> Spoil:
    def run(s: Session) -> None:
        for statement in statements:
            s.execute(text(statement))

    return run


def test_a_log_as_written_is_whole(db: Database) -> None:
    with db.begin() as s:
        assert audit.verify(s) == []
        write(s, 5)
    with db.begin() as s:
        write(s, 3)
    with db.reading() as s:
        assert audit.verify(s) == []
        assert [row.seq for row in audit.entries(s, object_type="x", object_id="1")] == [2, 7]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (sql("UPDATE audit_log SET actor = 'wang' WHERE seq = 3"), "第 3 条内容被改动"),
        (sql("UPDATE audit_log SET data = '{}' WHERE seq = 6"), "第 6 条内容被改动"),
        (sql("DELETE FROM audit_log WHERE seq = 3"), "第 3 条缺失"),
        (sql("DELETE FROM audit_log WHERE seq = 1"), "第 1 条缺失"),
        (sql("DELETE FROM audit_log WHERE seq = 6"), "末尾应是第 6 条"),
        (sql("DELETE FROM audit_log"), "末尾应是第 6 条"),
        (
            sql(
                "UPDATE audit_log SET seq = 99 WHERE seq = 2",
                "UPDATE audit_log SET seq = 2 WHERE seq = 4",
                "UPDATE audit_log SET seq = 4 WHERE seq = 99",
            ),
            "第 2 条",
        ),
        (
            sql("DELETE FROM audit_log WHERE seq = 3", "UPDATE audit_log SET seq = seq - 1 WHERE seq > 3"),
            "第 3 条",
        ),
        (sql("UPDATE audit_head SET hash = 'x'"), "链尾"),
    ],
)
def test_a_spoilt_log_shows(db: Database, spoil: Spoil, told: str) -> None:
    with db.begin() as s:
        write(s, 6)
    with db.begin() as s:
        spoil(s)
    with db.begin() as s:
        assert any(told in problem for problem in audit.verify(s))


def test_a_row_rewritten_with_a_fresh_hash_shows(db: Database) -> None:
    with db.begin() as s:
        write(s, 6)
        row = audit.entries(s, object_type="x", object_id="2")[0]
        forged = link_hash(row.prev_hash, {**row.content(), "actor": "wang"})
    with db.begin() as s:
        s.execute(text("UPDATE audit_log SET actor = 'wang', hash = :hash WHERE seq = 3"), {"hash": forged})
    with db.begin() as s:
        assert audit.verify(s) == ["第 4 条与前一条接不上"]


def test_writers_at_once_make_one_chain(db: Database) -> None:
    def run(actor: str) -> None:
        for _ in range(5):
            with db.begin() as s:
                write(s, 1, actor)

    threads = [threading.Thread(target=run, args=(f"writer {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.begin() as s:
        assert audit.verify(s) == []
        assert [row.seq for row in audit.entries(s, object_type="x", object_id="0")] == list(range(1, 21))


def test_a_row_undone_leaves_no_gap(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.begin() as s:
        write(s, 2)
        raise ZeroDivisionError
    with db.begin() as s:
        write(s, 1)
        assert audit.verify(s) == []


def test_the_hashed_form_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": "中"}) == canonical({"a": "中", "b": 1}) == '{"a":"中","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical({"x": float("nan")})
