"""The complaint desk, as a handler uses it."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from actions.desk import tickets, work
from actions.service import accounts, conversations, handovers
from actions.store.tables.desk import Ticket, TicketState
from tests.bot.pages.conftest import Site, Visitor

MATTER = "转账三天没有到账 <script>alert(1)</script>"


def complain(
    site: Site, matter: str = MATTER, *, guest: str = "guest", age: timedelta = timedelta()
) -> Ticket:
    """File a complaint as a customer of the chat did."""
    now = datetime.now(UTC) - age
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=now
        )
        draft = tickets.TicketDraft(matter, "手机银行", "尽快退回", "13812345678")
        return tickets.create(
            s,
            draft=draft,
            customer_id=guest,
            conversation_id=talk.id,
            key=f"{guest}-{matter}",
            now=now,
            rng=random.Random(7),
        )


def chat_of(site: Site, conversation_id: str | None) -> list[tuple[str, str, str]]:
    """Return what the customer's chat shows."""
    assert conversation_id
    with site.runtime.db.reading() as s:
        return [(str(t.actor), t.kind, t.text) for t in conversations.history(s, conversation_id)]


def act(
    visitor: Visitor, ticket: Ticket, name: str, text: str = "", version: int | None = None
) -> tuple[int, str]:
    """Press one of the buttons of a ticket; return the status and where it leads, or the page."""
    given = str(version or version_of(visitor, ticket))
    response = visitor.post(
        f"/desk/tickets/{ticket.number}/{name}", {"version": given, "text": text, "queue": "mine"}
    )
    return response.status_code, response.headers.get("location") or response.text


def version_of(visitor: Visitor, ticket: Ticket) -> int:
    """Return the version that the page's forms carry."""
    found = re.search(r'name="version" value="(\d+)"', visitor.get(f"/desk/tickets/{ticket.number}").text)
    assert found
    return int(found[1])


def state_of(site: Site, ticket: Ticket) -> TicketState:
    """Return the stored state."""
    with site.runtime.db.reading() as s:
        return tickets.get_by_number(s, ticket.number).state


def test_an_empty_desk_teaches(site: Site) -> None:
    assert "客户在聊天里投诉后会出现在这里" in site.signed_in("li", "handler").get("/desk").text


def test_a_complaint_appears_and_its_text_is_only_text(site: Site) -> None:
    ticket = complain(site)
    visitor = site.signed_in("li", "handler")
    for page in (visitor.get("/desk").text, visitor.get(f"/desk/tickets/{ticket.number}").text):
        assert ticket.number in page and "还有 15 天" in page
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_take_answer_and_close_reach_the_customer(site: Site) -> None:
    ticket = complain(site)
    visitor = site.signed_in("li", "handler")
    number = ticket.number
    assert act(visitor, ticket, "take") == (303, f"/desk/tickets/{number}?queue=mine&done=take")
    assert act(visitor, ticket, "note", "已联系清算部")[0] == 303
    assert act(visitor, ticket, "reply", "款项已退回，今天到账。") == (
        303,
        f"/desk/tickets/{number}?queue=mine&done=reply",
    )
    assert state_of(site, ticket) is TicketState.ANSWERED
    assert act(visitor, ticket, "close", "已退回，客户认可")[0] == 303
    assert state_of(site, ticket) is TicketState.CLOSED

    page = visitor.get(f"/desk/tickets/{number}?done=close").text
    timeline = page[page.index("经过") :]
    places = [
        timeline.index(words)
        for words in ("提交了投诉", "受理了工单", "内部备注", "答复了客户", "办结了工单，在时限内")
    ]
    assert places == sorted(places)
    assert "LI" in timeline and f'data-done="{number}:close"' in page
    chat = chat_of(site, ticket.conversation_id)
    assert any(actor == "handler" and "今天到账" in text for actor, _, text in chat)
    assert any(kind == "rating" for _, kind, _ in chat)
    assert not any("清算部" in text for _, _, text in chat)


def test_a_stale_page_loses_no_text(site: Site) -> None:
    ticket = complain(site)
    visitor, other = site.signed_in("li", "handler"), site.signed_in("wang", "admin")
    act(visitor, ticket, "take")
    old = version_of(visitor, ticket)
    act(other, ticket, "note", "我也看了一下")
    status, page = act(visitor, ticket, "reply", "写了很久的答复 <b>", version=old)
    assert status == 409
    assert "刚被别人更新" in page and "我也看了一下" in page
    assert "写了很久的答复 &lt;b&gt;</textarea>" in page
    assert state_of(site, ticket) is TicketState.IN_PROGRESS
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found and act(visitor, ticket, "reply", "写了很久的答复", version=int(found[1]))[0] == 303


@pytest.mark.parametrize(
    ("name", "text"), [("reply", "  "), ("reply", "长" * 2001), ("close", ""), ("note", "\u200b")]
)
def test_bad_texts_come_back_with_a_reason(site: Site, name: str, text: str) -> None:
    ticket = complain(site)
    visitor = site.signed_in("li", "handler")
    act(visitor, ticket, "take")
    status, page = act(visitor, ticket, name, text)
    assert status == 422
    assert 'role="alert"' in page
    assert f">{text}</textarea>" in page
    assert state_of(site, ticket) is TicketState.IN_PROGRESS


def test_another_handlers_ticket_can_be_noted_but_not_answered(site: Site) -> None:
    ticket = complain(site)
    act(site.signed_in("li", "handler"), ticket, "take")
    other = site.signed_in("wang", "handler")
    page = other.get(f"/desk/tickets/{ticket.number}").text
    assert "/note" in page and "/reply" not in page
    status, page = act(other, ticket, "reply", "我来答复")
    assert status == 409 and "其他同事受理" in page


def test_forms_of_other_sites_do_nothing(site: Site) -> None:
    ticket = complain(site)
    visitor = site.signed_in("li", "handler")
    response = visitor.post(f"/desk/tickets/{ticket.number}/take", {"version": "1"}, token="forged")
    assert response.status_code == 403
    assert state_of(site, ticket) is TicketState.RECEIVED


@pytest.mark.parametrize(
    "path", ["/desk/tickets/TS000000-00000", "/desk/handovers/unknown", "/desk/handovers/unknown/turns"]
)
def test_what_does_not_exist_says_so(site: Site, path: str) -> None:
    response = site.signed_in("li", "handler").get(path)
    assert response.status_code == 404 and "没有找到" in response.text


def test_an_unknown_action_is_refused(site: Site) -> None:
    ticket = complain(site)
    assert act(site.signed_in("li", "handler"), ticket, "delete")[0] == 404


def test_queues_hold_what_they_say(site: Site) -> None:
    new, late, taken = (
        complain(site, "新的", guest="a"),
        complain(site, "迟的", guest="b", age=timedelta(days=16)),
        complain(site, "受理的", guest="c"),
    )
    visitor = site.signed_in("li", "handler")
    act(visitor, taken, "take")
    inside = {
        "open": {new, late, taken},
        "new": {new, late},
        "mine": {taken},
        "overdue": {late},
        "closed": set(),
        "all": {new, late, taken},
    }
    for queue, expected in inside.items():
        page = visitor.get(f"/desk?queue={queue}").text
        assert {t.number for t in (new, late, taken) if t.number in page} == {t.number for t in expected}
        assert f'data-count="{queue}">{len(expected)}<' in page
    assert "已超时 1 天" in visitor.get("/desk?queue=overdue").text


def test_a_search_finds_encrypted_words_and_keeps_itself(site: Site) -> None:
    wanted, other = complain(site, "短信太多", guest="a"), complain(site, "利息算错", guest="b")
    visitor = site.signed_in("li", "handler")
    page = visitor.get("/desk?queue=waiting&q=短信").text
    assert wanted.number in page and other.number not in page
    assert 'value="短信"' in page and "q=%E7%9F%AD%E4%BF%A1" in page
    assert "没有找到“火星”" in visitor.get("/desk?q=火星").text


def test_news_counts_what_has_come_since(site: Site) -> None:
    visitor = site.signed_in("li", "handler")
    found = re.search(r'data-poll="([^"]+)"', visitor.get("/desk").text)
    assert found
    assert visitor.get(found[1]).json()["words"] == ""
    complain(site)
    news = visitor.get(found[1]).json()
    assert news["counts"]["new"] == 1 and news["words"] == "新工单 1 张"
    assert visitor.get("/desk/news?seen=yesterday").status_code == 422


def waiting(site: Site) -> tuple[str, str]:
    """Let a customer ask for a person; return the hand-over's and the conversation's id."""
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id="h", customer_id="h", audience="customer", now=now
        )
        conversations.receive(s, conversation=talk, text="转人工", key="k", now=now)
        made = handovers.request(s, conversation=talk, reason="客户要求人工", now=now)
        return made.id, talk.id


def test_a_handler_takes_over_talks_and_gives_back(site: Site) -> None:
    handover, conversation = waiting(site)
    visitor = site.signed_in("li", "handler")
    assert "客户要求人工" in visitor.get("/desk?queue=waiting").text
    path = f"/desk/handovers/{handover}"
    assert "/say" not in visitor.get(path).text
    assert visitor.post(f"{path}/take").status_code == 303
    assert (
        visitor.post(f"{path}/say", {"text": "您好，我来处理 <i>"}).headers["location"] == f"{path}?done=say"
    )
    assert "您好，我来处理 &lt;i&gt;" in visitor.get(path).text
    assert any(actor == "handler" for actor, _, _ in chat_of(site, conversation))
    assert visitor.post(f"{path}/end").status_code == 303
    page = visitor.get(f"{path}?done=handover").text
    assert "人工服务已结束" in page and "/say" not in page


def test_new_turns_come_by_themselves(site: Site) -> None:
    handover, conversation = waiting(site)
    visitor = site.signed_in("li", "handler")
    path = f"/desk/handovers/{handover}"
    visitor.post(f"{path}/take")
    seen = max(int(seq) for seq in re.findall(r'data-seq="(\d+)"', visitor.get(path).text))
    with site.runtime.db.begin() as s:
        talk = conversations.get(s, conversation)
        conversations.receive(s, conversation=talk, text="还在吗", key="k2", now=datetime.now(UTC))
    response = visitor.get(f"{path}/turns?after={seen}")
    assert "还在吗" in response.text and "转人工" not in response.text
    assert response.headers["x-handover-state"] == "taken"


def test_only_one_handler_talks(site: Site) -> None:
    handover, _ = waiting(site)
    first, second = site.signed_in("li", "handler"), site.signed_in("wang", "handler")
    first.post(f"/desk/handovers/{handover}/take")
    response = second.post(f"/desk/handovers/{handover}/say", {"text": "打好的字"})
    assert response.status_code == 409 and "其他同事接入" in response.text
    response = first.post(f"/desk/handovers/{handover}/say", {"text": "长" * 2001})
    assert response.status_code == 422 and "长" * 2001 in response.text


def test_a_pressed_button_reads_as_one(site: Site) -> None:
    ticket = complain(site)
    with site.runtime.db.begin() as s:
        talk = conversations.get(s, ticket.conversation_id or "")
        conversations.receive(s, conversation=talk, text='/affirm{"a": 1}', key="p", now=datetime.now(UTC))
    page = site.signed_in("li", "handler").get(f"/desk/tickets/{ticket.number}").text
    assert "按了一个按钮" in page and "/affirm" not in page


def test_a_withdrawn_ticket_has_nothing_left_to_do_but_notes(site: Site) -> None:
    ticket = complain(site)
    with site.runtime.db.begin() as s:
        work.withdraw(s, ticket_id=ticket.id, customer_id="guest", now=datetime.now(UTC))
        assert accounts.users(s) == []
    page = site.signed_in("li", "handler").get(f"/desk/tickets/{ticket.number}").text
    assert "撤回了投诉" in page and "/take" not in page and "/note" in page
