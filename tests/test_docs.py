"""What the documentation says exists, and what exists is said."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from bot.cli import parser
from bot.settings import ELSEWHERE, PREFIX, PROJECT, Settings

DOCS = PROJECT / "bot" / "docs"


def test_every_setting_has_its_row_and_no_other_does() -> None:
    rows = set(
        re.findall(r"^\| `(WENJIN_[A-Z_]+)` \|", (DOCS / "settings.md").read_text(encoding="utf-8"), re.M)
    )
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    assert settings <= rows
    assert rows - settings <= ELSEWHERE


def test_links_of_the_documentation_lead_somewhere() -> None:
    for page in [PROJECT / "README.md", PROJECT / "README.zh-CN.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_of_the_readme_exist() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r"\.venv/bin/wenjin (manual \w+|\w+)", text):
        words = command.split()
        usage = parser().format_help() if len(words) == 1 else ""
        assert words[0] in (usage or parser().format_help())


def test_every_manual_and_user_command_is_told() -> None:
    told = (DOCS / "operations.md").read_text(encoding="utf-8")
    for group in ("manual", "user"):
        for name in _choices(_choices(parser())[group]):
            assert re.search(rf"wenjin {group} {name}\b", told), f"{group} {name}"


def _choices(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return a parser's commands."""
    return next(dict(a.choices or {}) for a in top._actions if isinstance(a, argparse._SubParsersAction))


def test_no_file_names_a_package_index_or_a_path_of_a_machine() -> None:
    bad = re.compile(
        "py" + r"pi\.org|files\.python" + r"hosted|registry\.npm" + "js|/" + r"root/|/" + "work/"
    )
    for path in _files():
        assert not bad.search(path.read_text(encoding="utf-8")), path


def _files() -> Iterator[Path]:
    """Yield the project's text files; hidden folders but .ci hold what was built."""
    endings = {".py", ".md", ".toml", ".yml", ".lock", ".in", ".overrides", ".html", ".js", ".css", ""}
    for path in PROJECT.rglob("*"):
        folders = path.relative_to(PROJECT).parts[:-1]
        hidden = any(part.startswith(".") and part != ".ci" for part in folders)
        built = hidden or not {"test-results", "node_modules"}.isdisjoint(folders)
        if path.is_file() and not built and path.suffix in endings:
            yield path
