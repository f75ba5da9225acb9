"""Low ratings on the desk: seen, looked after, closed with a note."""

from __future__ import annotations

from actions.service import conversations, follow_ups, ratings
from tests.bot.pages.conftest import Site


def test_a_handler_closes_a_follow_up(site: Site) -> None:
    now = site.runtime.now()
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id="g", customer_id="g", audience="customer", now=now
        )
        offer = ratings.offer(s, conversation=talk, subject="conversation", subject_id=talk.id, now=now)
        assert offer is not None
        ratings.rate(s, offer_id=offer.id, conversation_id=talk.id, score=1, comment="态度太差", now=now)
    handler = site.signed_in("li", "handler")
    assert '低分回访 <span class="tag tag--warn">1</span>' in handler.get("/desk").text
    page = handler.get("/desk/follow-ups").text
    assert "态度太差" in page and "1 分" in page and "看对话" in page
    with site.runtime.db.reading() as s:
        (case,) = follow_ups.waiting(s)
    path = f"/desk/follow-ups/{case.task.id}"
    empty = handler.post(path, {"note": ""})
    assert empty.status_code == 422 and "怎样回访" in empty.text
    closed = handler.get(handler.post(path, {"note": "已致电道歉"}).headers["location"])
    assert "回访已记录" in closed.text and "已致电道歉" in closed.text and "没有要回访的" in closed.text
    assert site.signed_in("wang", "staff").get("/desk/follow-ups").status_code == 403
