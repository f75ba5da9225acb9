"""The environment's own set-up: what it says when it cannot go on, and that it does nothing twice."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import bootstrap
from bot.settings import PROJECT

BASE = Path(sys.base_prefix) / "bin" / "python3.11"
Usage = collections.namedtuple("Usage", "total used free")
STEPS = ("make_venv", "install_lock", "install_torch", "install_project")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project: nothing of this one is touched."""
    (tmp_path / "requirements.lock").write_text("one==1\ntwo==2\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for name, path in (
        ("ROOT", ""),
        ("VENV", ".venv"),
        ("LOG", ".wenjin/setup.log"),
        ("LOCK", "requirements.lock"),
    ):
        monkeypatch.setattr(bootstrap, name, str(tmp_path / path))
    monkeypatch.setattr(bootstrap, "check_space", lambda: None)
    return tmp_path


@pytest.fixture
def done(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that were really taken, instead of taking them."""
    taken: list[str] = []

    def note(name: str) -> None:
        taken.append(name)
        (project / ".venv").mkdir(exist_ok=True)

    for name in STEPS:
        monkeypatch.setattr(bootstrap, name, lambda _label, name=name: note(name))
    return taken


def _checkout(folder: Path) -> Path:
    """Return a copy of what a clone needs for its set-up: nothing is installed in it."""
    (folder / "bot").mkdir()
    for name in ("Makefile", "bot/bootstrap.py", "requirements.lock", "pyproject.toml"):
        (folder / name).write_bytes((PROJECT / name).read_bytes())
    return folder


def _make(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "run", *arguments], cwd=folder, env={**os.environ, **environ},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


class TestForReal:
    """make run in a fresh clone, as a process."""

    def test_no_python_at_all(self, tmp_path: Path) -> None:
        done = _make(_checkout(tmp_path), "PYTHON=")
        assert done.returncode != 0
        assert done.stderr.splitlines()[0].startswith("需要 Python 3.11，没有找到。")

    def test_another_python(self, tmp_path: Path) -> None:
        other = tmp_path / "python3.10"  # this Python, which says that it is another one
        code = "import sys, runpy; sys.version_info = (3, 10, 4); runpy.run_path(sys.argv[1], run_name='__main__')"
        other.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
        other.chmod(0o755)
        done = _make(_checkout(tmp_path), f"PYTHON={other}")
        assert done.stderr.splitlines()[0].startswith("需要 Python 3.11，当前是 3.10。")
        assert not (tmp_path / ".venv").exists()

    def test_a_download_that_fails(self, tmp_path: Path) -> None:
        nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0"}
        done = _make(_checkout(tmp_path), f"PYTHON={BASE}", PIP_CONFIG_FILE=os.devnull, **nowhere)
        if "只剩" in done.stderr:
            pytest.skip("This disk is too full for an installation.")
        assert done.stderr.splitlines()[0].startswith("安装失败：软件包下载不下来，请检查网络")
        assert "安装依赖 没有成功" in done.stdout
        assert (tmp_path / ".venv").is_dir()


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith("。\n")
    return said


class TestPython:
    @pytest.mark.parametrize(
        ("version", "named"),
        [((3, 10, 4), "3.10"), ((3, 12, 0), "3.12"), ((2, 7, 18), "2.7"), ((4, 0, 0), "4.0")],
    )
    def test_another_python_ends_in_one_sentence(
        self,
        version: tuple[int, ...],
        named: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(sys, "version_info", version)
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        assert ended.value.code == 1
        assert f"需要 Python 3.11，当前是 {named}" in _said(capsys)

    def test_this_python_is_right(self) -> None:
        bootstrap.check_python()


class TestSpace:
    def test_a_full_disk_is_said_before_anything_is_begun(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10, 9, 2 * 2**30))
        with pytest.raises(SystemExit):
            bootstrap.check_space()
        assert "只剩 2.0 GB" in _said(capsys)

    def test_enough_space_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10, 0, 50 * 2**30))
        bootstrap.check_space()


class TestOnce:
    def test_a_second_run_does_nothing(self, done: list[str]) -> None:
        bootstrap.main()
        assert done == list(STEPS)
        bootstrap.main()
        assert done == list(STEPS)

    def test_a_changed_lock_is_installed_again(self, project: Path, done: list[str]) -> None:
        bootstrap.main()
        done.clear()
        (project / "requirements.lock").write_text("one==2\n")
        bootstrap.main()
        assert done == ["install_lock"]

    def test_a_step_that_failed_is_done_again_and_the_ones_before_are_not(
        self, done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(bootstrap, "install_torch", lambda _: bootstrap.stop("安装失败。"))
            with pytest.raises(SystemExit):
                bootstrap.main()
        _said(capsys)
        done.clear()
        bootstrap.main()
        assert done == ["install_torch", "install_project"]


class TestFailures:
    @pytest.mark.parametrize(("output", "says"), [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "磁盘空间不够"),
        ("OSError: [Errno 122] Disk quota exceeded", "磁盘空间不够"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError: Temporary failure in name resolution'", "检查网络"),
        ("ERROR: Could not find a version that satisfies the requirement x\nERROR: No matching distribution found for x", "检查网络"),
        ("ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "检查网络"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "校验值不符"),
        ("error: command 'gcc' failed: No such file or directory", "缺少 C 编译器"),
        ("unable to execute 'x86_64-linux-gnu-gcc': No such file or directory", "缺少 C 编译器"),
        ("something nobody has seen before", "安装失败"),
    ], ids=range(9))  # fmt: skip
    def test_what_pip_says_becomes_one_sentence(self, output: str, says: str) -> None:
        sentence = bootstrap.explain(f"Collecting one\n{output}\n")
        assert says in sentence
        assert "详情见" in sentence
        assert "\n" not in sentence

    def test_a_command_that_fails_is_logged_and_explained(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / ".wenjin").mkdir()
        script = "print('Collecting one==1'); print('OSError: [Errno 28] No space left on device'); exit(1)"
        with pytest.raises(SystemExit):
            bootstrap.run("安装依赖", [sys.executable, "-c", script], 2)
        shown = capsys.readouterr()
        assert "磁盘空间不够" in shown.err
        assert shown.err.count("\n") == 1
        assert "安装依赖 没有成功" in shown.out
        assert "完成" not in shown.out
        assert "No space left" in (project / ".wenjin" / "setup.log").read_text()

    def test_a_command_that_works_shows_how_far_it_is(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / ".wenjin").mkdir()
        script = "print('Collecting one==1'); print('Installing collected packages: one')"
        bootstrap.run("安装依赖", [sys.executable, "-c", script], 1)
        shown = capsys.readouterr().out
        assert "1/1" in shown
        assert "安装依赖 完成" in shown
