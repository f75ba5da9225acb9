"""What Prometheus reads at /metrics; `bot/docs/metrics.md` says what each figure means."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
_BUCKETS = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SHORT = (0.001, 0.002, 0.005, *_BUCKETS)
_LAST: Final = "mostrecent"  # what is looked up in the database is the same for all processes

TURNS = Counter(
    "wenjin_turns_total", "Replies of the bot by outcome and channel.", ["outcome", "channel"],
    registry=REGISTRY,
)  # fmt: skip
LATENCY = Histogram(
    "wenjin_turn_seconds", "From the message received to the reply stored.", buckets=_BUCKETS,
    registry=REGISTRY,
)  # fmt: skip
STAGES = Histogram(
    "wenjin_stage_seconds", "Parts of a turn, and the whole of it.", ["stage"],
    buckets=_SHORT, registry=REGISTRY,
)  # fmt: skip
TURNS_OPEN = Gauge(
    "wenjin_turns_open", "Messages that wait for their turn or are being answered.", registry=REGISTRY,
    multiprocess_mode="livesum",
)  # fmt: skip
REQUESTS = Counter("wenjin_http_requests_total", "HTTP requests by status.", ["status"], registry=REGISTRY)
ERRORS = Counter("wenjin_errors_total", "Unexpected failures by place.", ["place"], registry=REGISTRY)


def _looked_up(name: str, text: str, *labels: str) -> Gauge:
    """Return a gauge of something that is looked up when Prometheus asks."""
    return Gauge(name, text, labels, registry=REGISTRY, multiprocess_mode=_LAST)


TICKETS = _looked_up("wenjin_tickets", "Complaint tickets by state.", "state")
OVERDUE = _looked_up("wenjin_tickets_overdue", "Complaint tickets that wait for a decision past their date.")
WAITING = _looked_up("wenjin_handovers_open", "Conversations that wait for or talk to a person.")
QUEUE = _looked_up("wenjin_handovers_waiting", "Conversations that wait for a person, by queue.", "queue")
QUEUE_AGE = _looked_up("wenjin_handovers_oldest_seconds", "How long the first of them has waited.")
NOTICES = _looked_up("wenjin_notices", "Notices to be sent that wait or failed.", "state")
OUTBOX_AGE = _looked_up("wenjin_outbox_oldest_seconds", "How long the oldest notice waits to be sent.")
MANUAL = _looked_up(
    "wenjin_manual_info",
    "The manual and encoder in use (1; 0 for earlier ones).",
    "manual",
    "version",
    "encoder",
)
MODEL = _looked_up("wenjin_model_info", "The dialogue model in use (always 1).", "model")


_shown: list[tuple[str, str, str]] = []  # the manual that was last in use


def show_manual(manual: str, version: str, encoder: str) -> None:
    """Say which manual is in use; the one before goes to 0."""
    labels = (manual, version, encoder)
    for earlier in _shown:
        MANUAL.labels(*earlier).set(0)
    _shown[:] = [labels]
    MANUAL.labels(*labels).set(1)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a part of a turn."""
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGES.labels(name).observe(time.perf_counter() - started)


def whole(seconds: float) -> None:
    """Note how long a turn took from the message received to the reply stored."""
    LATENCY.observe(seconds)
    STAGES.labels("whole").observe(seconds)


def gathered() -> CollectorRegistry:
    """Return what this process counted, or all processes together where several serve."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return everyone
