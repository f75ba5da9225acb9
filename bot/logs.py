"""What is written to the log: plain lines or JSON, masked, with the turn and request they belong to."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum

from actions.store.masking import mask
from knowledge.errors import WenjinError

OWN = ("bot", "actions", "knowledge")
request_id: ContextVar[str] = ContextVar("request_id", default="")
turn_id: ContextVar[str] = ContextVar("turn_id", default="")
_FOREIGN = re.compile(r"[^!-~]+")  # no address of ours holds such characters, a forged line or a name may
_QUOTABLE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")
_ID = re.compile(r"\b([0-9a-f]{32})\b")  # our own numbers: some look as if they held a phone's
_OURS = f"{WenjinError.__module__}.{WenjinError.__name__}:"


class LogFormat(StrEnum):
    """How a line is written."""

    PLAIN = "plain"
    JSON = "json"


class MaskedFormatter(logging.Formatter):
    """Plain lines; message and traceback are masked, whatever they quote."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(belongs)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with its traceback on the lines below."""
        named = {"request": request_id.get(), "turn": turn_id.get()}
        record.belongs = "".join(f" {name}={value}" for name, value in named.items() if value)
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the first line."""
        record.message = masked(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """Return the traceback; what an error's own words quote in Chinese is left out."""
        told = super().formatException(ei)  # type: ignore[arg-type]
        return masked("\n".join(_unquoted(line) for line in told.splitlines()))


class JsonFormatter(MaskedFormatter):
    """One JSON object a line: time (UTC), level, logger, message, request_id, turn_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; what is not known is left out."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
            "request_id": request_id.get(),
            "turn_id": turn_id.get(),
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=False)


def masked(text: str) -> str:
    """Return a text masked, with our own numbers whole: by them a notice or a turn is found again."""
    return "".join(part if _ID.fullmatch(part) else mask(part) for part in _ID.split(text))


def _unquoted(line: str) -> str:
    """Return a line of a traceback: lines of source are indented, an error's words are not."""
    return line if line.startswith((" ", _OURS)) else _QUOTABLE.sub("…", line)


def address(path: str) -> str:
    """Return a request's path as it is logged: what only a client can have put there is left out."""
    return _FOREIGN.sub("…", path)


def note(log: logging.Logger, what: str, error: Exception) -> None:
    """Log a failure: one line for what is expected, such as a database that is away, else with traceback."""
    if isinstance(error, WenjinError):
        why = str(error.__cause__ or "").partition("\n")[0]
        log.warning("%s: %s %s", what, error.code, _QUOTABLE.sub("…", why))
    else:
        log.error(what, exc_info=error)


def formatter(kind: LogFormat) -> logging.Formatter:
    """Return what writes the lines of a kind."""
    return JsonFormatter() if kind is LogFormat.JSON else MaskedFormatter()


def set_up(level: str, kind: LogFormat) -> None:
    """Send everything from `level` on to standard error."""
    handler = logging.StreamHandler()
    handler.setLevel(level)  # some libraries set their own loggers to DEBUG
    handler.setFormatter(formatter(kind))
    logging.basicConfig(level=level, handlers=[handler])
    for name in OWN:  # a library that is loaded later sets the root's level
        logging.getLogger(name).setLevel(level)
