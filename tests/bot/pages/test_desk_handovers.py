"""A customer who waits for a person, as the handler's pane has it."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from actions.desk import attachments, registry
from actions.desk.attachments import Upload
from actions.service import absence, accounts, conversations, handovers
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Handover
from tests.bot.pages.conftest import Site, Visitor
from tests.bot.talking import desk_reader


@pytest.fixture(autouse=True)
def reader(site: Site) -> None:
    """Give the site the reader of complaints that all tests share."""
    site.runtime.__dict__["desk_reader"] = desk_reader()


def png() -> bytes:
    """Return a small image."""
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG")
    return content.getvalue()


def waiting(site: Site, *said: str) -> tuple[str, str]:
    """Let a customer say something and ask for a person; return the hand-over and the conversation."""
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id="h", customer_id="h", audience="customer", now=now
        )
        for number, text in enumerate((*said, "转人工")):
            conversations.receive(s, conversation=talk, text=text, key=f"k{number}", now=now)
        return handovers.request(s, conversation=talk, reason="客户要求人工", now=now).id, talk.id


def taken(site: Site, visitor: Visitor, *said: str) -> tuple[str, str]:
    """Let a handler take such a conversation; return the pane's address and the conversation."""
    handover_id, conversation_id = waiting(site, *said)
    assert visitor.post(f"/desk/handovers/{handover_id}/take").status_code == 303
    return f"/desk/handovers/{handover_id}", conversation_id


def customer_says(site: Site, conversation_id: str, text: str) -> int:
    """Say something as the customer and return its place."""
    with site.runtime.db.begin() as s:
        talk = conversations.get(s, conversation_id)
        turn, _ = conversations.receive(s, conversation=talk, text=text, key=None, now=datetime.now(UTC))
        return turn.seq


def one(site: Site, path: str) -> Handover:
    """Return the stored hand-over of a pane."""
    with site.runtime.db.reading() as s:
        return handovers.get(s, path.rsplit("/", 1)[1])


def script(visitor: Visitor, path: str, **sent: Any) -> Any:
    """Send JSON as the pane's scripts do."""
    headers = {"x-csrf-token": visitor.token(), "accept": "application/json"}
    return visitor.client.post(path, json=sent, headers=headers)


@pytest.fixture
def li(site: Site) -> Visitor:
    """A signed-in handler."""
    return site.signed_in("li", "handler")


def test_a_reply_by_script_is_said_once_and_answered_in_json(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li)
    form = {"text": "您好，我来处理", "key": "key-1", "csrf": li.token()}
    answers = [li.client.post(f"{path}/say", data=form, headers={"accept": "application/json"}) for _ in "ab"]
    assert answers[0].json() == answers[1].json()
    with site.runtime.db.reading() as s:
        said = [turn for turn in conversations.history(s, conversation_id) if turn.actor == "handler"]
    assert [(turn.text, turn.data["handler_name"]) for turn in said] == [("您好，我来处理", "LI")]
    refused = li.client.post(
        f"{path}/say", data={**form, "text": " "}, headers={"accept": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "empty_message")


def test_the_pane_knows_the_open_question_and_begins_a_complaint_with_it(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li, "你好", "扣了我两次钱怎么办", "帮我转人工客服")
    customer_says(site, conversation_id, "上周三扣的")
    page = li.get(path).text
    assert 'data-open="2"' in page
    assert re.search(r'name="matter"[^>]*>扣了我两次钱怎么办\n上周三扣的<', page)


def test_a_complaint_is_registered_with_consent_and_told_once(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li, "扣了我两次钱")
    form = {"matter": "上周三扣了两次钱", "product": "支付", "contact": "13812345678", "key": "key-1"}
    refused = li.post(f"{path}/ticket", {**form})
    assert refused.status_code == 422
    assert "请先征得客户同意" in refused.text and "13812345678" in refused.text
    for _ in range(2):
        assert li.post(f"{path}/ticket", {**form, "agreed": "1"}).headers["location"] == f"{path}?done=ticket"
    with site.runtime.db.reading() as s:
        (ticket,) = registry.for_customer(s, "h")
        assert (ticket.source, ticket.contact, ticket.conversation_id) == (
            "desk",
            "13812345678",
            conversation_id,
        )
        told = [turn for turn in conversations.history(s, conversation_id) if turn.kind == "ticket"]
    assert len(told) == 1
    assert told[0].text.startswith(f"经您同意，客服LI已替您登记投诉，工单号 {ticket.number}。")
    assert told[0].data["contact_masked"] == "138****5678" and "13812345678" not in str(told[0].data)
    page = li.get(path).text
    assert ticket.number in page and "138****5678" in page and "13812345678" not in page


def test_who_has_not_taken_it_registers_nothing(site: Site, li: Visitor) -> None:
    path, _ = taken(site, li)
    other = site.signed_in("wang", "handler")
    refused = other.post(f"{path}/ticket", {"matter": "别人的", "agreed": "1", "key": "k"})
    assert refused.status_code == 409 and "请先接入这段对话" in refused.text
    with site.runtime.db.reading() as s:
        assert s.query(Ticket).count() == 0


def test_it_is_passed_to_a_colleague_or_a_queue(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li)
    wang = site.signed_in("wang", "handler")
    with site.runtime.db.reading() as s:
        user = accounts.find_user(s, "wang")
    assert user and f'value="user:{user.id}"' in li.get(path).text
    assert (
        li.post(f"{path}/transfer", {"to": f"user:{user.id}"}).headers["location"] == f"{path}?done=transfer"
    )
    assert "人工服务中（WANG）" in li.get(path).text
    assert wang.post(f"{path}/transfer", {"to": "queue:fraud"}).status_code == 303
    assert (one(site, path).state, one(site, path).queue) == ("requested", "fraud")
    assert "欺诈与资金安全" in wang.get("/desk?queue=waiting").text
    for to in ("", "user:nobody", "queue:nowhere"):
        wang.post(f"{path}/take")
        assert wang.post(f"{path}/transfer", {"to": to}).status_code == 422
    with site.runtime.db.reading() as s:
        said = [turn.text for turn in conversations.history(s, conversation_id) if turn.actor == "system"]
    assert any("已为您转给客服WANG" in text for text in said)


def test_a_handler_who_was_away_is_told_on_return(site: Site, li: Visitor) -> None:
    path, _ = taken(site, li)
    with site.runtime.db.begin() as s:
        absence.watch(s, datetime.now(UTC) + timedelta(minutes=2))
    page = li.get(path).text
    assert "您离开超过 90 秒" in page and "重新接入" in page
    assert "您离开超过" not in site.signed_in("wang", "handler").get(path).text
    assert "同事离开，重新排队" in li.get("/desk?queue=waiting").text


@pytest.mark.parametrize("address", ["/turns?after=1", "/desk/news"])
def test_an_open_page_says_that_its_handler_is_here(site: Site, li: Visitor, address: str) -> None:
    path, _ = taken(site, li)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    with site.runtime.db.begin() as s:
        handovers.get(s, one(site, path).id).handler_seen_at = long_ago
    where = f"{address}?seen=2026-01-01T00:00:00Z" if address == "/desk/news" else path + address
    assert li.get(where).status_code == 200
    seen = one(site, path).handler_seen_at
    assert seen and seen > long_ago


def test_unread_customers_are_news_and_reading_ends_that(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li)
    seq = customer_says(site, conversation_id, "在吗")
    news = li.client.get("/desk/news", params={"seen": datetime.now(UTC).isoformat()})
    assert "您接待的 1 位客户有新消息" in news.json()["words"]
    assert script(li, f"{path}/read", seq=seq).status_code == 204
    news = li.client.get("/desk/news", params={"seen": datetime.now(UTC).isoformat()})
    assert "新消息" not in news.json()["words"]
    assert one(site, path).handler_read_seq == seq


@pytest.mark.parametrize(("act", "sent"), [("typing", {}), ("read", {"seq": 1})])
def test_scripts_of_other_sites_and_other_roles_do_nothing(
    site: Site, li: Visitor, act: str, sent: dict[str, int]
) -> None:
    path, _ = taken(site, li)
    assert li.client.post(f"{path}/{act}", json=sent).status_code == 403
    assert script(site.signed_in("zhao", "staff"), f"{path}/{act}", **sent).status_code == 403
    assert script(li, f"{path}/{act}", **sent).status_code == 204


def test_a_file_of_the_conversation_opens_and_no_other(site: Site, li: Visitor) -> None:
    path, conversation_id = taken(site, li)
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        talk = conversations.get(s, conversation_id)
        sent = Upload("凭证.png", png())
        kept = attachments.add(s, sent, customer_id="h", conversation_id=conversation_id, now=now)
        conversations.add_file(s, conversation=talk, file=kept, now=now)
        conversations.add_file(s, conversation=talk, file=kept, now=now)
        other = attachments.add(s, sent, customer_id="x", conversation_id=None, now=now)
    page = li.get(path).text
    assert page.count(f"{path}/files/{kept.id}") == 1
    answer = li.get(f"{path}/files/{kept.id}")
    assert (answer.status_code, answer.content) == (200, sent.content)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert li.get(f"{path}/files/{other.id}").status_code == 404


def test_a_strange_hand_over_has_no_live_part(li: Visitor) -> None:
    for part in ("events", "suggestions?seq=1", "files/x"):
        assert li.get(f"/desk/handovers/unknown/{part}").status_code == 404
