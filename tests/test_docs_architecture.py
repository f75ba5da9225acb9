"""The page on the architecture says what the contracts say, and what the imports are."""

import ast
import re
import tomllib
from collections import defaultdict
from typing import Any

from bot.settings import PROJECT

PAGE = (PROJECT / "bot" / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = ("knowledge", "actions", "bot", "eval")
_ROW = re.compile(r"^\| `([a-z_.]+)` \| [^|]+ \|([^|]*)\|$", re.M)


def _told(*, packages: bool) -> dict[str, set[str]]:
    """Return what the rows of rooms, or of packages, say that they import."""
    rows = {name: set(re.findall(r"`([a-z_.]+)`", imports)) for name, imports in _ROW.findall(PAGE)}
    return {name: imports for name, imports in rows.items() if ("." in name) is packages}


def _contracts() -> list[dict[str, Any]]:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return found


def _imports() -> dict[str, set[str]]:
    """Return what each of our modules imports, as far as its name goes."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            module = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
            for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(one, ast.Import):
                    found[module] |= {alias.name for alias in one.names}
                elif isinstance(one, ast.ImportFrom) and one.module:
                    found[module] |= {f"{one.module}.{alias.name}" for alias in one.names}
    return found


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_rooms_are_those_of_the_layers_contract() -> None:
    (layers,) = (one["layers"] for one in _contracts() if one["type"] == "layers")
    assert _told(packages=False) == {room: set(layers[place + 1 :]) for place, room in enumerate(layers)}


def test_what_is_forbidden_is_told() -> None:
    for one in _contracts():
        for name in one.get("forbidden_modules", []):
            assert f"`{name}`" in PAGE, one["name"]


def test_rasa_is_imported_where_the_page_says() -> None:
    users = {module for module, used in _imports().items() if any(_is_in(name, "rasa") for name in used)}
    assert {".".join(module.split(".")[:2]) for module in users} == {
        "bot.dialogue",
        "bot.nlu",
        "eval.rasa_worker",
    }


def test_packages_import_what_the_page_says() -> None:
    packages = {
        f"{room}.{path.parent.name}" for room in ROOMS for path in (PROJECT / room).glob("*/__init__.py")
    }
    known: dict[str, set[str]] = {one: set() for one in packages}
    for module, used in _imports().items():
        for one in packages:
            if _is_in(module, one):
                near = {other for other in packages if other.split(".")[0] == one.split(".")[0]} - {one}
                known[one] |= {other for other in near if any(_is_in(name, other) for name in used)}
    assert _told(packages=True) == known


def test_modules_that_the_page_names_exist() -> None:
    text = PAGE.split("## Rooms")[1].split("## One turn")[0]
    for paragraph in text.strip().split("\n\n"):
        room = re.findall(r"^\*\*(\w+)\*\*", paragraph)[0]
        files = [path for path in (PROJECT / room).rglob("*") if path.suffix == ".py" or path.is_dir()]
        known = {path.stem for path in files}
        named = {one.rstrip("/").split("/")[-1] for one in re.findall(r"`([^`]+)`", paragraph)}
        assert named <= known, named - known


def test_source_files_that_pages_name_exist() -> None:
    for page in (PROJECT / "bot" / "docs").rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for path in re.findall(r"`((?:knowledge|actions|bot|eval|training_data|tests)/[\w/.-]+\.\w+)`", text):
            assert (PROJECT / path).exists(), f"{page.name}: {path}"
