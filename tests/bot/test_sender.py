"""Notices on their way out, to a real mail server and a real webhook receiver."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.desk import outbox, tickets, work
from actions.desk.outbox import MOST_TRIES
from actions.service import accounts
from actions.store.base import new_id
from actions.store.tables.desk import Notice
from bot.cli import main
from bot.runtime import Runtime
from bot.sender import Sender, channels_of
from bot.settings import Settings
from tests.bot.receivers import Hook, Mailbox, hook_server, mail_server
from tests.bot.serving import PASSWORD, free_port

SECRET = "a secret of the receiver"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
REPLY = "已为您退回重复扣款 200 元。"


class Desk:
    """A desk of one handler with a clock that tests move."""

    def __init__(self, folder: Path, mail: Mailbox, hook: Hook) -> None:
        self.at = START
        settings = Settings(
            data_dir=folder, smtp_url=mail.url, mail_from="kefu@example.com", webhook_url=hook.url,
            webhook_secret=SECRET, public_url="https://desk.example.com",
        )  # fmt: skip
        self.runtime = Runtime(settings, clock=lambda: self.at)
        with self.runtime.db.begin() as s:
            self.handler, _ = accounts.add_user(
                s, name="lin", password=PASSWORD, roles=("handler",), now=START
            )

    def sender(self) -> Sender:
        """Return another sender, as another process has one."""
        return Sender(self.runtime, channels_of(self.runtime.settings))

    def send(self) -> None:
        """Send until nothing is due."""

        async def all_due() -> None:
            sender = self.sender()
            while await sender.once():
                pass

        asyncio.run(all_due())

    def complain(self) -> str:
        """Register a complaint with an e-mail address and return its id."""
        with self.runtime.db.begin() as s:
            return tickets.create(
                s, draft=tickets.TicketDraft("扣了两次钱", contact="电话 13812345678，邮箱 zhang@example.com"),
                customer_id="guest", conversation_id=None, key=new_id(), now=self.at, rng=random.Random(1),
            ).id  # fmt: skip

    def take_and_reply(self, ticket_id: str) -> None:
        """Take a ticket and write to its customer."""
        with self.runtime.db.begin() as s:
            work.take(s, ticket_id=ticket_id, user=self.handler, version=1, now=self.at)
            work.reply(s, ticket_id=ticket_id, user=self.handler, text=REPLY, version=2, now=self.at)

    def notices(self) -> list[Notice]:
        """Return all notices, oldest first."""
        with self.runtime.db.reading() as s:
            return list(s.scalars(select(Notice).order_by(Notice.created_at, Notice.key)))


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_server() as receiver:
        yield receiver


@pytest.fixture
def desk(tmp_path: Path, mail: Mailbox, hook: Hook) -> Iterator[Desk]:
    made = Desk(tmp_path, mail, hook)
    yield made
    made.runtime.db.dispose()


class TestMail:
    def test_a_reply_reaches_the_customer_with_the_link(self, desk: Desk, mail: Mailbox) -> None:
        desk.take_and_reply(desk.complain())
        desk.send()
        taken, replied = mail.mails
        assert (replied["to"], replied["from"]) == ("zhang@example.com", "kefu@example.com")
        assert "有新进展" in replied["subject"]
        assert REPLY in replied.get_content()
        assert "https://desk.example.com/t/" in replied.get_content()
        assert taken["message-id"] != replied["message-id"]

    def test_its_message_id_is_the_notice(self, desk: Desk, mail: Mailbox) -> None:
        desk.take_and_reply(desk.complain())
        desk.send()
        ids = {f"<{one.id}@example.com>" for one in desk.notices() if one.channel == "mail"}
        assert {one["message-id"] for one in mail.mails} == ids
        assert {one["auto-submitted"] for one in mail.mails} == {"auto-generated"}

    def test_a_mailbox_that_is_full_for_now_gets_it_later(self, desk: Desk, mail: Mailbox) -> None:
        mail.answer = "452 mailbox full"
        desk.take_and_reply(desk.complain())
        desk.send()
        mail.answer = ""
        desk.send()
        assert mail.mails == []  # not before its time
        desk.at += timedelta(minutes=1)
        desk.send()
        assert len(mail.mails) == 2

    def test_an_address_that_is_refused_is_given_up_and_seen(self, desk: Desk, mail: Mailbox) -> None:
        mail.answer = "550 no such user"
        desk.take_and_reply(desk.complain())
        desk.send()
        lost = [one for one in desk.notices() if one.channel == "mail"]
        assert [(one.failed, one.attempts) for one in lost] == [(True, 1)] * 2
        assert "550 no such user" in lost[0].last_error

    def test_no_password_is_sent_in_the_clear(self, desk: Desk) -> None:
        from bot.delivery import Mailer, Undelivered

        anywhere = "0.0.0.0"  # noqa: S104  leads to this machine and is no loopback address
        with socket.create_server((anywhere, 0)) as plain:
            heard: list[bytes] = []
            talk = _scripted(plain, [b"220 hi\r\n", b"250 hello\r\n"], heard)
            mailer = Mailer(f"smtp://user:secret@{anywhere}:{plain.getsockname()[1]}", "kefu@example.com")
            desk.complain()
            parcel = outbox.Parcel(
                "x", "mail", None, "a@example.com", {"subject": "s", "text": "t"}, START, START
            )
            with pytest.raises(Undelivered, match="不支持加密"):
                asyncio.run(mailer(parcel))
            talk()
        assert not any(b"secret" in line or b"AUTH" in line for line in heard)


class TestWebhook:
    def test_what_happened_is_signed_and_names_no_person(self, desk: Desk, hook: Hook) -> None:
        desk.take_and_reply(desk.complain())
        desk.send()
        events = [json.loads(body)["event"] for _, body in hook.calls]
        assert sorted(events) == ["ticket.acknowledged", "ticket.created", "ticket.replied"]
        for headers, body in hook.calls:
            assert _verified(headers, body)
            assert json.loads(body)["id"] == headers["x-wenjin-id"]
            assert not any(word in body.decode() for word in ("13812345678", "zhang@", "扣了", "退回"))

    def test_another_body_or_time_has_another_signature(self, desk: Desk, hook: Hook) -> None:
        desk.complain()
        desk.send()
        headers, body = hook.calls[0]
        assert not _verified(headers, body + b" ")
        assert not _verified({**headers, "x-wenjin-timestamp": "1"}, body)

    def test_it_is_tried_again_under_the_same_id_with_growing_waits(self, desk: Desk, hook: Hook) -> None:
        hook.statuses = [500, 302, 404]
        desk.complain()
        waits = []
        for _ in range(3):
            desk.send()
            waits.append(desk.notices()[0].next_at - desk.at)
            desk.at = desk.notices()[0].next_at
        desk.send()
        assert len({headers["x-wenjin-id"] for headers, _ in hook.calls}) == 1
        assert len(hook.calls) == 4
        assert all(
            timedelta(minutes=2**n) / 2 <= one <= timedelta(minutes=2**n) for n, one in enumerate(waits)
        )
        assert desk.notices()[0].done_at == desk.at

    def test_it_is_given_up_after_about_three_days_seen_and_sent_again(
        self, desk: Desk, hook: Hook, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hook.statuses = [503] * MOST_TRIES
        desk.complain()
        for _ in range(MOST_TRIES):
            desk.send()
            desk.at = max(desk.at, desk.notices()[0].next_at)
        lost = desk.notices()[0]
        assert (lost.failed, lost.attempts) == (True, MOST_TRIES)
        assert timedelta(days=1.5) < desk.at - START < timedelta(days=3.5)
        desk.send()
        assert len(hook.calls) == MOST_TRIES
        folder = str(desk.runtime.settings.data_dir)
        assert main(["--data-dir", folder, "notices", "--failed"]) == 0
        assert lost.id in capsys.readouterr().out
        assert main(["--data-dir", folder, "notices", "--retry", lost.id]) == 0
        desk.at = datetime.now(UTC)
        desk.send()
        assert hook.calls[-1][0]["x-wenjin-id"] == lost.id
        assert main(["--data-dir", folder, "notices", "--retry", lost.id]) == 1
        assert "已经送达" in capsys.readouterr().err

    def test_nobody_there_loses_nothing(self, desk: Desk) -> None:
        desk.complain()
        settings = desk.runtime.settings.model_copy(
            update={"webhook_url": f"http://127.0.0.1:{free_port()}/"}
        )
        sender = Sender(desk.runtime, channels_of(settings))
        asyncio.run(_once(sender))
        notice = desk.notices()[0]
        assert (notice.done_at, notice.failed, notice.attempts) == (None, False, 1)
        assert "127.0.0.1" in notice.last_error


class TestCrash:
    def test_a_sender_that_dies_before_marking_sends_again_under_the_same_id(
        self, desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_: object) -> None:
            raise KeyboardInterrupt

        desk.complain()
        dying = desk.sender()
        monkeypatch.setattr(dying, "_delivered", die)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(_once(dying))
        desk.send()
        assert len(hook.calls) == 1  # the dead sender's claim still holds
        desk.at += outbox.LEASE
        desk.send()
        assert len(hook.calls) == 2
        assert hook.calls[0][0]["x-wenjin-id"] == hook.calls[1][0]["x-wenjin-id"]

    def test_two_senders_at_once_send_each_once(self, desk: Desk, hook: Hook, mail: Mailbox) -> None:
        for _ in range(12):
            desk.take_and_reply(desk.complain())

        async def both() -> None:
            await asyncio.gather(*(_drain(desk.sender()) for _ in range(2)))

        asyncio.run(both())
        ids = [headers["x-wenjin-id"] for headers, _ in hook.calls]
        assert (len(ids), len(set(ids))) == (36, 36)
        assert len({one["message-id"] for one in mail.mails}) == len(mail.mails) == 24

    def test_a_commit_wakes_the_sender(self, desk: Desk, hook: Hook) -> None:
        async def serve() -> None:
            await desk.runtime.hub.start()
            stopping = asyncio.Event()
            running = asyncio.create_task(desk.sender().run(stopping))
            for count in range(1, 4):
                await asyncio.to_thread(desk.complain)
                await asyncio.to_thread(hook.wait_for, count)
            stopping.set()
            await desk.runtime.hub.stop()
            await running

        asyncio.run(asyncio.wait_for(serve(), 60))


async def _once(sender: Sender) -> None:
    await sender.once()


async def _drain(sender: Sender) -> None:
    while await sender.once():
        pass


def _verified(headers: dict[str, str], body: bytes) -> bool:
    """Check a signature as the documentation tells receivers to."""
    signed = headers["x-wenjin-timestamp"].encode() + b"." + body
    wanted = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers["x-wenjin-signature"])


def _scripted(server: socket.socket, lines: list[bytes], heard: list[bytes]) -> Callable[[], None]:
    """Say these lines to whoever connects, one after each thing heard; return how to wait for its end."""

    def talk() -> None:
        connection, _ = server.accept()
        with connection:
            for line in lines:
                connection.sendall(line)
                heard.append(connection.recv(1000))

    thread = threading.Thread(target=talk)
    thread.start()
    return thread.join
