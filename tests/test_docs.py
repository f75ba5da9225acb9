"""What the documentation says exists, and what exists is said."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.figures.overview import FIGURES
from actions.service.accounts import ROLES
from bot.cli import parser
from bot.settings import ELSEWHERE, PREFIX, PROJECT, Settings
from tests.command_tree import commands, lines, variants

DOCS = PROJECT / "bot" / "docs"


def test_every_setting_has_its_row_and_no_other_does() -> None:
    rows = set(_setting_rows())
    assert rows == {PREFIX + name.upper() for name in Settings.model_fields} | ELSEWHERE - _HANDED_ON


_HANDED_ON = {"WENJIN_ENCODER_IN_USE"}  # from one part of the program to another, not by an operator


def test_defaults_of_settings_are_as_told() -> None:
    told = _setting_rows()
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, int | float | str) and field.default != "":
            value = str(field.default).lower() if isinstance(field.default, bool) else f"{field.default:}"
            assert told[PREFIX + name.upper()] == f"`{value.removesuffix('.0')}`", name


def test_settings_that_pages_name_exist() -> None:
    settings = {PREFIX + name.upper() for name in Settings.model_fields} | ELSEWHERE
    for page in pages():
        named = set(re.findall(r"WENJIN_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
        assert named <= settings, page.name


def _setting_rows() -> dict[str, str]:
    """Return the default of each row of the page of settings."""
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(WENJIN_[A-Z_]+)` \| (.+?) \|", text, re.M))


def pages() -> list[Path]:
    """Return what people read: README in both languages and everything of the documentation."""
    return [*PROJECT.glob("README*.md"), *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_and_their_anchors_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", _without_code(page)):
        target, _, anchor = link.partition("#")
        found = (page.parent / target) if target else page
        assert found.exists(), link
        assert not anchor or anchor in anchors(found), link


def anchors(page: Path) -> list[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", _without_code(page), re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one).replace("`", "") for one in headings]
    return [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in plain]


def _without_code(page: Path) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_command_lines_are_taken_by_the_program(page: Path) -> None:
    names = set(commands())
    for line in set(lines(page)) - names:  # a command's bare name mentions it
        for words in variants(line):
            try:
                parser().parse_args(words)
            except SystemExit:
                pytest.fail(f"wenjin {line}: {words}")


def test_every_figure_of_the_dashboard_has_its_row_and_no_other_does() -> None:
    text = (DOCS / "figures.md").read_text(encoding="utf-8").split("| figure | definition |")[1]
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(FIGURES)


def test_every_measurement_is_told() -> None:
    text = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `\.venv/bin/wenjin (eval \w+)", text, re.M)
    assert sorted(told) == sorted(one for one in commands() if one.startswith("eval "))


def test_every_role_has_its_row() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8").split("| role | may |")[1]
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.M)) == sorted(ROLES)


def test_targets_of_make_that_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in pages():
        for named in re.findall(r"(?:^ {4,}|`)make ((?:[a-z-]+ ?)+)", page.read_text(encoding="utf-8"), re.M):
            assert set(named.split()) <= targets, f"{page.name}: make {named}"


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in pages()
        for link in re.findall(r"\]\((?!https?:)([^)\s#]+)", page.read_text(encoding="utf-8"))
    }
    assert [page for page in pages() if page.parent != PROJECT and page.resolve() not in linked] == []


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
