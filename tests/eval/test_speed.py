"""The speed measurement counts what it says: turns, failures, the same sentences early and late."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from eval import speed, stock, talks
from eval.load import Turn, at_once, family, one_by_one, processor_seconds

QUESTIONS = [f"第{number}个问题是什么" for number in range(500)]


class Bot(BaseHTTPRequestHandler):
    """Answers as Rasa's channel does; some sentences go wrong in each way that counts."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one message."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        replies = {
            "坏": [{"text": "抱歉", "custom": {"kind": "error", "code": "x"}}],
            "空": [],
        }.get(sent["message"], [{"text": "好的"}])
        body = json.dumps(replies).encode()
        self.send_response(500 if sent["message"] == "错" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Serve the bot."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bot)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_failures_are_counted_and_nothing_else(port: int) -> None:
    spent = iter(range(100))
    turns = one_by_one(port, [["好", "坏"], ["空", "错", "好"]], lambda: float(next(spent)), "s")
    assert [turn.failed for turn in turns] == [False, True, True, True, False]
    assert {turn.cpu for turn in turns} == {1000.0}
    assert speed.summary(turns)["failed"] == 3


def test_a_crowd_says_everything_and_its_speed_is_of_all(port: int) -> None:
    crowd = at_once(port, [["好", "好", "坏"]] * 5, "c")
    row = speed.gathered(crowd, spent=3.0)
    assert (row["turns"], row["failed"], row["cpu_mean"]) == (15, 5, 200.0)
    assert row["per_second"] == pytest.approx(15 / crowd.seconds, abs=0.1)


def test_nobody_there_is_a_failure_not_a_crash() -> None:
    assert one_by_one(1, [["好"]], lambda: 0.0, "s")[0].failed


def test_a_talk_is_believable_and_asks_something_else_each_time() -> None:
    asked = talks.endless(QUESTIONS)
    first, second = talks.talk(asked), talks.talk(asked)
    assert len(first) == len(second) == 20
    assert not set(first) & set(second) & set(QUESTIONS)
    same = [a for a, b in zip(first, second, strict=True) if a == b]
    assert "您好" in same and not any("扣" in text for text in same)
    assert not any("{" in text for text in first)


def test_a_long_talk_compares_the_same_sentences() -> None:
    turns = talks.long_talk(talks.endless(QUESTIONS))
    assert len(turns) == talks.LENGTH
    early = turns[talks.FIRST : talks.FIRST + len(talks.PROBES)]
    assert turns[talks.LAST :] == early
    asked = [text for text in turns[talks.FIRST + len(early) : talks.LAST] if text in QUESTIONS]
    assert len(set(asked)) > 64  # what was encoded early is not remembered late


def test_slower_later_is_told_by_ratios() -> None:
    def turns(late: float) -> list[Turn]:
        return [
            Turn("x", late if place >= talks.LAST else 10.0, late / 2 if place >= talks.LAST else 10.0, False)
            for place in range(talks.LENGTH)
        ]

    row = speed.late([turns(10.0), turns(20.0), turns(20.0)])
    assert (row["early_ms"], row["late_ms"], row["ratio"], row["cpu_ratio"]) == (10.0, 20.0, 2.0, 1.0)


def test_processor_time_is_of_the_whole_family() -> None:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("the system does not tell")
    before = processor_seconds(family(os.getpid()))
    sum(range(3_000_000))
    assert processor_seconds(family(os.getpid())) > before


def test_the_stock_project_has_an_answer_to_each_intent(tmp_path: Path) -> None:
    home = stock.project(tmp_path)
    assert stock.project(tmp_path) == home
    domain = yaml.safe_load((home / "domain.yml").read_text(encoding="utf-8"))
    rules = yaml.safe_load((home / "data" / "rules.yml").read_text(encoding="utf-8"))["rules"]
    assert len(domain["intents"]) == len(rules) == len(domain["responses"]) > 20
    assert all(step in domain["responses"] for rule in rules for step in [rule["steps"][1]["action"]])


def test_the_table_names_what_was_reached_and_missed() -> None:
    one = {"p50": 20.0, "p95": 60.0, "cpu_mean": 9.0, "failed": 0}
    crowd = {**one, "per_second": 61.0}
    result = {
        "cores": 2, "load": [0.1, 2.0], "start_seconds": 9.0, "first_turn_ms": 30.0, "empty_request": one,
        "faq": one, "mixed": one, "crowd": crowd, "stock": {"mixed": one, "crowd": crowd},
        "long": {"early_ms": 9.0, "late_ms": 9.9, "ratio": 1.1, "cpu_ratio": 1.0, "failed": 0},
    }  # fmt: skip
    text = "\n".join(speed.report(result))
    assert "p50 25 ms reached, p95 50 ms missed" in text
    assert "none failed: reached" in text
    crowd["failed"] = 1
    assert "none failed: missed" in "\n".join(speed.report(result))


def test_a_part_that_fails_takes_nothing_from_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> dict[str, float]:
        raise RuntimeError("the server did not start: out of memory")

    assert speed._tried(fails) is None
    assert "out of memory" in capsys.readouterr().err
    assert speed._tried(lambda: {"p50": 1.0}) == {"p50": 1.0}
