"""Accounts: users, roles, sign-in, sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, Type
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import LoginFailure, User
from knowledge.errors import WenjinError
from tests.actions.conftest import FULL_COST, NOW, PASSWORD

MINUTE = timedelta(minutes=1)
WRONG = "wrong password"


def code_of(told: pytest.ExceptionInfo[WenjinError]) -> tuple[str, int]:
    return told.value.code, told.value.status


def sign_in(
    s: Session,
    name: str = "li",
    password: str = PASSWORD,
    after: timedelta = 0 * MINUTE,
) -> accounts.Session:
    return accounts.sign_in(s, name=name, password=password, now=NOW + after)


def fail(db: Database, name: str = "li", after: timedelta = 0 * MINUTE, password: str = WRONG) -> str:
    with pytest.raises(WenjinError) as told, db.begin() as s:
        sign_in(s, name, password, after)
    return told.value.code


def add(db: Database, name: str = "li", *roles: str) -> str:
    with db.begin() as s:
        return accounts.add_user(s, name=name, password=PASSWORD, roles=roles or ["staff"], now=NOW)[0].id


def test_a_user_is_added_with_a_random_password_where_none_is_given(session: Session) -> None:
    user, password = accounts.add_user(
        session, name=" ＬI ", password=None, roles=["staff", "handler"], now=NOW
    )
    assert user.name == "li"
    assert user.roles == ["handler", "staff"]
    assert len(password) >= accounts.MIN_PASSWORD
    assert password not in user.password_hash
    assert user.password_hash.startswith("$argon2id$")
    assert accounts.sign_in(session, name="Li", password=password, now=NOW).user.id == user.id


def test_a_password_costs_what_the_library_advises() -> None:
    advised = PasswordHasher()
    assert (FULL_COST.time_cost, FULL_COST.memory_cost, FULL_COST.type) == (
        advised.time_cost,
        advised.memory_cost,
        Type.ID,
    )


@pytest.mark.parametrize(
    ("name", "password", "roles", "code"),
    [
        ("", PASSWORD, ["staff"], "bad_name"),
        ("two words", PASSWORD, ["staff"], "bad_name"),
        ("x" * 65, PASSWORD, ["staff"], "bad_name"),
        ("li", "short", ["staff"], "weak_password"),
        ("li", "x" * 257, ["staff"], "weak_password"),
        ("li", PASSWORD, [], "unknown_role"),
        ("li", PASSWORD, ["root"], "unknown_role"),
    ],
)
def test_a_user_that_cannot_be_is_refused(
    session: Session, name: str, password: str, roles: list[str], code: str
) -> None:
    with pytest.raises(WenjinError) as told:
        accounts.add_user(session, name=name, password=password, roles=roles, now=NOW)
    assert code_of(told) == (code, 422)


def test_a_name_is_taken_once_and_the_transaction_goes_on(
    session: Session, add_user: Callable[..., User]
) -> None:
    add_user("li")
    with pytest.raises(WenjinError) as told:
        add_user("LI")
    assert code_of(told) == ("name_taken", 409)
    add_user("wang")
    assert [user.name for user in accounts.users(session)] == ["li", "wang"]


def test_the_first_administrator_is_made_once(db: Database) -> None:
    with db.begin() as s:
        password = accounts.ensure_admin(s, now=NOW)
    assert password
    with db.begin() as s:
        assert accounts.ensure_admin(s, now=NOW) is None
        assert accounts.may(sign_in(s, "admin", password).user, "handler")


def test_two_processes_make_one_administrator(db: Database) -> None:
    gate, made = threading.Barrier(2), []

    def run() -> None:
        gate.wait()
        with db.begin() as s:
            made.append(accounts.ensure_admin(s, now=NOW))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert sum(password is not None for password in made) == 1


def test_a_sign_in_is_found_by_its_token_only(session: Session, add_user: Callable[..., User]) -> None:
    user = add_user("li", "staff")
    made = sign_in(session)
    found = accounts.by_token(session, made.token, NOW)
    assert found
    assert (found.user.id, found.csrf) == (user.id, made.csrf)
    assert made.csrf != made.token
    for wrong in (None, "", "x", made.token + "x"):
        assert accounts.by_token(session, wrong, NOW) is None
    assert made.token not in str(session.execute(text("SELECT * FROM sessions")).all())


def test_a_session_slides_and_ends_after_twelve_hours_of_silence(
    session: Session, add_user: Callable[..., User]
) -> None:
    add_user("li")
    token = sign_in(session).token
    for hours in (11, 22, 33):
        assert accounts.by_token(session, token, NOW + timedelta(hours=hours))
    assert accounts.by_token(session, token, NOW + timedelta(hours=45, seconds=-1))
    assert accounts.by_token(session, token, NOW + timedelta(hours=58)) is None


def test_signing_out_ends_the_session(session: Session, add_user: Callable[..., User]) -> None:
    add_user("li")
    one, other = sign_in(session).token, sign_in(session).token
    accounts.sign_out(session, one)
    accounts.sign_out(session, "unknown")
    accounts.sign_out(session, None)
    assert accounts.by_token(session, one, NOW) is None
    assert accounts.by_token(session, other, NOW)


def test_a_wrong_password_and_an_unknown_name_are_told_alike(db: Database) -> None:
    add(db)
    told = []
    for name in ("li", "nobody", "", "\x00", "\ud800"):
        with pytest.raises(WenjinError) as error, db.begin() as s:
            sign_in(s, name, "\ud800 wrong")
        told.append((error.value.code, error.value.status, error.value.message))
    assert len(set(told)) == 1
    assert told[0][:2] == ("bad_credentials", 401)


def test_an_unknown_name_costs_a_hash_too(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add(db)
    checked: list[str] = []

    def matches(password_hash: str, _password: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr(accounts, "_matches", matches)
    fail(db, "li")
    fail(db, "nobody")
    assert len(set(checked)) == 2
    assert all(one.startswith("$argon2id$") for one in checked)


def test_five_failures_close_the_door_for_a_quarter_of_an_hour(db: Database) -> None:
    add(db)
    add(db, "wang")
    assert [fail(db, after=number * MINUTE) for number in range(5)] == ["bad_credentials"] * 5
    with pytest.raises(WenjinError) as told, db.begin() as s:
        sign_in(s, after=5 * MINUTE)
    assert code_of(told) == ("too_many_failures", 429)
    assert "10 分钟" in told.value.message
    with db.begin() as s:
        assert sign_in(s, "wang", after=5 * MINUTE)
    with db.begin() as s:
        assert sign_in(s, after=15 * MINUTE)


def test_a_sign_in_that_works_forgets_the_failures(db: Database) -> None:
    add(db)
    for _ in range(2):
        for _ in range(4):
            assert fail(db) == "bad_credentials"
        with db.begin() as s:
            assert sign_in(s)


def test_old_failures_are_swept(db: Database) -> None:
    fail(db, "a")
    fail(db, "b", after=timedelta(hours=1))
    with db.begin() as s:
        assert s.scalar(select(func.count()).select_from(LoginFailure)) == 1


def test_a_new_password_ends_the_old_sessions(db: Database) -> None:
    user_id = add(db)
    with db.begin() as s:
        token = sign_in(s).token
    with db.begin() as s:
        accounts.set_password(s, user_id=user_id, password="another good one", now=NOW)
    with db.begin() as s:
        assert accounts.by_token(s, token, NOW) is None
        assert sign_in(s, password="another good one")
    assert fail(db, password=PASSWORD) == "bad_credentials"
    with pytest.raises(WenjinError) as told, db.begin() as s:
        accounts.set_password(s, user_id=user_id, password="123456789", now=NOW)
    assert code_of(told) == ("weak_password", 422)
    with pytest.raises(WenjinError) as told, db.begin() as s:
        accounts.set_password(s, user_id="nobody", password=PASSWORD, now=NOW)
    assert code_of(told) == ("user_not_found", 404)


def test_an_account_switched_off_is_out_at_once(db: Database) -> None:
    user_id = add(db)
    with db.begin() as s:
        token = sign_in(s).token
    with db.begin() as s:
        assert not accounts.may(accounts.set_active(s, user_id=user_id, active=False, now=NOW), "staff")
        assert accounts.by_token(s, token, NOW) is None
    assert fail(db, password=PASSWORD) == "bad_credentials"


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [(["staff"], {"staff"}), (["handler"], {"handler"}), (["admin"], set(accounts.ROLES))],
)
def test_roles(add_user: Callable[..., User], roles: list[str], allowed: set[str]) -> None:
    user = add_user("li", *roles)
    assert {role for role in accounts.ROLES if accounts.may(user, role)} == allowed
    for role in set(accounts.ROLES) - allowed:
        with pytest.raises(WenjinError) as told:
            accounts.require_role(user, role)
        assert code_of(told) == ("role_needed", 403)


def test_what_is_done_to_accounts_is_recorded(db: Database) -> None:
    user_id = add(db)
    with db.begin() as s:
        sign_in(s)
        accounts.set_password(s, user_id=user_id, password="another good one", now=NOW)
        rows = audit.entries(s, object_type="user", object_id=user_id)
        assert [row.action for row in rows] == ["user.add", "user.sign_in", "user.set_password"]
        assert PASSWORD not in str([row.data for row in rows])
        assert audit.verify(s) == []
