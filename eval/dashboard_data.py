"""Grow a year of service: conversations, turns, hand-overs and ratings, to be counted by the dashboard."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from actions.store.base import new_id
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.service import (
    Actor,
    Conversation,
    Handover,
    HandoverState,
    Mode,
    Rating,
    RatingOffer,
    Turn,
)
from eval.desk_data import NOW

SEED = 7
DAYS = 365
A_VISIT = (1, 9)  # messages
SECONDS = timedelta(seconds=1)
_OUTCOMES = ("answered", "clarify", "refused", "ticket", "smalltalk", "handover")
_WEIGHTS = (58, 6, 9, 8, 15, 4)
_QUESTIONS = (
    "提现多久到账",
    "手续费怎么收",
    "投诉多久处理完",
    "怎么改手机号",
    "为什么扣了两次",
    "你们几点下班",
)
_BATCH = 20_000
Progress = Callable[[int, int], None]


def fill(db: Database, turns: int, progress: Progress) -> None:
    """Fill a database with `turns` turns, half of them customers', in conversations of one visit or two."""
    rng = random.Random(SEED)
    with db.begin() as s:
        handlers = list(s.scalars(select(User.id)))
    made: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (Conversation, Turn, Handover, RatingOffer, Rating)
    }
    done = 0
    while done < turns:
        done += _conversation(rng, handlers, made)
        if len(made[Turn]) >= _BATCH or done >= turns:
            with db.begin() as s:
                for table, rows in made.items():
                    if rows:
                        s.execute(insert(table), rows)
                    rows.clear()
            progress(min(done, turns), turns)


def _conversation(rng: random.Random, handlers: list[str], made: dict[Any, list[dict[str, Any]]]) -> int:
    """Add one conversation and return how many turns it has."""
    talk, at = new_id(), NOW - timedelta(days=rng.uniform(0, DAYS))
    first, place = at, 0
    for _ in range(rng.choice((1, 1, 1, 2))):
        for _ in range(rng.randint(*A_VISIT)):
            (outcome,) = rng.choices(_OUTCOMES, _WEIGHTS)
            asked = new_id()
            made[Turn] += [
                _turn(asked, talk, place + 1, Actor.CUSTOMER, rng.choice(_QUESTIONS), None, None, None, at),
                _turn(
                    new_id(),
                    talk,
                    place + 2,
                    Actor.BOT,
                    "答",
                    outcome,
                    asked,
                    rng.lognormvariate(3.4, 0.5),
                    at,
                ),
            ]
            if outcome == "handover":
                made[Handover].append(_handover(rng, talk, handlers, at))
            place += 2
            at += rng.uniform(20, 400) * SECONDS
        if rng.random() < 0.3:
            _rated(rng, talk, at, made)
        at += timedelta(hours=rng.uniform(1, 60))
    made[Conversation].append(
        {
            "id": talk, "channel": rng.choice(("web", "web", "rest")), "external_id": talk,
            "customer_id": talk, "audience": "customer", "mode": Mode.BOT, "created_at": first,
            "last_at": at, "uncounted": True,
        }
    )  # fmt: skip
    return place


def _turn(
    turn_id: str, talk: str, seq: int, actor: Actor, text: str, outcome: str | None, reply_to: str | None,
    ms: float | None, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": turn_id, "conversation_id": talk, "seq": seq, "actor": actor, "kind": "text", "text": text,
        "data": {}, "buttons": [], "outcome": outcome, "reply_to": reply_to, "latency_ms": ms,
        "created_at": at,
    }  # fmt: skip


def _handover(rng: random.Random, talk: str, handlers: list[str], at: datetime) -> dict[str, Any]:
    said = at + rng.lognormvariate(4, 1) * SECONDS if rng.random() < 0.9 else None
    by = rng.choice(handlers) if said else None
    return {
        "id": new_id(), "conversation_id": talk, "state": HandoverState.ENDED, "reason": "",
        "requested_at": at, "taken_at": said, "taken_by": by, "first_said_at": said, "first_said_by": by,
        "queue": "general", "handler_read_seq": 0, "customer_read_seq": 0, "returned": 0,
        "ended_at": (said or at) + 300 * SECONDS,
    }  # fmt: skip


def _rated(rng: random.Random, talk: str, at: datetime, made: dict[Any, list[dict[str, Any]]]) -> None:
    offer = new_id()
    made[RatingOffer].append(
        {
            "id": offer, "conversation_id": talk, "subject": "conversation", "subject_id": talk,
            "cycle": len(made[RatingOffer]) + 1, "offered_at": at,
        }
    )  # fmt: skip
    if rng.random() < 0.35:
        given = {"response_speed": rng.randint(1, 5), "experience": rng.randint(1, 5)}
        made[Rating].append(
            {
                "id": new_id(), "offer_id": offer, "score": rng.choices((1, 2, 3, 4, 5), (1, 1, 2, 6, 8))[0],
                "dimensions": given, "comment": "", "created_at": at, "updated_at": at,
            }
        )  # fmt: skip
