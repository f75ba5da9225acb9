"""Which error codes the source can give, and with which HTTP status: read from its syntax trees."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("knowledge", "actions", "bot", "eval")
REPLY = "reply"  # stands for the status where a code is in a reply of the bot


@dataclass(frozen=True)
class Maker:
    """A function that makes an error: which argument is the code, and the status or its argument."""

    code: int
    status: int | None = None
    status_at: int | None = None


_BASE = {"WenjinError": Maker(0, status_at=1), "problem": Maker(2, status_at=1)}


def codes(project: Path) -> dict[str, set[str]]:
    """Return each code with its statuses as text; `REPLY` for codes in replies of the bot.

    Raises:
        AssertionError: where a code is made in a way that cannot be read.
    """
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((project / room).rglob("*.py"))
    }
    errors = project / "knowledge" / "errors.py"
    shared = {**_BASE, **_makers_in(trees[errors], _BASE)}
    found: dict[str, set[str]] = defaultdict(set)
    for path, tree in trees.items():
        makers = shared if path == errors else {**shared, **_makers_in(tree, shared)}
        for code, status in [*_made(tree, makers, path), *_replied(tree)]:
            found[code].add(status)
    return dict(found)


def _makers_in(tree: ast.Module, known: dict[str, Maker]) -> dict[str, Maker]:
    """Return the module's functions that pass a parameter `code` on to something that makes an error."""
    makers = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            parameters = [one.arg for one in function.args.args]
            for call, maker in _calls(function, known):
                if "code" in parameters and _is_name(_code(call, maker), "code"):
                    makers[function.name] = Maker(parameters.index("code"), int(_status(call, maker)))
    return makers


def _made(tree: ast.Module, makers: dict[str, Maker], path: Path) -> Iterator[tuple[str, str]]:
    for call, maker in _calls(tree, makers):
        code = _code(call, maker)
        if isinstance(code, ast.Constant):
            yield str(code.value), _status(call, maker)
        elif isinstance(code, ast.JoinedStr):
            yield _pattern(code), "any"
        else:
            passed_on = _is_name(code, "code") or (isinstance(code, ast.Attribute) and code.attr == "code")
            assert passed_on, f"{path}:{call.lineno}: write the code as text, so that it can be read"


def _calls(tree: ast.AST, makers: dict[str, Maker]) -> Iterator[tuple[ast.Call, Maker]]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (maker := makers.get(_name(call))):
            yield call, maker


def _replied(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield codes that stand in the data of a reply: {"code": "…"}."""
    for one in ast.walk(tree):
        if isinstance(one, ast.Dict):
            for key, value in zip(one.keys, one.values, strict=True):
                named = isinstance(key, ast.Constant) and key.value == "code"
                if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value, REPLY


def _name(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _code(call: ast.Call, maker: Maker) -> ast.expr | None:
    named = {one.arg: one.value for one in call.keywords}
    return call.args[maker.code] if maker.code < len(call.args) else named.get("code")


def _status(call: ast.Call, maker: Maker) -> str:
    if maker.status_at is None:
        return str(maker.status)
    status = call.args[maker.status_at]
    return str(status.value) if isinstance(status, ast.Constant) else "any"


def _pattern(text: ast.JoinedStr) -> str:
    """Return an f-string with its fields as <names>."""
    return "".join(
        f"<{ast.unparse(one.value)}>" if isinstance(one, ast.FormattedValue) else ast.literal_eval(one)
        for one in text.values
    )


def _is_name(one: ast.expr | None, name: str) -> bool:
    return isinstance(one, ast.Name) and one.id == name
