"""Guest cookies and the installation's secret."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from bot.guests import Guests, load_secret

SECRET = b"a secret of tests"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_cookie_names_its_customer_and_customers_differ() -> None:
    guests = Guests(SECRET)
    one, two = guests.new(), guests.new()
    assert one != two
    assert guests.read(guests.sign(one)) == one


def test_another_installation_does_not_know_the_cookie() -> None:
    assert Guests(b"another secret").read(Guests(SECRET).sign("anna")) is None


@given(st.text(max_size=80))
def test_no_text_is_a_cookie(text: str) -> None:
    assert Guests(SECRET).read(text) is None


@given(st.integers(0, 200), st.characters())
def test_a_changed_cookie_is_none(at: int, char: str) -> None:
    signed = Guests(SECRET).sign("anna")
    changed = signed[: at % len(signed)] + char + signed[at % len(signed) + 1 :]
    assert Guests(SECRET).read(changed) == ("anna" if changed == signed else None)


def test_another_spelling_of_the_same_signature_is_none() -> None:
    signed = Guests(SECRET).sign("anna")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    taken = {last for last in alphabet if Guests(SECRET).read(signed[:-1] + last)}
    assert taken == {signed[-1]}


def test_letters_that_cannot_be_written_are_no_cookie() -> None:
    signed = Guests(SECRET).sign("anna")
    assert Guests(SECRET).read("\ud800" + signed[1:]) is None


@pytest.mark.parametrize("value", [5, None, ["anna"], {"id": "anna"}])
def test_only_a_text_is_a_customer(value: object) -> None:
    signed = URLSafeSerializer(SECRET, salt="guest").dumps(value)
    assert Guests(SECRET).read(str(signed)) is None


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: load_secret(folder), range(8)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


class TestKnown:
    guests = Guests(SECRET)
    session = guests.sign_known("app:1", NOW)

    def test_a_known_customers_session_lasts_a_day(self) -> None:
        assert self.guests.read_any(self.session, NOW + timedelta(hours=23, minutes=59)) == "app:1"
        assert self.guests.read_any(self.session, NOW + timedelta(hours=24)) is None

    def test_it_is_no_cookie_and_a_guests_session_is_no_customers(self) -> None:
        assert self.guests.read(self.session) is None
        assert self.guests.read_any(self.guests.sign("anna"), NOW) == "anna"
        assert self.guests.read_any(self.guests.sign('["app:1", 9999999999]'), NOW) == '["app:1", 9999999999]'

    def test_another_installation_does_not_know_it(self) -> None:
        assert Guests(b"another secret").read_any(self.session, NOW) is None

    @given(st.integers(0, 200), st.characters())
    def test_a_changed_one_is_none(self, at: int, char: str) -> None:
        changed = self.session[: at % len(self.session)] + char + self.session[at % len(self.session) + 1 :]
        expected = "app:1" if changed == self.session else None
        assert self.guests.read_any(changed, NOW) == expected
