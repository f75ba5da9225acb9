"""Bringing a manual in: read, restored, indexed, switched to; or refused with nothing changed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.store.base import new_id
from bot.cli import main
from bot.importing import import_manual, set_audience
from bot.runtime import Runtime
from bot.settings import Settings
from knowledge.document import Answer, Audience, Document, Outcome
from knowledge.errors import WenjinError
from tests.bot.serving import Live
from tests.conftest import data_dir_like

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MANUAL = """# 汽修门店服务手册

# 第1章 到店服务

## 1.1 预约与接待

客户可以通过电话或小程序预约，预约成功后门店在三十分钟内确认。
到店后由接待员核对车牌号，并登记里程数。

## 1.2 保养项目与工时

更换机油的标准工时是四十分钟，更换刹车片的标准工时是九十分钟。
轮胎换位每行驶一万公里做一次。

# 第2章 售后

## 2.1 质保期限

更换的配件质保十二个月或两万公里，以先到者为准。
"""


@pytest.fixture
def runtime(prepared: Path, tmp_path: Path) -> Iterator[Runtime]:
    """A fresh installation; the own edition answers."""
    made = Runtime(Settings(data_dir=data_dir_like(prepared, tmp_path / "data")))
    yield made
    assert made.library.in_use() in {"wenjin", "garage", "manual"}


def _file(tmp_path: Path, content: str | bytes, name: str = "garage.md") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class TestImport:
    def test_a_manual_is_sectioned_and_answers_at_once(self, runtime: Runtime, tmp_path: Path) -> None:
        done = import_manual(runtime, _file(tmp_path, MANUAL), name=None, switch=True, now=NOW)
        assert (done.name, done.version, done.switched) == ("garage", "v1", True)
        assert [section.number for section in done.document] == ["1.1", "1.2", "2.1"]
        assert runtime.library.in_use() == "garage"
        answer = runtime.answerer.answer("更换刹车片的标准工时是多少", audience=Audience.STAFF)
        assert answer.outcome is Outcome.ANSWERED
        assert (answer.citations[0].manual, answer.citations[0].section) == ("garage", "1.2")
        assert "九十分钟" in answer.text

    def test_what_is_new_is_for_staff_until_somebody_says_otherwise(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        import_manual(runtime, _file(tmp_path, MANUAL), name=None, switch=True, now=NOW)
        question = "更换的配件质保多久"
        assert runtime.answerer.answer(question, audience=Audience.CUSTOMER).citations == ()
        assert set_audience(runtime, "garage", "2.1", Audience.CUSTOMER) == "v2"
        assert runtime.answerer.answer(question, audience=Audience.CUSTOMER).citations[0].section == "2.1"

    def test_importing_twice_is_one_version_and_keeping_does_not_switch(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        path = _file(tmp_path, MANUAL)
        first = import_manual(runtime, path, name="garage", switch=False, now=NOW)
        again = import_manual(runtime, path, name="garage", switch=False, now=NOW)
        assert first.version == again.version == "v1"
        said = list(again.lines())
        assert "相同，没有新增版本" in said[0]
        assert said[-1] == "没有切换，仍使用原来的手册。"
        assert len(said) == 3
        assert runtime.library.in_use() == "wenjin"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "big5hkscs"])
    def test_other_encodings_are_read(self, runtime: Runtime, tmp_path: Path, encoding: str) -> None:
        text = MANUAL.replace("质", "質") if encoding == "big5hkscs" else MANUAL
        data = text.encode(encoding, errors="ignore")
        done = import_manual(runtime, _file(tmp_path, data, "garage.txt"), name=None, switch=False, now=NOW)
        assert [section.number for section in done.document] == ["1.1", "1.2", "2.1"]

    @pytest.mark.parametrize(
        ("name", "wanted"),
        [
            ("第一版 手册.md", "第一版-手册"),
            ("wenjin.md", "manual"),
            ("...md", "manual"),
            ("a b/../c.md", None),
        ],
    )
    def test_its_name_comes_from_the_file(
        self, runtime: Runtime, tmp_path: Path, name: str, wanted: str | None
    ) -> None:
        if wanted is None:
            with pytest.raises(WenjinError, match="手册名称"):
                import_manual(runtime, _file(tmp_path, MANUAL), name=name, switch=True, now=NOW)
            return
        done = import_manual(runtime, _file(tmp_path, MANUAL, name), name=None, switch=False, now=NOW)
        assert done.name == wanted


class TestRefusals:
    @pytest.mark.parametrize(("name", "content", "code"), [
        ("empty.txt", b"", "empty_file"), ("blank.txt", b" \n\t\n", "empty_file"), ("bom.txt", b"\xff\xfe", "empty_file"),
        ("binary.txt", bytes(range(256)) * 20, "binary_file"), ("image.txt", b"\x89PNG\r\n\x1a\n" + b"\x00" * 500, "unsupported_format"),
        ("manual.pdf", b"%PDF-1.7 ...", "corrupt_file"), ("manual.docx", b"PK\x03\x04" + b"\x00" * 100, "corrupt_file"),
        ("page.txt", "<!doctype html><html><body>中文中文中文中文中文中文</body></html>".encode(), "not_a_manual"),
        ("english.txt", b"This is a text about nothing at all.\n" * 20, "not_a_manual"),
        ("novel.txt", "很久很久以前有一个小村子，村子里住着一位老人。\n".encode() * 30, None),
    ], ids=lambda value: value if isinstance(value, str) and "." in value else "")  # fmt: skip
    def test_no_manual_is_refused_and_nothing_is_changed(
        self, runtime: Runtime, tmp_path: Path, name: str, content: bytes, code: str | None
    ) -> None:
        with pytest.raises(WenjinError) as raised:
            import_manual(runtime, _file(tmp_path, content, name), name=None, switch=True, now=NOW)
        assert code in {None, raised.value.code}
        assert raised.value.message.endswith("。")
        assert runtime.library.in_use() == "wenjin"
        assert [info.name for info in runtime.library.manuals()] == ["wenjin"]

    def test_the_command_says_it_in_one_sentence(
        self, runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = str(runtime.settings.data_dir)
        for path in (tmp_path / "nothing.txt", _file(tmp_path, b"", "empty.txt"), tmp_path):
            assert main(["--data-dir", folder, "manual", "import", str(path)]) == 1
            said = capsys.readouterr().err.strip().splitlines()
            assert said[-1].endswith("。")
            assert "Traceback" not in "".join(said)


class TestRunningServer:
    def test_a_switch_in_another_process_is_followed_from_the_next_question(
        self, server: Live, tmp_path: Path
    ) -> None:
        other = Runtime(server.runtime.settings)
        person = server.staff("staff")
        person.http.post("/api/chat/session")
        try:
            import_manual(other, _file(tmp_path, MANUAL), name="garage", switch=True, now=NOW)
            answer = _ask(person.http, "更换刹车片的标准工时是多少")
            cited = answer["data"]["citations"][0]
            assert (cited["manual"], cited["section"]) == ("garage", "1.2")
            passage = person.http.get("/api/manuals/garage/sections/1.2").json()
            assert any("九十分钟" in paragraph["text"] for paragraph in passage["paragraphs"])
            hidden = server.guest().http.get("/api/manuals/garage/sections/1.2")
            assert hidden.status_code == 404
        finally:
            other.library.use("wenjin")
        assert _ask(person.http, "应急响应要在多长时间内启动")["data"]["citations"][0]["manual"] == "wenjin"

    def test_a_switch_under_load_gives_whole_answers_of_one_version_or_the_other(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        """Somebody asks without a pause while another process imports, switches and switches back."""
        live, other = runtime.answerer, Runtime(runtime.settings)
        places = {"garage": {"1.1", "1.2", "2.1"}, "wenjin": {s.number for s in runtime.library.edition}}
        texts = {"wenjin": _sentences(runtime.library.edition)}
        heard: list[Answer] = []
        failed: list[Exception] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                try:
                    heard.append(live.answer("更换刹车片的标准工时是多少", audience=Audience.STAFF))
                    heard.append(live.answer("投诉一般多久能处理完", audience=Audience.STAFF))
                except Exception as error:
                    failed.append(error)
                    return

        live.get()
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for content in (MANUAL, MANUAL.replace("九十分钟", "八十分钟")):
                done = import_manual(other, _file(tmp_path, content), name="garage", switch=True, now=NOW)
                texts[f"garage {done.version}"] = _sentences(done.document)
                _until_heard(heard, 0, f"garage {done.version}", failed)
            other.library.use("wenjin")
            _until_heard(heard, len(heard), "wenjin", failed)
        finally:
            over.set()
            asking.join()
        assert failed == []
        for answer in heard:
            assert len({(c.manual, c.version) for c in answer.citations}) <= 1
            for cited in answer.citations:
                assert cited.section in places[cited.manual]
                assert cited.sentence in texts[_version(answer)]


class TestScrape:
    def test_the_damaged_manual_is_imported_as_it_is(
        self, scrape: Path, runtime: Runtime, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = str(runtime.settings.data_dir)
        assert main(["--data-dir", folder, "manual", "import", str(scrape), "--name", "manual"]) == 0
        said = capsys.readouterr().err
        assert "36 节" in said
        assert "现在使用手册 manual" in said
        assert main(["--data-dir", folder, "manual", "show", "--format", "json"]) == 0
        sections = json.loads(capsys.readouterr().out)
        assert [sections[0]["section"], sections[-1]["section"]] == ["1.1", "8.1"]
        assert len(sections) == 36
        assert all(one["paragraphs"] for one in sections)
        assert {one["audience"] for one in sections} == {"customer", "staff"}
        assert main(["--data-dir", folder, "ask", "投诉一般多久能处理完", "--json"]) == 0
        row = json.loads(capsys.readouterr().out)
        assert row["outcome"] == "answered"
        assert row["citations"][0]["manual"] == "manual"
        assert main(["--data-dir", folder, "manual", "use", "wenjin"]) == 0


def _version(answer: Answer) -> str:
    """Name the manual, and its version where there are several, that an answer was taken from."""
    cited = answer.citations[0] if answer.citations else None
    return (
        "" if cited is None else "wenjin" if cited.manual == "wenjin" else f"{cited.manual} {cited.version}"
    )


def _sentences(document: Document) -> str:
    return "\n".join(paragraph.text for section in document for paragraph in section.paragraphs)


def _until_heard(heard: list[Answer], start: int, version: str, failed: list[Exception]) -> None:
    """Wait until an answer came from that version; the asking may fail, but it may not hang."""
    end = time.monotonic() + 120
    while not any(_version(answer) == version for answer in heard[start:]) and not failed:
        assert time.monotonic() < end, "the switch was never seen"
        time.sleep(0.01)


def _ask(http: httpx.Client, question: str) -> dict[str, Any]:
    answer = http.post("/api/chat/messages", json={"text": question, "key": new_id()})
    message: dict[str, Any] = answer.raise_for_status().json()["messages"][1]
    return message
