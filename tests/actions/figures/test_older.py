"""What was counted before days were summed: read from its rows at once, from sums after the first counting."""

from __future__ import annotations

from alembic import command
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from actions.figures import answers, refresh, unanswered
from actions.figures.scope import Scope
from actions.store.engine import Database
from actions.store.migrate import config
from actions.store.tables.figures import ChangedDay, Exchange, ServiceDay
from actions.store.tables.service import Turn
from tests.actions.conftest import KEY, NOW, open_guest
from tests.actions.figures.lived import DAY

ASKED = ("提现多久", "老板住哪")
SCOPE = Scope(NOW - 5 * DAY, NOW + DAY, NOW + DAY)


def test_what_was_counted_before_is_summed_and_its_questions_are_kept(empty_url: str) -> None:
    database = Database(empty_url, KEY)
    with database.engine.begin() as connection:
        command.upgrade(config(connection), "0011")
        with Session(connection, join_transaction_mode="create_savepoint") as s:
            _counted(s)
            s.commit()
    database.migrate()
    found = []
    for _ in range(2):
        with database.reading() as s:
            assert answers.answers(s, SCOPE).outcomes == {"answered": 1, "refused": 1}
            assert [(one.text, one.count) for one in unanswered.most_asked(s, SCOPE)] == [(ASKED[1], 1)]
            found.append((len(s.scalars(select(ChangedDay)).all()), len(s.scalars(select(ServiceDay)).all())))
        refresh.refresh(database)
    assert found == [(2, 0), (0, 2)]
    database.dispose()


def _counted(s: Session) -> None:
    """Leave what an older version had: two questions of two days, counted."""
    chat = open_guest(s, "guest")
    chat.uncounted = False
    s.flush()
    for number, (text, outcome) in enumerate(zip(ASKED, ("answered", "refused"), strict=True)):
        at = NOW - number * DAY
        turn = {
            "id": f"t{number}", "conversation_id": chat.id, "seq": number + 1, "actor": "customer", "kind": "text",
            "text": text, "data": {}, "buttons": [], "created_at": at,
        }  # fmt: skip
        s.execute(insert(Turn), [turn])
        exchange = {
            "turn_id": turn["id"], "conversation_id": chat.id, "visit": number + 1, "audience": "customer",
            "channel": "web", "asked_at": at, "outcome": outcome, "reply_ms": 40,
        }  # fmt: skip
        s.execute(insert(Exchange), [exchange])
