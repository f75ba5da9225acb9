"""Who is here and who types in a conversation: marks that go by themselves, nothing that is kept."""

from __future__ import annotations

from bot.hub import Hub

CUSTOMER, HANDLER = "customer", "handler"
TYPING_SECONDS = 5.0
TYPING_EVERY = 2.0  # what comes more often changes nothing
HERE_SECONDS = 25.0  # an open chat says so at least every 15 seconds


async def types(hub: Hub, conversation_id: str, who: str) -> None:
    """Note that somebody types, and tell the other side; said again within 2 seconds it is not news."""
    if await hub.mark(f"told:{who}:{conversation_id}", TYPING_EVERY, only_new=True):
        await hub.mark(_typing(conversation_id, who), TYPING_SECONDS)
        hub.publish(conversation_id)


async def stops(hub: Hub, conversation_id: str, who: str) -> None:
    """Note that somebody types no more: the message is there."""
    await hub.mark(_typing(conversation_id, who), 0)


async def is_typing(hub: Hub, conversation_id: str, who: str) -> bool:
    """Tell whether somebody has typed within the last seconds."""
    return await hub.marked(_typing(conversation_id, who))


async def comes(hub: Hub, conversation_id: str) -> None:
    """Note that the customer's chat is open, and tell the other side when it was not before."""
    if await hub.mark(_here(conversation_id), HERE_SECONDS):
        hub.publish(conversation_id)


async def is_here(hub: Hub, conversation_id: str) -> bool:
    """Tell whether the customer's chat is open."""
    return await hub.marked(_here(conversation_id))


def _typing(conversation_id: str, who: str) -> str:
    return f"typing:{who}:{conversation_id}"


def _here(conversation_id: str) -> str:
    return f"here:{conversation_id}"
