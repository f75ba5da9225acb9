"""Files of customers: kept by content, shown to nobody else, sent so that no browser runs them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from actions.desk import tickets, work
from actions.desk.attachments import LARGEST, MOST
from actions.service.accounts import find_user
from actions.store.base import new_id
from actions.store.tables.audit import AuditRow
from actions.store.tables.desk import Attachment, TicketState
from bot.files import FILES_PER_MINUTE, disposition
from bot.settings import Settings
from bot.turns import Speaker, conversation_of
from tests.bot.pictures import PDF, heavy_picture, picture
from tests.bot.serving import Live, Visitor, live

FILES = "/api/chat/files"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The application without its dialogue."""
    with live(Settings(data_dir=tmp_path_factory.mktemp("files")), dialogue=False) as running:
        yield running


@pytest.fixture
def visitor(server: Live) -> Visitor:
    """A new customer; uploads of earlier tests do not count against this one."""
    server.runtime.__dict__.pop("hub", None)
    return server.visitor()


def send(visitor: Visitor, content: bytes, name: str = "截图.png", **fields: str) -> httpx.Response:
    return visitor.http.post(FILES, files={"file": (name, content)}, data=fields)


def register(server: Live, visitor: Visitor) -> str:
    """Register a complaint in the visitor's conversation and return its number."""
    with server.runtime.db.begin() as s:
        now = server.runtime.now()
        place = conversation_of(s, Speaker("web", visitor.id, visitor.id), now)
        made = tickets.create(
            s, draft=tickets.TicketDraft("扣了两次钱"), customer_id=visitor.id, conversation_id=place.id,
            key=new_id(), now=now, rng=random.SystemRandom(),
        )  # fmt: skip
        return made.number


class TestPending:
    @pytest.mark.parametrize(
        ("name", "content", "media_type"),
        [
            ("a.png", picture(), "image/png"),
            ("a.jpg", picture(kind="JPEG"), "image/jpeg"),
            ("a.webp", picture(kind="WEBP"), "image/webp"),
            ("a.gif", picture(kind="GIF"), "image/gif"),
            ("合同.pdf", PDF, "application/pdf"),
            ("named-wrongly.exe", picture(), "image/png"),
        ],
    )
    def test_a_file_is_told_by_its_content(
        self, visitor: Visitor, name: str, content: bytes, media_type: str
    ) -> None:
        answer = send(visitor, content, name)
        assert answer.status_code == 201
        made = answer.json()
        assert made == {"id": made["id"], "name": name, "size": len(content), "media_type": media_type}
        assert visitor.http.get(FILES).json() == {"files": [made]}

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty_file"),
            (b"<script>alert(1)</script>", "file_type"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_type"),
            (picture()[:40], "file_type"),
            (b"%PDF-1.4 cut off", "file_type"),
            (heavy_picture(LARGEST + 1), "file_too_large"),
        ],
    )
    def test_anything_else_is_refused(self, visitor: Visitor, content: bytes, code: str) -> None:
        answer = send(visitor, content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert visitor.http.get(FILES).json() == {"files": []}

    def test_the_largest_file_gets_in(self, visitor: Visitor) -> None:
        assert send(visitor, heavy_picture(LARGEST), "a.jpg").status_code == 201

    @pytest.mark.parametrize("announced", [True, False])
    def test_a_body_beyond_the_limit_is_not_read(self, visitor: Visitor, announced: bool) -> None:
        request = visitor.http.build_request(
            "POST", FILES, files={"file": ("a.jpg", heavy_picture(2 * LARGEST))}
        )
        body, headers = request.read(), {"content-type": request.headers["content-type"]}
        whole: bytes | Iterator[bytes] = body if announced else iter([body])
        answer = visitor.http.post(FILES, content=whole, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["type"].startswith("urn:wenjin:error:")

    def test_other_routes_keep_the_small_limit(self, visitor: Visitor) -> None:
        assert visitor.http.post("/api/chat/messages", content=b"x" * 1_000_001).status_code == 413

    def test_the_same_content_again_is_the_same_file(self, visitor: Visitor) -> None:
        assert send(visitor, picture()).json() == send(visitor, picture()).json()

    def test_no_more_than_ten(self, visitor: Visitor) -> None:
        for shade in range(MOST):
            assert send(visitor, picture(shade)).status_code == 201
        assert send(visitor, picture(99)).json()["code"] == "too_many_files"

    def test_who_sends_too_fast_waits(self, visitor: Visitor) -> None:
        statuses = [send(visitor, picture()).status_code for _ in range(FILES_PER_MINUTE + 1)]
        assert statuses == [201] * FILES_PER_MINUTE + [429]

    def test_a_pending_file_is_taken_back_once(self, visitor: Visitor) -> None:
        place = f"{FILES}/{send(visitor, picture()).json()['id']}"
        assert visitor.http.delete(place).status_code == 204
        assert visitor.http.delete(place).json()["code"] == "file_not_found"
        assert visitor.http.get(FILES).json() == {"files": []}

    def test_nobody_else_reads_or_deletes_it(self, server: Live, visitor: Visitor) -> None:
        place = f"{FILES}/{send(visitor, picture()).json()['id']}"
        other = server.visitor()
        for answer in (other.http.get(place), other.http.delete(place)):
            assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found")
        assert server.client().get(place).status_code == 401
        assert visitor.http.get(place).content == picture()

    def test_another_site_cannot_send_or_delete(self, visitor: Visitor) -> None:
        place = f"{FILES}/{send(visitor, picture()).json()['id']}"
        visitor.http.headers["sec-fetch-site"] = "cross-site"
        assert send(visitor, picture(1)).status_code == 403
        assert visitor.http.delete(place).status_code == 403


class TestTicket:
    def test_a_registered_complaint_takes_what_waits(self, server: Live, visitor: Visitor) -> None:
        made = send(visitor, picture()).json()
        number = register(server, visitor)
        assert visitor.http.get(FILES).json() == {"files": []}
        assert _files_of(server, number) == [made["id"]]
        answer = visitor.http.delete(f"{FILES}/{made['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "file_kept")
        assert visitor.http.get(f"{FILES}/{made['id']}").content == picture()

    def test_a_file_for_a_ticket_is_one_step_of_its_life(self, server: Live, visitor: Visitor) -> None:
        number = register(server, visitor)
        first, again = send(visitor, picture(), ticket=number), send(visitor, picture(), ticket=number)
        assert first.status_code == 201
        assert first.json() == again.json()
        with server.runtime.db.reading() as s:
            events = tickets.timeline(s, tickets.get_by_number(s, number).id)
        assert [event.type for event in events] == ["created", "add_facts"]
        assert events[-1].data["files"] == [{"id": first.json()["id"], "name": "截图.png"}]

    def test_another_customers_ticket_is_not_there(self, server: Live, visitor: Visitor) -> None:
        answer = send(server.visitor(), picture(), ticket=register(server, visitor))
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")

    def test_a_ticket_that_is_over_takes_none(self, server: Live, visitor: Visitor) -> None:
        number = register(server, visitor)
        with server.runtime.db.begin() as s:
            found = tickets.get_by_number(s, number)
            tickets.withdraw(s, ticket_id=found.id, customer_id=visitor.id, now=server.runtime.now())
        assert send(visitor, picture(), ticket=number).json()["code"] == "wrong_state"
        assert found.state is TicketState.WITHDRAWN
        assert _files_of(server, number) == []


class TestDownload:
    def test_headers_keep_a_browser_from_running_it(self, visitor: Visitor) -> None:
        made = send(visitor, PDF, '合同"%\r\n.pdf').json()
        answer = visitor.http.get(f"{FILES}/{made['id']}")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.content == PDF

    def test_an_image_opens_in_the_browser(self, visitor: Visitor) -> None:
        answer = visitor.http.get(f"{FILES}/{send(visitor, picture()).json()['id']}")
        assert answer.headers["content-disposition"].startswith("inline; ")

    def test_a_name_in_any_script_survives(self) -> None:
        assert disposition("attachment", '收据 1"%.pdf') == (
            "attachment; filename=\"__ 1__.pdf\"; filename*=UTF-8''%E6%94%B6%E6%8D%AE%201%22%25.pdf"
        )


class TestHandlers:
    def test_a_look_is_in_the_audit(self, server: Live, visitor: Visitor) -> None:
        made = send(visitor, PDF, "合同.pdf").json()
        register(server, visitor)
        handler = server.staff("handler")
        assert handler.http.get(f"/desk/files/{made['id']}").content == PDF
        with server.runtime.db.reading() as s:
            read = s.scalars(select(AuditRow).where(AuditRow.object_id == made["id"])).all()
        assert [entry.action for entry in read] == ["file.read"]

    def test_who_has_an_interest_or_no_role_sees_nothing(self, server: Live, visitor: Visitor) -> None:
        made = send(visitor, PDF).json()
        number, handler = register(server, visitor), server.staff("handler")
        with server.runtime.db.begin() as s:
            user, found = find_user(s, handler.name), tickets.get_by_number(s, number)
            assert user is not None
            work.bar(
                s,
                ticket_id=found.id,
                user=user,
                version=found.version,
                reason="亲属",
                now=server.runtime.now(),
            )
        assert handler.http.get(f"/desk/files/{made['id']}").json()["code"] == "barred"
        assert server.staff("staff").http.get(f"/desk/files/{made['id']}").status_code == 403
        assert visitor.http.get(f"/desk/files/{made['id']}").status_code == 303


def test_content_and_name_are_encrypted(server: Live, visitor: Visitor) -> None:
    send(visitor, PDF, "工资单.pdf")
    with server.runtime.db.reading() as s:
        raw = s.connection().exec_driver_sql("SELECT name, content FROM attachments").all()
    assert not any("工资单" in name or b"%PDF" in bytes(content) for name, content in raw)


def _files_of(server: Live, number: str) -> list[str]:
    with server.runtime.db.reading() as s:
        ticket = tickets.get_by_number(s, number)
        return list(s.scalars(select(Attachment.id).where(Attachment.ticket_id == ticket.id)))
