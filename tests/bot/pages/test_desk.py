"""The complaint desk, as handlers and supervisors use it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from actions.desk import canned, counts, customer, life, registry, tickets, triage
from actions.desk.intake import TicketDraft
from actions.desk.life import Step
from actions.desk.notices import MAIL, WEBHOOK
from actions.desk.registry import Wanted
from actions.service import conversations
from actions.store import audit
from actions.store.tables.desk import Attachment, Notice, Priority, Ticket, TicketState
from bot.pages import desk_queues as queues
from bot.pages.desk_forms import TITLES
from bot.pages.desk_page import DONE
from bot.pages.desk_queues import LISTS, View, view_from
from bot.pages.desk_steps import CALLS
from tests.bot.pages.conftest import HTML, Site, Visitor
from tests.bot.pictures import picture

MATTER = "转账三天没有到账 <script>alert(1)</script>"
CONTACT = "13812345678"
SORTED = {
    "business": "payment", "channel": "app", "cause": "facilities", "severity": "2", "complexity": "1",
    "impact": "1", "urgency": "3",
}  # fmt: skip
DECISION = {"finding": "系统重复扣款", "basis": "用户协议第四条", "remedy": "退回 128 元"}


def complain(
    site: Site,
    matter: str = MATTER,
    *,
    guest: str = "guest",
    age: timedelta = timedelta(),
    name: str = "张三",
) -> Ticket:
    """File a complaint as a customer of the chat did."""
    now = datetime.now(UTC) - age
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=now
        )
        return tickets.create(
            s,
            draft=TicketDraft(matter, "手机银行", "尽快退回", CONTACT, name),
            customer_id=guest,
            conversation_id=talk.id,
            key=f"{guest}-{matter}"[:128],
            now=now,
            rng=random.Random(f"{guest}-{matter}"),
        )


def chat_of(site: Site, ticket: Ticket) -> str:
    """Return all that the customer's chat shows."""
    assert ticket.conversation_id
    with site.runtime.db.reading() as s:
        return "\n".join(turn.text for turn in conversations.history(s, ticket.conversation_id))


def now_of(site: Site, ticket: Ticket) -> Ticket:
    """Return the ticket as it is stored."""
    with site.runtime.db.reading() as s:
        return registry.get_by_number(s, ticket.number)


def act(
    visitor: Visitor,
    ticket: Ticket,
    step: str,
    fields: Mapping[str, str] | None = None,
    version: int | None = None,
) -> tuple[int, str]:
    """Submit a step's form; return the status and where it leads, or the page."""
    given = str(version if version is not None else version_of(visitor, ticket))
    response = visitor.post(
        f"/desk/tickets/{ticket.number}/{step}", {"version": given, "view": "queue=mine", **(fields or {})}
    )
    return response.status_code, response.headers.get("location") or response.text


def done(visitor: Visitor, ticket: Ticket, step: str, **fields: str) -> None:
    """Do a step and be sure that it was done."""
    status, where = act(visitor, ticket, step, fields)
    assert (status, where) == (303, f"/desk/tickets/{ticket.number}?queue=mine&done={step}"), where


def version_of(visitor: Visitor, ticket: Ticket) -> int:
    """Return the version that the page was made of."""
    found = re.search(r'data-version="(\d+)"', visitor.get(f"/desk/tickets/{ticket.number}").text)
    assert found
    return int(found[1])


def offers(visitor: Visitor, ticket: Ticket) -> set[str]:
    """Return the steps that the page has a button or form for."""
    page = visitor.get(f"/desk/tickets/{ticket.number}").text
    return set(re.findall(rf'action="/desk/tickets/{ticket.number}/(\w+)"', page)) - {"show", "files"}


def main_of(visitor: Visitor, ticket: Ticket) -> str:
    """Return the step that stands first and big."""
    page = visitor.get(f"/desk/tickets/{ticket.number}").text
    found = re.search(r'data-(?:act|open)="(\w+)" data-main', page)
    assert found
    return found[1]


def listed(page: str) -> list[str]:
    """Return the numbers of a page's list, in order."""
    return re.findall(r'class="item[^"]*" href="/desk/tickets/(TS[\d-]+)', page)


@pytest.fixture
def handler(site: Site) -> Visitor:
    return site.signed_in("li", "handler")


def test_an_empty_desk_teaches(handler: Visitor) -> None:
    assert "客户在聊天里投诉后会出现在这里" in handler.get("/desk").text


def test_a_complaint_appears_and_its_text_is_only_text(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    for page in (handler.get("/desk").text, handler.get(f"/desk/tickets/{ticket.number}").text):
        assert ticket.number in page and "还有 15 天" in page
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


# ---- steps ----


def test_every_step_of_staff_has_a_form_a_call_and_words() -> None:
    of_staff = {
        step for step in Step if life.WHO[step] & {life.Who.HANDLER, life.Who.OWNER, life.Who.SUPERVISOR}
    }
    assert set(CALLS) == of_staff
    assert set(TITLES) | {Step.MERGE} == of_staff
    assert {str(step) for step in of_staff} <= set(DONE)


def test_from_taking_to_closing_the_customer_hears_what_concerns_them(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    assert main_of(handler, ticket) == "take"
    done(handler, ticket, "take")
    assert main_of(handler, ticket) == "assess" and "decide" not in offers(handler, ticket)
    done(handler, ticket, "note", text="已联系清算部")
    done(handler, ticket, "assess", **SORTED)
    assert main_of(handler, ticket) == "decide"
    done(handler, ticket, "reply", text="正在核对")
    done(handler, ticket, "ask", text="请发截图")
    assert main_of(handler, ticket) == "resume"
    done(handler, ticket, "resume")
    done(handler, ticket, "decide", **DECISION)
    assert main_of(handler, ticket) == "close"
    done(handler, ticket, "close")
    assert now_of(site, ticket).state is TicketState.CLOSED

    page = handler.get(f"/desk/tickets/{ticket.number}?done=close").text
    timeline = page[page.index('class="timeline"') :]
    told = (
        "提交了投诉", "受理了工单", "写了内部备注", "确认了分类和轻重", "回复了客户", "请客户补充",
        "不再等客户", "答复了处理决定，在时限内", "办结了工单，在时限内",
    )  # fmt: skip
    places = [timeline.index(words) for words in told]
    assert places == sorted(places)
    assert "业务：支付与转账，渠道：手机应用，原因：设施与系统" in timeline
    assert f'data-done="{ticket.number}:close"' in page
    chat = chat_of(site, ticket)
    assert all(words in chat for words in ("正在核对", "请发截图", "退回 128 元", "已办结", "打分"))
    assert "清算部" not in chat


def test_more_time_is_asked_for_and_granted_by_somebody_else(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    lead = site.signed_in("sun", "supervisor")
    done(handler, ticket, "take")
    done(handler, ticket, "ask_time", kind="complex", reason="要调银行流水")
    assert "grant_time" not in offers(handler, ticket)
    assert ticket.number in lead.get("/desk?queue=asked").text
    assert main_of(lead, ticket) == "grant_time" and "refuse_time" in offers(lead, ticket)
    done(lead, ticket, "refuse_time", reason="先催一次")
    done(handler, ticket, "ask_time", kind="complex", reason="银行回复要两周")
    done(lead, ticket, "grant_time")
    assert "情况复杂，30日内" in handler.get(f"/desk/tickets/{ticket.number}").text
    assert "银行回复要两周" in chat_of(site, ticket) and "先催一次" not in chat_of(site, ticket)


def test_a_pause_stops_the_clock_and_says_so(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    done(handler, ticket, "pause", reason="送检测机构")
    assert "计时已暂停" in handler.get("/desk?queue=mine").text
    assert {"pause", "unpause"} & offers(handler, ticket) == {"unpause"}
    done(handler, ticket, "unpause")
    assert "pause" in offers(handler, ticket)


def test_tickets_are_handed_on(site: Site, handler: Visitor) -> None:
    ticket, wang = complain(site), site.add("wang", "handler")
    lead = site.signed_in("sun", "supervisor")
    done(lead, ticket, "assign", to=wang)
    assert now_of(site, ticket).handler_id == wang
    assert "把工单分派给WANG" in lead.get(f"/desk/tickets/{ticket.number}").text
    done(lead, ticket, "release", reason="休假")
    done(handler, ticket, "take")
    done(handler, ticket, "escalate", reason="要主管定")
    assert ticket.number in lead.get("/desk?queue=escalated").text
    done(lead, ticket, "take")
    done(lead, ticket, "move", queue="fraud", reason="疑似诈骗")
    assert "从“一般投诉”转到“欺诈与资金安全”" in handler.get(f"/desk/tickets/{ticket.number}").text
    assert ticket.number in handler.get("/desk?queue=fraud").text


def test_handlers_are_offered_with_what_they_have_to_do(site: Site, handler: Visitor) -> None:
    busy, ticket = complain(site, "甲", guest="a"), complain(site, "乙", guest="b")
    done(handler, busy, "take")
    site.add("wang", "handler")
    page = site.signed_in("sun", "supervisor").get(f"/desk/tickets/{ticket.number}").text
    options = page[page.index('name="to"') :]
    assert options.index("WANG，手上 0 张") < options.index("LI，手上 1 张")


def test_who_is_barred_sees_that_and_can_do_nothing(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    done(handler, ticket, "bar", reason="亲属")
    assert offers(handler, ticket) == set()
    assert "您不能处理这张工单" in handler.get(f"/desk/tickets/{ticket.number}").text
    status, _ = act(handler, ticket, "note", {"text": "看看"})
    assert status == 403
    assert handler.post(f"/desk/tickets/{ticket.number}/show").status_code == 403


def test_another_round_is_begun_by_a_supervisor(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    done(handler, ticket, "assess", **SORTED)
    done(handler, ticket, "decide", **DECISION)
    assert "reopen" not in offers(handler, ticket)
    lead = site.signed_in("sun", "supervisor")
    done(lead, ticket, "reopen", reason="金额算错")
    page = handler.get(f"/desk/tickets/{ticket.number}").text
    assert "第 2 轮" in page and main_of(handler, ticket) == "take"


def test_a_customers_tickets_are_merged(site: Site, handler: Visitor) -> None:
    first, again = complain(site, "扣了两次"), complain(site, "还是那件事")
    stranger = complain(site, "别人的", guest="b")
    page = handler.get(f"/desk/tickets/{again.number}").text
    assert (
        f'name="into" value="{first.number}"' in page and stranger.number not in page[page.index("<aside") :]
    )
    done(handler, again, "merge", into=first.number)
    assert now_of(site, again).merged_into == first.id
    assert 'name="into"' not in handler.get(f"/desk/tickets/{again.number}").text
    assert "还是那件事" in handler.get(f"/desk/tickets/{first.number}").text


def test_only_what_may_be_done_is_offered_and_everything_offered_exists(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    other, lead = site.signed_in("wang", "handler"), site.signed_in("sun", "supervisor")
    script: list[tuple[str, dict[str, str]]] = [
        ("take", {}), ("assess", SORTED), ("ask", {"text": "请补充"}), ("resume", {}),
        ("escalate", {"reason": "难"}), ("decide", DECISION), ("close", {}),
    ]  # fmt: skip
    for step, fields in script:
        state = now_of(site, ticket).state
        for visitor in (handler, other, lead):
            assert {Step(one) for one in offers(visitor, ticket)} <= set(life.allowed(state))
        assert step in offers(handler, ticket)
        done(handler, ticket, step, **fields)
        assert offers(other, ticket) <= {"note", "escalate", "bar"}


def test_another_handlers_ticket_can_be_noted_but_not_answered(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    other = site.signed_in("wang", "handler")
    assert "note" in offers(other, ticket) and "reply" not in offers(other, ticket)
    status, page = act(other, ticket, "reply", {"text": "我来答复"})
    assert status == 409 and "其他同事处理" in page and "reply" not in offers(other, ticket)


def test_a_stale_page_loses_no_text(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    other = site.signed_in("wang", "handler")
    done(handler, ticket, "take")
    done(handler, ticket, "assess", **SORTED)
    old = version_of(handler, ticket)
    done(other, ticket, "note", text="我也看了一下")
    status, page = act(handler, ticket, "decide", {**DECISION, "remedy": "写了很久 <b>"}, version=old)
    assert status == 409
    assert "刚被别人更新" in page and "我也看了一下" in page
    assert "写了很久 &lt;b&gt;</textarea>" in page and f"{DECISION['finding']}</textarea>" in page
    form = re.search(r'<form[^>]*data-form="decide"[^>]*>', page)
    assert form and "hidden" not in form[0]
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found and act(handler, ticket, "decide", DECISION, version=int(found[1]))[0] == 303


@pytest.mark.parametrize(
    ("step", "fields", "why"),
    [
        ("reply", {"text": "  "}, "消息是空的"),
        ("reply", {"text": "长" * 2001}, "太长"),
        ("note", {"text": "\u200b"}, "消息是空的"),
        ("release", {"reason": ""}, "请填写退回原因"),
        ("assess", {**SORTED, "cause": "nonsense"}, "请选择原因"),
        ("assess", {**SORTED, "impact": ""}, "各选一级"),
        ("decide", DECISION, "先确认这张工单的分类"),
        ("move", {"queue": "none"}, "没有这个队列"),
        ("ask_time", {"kind": "simple", "reason": "x"}, "请选择延期的种类"),
    ],
)
def test_what_cannot_be_done_comes_back_with_a_reason(
    site: Site, handler: Visitor, step: str, fields: dict[str, str], why: str
) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    status, page = act(handler, ticket, step, fields)
    assert status in (409, 422)
    assert 'role="alert"' in page and why in page
    assert all(f">{value}</textarea>" in page for name, value in fields.items() if name in ("text", "reason"))
    assert now_of(site, ticket).state is TicketState.ACKNOWLEDGED


def test_forms_of_other_sites_do_nothing(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    for path in ("take", "show", "files"):
        response = handler.post(f"/desk/tickets/{ticket.number}/{path}", {"version": "1"}, token="forged")
        assert response.status_code == 403
    assert (
        handler.post("/desk/bulk/take", {"pick": [f"{ticket.number}:1"]}, token="forged").status_code == 403
    )
    assert now_of(site, ticket).state is TicketState.RECEIVED


def test_the_desk_is_for_handlers(site: Site) -> None:
    ticket = complain(site)
    for role in ("staff", "knowledge", "compliance"):
        visitor = site.signed_in(role, role)
        for path in (
            "/desk",
            f"/desk/tickets/{ticket.number}",
            "/desk/canned",
            "/desk/news?seen=2026-01-01T00:00:00Z",
        ):
            assert visitor.get(path).status_code == 403
        assert visitor.post(f"/desk/tickets/{ticket.number}/show").status_code == 403
    assert site.visitor().get(f"/desk/tickets/{ticket.number}").status_code == 303


def test_what_does_not_exist_says_so(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    response = handler.get("/desk/tickets/TS000000-00000")
    assert response.status_code == 404 and "没有找到" in response.text
    assert act(handler, ticket, "delete")[0] == 404
    assert act(handler, ticket, "withdraw")[0] == 404  # the customer's, not the handler's
    assert handler.post("/desk/bulk/close", {"pick": [f"{ticket.number}:1"]}).status_code == 404


# ---- personal data ----


def test_personal_data_are_masked_until_one_asks_and_that_is_recorded(site: Site, handler: Visitor) -> None:
    ticket = complain(site, f"我的电话 {CONTACT}，卡号 6222021234567890123 被盗刷")
    with site.runtime.db.begin() as s:
        customer.add_facts(
            s, ticket_id=ticket.id, customer_id="guest", text=f"再打 {CONTACT}", now=datetime.now(UTC)
        )
    path = f"/desk/tickets/{ticket.number}"
    for page in (handler.get("/desk").text, handler.get(path).text, handler.get(f"{path}/canned").text):
        assert CONTACT not in page and "6222021234567890123" not in page and "张三" not in page
    assert "138****5678" in handler.get(path).text and "张*" in handler.get(path).text

    shown = handler.post(f"{path}/show", {"view": "queue=mine"})
    assert shown.status_code == 200
    assert shown.text.count(CONTACT) == 3 and "6222021234567890123" in shown.text and "张三" in shown.text
    assert "已记录是谁、何时查看" in shown.text
    assert CONTACT not in handler.get(path).text
    assert handler.get(f"{path}/show").status_code == 303
    with site.runtime.db.reading() as s:
        rows = [
            row
            for row in audit.entries(s, object_type="ticket", object_id=ticket.id)
            if row.action == "ticket.show"
        ]
        assert len(rows) == 1 and rows[0].data == {"number": ticket.number}
        assert audit.verify(s) == []


def test_mail_that_never_arrived_is_said(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    page = f"/desk/tickets/{ticket.number}"
    assert "没有送达" not in handler.get(page).text
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        for channel in (MAIL, WEBHOOK):
            s.add(
                Notice(
                    key=channel, channel=channel, ticket_id=ticket.id, address="a@example.com", payload={},
                    created_at=now, next_at=now, done_at=now, failed=True,
                )
            )  # fmt: skip
    assert "有 1 封给客户的邮件没有送达，请换一种方式告知客户。" in handler.get(page).text


def test_internal_files_are_kept_and_noted(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    form = {"csrf": handler.token(), "version": "1", "view": "queue=mine"}
    send = {"data": form, "files": {"file": ("流水.png", picture(), "image/png")}, "headers": HTML}
    response = handler.client.post(f"/desk/tickets/{ticket.number}/files", **send)
    assert response.headers["location"].endswith("done=files")
    page = handler.get(f"/desk/tickets/{ticket.number}").text
    assert "流水.png" in page and "上传了附件：流水.png" in page
    with site.runtime.db.reading() as s:
        kept = s.query(Attachment).one()
        assert kept.internal and kept.ticket_id == ticket.id
    form["version"] = "2"
    send["files"] = {"file": ("x.png", b"<html>", "image/png")}
    refused = handler.client.post(f"/desk/tickets/{ticket.number}/files", **send)
    assert refused.status_code == 422 and "只能上传图片" in refused.text
    assert "流水.png" not in chat_of(site, ticket)


# ---- lists ----


def test_lists_hold_what_they_say_and_their_sizes_agree(site: Site, handler: Visitor) -> None:
    new, late = complain(site, "新的", guest="a"), complain(site, "迟的", guest="b", age=timedelta(days=20))
    soon, taken = (
        complain(site, "快的", guest="c", age=timedelta(days=13)),
        complain(site, "受理的", guest="d"),
    )
    fraud = complain(site, "我被骗子转走了钱", guest="e")
    done(handler, taken, "take")
    inside = {
        "open": {new, late, soon, taken, fraud}, "new": {new, late, soon, fraud}, "mine": {taken},
        "overdue": {late}, "soon": {soon}, "general": {new, late, soon, taken}, "fraud": {fraud},
        "conduct": set(), "escalated": set(), "unread": {taken}, "answered": set(), "closed": set(),
        "all": {new, late, soon, taken, fraud},
    }  # fmt: skip
    for queue, expected in inside.items():
        page = handler.get(f"/desk?queue={queue}").text
        assert set(listed(page)) == {ticket.number for ticket in expected}, queue
        assert f'data-count="{queue}">{len(expected)}<' in page
    assert listed(handler.get("/desk").text)[0] == late.number


def test_every_size_is_that_of_its_list(site: Site, handler: Visitor) -> None:
    """What is counted in two queries is what each list would count by itself."""
    made = [complain(site, f"第 {n} 件", guest=f"g{n}", age=timedelta(days=n * 3)) for n in range(7)]
    done(handler, made[1], "take")
    done(handler, made[2], "take")
    done(handler, made[2], "escalate", reason="难")
    done(handler, made[3], "take")
    done(handler, made[3], "ask_time", kind="complex", reason="流水")
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        customer.withdraw(s, ticket_id=made[0].id, customer_id="g0", now=now)
        customer.add_facts(s, ticket_id=made[1].id, customer_id="g1", text="还有", now=now)
    with site.runtime.db.reading() as s:
        user = s.get_one(Ticket, made[1].id).handler_id
        assert user
        counted = counts.counts(s, user, now, queues.soon(now))
        owner = type("Owner", (), {"id": user})
        for key, size in queues.sizes(counted, 0).items():
            if key != queues.WAITING:
                assert size == registry.count(s, queues.wanted(View(key), owner, now), now), key  # type: ignore[arg-type]
        assert counts.loads(s) == {user: 3}


def test_a_supervisors_list_is_not_a_handlers(site: Site, handler: Visitor) -> None:
    assert "待审批延期" not in handler.get("/desk").text
    assert "待审批延期" in site.signed_in("sun", "supervisor").get("/desk").text


def test_filters_narrow_a_list_and_stay(site: Site, handler: Visitor) -> None:
    fraud, plain = complain(site, "我被骗子转走了钱", guest="a"), complain(site, "短信太多", guest="b")
    done(handler, plain, "take")
    done(handler, plain, "assess", **SORTED)
    wang = site.add("wang", "handler")
    for query, expected in {
        "priority=high": [fraud], "business=payment": [plain], "cause=facilities": [plain],
        "cause=disclosure": [], "handler=-": [fraud], f"handler={wang}": [],
    }.items():  # fmt: skip
        page = handler.get(f"/desk?queue=all&{query}").text
        assert listed(page) == [ticket.number for ticket in expected], query
        assert all(
            f'href="/desk/tickets/{ticket.number}?queue=all&amp;{query}"' in page for ticket in expected
        )
    assert "可以放宽筛选" in handler.get("/desk?queue=all&cause=disclosure").text


def test_a_search_finds_numbers_phones_and_encrypted_words(site: Site, handler: Visitor) -> None:
    wanted, other = complain(site, "短信太多", guest="a"), complain(site, "利息算错", guest="b")
    for q in ("短信", wanted.number, wanted.number[-5:], wanted.number.lower().replace("-", " ")):
        assert listed(handler.get(f"/desk?queue=waiting&q={q}").text) == [wanted.number], q
    assert set(listed(handler.get("/desk?queue=all&q=5678").text)) == {wanted.number, other.number}
    page = handler.get("/desk?q=短信").text
    assert 'value="短信"' in page and "q=%E7%9F%AD%E4%BF%A1" in page
    assert "没有找到“火星”" in handler.get("/desk?q=火星").text


def test_long_lists_come_in_pages(site: Site, handler: Visitor) -> None:
    for n in range(52):
        complain(site, f"第 {n} 件", guest=f"g{n}")
    page = handler.get("/desk").text
    assert len(listed(page)) == 50 and "52 条" in page and "还有 2 条" in page
    more = re.search(r'href="(/desk\?[^"]*n=100)"', page)
    assert more and len(listed(handler.get(more[1].replace("&amp;", "&")).text)) == 52
    assert handler.get("/desk?n=0").status_code == 422


@pytest.mark.parametrize("query", ["queue=mine&q=a%26b&n=100", "", "queue=nonsense&n=x&done=take&evil=1"])
def test_a_view_comes_back_from_its_query(query: str) -> None:
    view = view_from(query)
    assert view_from(view.query()) == view and view.queue in LISTS and view.done == ""


def test_no_two_lists_have_one_letter() -> None:
    letters = [letter for _, letter in LISTS.values()]
    assert len(letters) == len(set(letters))
    assert {key for _, keys in queues.GROUPS for key in keys} == set(LISTS)
    assert set(triage.QUEUES) < set(LISTS)


def test_what_a_customer_adds_is_unread_until_its_handler_has_looked(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    handler.get(f"/desk/tickets/{ticket.number}")
    assert 'data-count="unread">0<' in handler.get("/desk").text
    with site.runtime.db.begin() as s:
        customer.add_facts(
            s, ticket_id=ticket.id, customer_id="guest", text="还有一笔", now=datetime.now(UTC)
        )
    assert "新消息" in handler.get("/desk?queue=unread").text
    site.signed_in("wang", "handler").get(f"/desk/tickets/{ticket.number}")
    assert 'data-count="unread">1<' in handler.get("/desk").text
    handler.get(f"/desk/tickets/{ticket.number}")
    assert 'data-count="unread">0<' in handler.get("/desk").text


def test_news_says_what_has_come_and_what_is_old(site: Site, handler: Visitor) -> None:
    page = handler.get("/desk").text
    seen, mark = re.search(r'data-seen="([^"]+)"', page), re.search(r'data-mark="([\d.]+)"', page)
    assert seen and mark
    before = handler.get(f"/desk/news?seen={seen[1]}").json()
    assert (before["words"], before["mark"], before["version"]) == ("", mark[1], 0)
    assert handler.get(f"/desk/news?seen={seen[1]}&known={mark[1]}").json() == {"mark": mark[1]}
    ticket = complain(site)
    news = handler.get(f"/desk/news?seen={seen[1]}&case={ticket.number}").json()
    assert news["counts"]["new"] == 1 and news["words"] == "新工单 1 张"
    assert news["mark"] != before["mark"] and news["version"] == 1
    assert handler.get("/desk/news?seen=yesterday").status_code == 422
    assert '<div class="line line--current">' in handler.get(f"/desk?current={ticket.number}").text


# ---- several at once ----


def test_several_are_done_at_once_and_each_says_what_became_of_it(site: Site, handler: Visitor) -> None:
    free, stale, held = (complain(site, words, guest=words) for words in ("甲", "乙", "丙"))
    other = site.signed_in("wang", "handler")
    done(other, held, "take")
    done(other, stale, "note", text="看过")
    picks = [f"{free.number}:1", f"{stale.number}:1", f"{held.number}:2", "TS000000-00000:1"]
    page = handler.post("/desk/bulk/take", {"pick": picks, "view": "queue=new"}).text
    assert "办成 1 张，没办成 3 张" in page
    results = page[page.index('class="results"') :]
    for number, words in {
        free.number: "已受理", stale.number: "刚被别人更新", held.number: "其他同事处理", "TS000000-00000": "没有找到",
    }.items():  # fmt: skip
        assert words in results[results.index(number) : results.index("</li>", results.index(number))]
    assert now_of(site, free).state is TicketState.ACKNOWLEDGED
    assert now_of(site, stale).state is TicketState.RECEIVED


def test_supervisors_assign_and_handlers_move_several(site: Site, handler: Visitor) -> None:
    one, two = complain(site, "甲", guest="a"), complain(site, "乙", guest="b")
    wang, lead = site.add("wang", "handler"), site.signed_in("sun", "supervisor")
    picks = [f"{one.number}:1", f"{two.number}:1"]
    assert "投诉主管" in handler.post("/desk/bulk/assign", {"pick": picks, "to": wang}).text
    assert "办成 2 张" in lead.post("/desk/bulk/assign", {"pick": picks, "to": wang}).text
    assert now_of(site, one).handler_id == now_of(site, two).handler_id == wang
    picks = [f"{one.number}:2", f"{two.number}:2"]
    assert "办成 2 张" in lead.post("/desk/bulk/move", {"pick": picks, "queue": "privacy"}).text
    assert now_of(site, one).queue == "privacy"
    assert handler.post("/desk/bulk/take", {}).status_code == 422


def test_chosen_tickets_are_exported_masked_and_recorded(site: Site, handler: Visitor) -> None:
    ticket, other = complain(site, f"=1+1 电话 {CONTACT}", guest="a"), complain(site, "不选", guest="b")
    response = handler.post("/desk/bulk/export", {"pick": [f"{ticket.number}:1"]})
    text = response.content.decode("utf-8-sig")
    assert response.headers["content-type"].startswith("text/csv")
    assert ticket.number in text and other.number not in text
    assert CONTACT not in text and "'=1+1" in text
    with site.runtime.db.reading() as s:
        assert audit.entries(s, object_type="ticket", object_id="chosen")[-1].data == {
            "numbers": [ticket.number]
        }


# ---- canned replies ----


def test_a_canned_reply_starts_a_text_and_its_gaps_hold_it_back(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    done(handler, ticket, "take")
    picker = handler.get(f"/desk/tickets/{ticket.number}/canned?step=ask").text
    link = re.search(r'href="([^"]*use=ask_material)"', picker)
    assert link and "step=ask" in link[1]
    page = handler.get(link[1].replace("&amp;", "&")).text
    assert f"编号 {ticket.number}" in page and "{reason}" in page
    text = "{customer}，您好。编号 {number} 还需要：{reason}"
    status, page = act(handler, ticket, "ask", {"text": text})
    assert status == 422 and "{reason}（原因）" in page and f"{text}</textarea>" in page
    assert "还需要" not in chat_of(site, ticket)
    done(handler, ticket, "ask", text=text.replace("{reason}", "付款截图"))
    assert f"张三，您好。编号 {ticket.number} 还需要：付款截图" in chat_of(site, ticket)
    status, page = act(handler, ticket, "reply", {"text": "{nonsense}"})
    assert status == 422 and "{nonsense}" in page


def test_a_customer_without_a_name_is_addressed_politely(site: Site, handler: Visitor) -> None:
    ticket = complain(site, name="")
    done(handler, ticket, "take")
    done(handler, ticket, "reply", text="{customer}，您好。")
    assert "尊敬的客户，您好。" in chat_of(site, ticket)


def test_supervisors_change_canned_replies(site: Site, handler: Visitor) -> None:
    lead = site.signed_in("sun", "supervisor")
    assert "新写一条" in lead.get("/desk/canned").text and "新写一条" not in handler.get("/desk/canned").text
    fields: dict[str, str | list[str]] = {
        "key": "acknowledge", "title": "收到了", "text": "{customer}，已收到。", "when": "", "active": "1",
    }  # fmt: skip
    assert handler.post("/desk/canned", fields).status_code == 403
    assert lead.post("/desk/canned", fields).headers["location"] == "/desk/canned?done=canned"
    assert "本公司改过" in lead.get("/desk/canned").text
    assert lead.post("/desk/canned", {**fields, "key": "", "title": "自己的"}).status_code == 303
    off = {name: value for name, value in fields.items() if name != "active"}
    assert lead.post("/desk/canned", {**off, "key": "closing"}).status_code == 303
    page = handler.get("/desk/canned").text
    assert "收到了" in page and "自己的" in page
    with site.runtime.db.reading() as s:
        assert "closing" not in {one.key for one in canned.listed(s)}
        assert canned.get(s, "closing").active is False
    refused = lead.post("/desk/canned", {**fields, "text": "{foo}"})
    assert (
        refused.status_code == 422
        and "没有 {foo} 这个字段" in refused.text
        and "{foo}</textarea>" in refused.text
    )
    assert lead.post("/desk/canned", {**fields, "key": "nobody"}).status_code == 404


def test_every_canned_reply_that_comes_along_uses_known_fields() -> None:
    for one in canned.shipped_with(canned.FILE):
        assert set(canned.unfilled(one.text)) <= set(canned.FIELDS), one.key


# ---- what customers did ----


def test_a_pressed_button_reads_as_one(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    with site.runtime.db.begin() as s:
        talk = conversations.get(s, ticket.conversation_id or "")
        conversations.receive(s, conversation=talk, text='/affirm{"a": 1}', key="p", now=datetime.now(UTC))
    page = handler.get(f"/desk/tickets/{ticket.number}").text
    assert "按了一个按钮" in page and "/affirm" not in page


def test_a_withdrawn_ticket_has_nothing_left_to_do_but_notes(site: Site, handler: Visitor) -> None:
    ticket = complain(site)
    with site.runtime.db.begin() as s:
        customer.withdraw(s, ticket_id=ticket.id, customer_id="guest", now=datetime.now(UTC))
    assert "撤回了投诉" in handler.get(f"/desk/tickets/{ticket.number}").text
    assert offers(handler, ticket) == {"note"}
    assert listed(handler.get("/desk?queue=withdrawn").text) == [ticket.number]


def test_wanted_is_narrowed_by_priority_alone_when_asked() -> None:
    now = datetime.now(UTC)
    user = type("Somebody", (), {"id": "u"})
    assert queues.wanted(View("all"), user, now) == Wanted()  # type: ignore[arg-type]
    assert queues.wanted(View("mine", handler="-"), user, now).handler == ""  # type: ignore[arg-type]
    assert queues.wanted(View("all", priority="high"), user, now).priority is Priority.HIGH  # type: ignore[arg-type]
