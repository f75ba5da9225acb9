"""The analysis page: its figures, its export, its measures."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import UTC, datetime, timedelta

from openpyxl import load_workbook

from actions.desk.intake import TicketDraft, create
from actions.store.tables.audit import AuditRow
from tests.bot.pages.conftest import Site


def complain(site: Site, matter: str, *, cause: str = "", age_days: int = 0) -> str:
    """Register a complaint and return its number."""
    now = datetime.now(UTC) - timedelta(days=age_days)
    with site.runtime.db.begin() as s:
        made = create(
            s, draft=TicketDraft(matter), customer_id="c", conversation_id=None, key=matter, now=now,
            rng=random.Random(matter),
        )  # fmt: skip
        made.cause = cause
        return made.number


def test_the_page_counts_what_its_export_lists(site: Site) -> None:
    viewer = site.signed_in("he", "compliance")
    wanted = {complain(site, f"连不上 {n}", cause="facilities", age_days=n) for n in range(3)}
    complain(site, "态度差", cause="service_attitude")
    complain(site, "去年的事", cause="facilities", age_days=400)
    page = viewer.get("/analysis?cause=facilities").text
    assert "<dd>3 张</dd>" in page and "原因：设施与系统" in page
    link = re.search(r'href="(/analysis/export\?format=csv[^"]+)"', page)
    assert link
    answer = viewer.get(link[1].replace("&amp;", "&"))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} == wanted
    assert answer.headers["content-disposition"].startswith("attachment")


def test_the_workbook_says_who_made_it_and_of_what_and_is_audited(site: Site) -> None:
    viewer = site.signed_in("he", "compliance")
    number = complain(site, "连不上", cause="facilities")
    answer = viewer.get("/analysis/export?format=xlsx&cause=facilities")
    book = load_workbook(io.BytesIO(answer.content))
    cover = {str(name.value): str(value.value) for name, value in book["说明"].rows}
    assert (cover["操作人"], cover["筛选"], cover["行数"]) == ("HE", "原因：设施与系统", "1")
    assert book["工单1"]["A2"].value == number
    with site.runtime.db.reading() as s:
        recorded = s.query(AuditRow).filter(AuditRow.action == "ticket.export").one()
    assert recorded.data["cause"] == "facilities" and recorded.object_id == "xlsx"


def test_a_measure_is_recorded_and_brought_on(site: Site) -> None:
    viewer = site.signed_in("bo", "supervisor")
    complain(site, "连不上", cause="facilities")
    form = {"cause": "facilities", "business": "", "text": "扩容", "owner": "", "due_on": "2026-12-31"}
    refused = viewer.post("/analysis/measures", form)
    assert refused.status_code == 422 and "责任人" in refused.text and "扩容</textarea>" in refused.text
    assert viewer.post("/analysis/measures", {**form, "owner": "技术部"}).status_code == 303
    page = viewer.get("/analysis").text
    place = re.search(r"/analysis/measures/([0-9a-f]{32})", page)
    assert place and "技术部负责，2026年12月31日前完成" in page
    done = viewer.post(f"/analysis/measures/{place[1]}", {"version": "1", "state": "done"})
    assert done.status_code == 303
    stale = viewer.post(
        f"/analysis/measures/{place[1]}", {"version": "1", "state": "checked", "effect": "好"}
    )
    assert stale.status_code == 409 and "刚被别人更新" in stale.text and 'value="好"' in stale.text


def test_who_may_look_and_who_may_record(site: Site) -> None:
    handler = site.signed_in("li", "handler")
    assert handler.get("/analysis").status_code == 200
    assert "记一项改进措施" not in handler.get("/analysis").text
    form = {"cause": "facilities", "text": "x", "owner": "y", "due_on": "2026-12-31"}
    assert handler.post("/analysis/measures", form).status_code == 403
    assert site.signed_in("zhao", "staff").get("/analysis").status_code == 403
    assert site.visitor().get("/analysis/export").headers["location"].startswith("/login")


def test_nonsense_in_the_address_shows_the_last_weeks(site: Site) -> None:
    viewer = site.signed_in("he", "compliance")
    complain(site, "连不上")
    page = viewer.get("/analysis?since=gestern&until=0000&axis=state&cause=%27%3B--").text
    assert "这段时间没有登记的投诉" in page
    assert "<dd>1 张</dd>" in viewer.get("/analysis?axis=<script>").text
    assert viewer.get("/analysis/export?format=exe").status_code == 422
