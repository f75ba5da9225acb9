"""All tables; importing this package fills the metadata."""

from __future__ import annotations

from actions.store.tables import accounts, audit, desk, dialogue, figures, knowledge, service, training

__all__ = ["accounts", "audit", "desk", "dialogue", "figures", "knowledge", "service", "training"]
