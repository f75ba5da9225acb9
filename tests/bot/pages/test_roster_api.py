"""The roster over HTTP and on the command line: with the token or the role, tried before it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from bot.app import create_app
from bot.cli import main
from bot.settings import Settings
from tests.bot.pages.conftest import Site

TOKEN = "a-token-of-the-house"
PATH = "/api/training/roster"
PEOPLE: dict[str, Any] = {"people": [{"staff_no": "A1", "name": "王芳", "job": "客服"}]}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def with_token(tmp_path: Path) -> TestClient:
    settings = {"data_dir": tmp_path / "data", "rest_token": TOKEN}
    return TestClient(create_app(Settings.model_validate(settings)))


def test_a_program_tries_and_takes_a_roster(with_token: TestClient) -> None:
    tried = with_token.post(f"{PATH}?dry_run=true", json=PEOPLE, headers=BEARER).json()
    assert (tried["done"], tried["counts"]["new"]) == (False, 1)
    done = with_token.post(PATH, json=PEOPLE, headers=BEARER).json()
    assert (done["done"], done["counts"]["new"]) == (True, 1)
    again = with_token.post(PATH, json=PEOPLE, headers=BEARER).json()
    assert again["counts"]["same"] == 1 and again["changes"] == []


def test_wrong_rows_and_wrong_bodies_are_refused(with_token: TestClient) -> None:
    wrong = {"people": [*PEOPLE["people"], {"staff_no": "A2"}]}
    refused = with_token.post(PATH, json=wrong, headers=BEARER)
    assert refused.status_code == 422 and refused.json()["code"] == "roster_refused"
    assert refused.json()["problems"] == ["第 2 行：缺少姓名"]
    tried = with_token.post(f"{PATH}?dry_run=1", json=wrong, headers=BEARER).json()
    assert tried["problems"] == [{"where": "第 2 行", "problem": "缺少姓名"}]
    for body in (b"", b"[]", b'{"people": [1]}', b'{"people": 3}'):
        assert with_token.post(PATH, content=body, headers=BEARER).status_code == 422


def test_nobody_else_changes_the_roster(site: Site, with_token: TestClient) -> None:
    assert with_token.post(PATH, json=PEOPLE).status_code == 401
    assert with_token.post(PATH, json=PEOPLE, headers={"Authorization": "Bearer x"}).status_code == 401
    assert (
        site.visitor().client.post(PATH, json=PEOPLE, headers={"Authorization": "Bearer "}).status_code == 401
    )
    staff = site.signed_in("lin", "staff")
    assert staff.client.post(PATH, json=PEOPLE, headers={"X-CSRF-Token": staff.token()}).status_code == 403
    boss = site.signed_in("boss", "training")
    assert boss.client.post(PATH, json=PEOPLE).status_code == 403
    file = {"file": ("名单.csv", "工号,姓名\nA1,王芳".encode(), "text/csv")}
    done = boss.client.post(PATH, files=file, headers={"X-CSRF-Token": boss.token()})
    assert done.json()["counts"]["new"] == 1


def test_the_command_tries_takes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "名单.csv"
    file.write_text("工号,姓名,部门\nA1,王芳,客服部\nA2,,客服部\n", encoding="utf-8")
    command = ["--data-dir", str(tmp_path / "data"), "roster", "import", str(file)]
    for more in (["--dry-run"], []):
        assert main([*command, *more]) == 1
        out, said = capsys.readouterr()
        assert "第 3 行\t不能导入\t缺少姓名" in out and "没有改动任何人" in said
    file.write_text("工号,姓名,部门\nA1,王芳,客服部\n", encoding="utf-8")
    for more, word in ((["--dry-run"], "试算：新增 1 人"), ([], "已导入：新增 1 人"), ([], "不变 1 人")):
        assert main([*command, *more]) == 0
        assert word in capsys.readouterr().err
    assert main([*command[:-1], str(tmp_path / "nothing.csv")]) == 1
    assert "没有这个文件" in capsys.readouterr().err
