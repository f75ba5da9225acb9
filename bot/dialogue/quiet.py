"""Keep Rasa quiet: no telemetry, no customers' texts in logs, no banners."""

from __future__ import annotations

import logging
import os
import warnings


def hush() -> None:
    """Set the switches that must be set before rasa is imported."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    # Rasa's training cache would hold features of another encoder; the vectors have a cache of their own.
    os.environ.setdefault("RASA_MAX_CACHE_SIZE", "0")
    for name in ("jieba", "rasa", "rasa_sdk", "apscheduler", "matplotlib", "tensorflow", "h5py", "git"):
        logging.getLogger(name).setLevel(logging.ERROR)


def hush_structlog() -> None:
    """Drop Rasa's structured log lines below ERROR, which carry what customers wrote; the rest is masked too.

    It goes the way of all other lines. jieba is hushed.
    """
    import jieba
    import structlog

    jieba.setLogLevel(logging.ERROR)  # it sets a level and a handler of its own when it is imported
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[structlog.processors.KeyValueRenderer(key_order=["event"])],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def quiet_warnings() -> warnings.catch_warnings:
    """Return a context in which the libraries' deprecation warnings are not shown."""
    return warnings.catch_warnings(action="ignore")
