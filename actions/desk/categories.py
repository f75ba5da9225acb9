"""The axes by which complaints are sorted: business, channel, cause (JR/T 0169-2018), as an editable list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import bad_input

DEFAULT_FILE = Path(__file__).resolve().parents[2] / "training_data" / "complaints" / "categories.yml"
AXES = {"business": "业务", "channel": "渠道", "cause": "原因"}
_file: list[Path] = [DEFAULT_FILE]


@dataclass(frozen=True, slots=True)
class Category:
    """One value of an axis; `measure` says what usually helps against a cause."""

    key: str
    label: str
    hint: str = ""
    measure: str = ""


def use(file: Path) -> None:
    """Read the axes from another file.

    Raises:
        WenjinError: 422 `bad_categories`.
    """
    read(file)
    _file[0] = file


def beside(name: str) -> Path:
    """Return the file of that name beside the list in use, ours where there is none."""
    own = _file[0].with_name(name)
    return own if own.is_file() else DEFAULT_FILE.with_name(name)


def axes() -> dict[str, tuple[Category, ...]]:
    """Return the values of each axis."""
    return read(_file[0])


@cache
def read(file: Path) -> dict[str, tuple[Category, ...]]:
    """Return the axes of a file; raise 422 `bad_categories` where one is missing or a key comes twice."""
    try:
        raw: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = {axis: tuple(_category(row) for row in raw[axis]) for axis in AXES}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise bad_input("bad_categories", f"投诉分类表 {file.name} 不能用：{error}") from None
    for axis, values in found.items():
        keys = [value.key for value in values]
        if not keys or len(keys) != len(set(keys)):
            raise bad_input("bad_categories", f"投诉分类表 {file.name} 的“{AXES[axis]}”是空的或有重复。")
    return found


def _category(row: Any) -> Category:
    hint, measure = str(row.get("hint", "")), str(row.get("measures", ""))
    return Category(str(row["key"]), str(row["label"]), hint, measure)


def label(axis: str, key: str) -> str:
    """Return what people read; the key itself for one that has been taken off the list."""
    return next((value.label for value in axes()[axis] if value.key == key), key)


def check(**chosen: str) -> None:
    """Raise 422 `unknown_category` where a value is not on its axis."""
    for axis, key in chosen.items():
        if key not in {value.key for value in axes()[axis]}:
            raise bad_input("unknown_category", f"请选择{AXES[axis]}。", axis=axis, value=key)
