"""Static files: found next to this module, always revalidated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

HERE = Path(__file__).resolve().parent


def static_dir() -> Path:
    """Return the folder of style sheets, scripts and icons."""
    return HERE / "static"


def asset(path: str) -> str:
    """Return the address of a static file."""
    return f"/static/{path}"


class Assets(StaticFiles):
    """Serves static files with `no-cache`: scripts import each other by plain names."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file, or 304 where the browser's copy is still right."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
