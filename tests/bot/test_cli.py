"""The command wenjin: asking, manuals, users, and what it says when something is wrong."""

from __future__ import annotations

import errno
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions.service import accounts
from bot.cli import main, outside_trouble
from bot.runtime import Runtime
from bot.settings import PROJECT, Settings
from tests.bot.serving import clean_environment, free_port
from tests.conftest import data_dir_like

QUESTION = "投诉一般多久能处理完"
FIELDS = {"outcome", "text", "citations", "ranking", "latency_ms"}
Wenjin = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation that these tests share."""
    return data_dir_like(prepared, tmp_path_factory.mktemp("cli"))


@pytest.fixture
def wenjin(folder: Path, capsys: pytest.CaptureFixture[str]) -> Wenjin:
    """Run a command in this process and return its exit status, what it printed and what it said."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["--data-dir", str(folder), *arguments])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


@pytest.fixture
def asked(wenjin: Wenjin, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Ask a batch and return the rows of the result."""

    def ask(*lines: str) -> list[dict[str, Any]]:
        questions, out = tmp_path / "questions.jsonl", tmp_path / "out.jsonl"
        questions.write_text("\n".join(lines), encoding="utf-8")
        status, printed, _ = wenjin("ask", "--batch", str(questions), "--out", str(out))
        assert (status, printed) == (0, "")
        assert {path.name for path in tmp_path.iterdir()} == {"questions.jsonl", "out.jsonl"}
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]

    return ask


def _line(id_: object, question: object = QUESTION, **more: object) -> str:
    return json.dumps({"id": id_, "question": question, **more}, ensure_ascii=False)


class TestAsk:
    def test_an_answer_names_its_source(self, wenjin: Wenjin) -> None:
        status, printed, _ = wenjin("ask", QUESTION)
        assert status == 0
        assert "《运营手册》" in printed

    def test_json_is_the_contract_and_nothing_else_is_printed(self, wenjin: Wenjin) -> None:
        _, printed, _ = wenjin("ask", QUESTION, "--json")
        row = json.loads(printed)
        assert set(row) == FIELDS
        _is_answered(row)

    def test_staff_are_answered_from_staff_sections_and_customers_are_not(self, wenjin: Wenjin) -> None:
        question = "编预算一般用哪两种方法"
        staff, customer = (
            json.loads(wenjin("ask", question, "--json", "--audience", who)[1])
            for who in ("staff", "customer")
        )
        section = staff["citations"][0]["section"]
        assert staff["outcome"] == "answered"
        assert section not in {cited["section"] for cited in customer["citations"]}
        assert section not in {ranked["section"] for ranked in customer["ranking"]}

    def test_no_question_is_said(self, wenjin: Wenjin) -> None:
        status, printed, said = wenjin("ask")
        assert (status, printed) == (1, "")
        assert "请写上问题" in said


class TestBatch:
    def test_each_line_is_answered_in_its_form(self, asked: Callable[..., list[dict[str, Any]]]) -> None:
        rows = asked(
            _line("a"), _line(2, "今天股票会涨吗", audience="staff"), "", _line("c", "您好", audience=None)
        )
        assert [row["id"] for row in rows] == ["a", 2, "c"]
        for row in rows:
            assert set(row) == {"id", *FIELDS}
            assert row["outcome"] in {"answered", "clarify", "refused", "handover"}
            assert row["latency_ms"] >= 0
            assert len({ranked["section"] for ranked in row["ranking"]}) >= 10
            scores = [ranked["score"] for ranked in row["ranking"]]
            assert scores == sorted(scores, reverse=True)
        _is_answered(rows[0])
        assert rows[1]["outcome"] == "refused"

    def test_the_same_question_has_the_same_answer(self, asked: Callable[..., list[dict[str, Any]]]) -> None:
        one, two = asked(_line(1), _line(2))
        for row in (one, two):
            del row["id"], row["latency_ms"]
        assert one == two

    def test_a_question_that_cannot_be_used_does_not_stop_the_others(
        self, asked: Callable[..., list[dict[str, Any]]]
    ) -> None:
        rows = asked(
            _line(1, ""),
            _line(2, "字" * 20_000),
            _line(3, None),
            _line(4, "<script>"),
            _line(5, "\x00"),
            _line(6),
        )
        assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
        assert [row["outcome"] for row in rows] == ["refused"] * 5 + ["answered"]
        assert all(row["text"] for row in rows)

    @pytest.mark.parametrize(("lines", "says"), [
        ([_line(1), "{"], "第 2 行"), ([_line(1), "", "[]"], "第 3 行"), (['{"question": "x"}'], "缺少 'id'"),
        (['{"id": 1}'], "缺少 'question'"), ([_line(1, audience="boss")], "audience 只能是 customer 或 staff"),
        ([_line(1), "5"], "第 2 行"), ([_line(1, audience=["staff"])], "第 1 行"),
    ], ids=range(7))  # fmt: skip
    def test_a_bad_line_is_named_and_nothing_is_written(
        self, wenjin: Wenjin, tmp_path: Path, lines: list[str], says: str
    ) -> None:
        questions, out = tmp_path / "questions.jsonl", tmp_path / "out.jsonl"
        questions.write_text("\n".join(lines), encoding="utf-8")
        status, _, said = wenjin("ask", "--batch", str(questions), "--out", str(out))
        assert status == 1
        assert "questions.jsonl 第" in said
        assert says in said
        assert not out.exists()

    def test_another_encoding_is_said(self, wenjin: Wenjin, tmp_path: Path) -> None:
        questions = tmp_path / "q.jsonl"
        questions.write_bytes(_line(1).encode("gb18030"))
        status, _, said = wenjin("ask", "--batch", str(questions), "--out", str(tmp_path / "o"))
        assert (status, "UTF-8" in said) == (1, True)

    def test_missing_files_and_places_are_said(self, wenjin: Wenjin, tmp_path: Path) -> None:
        questions = tmp_path / "q.jsonl"
        questions.write_text(_line(1), encoding="utf-8")
        for arguments, says in (
            (("--batch", str(questions)), "--out"),
            (("--batch", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "o")), "none.jsonl"),
            (("--batch", str(questions), "--out", str(tmp_path / "none" / "o")), "none"),
            (("--batch", str(tmp_path), "--out", str(tmp_path / "o")), tmp_path.name),
        ):
            status, _, said = wenjin("ask", *arguments)
            assert status == 1
            assert says in said.splitlines()[-1]
            assert "Traceback" not in said


class TestManuals:
    def test_the_own_edition_is_listed_as_in_use(self, wenjin: Wenjin) -> None:
        _, printed, _ = wenjin("manual", "list")
        assert printed.startswith("* wenjin")
        assert "36 节" in printed

    def test_show_prints_the_whole_manual_in_both_forms(self, wenjin: Wenjin) -> None:
        sections = json.loads(wenjin("manual", "show", "--format", "json")[1])
        assert len(sections) == 36
        assert (sections[0]["section"], sections[-1]["section"]) == ("1.1", "8.1")
        assert all(set(one) == {"section", "title", "audience", "paragraphs"} for one in sections)
        assert {one["audience"] for one in sections} == {"customer", "staff"}
        text = wenjin("manual", "show")[1]
        headings = [line for line in text.splitlines() if line.startswith("## ")]
        assert [h.split()[1] for h in headings] == [one["section"] for one in sections]

    def test_an_unknown_manual_is_said_and_nothing_is_switched(self, wenjin: Wenjin) -> None:
        status, _, said = wenjin("manual", "use", "nothing")
        assert status == 1
        assert "没有名为“nothing”的手册" in said
        assert wenjin("manual", "list")[1].startswith("* wenjin")

    def test_using_the_one_in_use_is_fine(self, wenjin: Wenjin) -> None:
        assert wenjin("manual", "use", "wenjin")[0] == 0

    def test_report_and_diff_say_what_an_import_did(self, wenjin: Wenjin, tmp_path: Path) -> None:
        manual = tmp_path / "garage.md"
        lines = ["# 门店手册", "# 第1章 服务", "## 1.1 预约", "客户可以电话预约，三十分钟内确认。"]
        lines += ["## 1.2 保养", "更换机油的标准工时是四十分钟，轮胎换位每一万公里做一次。"]
        for change in ("四十分钟", "五十分钟"):
            manual.write_text("\n\n".join(lines).replace("四十分钟", change), encoding="utf-8")
            assert wenjin("manual", "import", str(manual), "--keep")[0] == 0
        assert "来自文件 garage.md，编码 utf-8" in wenjin("manual", "report", "garage")[1]
        printed = wenjin("manual", "diff", "garage")[1]
        assert printed.startswith("手册 garage：v1 → v2\n")
        assert "修改 1 节，不变 1 节" in printed
        assert "~ 修改 1.2 保养：改动 1 句" in printed
        assert wenjin("manual", "diff", "garage", "v2", "v1")[1].startswith("手册 garage：v2 → v1\n")

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("diff", "wenjin"), "没有别的版本"),
            (("diff", "nothing"), "没有名为“nothing”的手册"),
            (("report", "nothing"), "没有名为“nothing”的手册"),
        ],
    )
    def test_what_cannot_be_compared_is_said(
        self, wenjin: Wenjin, arguments: tuple[str, ...], says: str
    ) -> None:
        status, printed, said = wenjin("manual", *arguments)
        assert (status, printed) == (1, "")
        assert says in said

    def test_the_own_edition_was_not_repaired(self, wenjin: Wenjin) -> None:
        printed = wenjin("manual", "report", "wenjin")[1].splitlines()
        assert printed[0].startswith("只有标题没有内容：8.2")  # the source breaks off there
        assert "修复" not in "".join(printed)


class TestUsers:
    def test_a_new_account_can_sign_in_with_what_was_printed(self, wenjin: Wenjin, folder: Path) -> None:
        status, _, said = wenjin(
            "user", "add", "li.wei", "--role", "handler", "--role", "staff", "--display-name", "李伟"
        )
        assert status == 0
        runtime = Runtime(Settings(data_dir=folder))
        password = said.strip().rpartition("：")[2]
        with runtime.db.begin() as s:
            user = accounts.sign_in(s, name="li.wei", password=password, now=runtime.now()).user
            assert (sorted(user.roles), user.display_name) == (["handler", "staff"], "李伟")
            assert password not in user.password_hash
        runtime.db.dispose()
        assert "li.wei" in wenjin("user", "list")[1]

    def test_the_same_name_twice_is_said(self, wenjin: Wenjin) -> None:
        wenjin("user", "add", "twice", "--role", "staff")
        status, _, said = wenjin("user", "add", "Twice", "--role", "staff")
        assert status == 1
        assert "已经有名为“twice”的账号" in said

    def test_a_new_password_replaces_the_old_one(self, wenjin: Wenjin) -> None:
        wenjin("user", "add", "forgetful", "--role", "staff")
        status, _, said = wenjin("user", "password", "forgetful")
        assert (status, "新密码只显示这一次" in said) == (0, True)
        assert wenjin("user", "password", "nobody")[0] == 1

    def test_a_role_that_is_none_is_refused(self, wenjin: Wenjin) -> None:
        with pytest.raises(SystemExit):
            wenjin("user", "add", "x", "--role", "king")


class TestStart:
    @pytest.mark.parametrize(
        ("name", "value"), [("WENJIN_PORT", "abc"), ("WENJIN_PROT", "1"), ("WENJIN_DATABASE_URL", "nonsense")]
    )
    def test_a_wrong_setting_ends_in_one_sentence(self, folder: Path, name: str, value: str) -> None:
        done = _run("--data-dir", str(folder), "user", "list", **{name: value})
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.endswith("。\n")
        assert name in done.stderr or name == "WENJIN_DATABASE_URL"

    def test_a_port_in_use_is_said_before_anything_is_loaded(self, folder: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", free_port()))
            taken.listen()
            port = taken.getsockname()[1]
            done = _run("--data-dir", str(folder), "run", "--port", str(port))
        assert done.returncode == 1
        assert f"127.0.0.1:{port} 不能监听" in done.stderr
        assert done.stderr.count("\n") == 1

    def test_a_data_dir_that_is_a_file_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        done = _run("--data-dir", str(tmp_path / "file"), "user", "list")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (OSError(errno.ENOSPC, "No space left on device", "/x"), "磁盘空间不够"),
            (sqlite3.OperationalError("database or disk is full"), "磁盘空间不够"),
            (RuntimeError('IoError(Os { code: 28, kind: StorageFull, message: "…" })'), "磁盘空间不够"),
            (OSError(errno.EACCES, "Permission denied", "/x"), "没有权限（/x）"),
            (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), "没有这个文件或文件夹（a.txt）"),
            (ValueError("a mistake of ours"), None),
        ],
        ids=["disk", "database", "weights", "rights", "file", "ours"],
    )
    def test_trouble_with_the_machine_is_said_in_one_sentence(
        self, error: Exception, says: str | None
    ) -> None:
        sentence = outside_trouble(error)
        assert (sentence is None) == (says is None)
        assert says is None or says in str(sentence)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="This system has no /dev/full.")
    def test_a_full_disk_ends_in_one_sentence(self, folder: Path, tmp_path: Path) -> None:
        questions, out = tmp_path / "q.jsonl", tmp_path / "out.jsonl"
        questions.write_text(_line(1), encoding="utf-8")
        (tmp_path / "out.jsonl.partial").symlink_to("/dev/full")
        done = _run("--data-dir", str(folder), "ask", "--batch", str(questions), "--out", str(out))
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("磁盘空间不够")
        assert "Traceback" not in done.stderr


def _run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=PROJECT, env={**clean_environment(), **environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def _is_answered(row: dict[str, Any]) -> None:
    assert row["outcome"] == "answered"
    assert row["text"]
    cited = row["citations"][0]
    assert set(cited) == {"manual", "section", "title", "sentence", "score"}
    assert cited["manual"] == "wenjin"
    assert set(row["ranking"][0]) == {"section", "score"}
