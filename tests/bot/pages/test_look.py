"""What is served: nothing inline, nothing from elsewhere, nothing missing, colours that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.pages.assets import Assets, static_dir
from bot.pages.render import environment
from tests.bot.pages.conftest import Site

STATIC = static_dir()
TEMPLATES = sorted((STATIC.parent / "templates").rglob("*.html"))
SCRIPTS = sorted(STATIC.rglob("*.js"))
STYLES = sorted(STATIC.rglob("*.css"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
def test_templates_keep_the_content_security_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'\sstyle\s*=|<style|\son[a-z]+="|javascript:', text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "|safe" not in text.replace(" ", "")
    environment().get_template(str(path.relative_to(STATIC.parent / "templates")))


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS, *STYLES], ids=lambda p: p.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]{2,}/|url\(", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_scripts_never_set_markup_and_import_what_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )
    for name in re.findall(r'from "(\.[^"]+)"|import\("(\.[^"]+)"\)', text):
        assert (path.parent / (name[0] or name[1])).resolve().is_file()


def test_assets_and_icons_that_are_named_exist() -> None:
    symbols = set(re.findall(r'symbol id="([a-z]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"asset\('([^']+)'\)", text):
            assert (STATIC / name).is_file(), name
        assert set(re.findall(r'icon\("([a-z]+)"\)', text)) <= symbols, path.name
    for path in SCRIPTS:
        assert set(re.findall(r'\bicon\("([a-z]+)"\)', path.read_text(encoding="utf-8"))) <= symbols, (
            path.name
        )


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def schemes() -> list[dict[str, str]]:
    """Return the colours of light and dark."""
    css = (STATIC / "wenjin.css").read_text(encoding="utf-8")
    return [
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]


TEXT_ON = [
    *[("text", ground) for ground in ("bg", "surface", "surface-2", "accent-soft", "mark")],
    *[("muted", ground) for ground in ("bg", "surface", "surface-2", "accent-soft")],
    *[("accent", ground) for ground in ("bg", "surface", "accent-soft", "surface-2")],
    *[("danger", ground) for ground in ("surface", "danger-soft", "bg")],
    *[("warn", ground) for ground in ("surface", "warn-soft")],
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
]


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read_in_light_and_dark(text: str, ground: str) -> None:
    both = schemes()
    assert len(both) == 2
    for colours in both:
        assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["bg", "surface"])
def test_borders_of_controls_can_be_seen(ground: str) -> None:
    for colours in schemes():
        assert contrast(colours["line-strong"], colours[ground]) >= 3


def test_the_chat_page_says_that_it_is_a_bot(site: Site) -> None:
    response = site.visitor().get("/")
    assert response.status_code == 200
    assert "自动应答的机器人" in response.text and "《运营手册》" in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert "全部章节" in site.signed_in("zhao", "staff").get("/").text


def test_scripts_are_served_fresh() -> None:
    app = FastAPI()
    app.mount("/static", Assets(directory=STATIC))
    client = TestClient(app)
    response = client.get("/static/widget/wenjin-chat.js")
    assert "javascript" in response.headers["content-type"]
    assert response.headers["cache-control"] == "no-cache"
    again = client.get("/static/widget/wenjin-chat.js", headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304


def test_every_script_can_be_fetched(site: Site) -> None:
    visitor = site.visitor()
    for path in [*SCRIPTS, *STYLES]:
        assert visitor.get(f"/static/{path.relative_to(STATIC)}").status_code == 200
