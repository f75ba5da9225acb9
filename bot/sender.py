"""Sends notices that wait in the database, woken by commits, for as long as the server runs."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from actions.desk import outbox
from actions.desk.notices import MAIL, WEBHOOK
from actions.desk.outbox import Parcel
from actions.service.conversations import CALLBACK
from actions.store.masking import mask
from bot import metrics
from bot.delivery import Callback, Hopeless, Mailer, Webhook
from bot.runtime import NOTICES, Runtime
from bot.settings import Settings

log = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
Deliver = Callable[[Parcel], Awaitable[None]]


def channels_of(settings: Settings) -> dict[str, Deliver]:
    """Return the ways out that the settings open."""
    found: dict[str, Deliver] = {}
    if settings.smtp_url:
        found[MAIL] = Mailer(settings.smtp_url, settings.mail_from)
    if settings.webhook_url:
        found[WEBHOOK] = Webhook(settings.webhook_url, settings.webhook_secret)
    if settings.callback_url:
        found[CALLBACK] = Callback(settings.callback_url, settings.callback_secret, settings.manual_title)
    return found


class Sender:
    """Claims notices and hands them to their channels; every process may run one."""

    def __init__(
        self, runtime: Runtime, channels: Mapping[str, Deliver], *, lease: timedelta = outbox.LEASE
    ) -> None:
        self._runtime, self._channels, self._lease = runtime, dict(channels), lease
        self._rng = random.SystemRandom()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send whatever is due until the server stops; a failure of the database is only waited out."""
        while self._channels and not stopping.is_set():
            try:
                busy = await self.once()
            except Exception as error:
                metrics.failed("notices", log, "notices could not be sent", error)
                busy = False
            if not busy and not stopping.is_set():
                await self._runtime.hub.wait(NOTICES, LOOK_SECONDS)

    async def once(self) -> bool:
        """Send what is due now and can be claimed; tell whether there was anything."""
        parcels = await asyncio.to_thread(self._claim)
        lines: dict[tuple[str, str], list[Parcel]] = {}
        for parcel in parcels:  # news of one ticket goes out one after another, different tickets at once
            lines.setdefault((parcel.channel, parcel.ticket_id or parcel.id), []).append(parcel)
        await asyncio.gather(*(self._send_all(line) for line in lines.values()))
        return bool(parcels)

    async def _send_all(self, line: Sequence[Parcel]) -> None:
        for parcel in line:
            await self._send(parcel)

    def _claim(self) -> list[Parcel]:
        with self._runtime.db.begin() as s:
            return outbox.claim(s, self._channels, self._runtime.now(), lease=self._lease)

    async def _send(self, parcel: Parcel) -> None:
        try:
            await self._channels[parcel.channel](parcel)
        except Exception as error:
            log.warning("notice %s did not arrive: %s", parcel.id, mask(str(error)))
            await asyncio.to_thread(self._missed, parcel, error)
        else:
            await asyncio.to_thread(self._delivered, parcel)

    def _delivered(self, parcel: Parcel) -> None:
        with self._runtime.db.begin() as s:
            outbox.delivered(s, parcel, self._runtime.now())

    def _missed(self, parcel: Parcel, error: Exception) -> None:
        final = isinstance(error, Hopeless)
        why = mask(f"{type(error).__name__}: {error}")  # a mail server quotes the address
        with self._runtime.db.begin() as s:
            outbox.missed(s, parcel, why, self._runtime.now(), self._rng, final=final)
