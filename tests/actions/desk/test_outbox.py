"""Claiming notices: each by one sender, again after a lease, given up at last."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.desk import outbox
from actions.desk.outbox import LEASE, LONGEST_WAIT, MOST_TRIES, Parcel
from actions.store.base import new_id
from actions.store.engine import Database
from actions.store.tables.desk import Notice
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once

MINUTE = timedelta(minutes=1)
RNG = random.Random(7)


def put(s: Session, count: int = 1, channel: str = "webhook") -> list[str]:
    made = [
        Notice(key=new_id(), channel=channel, payload={"n": n}, created_at=NOW, next_at=NOW)
        for n in range(count)
    ]
    s.add_all(made)
    s.flush()
    return [one.id for one in made]


def claim(s: Session, after: timedelta = timedelta()) -> list[Parcel]:
    return outbox.claim(s, ["webhook"], NOW + after)


def test_senders_at_once_never_get_the_same_notice(db: Database) -> None:
    with db.begin() as s:
        ids = put(s, 40)

    def drain(_: int) -> list[str]:
        got: list[str] = []
        while True:
            with db.begin() as s:
                parcels = claim(s)
            if not parcels:
                return got
            got += [parcel.id for parcel in parcels]

    got = [one for part in at_once(4, drain) for one in part]
    assert sorted(got) == sorted(ids)


def test_a_claim_runs_out(session: Session) -> None:
    put(session)
    first = claim(session)
    assert claim(session, LEASE - MINUTE) == []
    again = claim(session, LEASE)
    assert [one.id for one in again] == [one.id for one in first]


def test_only_open_channels_are_claimed(session: Session) -> None:
    put(session, channel="mail")
    assert claim(session) == []


def test_what_arrived_is_not_sent_again(session: Session) -> None:
    put(session)
    outbox.delivered(session, claim(session)[0], NOW)
    assert claim(session, timedelta(days=9)) == []
    assert outbox.counts(session) == {"waiting": 0, "failed": 0}


def test_of_a_line_the_next_waits_until_the_one_before_has_arrived_or_was_given_up(session: Session) -> None:
    for name in ("2", "1", "3"):
        session.add(
            Notice(
                key=name, channel="webhook", line="talk", payload={"seq": name}, created_at=NOW, next_at=NOW
            )
        )
    other = put(session)
    first = claim(session)
    assert {one.payload.get("seq") for one in first if one.id not in other} == {"1"}
    mine = next(one for one in first if one.id not in other)
    outbox.missed(session, mine, "no answer", NOW, random.Random(1))
    assert claim(session) == []
    again = claim(session, timedelta(hours=1))
    assert [one.payload["seq"] for one in again if one.id not in other] == ["1"]
    outbox.delivered(session, mine, NOW)
    (second,) = (one for one in claim(session, timedelta(hours=1)) if one.id not in other)
    assert second.payload["seq"] == "2"
    outbox.missed(session, second, "never", NOW, random.Random(1), final=True)
    assert [one.payload["seq"] for one in claim(session, timedelta(hours=1))] == ["3"]


def test_a_late_failure_of_a_lost_claim_changes_nothing(session: Session) -> None:
    put(session)
    lost = claim(session)[0]
    current = claim(session, LEASE)[0]
    outbox.missed(session, lost, "too late", NOW + LEASE, RNG)
    assert outbox.waiting(session)[0].attempts == 0
    outbox.delivered(session, current, NOW + LEASE)
    outbox.missed(session, lost, "too late", NOW + LEASE, RNG)
    assert outbox.counts(session) == {"waiting": 0, "failed": 0}


def test_a_late_arrival_of_a_lost_claim_counts(session: Session) -> None:
    put(session)
    lost = claim(session)[0]
    claim(session, LEASE)
    outbox.delivered(session, lost, NOW + LEASE)
    assert outbox.counts(session)["waiting"] == 0


def test_it_is_given_up_after_its_last_try(session: Session) -> None:
    put(session)
    at = timedelta()
    for _ in range(MOST_TRIES):
        outbox.missed(session, claim(session, at)[0], "x" * 999, NOW + at, RNG)
        at += LONGEST_WAIT
    assert claim(session, at) == []
    (lost,) = outbox.given_up(session)
    assert (lost.failed, lost.attempts, len(lost.last_error)) == (True, MOST_TRIES, 300)
    assert outbox.retry(session, lost.id, NOW + at).id == claim(session, at)[0].id
    with pytest.raises(WenjinError, match="没有这条通知"):
        outbox.retry(session, "nothing", NOW)


@pytest.mark.parametrize("tries", range(1, MOST_TRIES + 1))
def test_waits_grow_and_are_never_the_same_for_all(tries: int) -> None:
    longest = min(MINUTE * 2 ** (tries - 1), LONGEST_WAIT)
    waits = {outbox.wait(tries, random.Random(seed)) for seed in range(20)}
    assert all(longest / 2 <= one <= longest for one in waits)
    assert len(waits) > 10
