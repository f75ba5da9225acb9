"""Health, readiness and figures of a running server; what the docs, dashboard and alerts say of them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from actions.service import conversations, handovers
from actions.store.tables.desk import Notice
from bot import metrics, operations
from bot.hub import MemoryHub, RedisHub
from bot.settings import PROJECT, Settings
from knowledge.errors import unavailable
from tests.bot.serving import Guest, Live, live

DOCS = PROJECT / "bot" / "docs"
DASHBOARD = DOCS / "operations" / "grafana-dashboard.json"
ALERTS = DOCS / "operations" / "prometheus-alerts.yml"
METRICS = (Counter, Gauge, Histogram)
_NAME = re.compile(r"wenjin_[a-z_]+")


def families() -> dict[str, str]:
    """Return every metric as it is scraped, with its kind."""
    return {
        f"{one.name}_total" if one.type == "counter" else one.name: one.type
        for one in metrics.REGISTRY.collect()
    }


def _known(expression: str) -> bool:
    names = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in _NAME.findall(expression)}
    return names <= set(families())


def _value(http: httpx.Client, line: str) -> float:
    scraped = http.get("/metrics").raise_for_status().text
    return next((float(one.rpartition(" ")[2]) for one in scraped.splitlines() if one.startswith(line)), 0.0)


class TestDocs:
    def test_every_metric_has_its_row_and_every_row_its_metric(self) -> None:
        rows = re.findall(r"^\| `(wenjin_\w+)` \| (\w+) \|", (DOCS / "metrics.md").read_text("utf-8"), re.M)
        assert dict(rows) == families()

    def test_labels_are_as_documented(self) -> None:
        text = (DOCS / "metrics.md").read_text("utf-8")
        for one in vars(metrics).values():
            if isinstance(one, METRICS):
                row = next(line for line in text.splitlines() if line.startswith(f"| `{_scraped(one)}`"))
                assert re.findall(r"`(\w+)`", row.split("|")[3]) == list(one._labelnames)
        row = next(line for line in text.splitlines() if "`wenjin_manual_info`" in line)
        assert re.findall(r"`(\w+)`", row.split("|")[3]) == list(metrics.ManualInUse.labels)

    def test_the_dashboard_asks_only_for_what_there_is(self) -> None:
        board = json.loads(DASHBOARD.read_text("utf-8"))
        asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        assert len(asked) >= 18
        assert [one for one in asked if not _known(one)] == []
        assert all(_NAME.search(one) for one in asked)
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)

    def test_no_panels_overlap(self) -> None:
        places: set[tuple[int, int]] = set()
        for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
            at = panel["gridPos"]
            mine = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
            assert not mine & places, panel["title"]
            assert at["x"] + at["w"] <= 24
            places |= mine

    def test_alerts_ask_only_for_what_there_is(self) -> None:
        [group] = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
        assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"]) >= 8
        for rule in group["rules"]:
            assert _known(rule["expr"]), rule["alert"]
            assert set(rule["annotations"]) == {"summary", "description"}
            assert rule["labels"]["severity"] in {"warning", "critical"}
            for queue in re.findall(r'queue=~"([^"]+)"', rule["expr"]):
                assert set(queue.split("|")) <= set(handovers.QUEUES)


def _scraped(one: Any) -> str:
    return f"{one._name}_total" if isinstance(one, Counter) else str(one._name)


class TestReadiness:
    def test_a_started_server_is_ready_part_by_part(self, server: Live) -> None:
        answer = server.client().get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "ready": True,
            "parts": {"start": "ok", "database": "ok", "index": "ok", "model": "ok", "redis": "not_used"},
            "failed": [],
        }
        assert server.client().get("/healthz").text == "ok"

    def test_one_that_has_loaded_nothing_says_so(self, tmp_path: Path) -> None:
        with live(Settings(data_dir=tmp_path), dialogue=False) as running:
            assert running.runtime.db.dialect == "sqlite"  # made here, not within the server's patience
            answer = running.client().get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["failed"] == ["index", "model", "start"]

    def test_a_lost_database_is_named_and_nothing_of_its_address(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with live(Settings(data_dir=tmp_path), dialogue=False) as running:
            assert running.runtime.db.dialect == "sqlite"
            assert running.client().get("/readyz").json()["parts"]["database"] == "ok"
            monkeypatch.setattr(running.runtime.db, "_sessions", _unreachable)
            answer = running.client().get("/readyz")
            scraped = running.client().get("/metrics")
        assert answer.json()["parts"]["database"] == "failed"
        assert "secret-of-the-database" not in answer.text
        assert scraped.status_code == 200

    async def test_a_hub_says_whether_it_can_be_reached(self) -> None:
        assert await MemoryHub().reachable()
        assert not await RedisHub("redis://127.0.0.1:1/0").reachable()


def _unreachable() -> None:
    raise unavailable("database_busy", "no route to secret-of-the-database")


class TestFigures:
    def test_a_turn_is_timed_in_all_its_parts(self, guest: Guest) -> None:
        lines = [
            f'wenjin_stage_seconds_count{{stage="{name}"}}'
            for name in ("queue", "understand", "search", "store", "whole")
        ]
        before = [_value(guest.http, line) for line in lines]
        guest.say("投诉一般多久能处理完")
        after = [_value(guest.http, line) for line in lines]
        assert all(now > was for was, now in zip(before, after, strict=True)), (before, after)
        assert _value(guest.http, "wenjin_turns_open") == 0

    def test_what_answers_is_named(self, server: Live) -> None:
        scraped = server.client().get("/metrics").text
        assert re.search(
            r'^wenjin_manual_info\{encoder="[^"]+",manual="[^"]+",version="[^"]+"\} 1.0$', scraped, re.M
        )
        assert re.search(r'^wenjin_model_info\{model="\w+"\} 1.0$', scraped, re.M)

    def test_queues_and_ages_are_counted(self, server: Live, guest: Guest) -> None:
        guest.say("我要投诉，转人工")
        now = server.runtime.now() + timedelta(minutes=20)
        with server.runtime.db.begin() as s:
            held = conversations.get(s, guest.session["conversation_id"])
            if not handovers.open_for(s, held.id):
                handovers.request(s, conversation=held, reason="客户要求", now=server.runtime.now())
            s.add(
                Notice(key="operations-test", channel="mail", payload={}, created_at=now - timedelta(hours=1),
                       next_at=now + timedelta(days=1))
            )  # fmt: skip
            s.flush()
            operations.count(s, now)
            s.rollback()
        assert metrics.OUTBOX_AGE._value.get() == pytest.approx(3600)
        assert metrics.QUEUE_AGE._value.get() >= 1190


def test_only_the_manual_in_use_is_shown() -> None:
    told = metrics.ManualInUse()
    [nothing_loaded] = told.collect()
    assert nothing_loaded.samples == []
    told.show("甲", "v1", "e")
    told.show("乙", "v2", "e")
    [family] = told.collect()
    assert [(one.labels, one.value) for one in family.samples] == [
        ({"manual": "乙", "version": "v2", "encoder": "e"}, 1)
    ]


def test_a_rehearsal_is_not_timed() -> None:
    timed = metrics.STAGES.labels("search")._sum
    before = timed.get()
    with metrics.rehearsal(), metrics.stage("search"):
        pass
    assert timed.get() == before
    with metrics.stage("search"):
        pass
    assert timed.get() > before


def test_failures_are_counted_from_zero_on() -> None:
    scraped = {
        sample.labels["place"] for sample in _samples("wenjin_errors") if sample.name.endswith("_total")
    }
    assert scraped >= set(metrics.PLACES)


def test_every_place_is_documented_and_no_other_is_counted() -> None:
    row = next(
        line for line in (DOCS / "metrics.md").read_text("utf-8").splitlines() if "errors_total" in line
    )
    assert re.findall(r"`(\w+)`", row.split("|")[4]) == list(metrics.PLACES)
    source = "".join(path.read_text("utf-8") for path in (PROJECT / "bot").rglob("*.py"))
    counted = re.findall(r'(?:ERRORS\.labels|metrics\.failed)\("(\w+)"', source)
    assert set(counted) == set(metrics.PLACES)


def _samples(family: str) -> list[Any]:
    return next(one.samples for one in metrics.REGISTRY.collect() if one.name == family)


class TestLabels:
    """Rules and panels group and filter by labels that their metrics have."""

    ASKED: ClassVar[list[str]] = [
        *(
            target["expr"]
            for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]
            for target in panel["targets"]
        ),
        *(rule["expr"] for rule in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]),
    ]

    @pytest.mark.parametrize("expression", [one for one in ASKED if "wenjin_" in one])
    def test_they_exist(self, expression: str) -> None:
        [name] = {re.sub(r"_(?:bucket|total)$", "", one) for one in _NAME.findall(expression)}
        had = {"le", *_labels(name)}
        grouped = [
            one.strip() for part in re.findall(r"by \(([^)]*)\)", expression) for one in part.split(",")
        ]
        assert {*grouped, *re.findall(r'(\w+)=[~"]', expression)} <= had


def _labels(name: str) -> tuple[str, ...]:
    if name == "wenjin_manual_info":
        return metrics.ManualInUse.labels
    known = {one._name: one._labelnames for one in vars(metrics).values() if isinstance(one, METRICS)}
    return tuple(known[name])
