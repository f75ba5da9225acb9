"""The one base error: an English code for programs, a Chinese message for people."""

from __future__ import annotations


class WenjinError(Exception):
    """An expected failure, told to people as `message` and to programs as `code` with an HTTP `status`."""

    def __init__(self, code: str, status: int, message: str, data: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.data: dict[str, object] = data or {}


def bad_input(code: str, message: str, **data: object) -> WenjinError:
    """Make a 422: what was sent cannot be used, and `message` says what to do."""
    return WenjinError(code, 422, message, data)


def unauthenticated(code: str, message: str, **data: object) -> WenjinError:
    """Make a 401: nobody is signed in, or the sign-in failed."""
    return WenjinError(code, 401, message, data)


def forbidden(code: str, message: str, **data: object) -> WenjinError:
    """Make a 403: this person may not do this."""
    return WenjinError(code, 403, message, data)


def not_found(code: str, message: str, **data: object) -> WenjinError:
    """Make a 404: there is no such thing, or not for this person."""
    return WenjinError(code, 404, message, data)


def conflict(code: str, message: str, **data: object) -> WenjinError:
    """Make a 409: the thing has changed or is not in a state that allows this."""
    return WenjinError(code, 409, message, data)


def too_many(code: str, message: str, **data: object) -> WenjinError:
    """Make a 429: too many requests; `message` says when to try again."""
    return WenjinError(code, 429, message, data)


def unavailable(code: str, message: str, **data: object) -> WenjinError:
    """Make a 503: a part that is needed is not there now."""
    return WenjinError(code, 503, message, data)
