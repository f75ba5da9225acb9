"""Accounts of the house: users, roles, sign-in, sessions."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import LoginFailure, SignInSession, User
from knowledge.errors import WenjinError, bad_input, conflict, forbidden, not_found, too_many, unauthenticated

ROLES = ("admin", "compliance", "handler", "knowledge", "staff", "supervisor", "training")
ROLE_LABELS = {
    "admin": "管理员",
    "compliance": "合规管理员",
    "handler": "投诉处理员",
    "knowledge": "知识管理员",
    "staff": "员工",
    "supervisor": "投诉主管",
    "training": "培训管理员",
}
INCLUDED = {"supervisor": ("handler",)}  # who may the one may the others
MIN_PASSWORD, MAX_PASSWORD, MAX_NAME = 10, 256, 64
SESSION_LIFE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
FAILURES, FAILURE_WINDOW = 5, timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session:
    """A fresh sign-in: `token` goes into the cookie and is not kept, `csrf` into forms."""

    token: str
    csrf: str
    user: User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request comes from."""

    user: User
    csrf: str


def add_user(
    s: DbSession,
    *,
    name: str,
    password: str | None,
    roles: Iterable[str],
    display_name: str = "",
    now: datetime,
) -> tuple[User, str]:
    """Add a user and return it with its password; a random one where `password` is None.

    Raises:
        WenjinError: 422 `bad_name`, `unknown_role`, `weak_password`; 409 `name_taken`.
    """
    wanted, given = (
        _check_roles(roles),
        _check_password(secrets.token_urlsafe(12) if password is None else password),
    )
    user = User(
        name=_check_name(name), password_hash=_hasher().hash(given), roles=wanted,
        display_name=clean(display_name)[:MAX_NAME], created_at=now,
    )  # fmt: skip
    try:
        with s.begin_nested():
            s.add(user)
            s.flush()
    except IntegrityError:
        raise conflict("name_taken", f"已经有名为“{user.name}”的账号，请换一个名字。") from None
    _record(s, user.id, "user.add", user, now, roles=wanted)
    return user, given


def ensure_admin(s: DbSession, *, now: datetime) -> str | None:
    """Make the administrator "admin" where there is none yet and return its random password, else None."""
    if any("admin" in user.roles for user in s.scalars(select(User))):
        return None
    try:
        return add_user(s, name="admin", password=None, roles=["admin"], display_name="管理员", now=now)[1]
    except WenjinError as error:
        if error.code == "name_taken":  # another process was first
            return None
        raise


def sign_in(s: DbSession, *, name: str, password: str, now: datetime) -> Session:
    """Sign in and return a session of 12 hours.

    A failure is committed although this raises: otherwise nobody would count it.

    Raises:
        WenjinError: 401 `bad_credentials`; 429 `too_many_failures` after 5 failures in 15 minutes.
    """
    name = folded(name)[:MAX_NAME]
    _refuse_guessing(s, name, now)
    user = s.scalar(select(User).where(User.name == name))
    matches = _matches(user.password_hash if user else _nobody(), password)
    if user is None or not matches or not user.active:
        s.add(LoginFailure(name=name, failed_at=now))
        s.execute(delete(LoginFailure).where(LoginFailure.failed_at < now - FAILURE_WINDOW))
        s.commit()
        raise unauthenticated("bad_credentials", "账号或密码不对，请检查后再试。")
    s.execute(delete(LoginFailure).where(LoginFailure.name == name))
    _record(s, user.id, "user.sign_in", user, now)
    return _open_session(s, user, now)


def by_token(s: DbSession, token: str | None, now: datetime) -> SignedIn | None:
    """Return who holds the token and push its end 12 hours on; None where it is over or unknown."""
    if not token:
        return None
    session = s.get(SignInSession, _hash(token))
    user = s.get(User, session.user_id) if session else None
    if session is None or user is None or not user.active or session.expires_at <= now:
        return None
    if now - session.last_seen_at >= TOUCH_EVERY:
        session.last_seen_at, session.expires_at = now, now + SESSION_LIFE
        s.flush()
    return SignedIn(user, session.csrf)


def sign_out(s: DbSession, token: str | None) -> None:
    """End the session of the token; an unknown token is fine."""
    if token:
        s.execute(delete(SignInSession).where(SignInSession.token_hash == _hash(token)))


def set_password(s: DbSession, *, user_id: str, password: str, now: datetime) -> None:
    """Set a password and end the user's sessions.

    Raises:
        WenjinError: 422 `weak_password`; 404 `user_not_found`.
    """
    user = get_user(s, user_id)
    user.password_hash = _hasher().hash(_check_password(password))
    s.execute(delete(SignInSession).where(SignInSession.user_id == user.id))
    _record(s, user.id, "user.set_password", user, now)


def set_active(s: DbSession, *, user_id: str, active: bool, now: datetime) -> User:
    """Switch an account on or off; switched off, its sessions end. Raises 404 `user_not_found`."""
    user = get_user(s, user_id)
    user.active = active
    if not active:
        s.execute(delete(SignInSession).where(SignInSession.user_id == user.id))
    _record(s, user.id, "user.set_active", user, now, active=active)
    return user


def get_user(s: DbSession, user_id: str) -> User:
    """Return a user by id; raise 404 `user_not_found`."""
    user = s.get(User, user_id)
    if user is None:
        raise not_found("user_not_found", "没有这个账号，请检查名字。")
    return user


def find_user(s: DbSession, name: str) -> User | None:
    """Return a user by name, or None."""
    return s.scalar(select(User).where(User.name == folded(name)))


def folded(name: str) -> str:
    """Return a name as accounts are kept under: no difference of case or width."""
    return unicodedata.normalize("NFKC", clean(name)).casefold()


def users(s: DbSession) -> list[User]:
    """Return all users by name."""
    return list(s.scalars(select(User).order_by(User.name)))


def may(user: User, role: str) -> bool:
    """Tell whether the user acts in `role`; an administrator acts in all, a supervisor as a handler too."""
    acts = {*user.roles, *(inner for own in user.roles for inner in INCLUDED.get(own, ()))}
    return user.active and (role in acts or "admin" in acts)


def require_role(user: User, role: str) -> None:
    """Raise 403 `role_needed` where the user may not act in `role`."""
    if not may(user, role):
        raise forbidden("role_needed", f"这一步需要“{ROLE_LABELS[role]}”的权限，请联系管理员。", role=role)


def _check_name(name: str) -> str:
    wanted = folded(name)
    if not wanted or len(wanted) > MAX_NAME or any(char.isspace() for char in wanted):
        raise bad_input("bad_name", f"账号名需为 1 到 {MAX_NAME} 个字符，不含空格。")
    return wanted


def _check_roles(roles: Iterable[str]) -> list[str]:
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise bad_input("unknown_role", f"角色只能是 {'、'.join(ROLES)}，请至少选一个。", unknown=unknown)
    return wanted


def _check_password(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or clean(password) != password:
        raise bad_input("weak_password", f"密码需为 {MIN_PASSWORD} 到 {MAX_PASSWORD} 个字符，首尾不留空格。")
    return password


def _refuse_guessing(s: DbSession, name: str, now: datetime) -> None:
    recent = (LoginFailure.name == name, LoginFailure.failed_at > now - FAILURE_WINDOW)
    count, first = s.execute(select(func.count(), func.min(LoginFailure.failed_at)).where(*recent)).one()
    if count >= FAILURES:
        minutes = max(1, ceil((first + FAILURE_WINDOW - now) / timedelta(minutes=1)))
        raise too_many(
            "too_many_failures",
            f"密码连续输错 {FAILURES} 次，请 {minutes} 分钟后再试。",
            retry_after=minutes * 60,
        )


def _open_session(s: DbSession, user: User, now: datetime) -> Session:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    s.execute(delete(SignInSession).where(SignInSession.expires_at <= now))
    s.add(
        SignInSession(
            token_hash=_hash(token), user_id=user.id, csrf=csrf, created_at=now, last_seen_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )  # fmt: skip
    s.flush()
    return Session(token, csrf, user)


def _record(s: DbSession, actor: str, action: str, user: User, now: datetime, **data: object) -> None:
    audit.record(s, actor=actor, action=action, object_type="user", object_id=user.id, data=data, now=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password.encode(errors="replace")[: 4 * MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """Return a hash that no password has: an unknown name costs as long as a known one."""
    return _hasher().hash(secrets.token_urlsafe(32))
