"""What servers that are forked again and again import once."""

from __future__ import annotations

from bot import pages
from eval import exam_server

__all__ = ["exam_server"]

pages.routers()
