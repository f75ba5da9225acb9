"""Put a damaged scrape right: text in, clean text and an account of every change out."""

from knowledge.restore.restoring import restore
from knowledge.restore.types import Loss, LossKind, Repair, RepairKind, Restored

__all__ = ["Loss", "LossKind", "Repair", "RepairKind", "Restored", "restore"]
