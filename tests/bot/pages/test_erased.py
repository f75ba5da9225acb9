"""Pages of what was erased: they say so, and nothing fails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.desk import links
from actions.desk.registry import get
from actions.desk.steps import locked
from actions.retention import runs
from actions.retention.periods import Periods
from actions.store.base import new_id
from actions.store.erased import BY_PERIOD
from actions.store.tables.service import Handover
from bot.follow import news
from bot.pages.handover_view import said
from tests.actions.retention.past import SECRET, Past, lived
from tests.bot.pages.conftest import Site

HIDDEN = (SECRET, "张三", "13987654321", "139****4321", "某某理财")


@pytest.fixture
def past(site: Site) -> Past:
    """A site with a customer of years ago, whose data was erased."""
    long_ago = site.runtime.now() - timedelta(days=1200)
    with site.runtime.db.begin() as s:
        made = lived(s, long_ago)
    runs.run(site.runtime.db, Periods(), site.runtime.now())
    return made


def shows(page: str, times: int | None = None) -> None:
    assert BY_PERIOD in page
    assert times is None or page.count(BY_PERIOD) == times
    assert not [word for word in HIDDEN if word in page]


def test_the_desks_case_and_list(site: Site, past: Past) -> None:
    handler = site.signed_in("wei", "supervisor")
    page = handler.get(f"/desk/tickets/{past.ticket.number}")
    assert page.status_code == 200
    shows(page.text)
    for gone in ("显示原文", "上传内部附件", 'class="acts"', "您不能处理这张工单"):
        assert gone not in page.text
    assert "在时限内" in page.text  # facts stay
    listed = handler.get("/desk?queue=closed")
    assert listed.status_code == 200 and not [word for word in HIDDEN if word in listed.text]
    assert handler.get(f"/desk/handovers/{_handover(site)}").status_code == 200


def test_a_step_on_it_is_refused_in_words(site: Site, past: Past) -> None:
    handler = site.signed_in("wei", "supervisor")
    form = {"version": str(past.ticket.version), "text": "又来", "view": ""}
    refused = handler.post(f"/desk/tickets/{past.ticket.number}/note", form)
    assert (refused.status_code, "不能再办理" in refused.text) == (409, True)


def test_the_transcript(site: Site, past: Past) -> None:
    viewer = site.signed_in("wei", "compliance")
    page = viewer.get(f"/dashboard/talks/{past.talk.id}")
    assert page.status_code == 200
    shows(page.text, 1)


@pytest.mark.usefixtures("past")
def test_the_rows_behind_figures(site: Site) -> None:
    viewer = site.signed_in("wei", "compliance")
    begins = (site.runtime.now() - timedelta(days=1203)).date()
    query = f"since={begins}&until={begins + timedelta(days=7)}"
    for key in ("messages", "csat", "helpful", "complaints"):
        page = viewer.get(f"/dashboard/figures/{key}?{query}")
        assert page.status_code == 200 and not [word for word in HIDDEN if word in page.text]
    assert BY_PERIOD in viewer.get(f"/dashboard/figures/messages?{query}").text
    assert viewer.get(f"/dashboard?{query}").status_code == 200


def test_the_customers_page(site: Site, past: Past) -> None:
    with site.runtime.db.reading() as s:
        path = links.path(s, get(s, past.ticket.id))
    visitor = site.visitor()
    page = visitor.get(path)
    assert page.status_code == 200
    shows(page.text)
    assert "提交评价" not in page.text and "修改评价" not in page.text
    for form, typed in (("rating", {"score": "1"}), ("facts", {"text": "x"}), ("review", {"text": "x"})):
        sent = visitor.client.post(f"{path}/{form}", data=typed, headers={"origin": "http://testserver"})
        assert sent.status_code in (403, 409), form
    assert visitor.get(f"{path}/files/{new_id()}").status_code == 404


def test_the_chats_history(site: Site, past: Past) -> None:
    messages, standing = news(site.runtime, past.talk.id, 0)
    (gone,) = messages
    assert (gone["actor"], gone["kind"], gone["text"]) == ("system", "text", BY_PERIOD)
    assert (gone["data"], gone["buttons"], standing["mode"]) == ({}, [], "bot")


def test_a_hold_is_shown_with_its_reason(site: Site) -> None:
    from actions.desk import holds

    now = site.runtime.now()
    with site.runtime.db.begin() as s:
        made = lived(s, now - timedelta(days=30))
        ticket = locked(s, made.ticket.id)
        holds.hold(s, ticket, user=made.people.zhao, reason="法院调取", now=now)
    page = site.signed_in("wei", "handler").get(f"/desk/tickets/{made.ticket.number}").text
    assert "保全了这张工单" in page and "法院调取" in page


def test_a_handlers_line_of_an_erased_turn(site: Site, past: Past) -> None:
    from actions.service import conversations

    with site.runtime.db.reading() as s:
        (line,) = [said(turn) for turn in conversations.history(s, past.talk.id)]
    assert (line.actor, line.who, line.text, line.asks) == ("system", "系统", BY_PERIOD, False)


def _handover(site: Site) -> str:
    from sqlalchemy import select

    with site.runtime.db.reading() as s:
        return s.scalars(select(Handover.id)).one()
