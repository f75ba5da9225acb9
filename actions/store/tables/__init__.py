"""All tables; importing this package fills the metadata."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from actions.store.tables import accounts, audit, desk, dialogue, service

__all__ = ["accounts", "audit", "desk", "dialogue", "service"]

if find_spec("actions.store.tables.training"):
    import_module("actions.store.tables.training")
