"""What processes share besides the database: wake-ups for open chats, locks for turns, rate limits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from redis.exceptions import RedisError

log = logging.getLogger(__name__)
_CHANNEL = "wenjin:turns"
_LOCK_SECONDS = 30
_MINUTE = 60.0
_MANY_KEYS = 10_000
_RETRY_SECONDS = 2.0


class Hub(Protocol):
    """Memory in one process, Redis for many; both behave the same."""

    async def start(self) -> None:
        """Begin to listen to other processes."""

    async def stop(self) -> None:
        """Stop listening."""

    def publish(self, conversation_id: str) -> None:
        """Tell all who wait for this conversation that it has new turns; may be called from any thread."""

    async def wait(self, conversation_id: str, seconds: float) -> bool:
        """Wait for news of a conversation; False when none came within `seconds`."""

    def lock(self, conversation_id: str) -> Any:
        """Return an async context manager that lets one turn of a conversation run at a time."""

    async def allow(self, key: str, per_minute: int) -> bool:
        """Count one more use of `key`; False when it was used `per_minute` times in the last minute."""

    async def mark(self, name: str, seconds: float, *, only_new: bool = False) -> bool:
        """Set a mark that is gone after `seconds`, or at once for 0; `only_new` leaves one that is there.

        Return whether it was not there before. A mark is for what may be forgotten: who types, who is here.
        """

    async def marked(self, name: str) -> bool:
        """Tell whether a mark is set."""

    async def reachable(self) -> bool:
        """Tell whether what the processes share can be reached."""


class MemoryHub:
    """The hub of a single process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._users: defaultdict[str, int] = defaultdict(int)
        self._uses: defaultdict[str, deque[float]] = defaultdict(deque)
        self._marks: dict[str, float] = {}

    async def start(self) -> None:
        """Remember the loop that the waiting chats run on."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Wake everybody, so that open chats can end."""
        for events in list(self._waiting.values()):
            for event in events:
                event.set()

    def publish(self, conversation_id: str) -> None:
        """Wake the chats that wait for this conversation."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, conversation_id)

    def _wake(self, conversation_id: str) -> None:
        for event in self._waiting.get(conversation_id, ()):
            event.set()

    async def wait(self, conversation_id: str, seconds: float) -> bool:
        """Wait for news of a conversation."""
        event = asyncio.Event()
        self._waiting[conversation_id].add(event)
        try:
            await asyncio.wait_for(event.wait(), seconds)
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting[conversation_id].discard(event)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    @asynccontextmanager
    async def lock(self, conversation_id: str) -> AsyncIterator[None]:
        """Hold the conversation's lock; it is forgotten when nobody wants it."""
        self._users[conversation_id] += 1
        try:
            async with self._locks[conversation_id]:
                yield
        finally:
            self._users[conversation_id] -= 1
            if not self._users[conversation_id]:
                del self._users[conversation_id], self._locks[conversation_id]

    async def allow(self, key: str, per_minute: int) -> bool:
        """Keep a sliding minute of uses."""
        now = time.monotonic()
        if len(self._uses) > _MANY_KEYS:
            self._forget_idle(now - _MINUTE)
        uses = self._uses[key]
        while uses and uses[0] <= now - _MINUTE:
            uses.popleft()
        if len(uses) >= per_minute:
            return False
        uses.append(now)
        return True

    def _forget_idle(self, since: float) -> None:
        for key in [key for key, uses in self._uses.items() if not uses or uses[-1] <= since]:
            del self._uses[key]

    async def mark(self, name: str, seconds: float, *, only_new: bool = False) -> bool:
        """Keep the time at which the mark is gone."""
        now = time.monotonic()
        if len(self._marks) > _MANY_KEYS:
            self._marks = {key: ends for key, ends in self._marks.items() if ends > now}
        is_new = self._marks.get(name, now) <= now
        if is_new or not only_new:
            self._marks[name] = now + seconds
        return is_new

    async def marked(self, name: str) -> bool:
        """Look whether the mark's time is still to come."""
        return self._marks.get(name, 0.0) > time.monotonic()

    async def reachable(self) -> bool:
        """Tell that nothing is shared that could be lost."""
        return True


class RedisHub(MemoryHub):
    """The hub of many processes: wake-ups, locks and counts go through Redis."""

    def __init__(self, url: str) -> None:
        super().__init__()
        import redis
        import redis.asyncio

        self._async: Any = redis.asyncio.from_url(url)
        self._sync: Any = redis.from_url(url)
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Subscribe to the wake-ups of all processes."""
        await super().start()
        subscribed = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(subscribed))
        with suppress(TimeoutError):
            await asyncio.wait_for(subscribed.wait(), _RETRY_SECONDS)

    async def _listen(self, subscribed: asyncio.Event) -> None:
        """Pass wake-ups on; a lost connection is made again."""
        while True:
            try:
                async with self._async.pubsub() as subscription:
                    await subscription.subscribe(_CHANNEL)
                    subscribed.set()
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            self._wake(message["data"].decode())
            except RedisError:
                log.warning("Redis is not there; open chats look for themselves until it is back")
                await asyncio.sleep(_RETRY_SECONDS)

    async def stop(self) -> None:
        """End the subscription and close the connections."""
        if self._listener:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        await super().stop()
        await self._async.close()
        self._sync.close()

    def publish(self, conversation_id: str) -> None:
        """Send the wake-up to every process, this one included."""
        try:
            self._sync.publish(_CHANNEL, conversation_id)
        except Exception:
            log.warning(
                "Redis did not take a wake-up; open chats will see it at their next look", exc_info=True
            )
            super().publish(conversation_id)

    @asynccontextmanager
    async def lock(self, conversation_id: str) -> AsyncIterator[None]:
        """Hold the conversation's lock in Redis; without Redis this process's own lock must do."""
        import redis.asyncio

        # A turn runs on the dialogue's own loop: it needs a connection of that loop.
        client = redis.asyncio.Redis(connection_pool=self._pool_of_this_loop())
        held = client.lock(
            f"wenjin:lock:{conversation_id}", timeout=_LOCK_SECONDS, blocking_timeout=_LOCK_SECONDS
        )
        async with super().lock(conversation_id):
            try:
                await held.acquire()
            except RedisError:
                log.warning("Redis gave no lock; only this process keeps the order of turns", exc_info=True)
            try:
                yield
            finally:
                with suppress(RedisError):
                    await held.release()

    def _pool_of_this_loop(self) -> Any:
        import redis.asyncio

        loop = asyncio.get_running_loop()
        pools: dict[int, Any] = self.__dict__.setdefault("_pools", {})
        if id(loop) not in pools:
            arguments = self._async.connection_pool.connection_kwargs
            pools[id(loop)] = redis.asyncio.ConnectionPool(**arguments)
        return pools[id(loop)]

    async def allow(self, key: str, per_minute: int) -> bool:
        """Count uses in the running minute in Redis; without it this process counts alone."""
        name = f"wenjin:rate:{key}:{int(time.time() // _MINUTE)}"
        try:
            async with self._async.pipeline() as pipe:
                count, _ = await pipe.incr(name).expire(name, int(_MINUTE)).execute()
        except RedisError:
            return await super().allow(key, per_minute)
        return int(count) <= per_minute

    async def mark(self, name: str, seconds: float, *, only_new: bool = False) -> bool:
        """Set a key that Redis forgets by itself; without Redis this process remembers alone."""
        key, life = f"wenjin:mark:{name}", int(seconds * 1000)
        try:
            if life <= 0:
                return not await self._async.delete(key)
            if only_new:
                return bool(await self._async.set(key, 1, px=life, nx=True))
            return await self._async.set(key, 1, px=life, get=True) is None
        except RedisError:
            return await super().mark(name, seconds, only_new=only_new)

    async def marked(self, name: str) -> bool:
        """Look for the key in Redis; without it this process remembers alone."""
        try:
            return bool(await self._async.exists(f"wenjin:mark:{name}"))
        except RedisError:
            return await super().marked(name)

    async def reachable(self) -> bool:
        """Tell whether Redis answers."""
        try:
            return bool(await self._async.ping())
        except (RedisError, OSError):
            return False


def make_hub(redis_url: str) -> Hub:
    """Return the hub that the settings ask for."""
    return RedisHub(redis_url) if redis_url else MemoryHub()
