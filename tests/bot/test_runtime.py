"""What a server is made of goes when the server goes."""

from __future__ import annotations

import gc
import weakref

from actions.service import conversations
from bot.runtime import Runtime
from bot.settings import Settings


def test_a_runtime_is_not_held_by_the_listeners_of_its_database(settings: Settings) -> None:
    runtime = Runtime(settings)
    with runtime.db.begin() as s:
        conversations.open_conversation(
            s, channel="web", external_id="g", customer_id="g", audience="customer", now=runtime.now()
        )
    runtime.db.dispose()
    held = weakref.ref(runtime)
    del runtime, s
    gc.collect()
    assert held() is None
