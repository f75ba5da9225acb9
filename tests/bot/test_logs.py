"""What is written to the log: a turn's number, no words of customers, one line for what is expected."""

from __future__ import annotations

import logging
import re

import pytest

from actions.store.masking import mask
from bot import logs
from bot.logs import LogFormat, MaskedFormatter, formatter
from knowledge.errors import unavailable
from tests.bot.serving import Live

WORDS = "欧阳震华说他不同意"


def _record(error: BaseException) -> logging.LogRecord:
    return logging.LogRecord("bot", logging.ERROR, __file__, 1, "failed", (), (type(error), error, None))


@pytest.mark.parametrize("kind", list(LogFormat))
@pytest.mark.parametrize(
    "error", [ValueError(f"invalid literal: '{WORDS}'"), KeyError(WORDS), RuntimeError(f"a\nDETAIL: ({WORDS})")],
    ids=["value", "key", "second-line"],
)  # fmt: skip
def test_what_an_error_quotes_of_a_customer_is_left_out(kind: LogFormat, error: Exception) -> None:
    try:
        raise RuntimeError("outer") from error
    except RuntimeError as outer:
        line = formatter(kind).format(_record(outer))
    assert type(error).__name__ in line
    assert "outer" in line
    assert not re.search("[\u4e00-\u9fff]", line)


def test_our_own_words_stay_in_a_traceback() -> None:
    error = unavailable("database_busy", "数据库暂时连不上")
    assert "数据库暂时连不上" in MaskedFormatter().format(_record(error))


def test_what_is_expected_is_one_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    error = unavailable("database_busy", "数据库暂时连不上")
    error.__cause__ = OSError("connection refused\nmore")
    logs.note(logging.getLogger("bot"), "not ready", error)
    logs.note(logging.getLogger("bot"), "not ready", OSError("gone"))
    expected, other = caplog.records
    assert (expected.getMessage(), expected.exc_info) == ("not ready: database_busy connection refused", None)
    assert other.exc_info


def test_our_own_numbers_stay_whole_and_a_phone_beside_them_does_not() -> None:
    number = "d97e05035450466f96ce11fac6f3e600"
    assert mask(number) != number
    assert logs.masked(f"notice {number} to 13912345678") == f"notice {number} to 139****5678"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/desk/tickets/TS1", "/desk/tickets/TS1"),
        (f"/nothing/{WORDS}/x", "/nothing/…/x"),
        ("/a\n2026 ERROR", "/a…2026…ERROR"),
    ],
)
def test_an_address_shows_only_what_addresses_are_made_of(path: str, shown: str) -> None:
    assert logs.address(path) == shown


class _Keep(logging.Handler):
    """Keeps lines with the numbers that belong to them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), logs.request_id.get(), logs.turn_id.get()))


def test_a_turn_leaves_a_line_with_its_number_and_that_of_its_request(
    server: Live, caplog: pytest.LogCaptureFixture
) -> None:
    guest, log, keep = server.guest(), logging.getLogger("bot.turns"), _Keep()
    log.addHandler(keep)
    with caplog.at_level(logging.INFO, logger="bot.turns"):
        answer = guest.post("投诉一般多久能处理完")
    log.removeHandler(keep)
    [(said, request, turn)] = keep.lines
    assert re.fullmatch(r"turn answered in \d+ ms", said)
    assert (request, turn) == (answer.headers["x-request-id"], answer.json()["messages"][0]["id"])


def test_probes_leave_no_line_and_other_requests_do(server: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="bot.app"):
        for path in ("/healthz", "/readyz", "/metrics", f"/nothing/{WORDS}"):
            server.client().get(path)
    [line] = [one.getMessage() for one in caplog.records if one.name == "bot.app"]
    assert line.startswith("GET /nothing/… 404 ")
