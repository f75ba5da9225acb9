"""What servers that are forked again and again import once: the application, and all that its start needs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.runtime import Runtime
from eval import exam_server

with tempfile.TemporaryDirectory() as folder:
    settings = exam_server.settings_of(Path(folder))
    exam_server.app_of(settings)
    Runtime(settings).db.dispose()
