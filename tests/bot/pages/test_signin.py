"""Sign-in, sign-out, who may enter which page."""

from __future__ import annotations

import pytest

from bot.pages.signin import local_path
from tests.bot.pages.conftest import PASSWORD, Site

PAGES = ("/home", "/desk", "/training", "/dashboard")


@pytest.mark.parametrize("path", PAGES)
def test_strangers_sign_in_first_and_come_back(site: Site, path: str) -> None:
    visitor = site.visitor()
    response = visitor.get(f"{path}?a=1")
    assert response.status_code == 303
    assert response.headers["location"] == f"/login?next={path.replace('/', '%2F')}%3Fa%3D1"


def test_signing_in_goes_on_to_the_wanted_page(site: Site) -> None:
    site.add("li", "handler")
    visitor = site.visitor()
    form = {"name": "li", "password": PASSWORD, "next": "/desk?queue=mine"}
    response = visitor.client.post("/login", data=form)
    assert (response.status_code, response.headers["location"]) == (303, "/desk?queue=mine")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    assert visitor.get("/desk").status_code == 200


def test_a_wrong_password_is_told_and_the_name_stays(site: Site) -> None:
    site.add("li", "handler")
    visitor = site.visitor()
    response = visitor.client.post(
        "/login", data={"name": "li", "password": "wrong-password", "next": "/desk"}
    )
    assert response.status_code == 401
    assert "密码不对" in response.text
    assert 'value="li"' in response.text and 'value="/desk"' in response.text
    assert "wrong-password" not in response.text


def test_empty_fields_are_told(site: Site) -> None:
    response = site.visitor().client.post("/login", data={"name": " "})
    assert response.status_code == 422
    assert "请填写账号和密码" in response.text


def test_guessing_is_stopped_also_with_the_right_password(site: Site) -> None:
    site.add("li", "handler")
    visitor = site.visitor()
    for _ in range(5):
        assert visitor.client.post("/login", data={"name": "li", "password": "guess"}).status_code == 401
    response = visitor.client.post("/login", data={"name": "li", "password": PASSWORD})
    assert response.status_code == 429
    assert "分钟后再试" in response.text


def test_another_site_cannot_sign_visitors_in(site: Site) -> None:
    site.add("li", "handler")
    response = site.visitor().client.post(
        "/login", data={"name": "li", "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
    )
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "desk",
        "",
        "/a\r\nb",
        "/login",
    ],
)
def test_only_paths_of_this_site_are_gone_to(wanted: str) -> None:
    assert local_path(wanted) == "/home"


def test_local_paths_are_kept() -> None:
    assert local_path("/desk/tickets/TS1?queue=mine") == "/desk/tickets/TS1?queue=mine"


def test_signing_out_needs_the_token_and_ends_the_session(site: Site) -> None:
    visitor = site.signed_in("li", "handler")
    assert visitor.post("/logout", token="forged").status_code == 403
    assert visitor.get("/desk").status_code == 200
    assert visitor.post("/logout").headers["location"] == "/login"
    assert visitor.get("/desk").status_code == 303


@pytest.mark.parametrize(
    ("role", "open_pages"),
    [
        ("staff", {"/training"}),
        ("handler", {"/desk", "/training", "/dashboard"}),
        ("admin", {"/desk", "/training", "/dashboard"}),
    ],
)
def test_each_role_sees_and_enters_its_own_pages(site: Site, role: str, open_pages: set[str]) -> None:
    visitor = site.signed_in("li", role)
    home = visitor.get("/home").text
    for path in ("/desk", "/training", "/dashboard"):
        assert (f'href="{path}"' in home) == (path in open_pages)
        assert visitor.get(path).status_code == (200 if path in open_pages else 403)


def test_a_missing_role_is_explained_on_a_page(site: Site) -> None:
    response = site.signed_in("li", "staff").get("/desk")
    assert "没有这个权限" in response.text and "<html" in response.text


def test_an_unknown_address_is_a_page_with_a_way_on(site: Site) -> None:
    response = site.visitor().get("/nothing-here")
    assert response.status_code == 404
    assert "没有找到" in response.text and 'href="/"' in response.text
    assert response.headers["x-request-id"] in response.text


def test_signed_in_visitors_skip_the_form(site: Site) -> None:
    visitor = site.signed_in("li", "handler")
    assert visitor.get("/login?next=/desk").headers["location"] == "/desk"
