"""Static files: found next to this module, always revalidated."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

HERE = Path(__file__).resolve().parent


def static_dir() -> Path:
    """Return the folder of style sheets, scripts and icons."""
    return HERE / "static"


def echarts_dir() -> Path:
    """Return the folder of ECharts as a module, index.js; it comes with a package that is never imported."""
    found = find_spec("nicegui")
    assert found is not None and found.submodule_search_locations  # noqa: S101  the lock has it
    return Path(found.submodule_search_locations[0]) / "elements" / "echart" / "dist"


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
