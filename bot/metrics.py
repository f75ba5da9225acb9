"""What Prometheus reads at /metrics; `bot/docs/metrics.md` says what each figure means."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from bot.logs import note

REGISTRY = CollectorRegistry()
_BUCKETS = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SHORT = (0.001, 0.002, 0.005, *_BUCKETS)
_LAST: Final = "mostrecent"  # what is looked up in the database is the same for all processes
PLACES = ("turn", "action", "complaint", "http", "notices", "upkeep", "exams", "metrics")

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
for _place in PLACES:  # a series that begins with its first failure would hide that one from increase()
    ERRORS.labels(_place)


def _looked_up(name: str, text: str, *labels: str) -> Gauge:
    """Return a gauge of something that is looked up when Prometheus asks."""
    return Gauge(name, text, labels, registry=REGISTRY, multiprocess_mode=_LAST)


TICKETS = _looked_up("wenjin_tickets", "Complaint tickets by state.", "state")
OVERDUE = _looked_up("wenjin_tickets_overdue", "Complaint tickets that wait for a decision past their date.")
WAITING = _looked_up("wenjin_handovers_open", "Conversations that wait for or talk to a person.")
QUEUE = _looked_up("wenjin_handovers_waiting", "Conversations that wait for a person, by queue.", "queue")
QUEUE_AGE = _looked_up("wenjin_handovers_oldest_seconds", "How long the first of them has waited.")
QUEUE_WORKING_AGE = _looked_up(
    "wenjin_handovers_oldest_working_seconds",
    "The most working time that one of them has waited; 0 after hours.",
)
NOTICES = _looked_up("wenjin_notices", "Notices to be sent that wait or failed.", "state")
OUTBOX_AGE = _looked_up("wenjin_outbox_oldest_seconds", "How long the oldest notice waits to be sent.")
MODEL = _looked_up("wenjin_model_info", "The dialogue model in use (always 1).", "model")


class ManualInUse(Collector):
    """Which manual and encoder answer: told by the process that is asked, so that an earlier one is gone."""

    labels = ("manual", "version", "encoder")

    def __init__(self) -> None:
        self._values: tuple[str, str, str] | None = None

    def show(self, manual: str, version: str, encoder: str) -> None:
        """Say what is in use now."""
        self._values = (manual, version, encoder)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the one sample, or none before anything is loaded."""
        family = GaugeMetricFamily(
            "wenjin_manual_info", "The manual and encoder in use (always 1).", labels=self.labels
        )
        if self._values:
            family.add_metric(self._values, 1)
        yield family


MANUAL = ManualInUse()
REGISTRY.register(MANUAL)
_rehearsing: ContextVar[bool] = ContextVar("rehearsing", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Time nothing: these turns are no customer's."""
    token = _rehearsing.set(True)
    try:
        yield
    finally:
        _rehearsing.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a part of a turn."""
    started = time.perf_counter()
    try:
        yield
    finally:
        if not _rehearsing.get():
            STAGES.labels(name).observe(time.perf_counter() - started)


def failed(place: str, log: logging.Logger, what: str, error: Exception) -> None:
    """Count and log what nobody waits for an answer of."""
    ERRORS.labels(place).inc()
    note(log, what, error)


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
    everyone.register(MANUAL)
    return everyone


def forget(pid: int) -> None:
    """Take what a process that has ended had in hand out of the sums; what it counted stays."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
