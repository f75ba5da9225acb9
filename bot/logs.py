"""What is written to the log: plain lines or JSON, masked, with the turn and request they belong to."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum

from actions.store.masking import mask

OWN = ("bot", "actions", "knowledge")
request_id: ContextVar[str] = ContextVar("request_id", default="")
turn_id: ContextVar[str] = ContextVar("turn_id", default="")


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
        record.message = mask(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """Return the traceback."""
        return mask(super().formatException(ei))  # type: ignore[arg-type]


class JsonFormatter(MaskedFormatter):
    """One JSON object a line: time (UTC), level, logger, message, request_id, turn_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; what is not known is left out."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(record.getMessage()),
            "request_id": request_id.get(),
            "turn_id": turn_id.get(),
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=False)


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
