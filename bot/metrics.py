"""What Prometheus reads at /metrics."""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
_BUCKETS = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

TURNS = Counter("wenjin_turns_total", "Replies of the bot by outcome.", ["outcome"], registry=REGISTRY)
LATENCY = Histogram(
    "wenjin_turn_seconds",
    "From the message received to the reply stored.",
    buckets=_BUCKETS,
    registry=REGISTRY,
)
REQUESTS = Counter("wenjin_http_requests_total", "HTTP requests by status.", ["status"], registry=REGISTRY)
ERRORS = Counter("wenjin_errors_total", "Unexpected failures by place.", ["place"], registry=REGISTRY)
_LAST: Final = "mostrecent"  # what is looked up in the database is the same for all processes
TICKETS = Gauge(
    "wenjin_tickets",
    "Complaint tickets by state.",
    ["state"],
    registry=REGISTRY,
    multiprocess_mode=_LAST,
)
WAITING = Gauge(
    "wenjin_handovers_open",
    "Conversations that wait for or talk to a person.",
    registry=REGISTRY,
    multiprocess_mode=_LAST,
)
NOTICES = Gauge(
    "wenjin_notices",
    "Notices to be sent that wait or failed.",
    ["state"],
    registry=REGISTRY,
    multiprocess_mode=_LAST,
)
MANUAL = Gauge(
    "wenjin_manual_info",
    "The manual and encoder in use (always 1).",
    ["manual", "version", "encoder"],
    registry=REGISTRY,
    multiprocess_mode=_LAST,
)


def gathered() -> CollectorRegistry:
    """Return what this process counted, or all processes together where several serve."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return everyone
