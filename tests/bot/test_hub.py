"""Wake-ups, locks and rate limits: in memory, and in Redis where it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import redis

from actions.store.base import new_id
from bot.hub import Hub, MemoryHub, RedisHub, make_hub

REDIS = os.environ.get("WENJIN_TEST_REDIS", "redis://127.0.0.1:6379")
SOON, LONG = 0.05, 20.0
BOTH = [pytest.param("memory", id="memory"), pytest.param("redis", id="redis", marks=pytest.mark.redis)]


def need_redis() -> str:
    """Return where Redis is; without one fail in CI, skip elsewhere."""
    try:
        redis.from_url(REDIS).ping()
    except redis.RedisError as error:
        reason = f"Redis is not there: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return REDIS


@pytest.fixture(params=BOTH)
async def hub(request: pytest.FixtureRequest) -> AsyncIterator[Hub]:
    """A hub that has been started, one of each kind."""
    made = make_hub(need_redis() if request.param == "redis" else "")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Hub, Hub]]:
    """The hubs of two processes that share a Redis."""
    url = need_redis()
    one, two = RedisHub(url), RedisHub(url)
    await one.start()
    await two.start()
    yield one, two
    await one.stop()
    await two.stop()


async def test_a_wake_up_wakes_who_waits_for_it(hub: Hub) -> None:
    mine, other = new_id(), new_id()
    waiting = [asyncio.create_task(hub.wait(mine, LONG)) for _ in range(2)]
    bystander = asyncio.create_task(hub.wait(other, SOON))
    await asyncio.sleep(0)
    hub.publish(mine)
    assert await asyncio.gather(*waiting) == [True, True]
    assert await bystander is False


async def test_a_wake_up_may_come_from_any_thread(hub: Hub) -> None:
    key = new_id()
    waiting = asyncio.create_task(hub.wait(key, LONG))
    await asyncio.sleep(0)
    await asyncio.to_thread(hub.publish, key)
    assert await waiting is True


async def test_stopping_wakes_everybody() -> None:
    hub = MemoryHub()
    await hub.start()
    waiting = asyncio.create_task(hub.wait("x", LONG))
    await asyncio.sleep(0)
    await hub.stop()
    assert await waiting is True


async def test_a_wake_up_before_the_start_is_no_failure() -> None:
    MemoryHub().publish("x")


async def test_one_turn_of_a_conversation_runs_at_a_time(hub: Hub) -> None:
    key = new_id()
    running, most = 0, 0

    async def turn() -> None:
        nonlocal running, most
        async with hub.lock(key):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(turn() for _ in range(5)))
    assert (running, most) == (0, 1)


async def test_conversations_do_not_wait_for_each_other(hub: Hub) -> None:
    async with hub.lock(new_id()), hub.lock(new_id()):
        pass


async def test_a_failing_turn_gives_its_lock_back(hub: Hub) -> None:
    key = new_id()
    with pytest.raises(ZeroDivisionError):
        async with hub.lock(key):
            raise ZeroDivisionError
    async with hub.lock(key):
        pass


async def test_locks_and_waits_are_forgotten() -> None:
    hub = MemoryHub()
    await hub.start()
    for _ in range(3):
        async with hub.lock(new_id()):
            pass
        assert await hub.wait(new_id(), 0) is False
    assert not hub._locks
    assert not hub._users
    assert not hub._waiting


async def test_so_many_uses_a_minute_and_no_more(hub: Hub) -> None:
    key = new_id()
    assert [await hub.allow(key, 3) for _ in range(3)] == [True] * 3
    assert await hub.allow(new_id(), 3) is True


async def test_a_mark_is_there_until_it_is_taken_away(hub: Hub) -> None:
    name = new_id()
    assert await hub.marked(name) is False
    assert [await hub.mark(name, LONG), await hub.mark(name, LONG)] == [True, False]
    assert await hub.mark(name, LONG, only_new=True) is False
    assert await hub.marked(name) is True
    assert await hub.mark(name, 0) is False
    assert await hub.marked(name) is False
    assert await hub.mark(name, LONG, only_new=True) is True


async def test_a_mark_goes_by_itself(hub: Hub) -> None:
    name = new_id()
    await hub.mark(name, SOON)
    assert await hub.wait(name, 2 * SOON) is False
    assert await hub.marked(name) is False


async def test_marks_that_are_gone_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, now = MemoryHub(), 1000.0
    monkeypatch.setattr("bot.hub.time.monotonic", lambda: now)
    monkeypatch.setattr("bot.hub._MANY_KEYS", 3)
    for number in range(4):
        await hub.mark(f"old-{number}", 5)
    now += 6
    await hub.mark("new", 5)
    assert list(hub._marks) == ["new"]


async def test_the_use_after_the_last_is_refused() -> None:
    hub = MemoryHub()
    assert [await hub.allow("x", 2) for _ in range(4)] == [True, True, False, False]


async def test_old_uses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, now = MemoryHub(), 1000.0
    monkeypatch.setattr("bot.hub.time.monotonic", lambda: now)
    assert [await hub.allow("x", 1), await hub.allow("x", 1)] == [True, False]
    now += 60
    assert await hub.allow("x", 1) is True


@pytest.mark.redis
async def test_processes_wake_each_other(pair: tuple[Hub, Hub]) -> None:
    one, two = pair
    key = new_id()
    waiting = asyncio.create_task(two.wait(key, LONG))
    await asyncio.sleep(0)
    one.publish(key)
    assert await waiting is True


@pytest.mark.redis
async def test_processes_share_a_lock(pair: tuple[Hub, Hub]) -> None:
    one, two = pair
    key = new_id()
    async with one.lock(key):
        second = asyncio.ensure_future(_enter(two, key))
        done, _ = await asyncio.wait([second], timeout=SOON)
        assert not done
    assert await second is True


@pytest.mark.redis
async def test_processes_share_a_rate_limit(pair: tuple[Hub, Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.hub.time.time", lambda: 1_800_000_000.0)  # not at the turn of a minute
    key = new_id()
    assert [await hub.allow(key, 3) for hub in (*pair, *pair)] == [True, True, True, False]


@pytest.mark.redis
async def test_without_redis_this_process_still_wakes_its_own_chats() -> None:
    need_redis()
    hub = RedisHub(REDIS)
    await hub.start()
    hub._sync = redis.from_url("redis://127.0.0.1:1")
    waiting = asyncio.create_task(hub.wait("x", LONG))
    await asyncio.sleep(0)
    hub.publish("x")
    assert await waiting is True
    await hub.stop()


@pytest.mark.redis
async def test_processes_see_each_others_marks(pair: tuple[Hub, Hub]) -> None:
    one, two = pair
    name = new_id()
    await one.mark(name, LONG)
    assert await two.marked(name) is True
    await two.mark(name, 0)
    assert await one.marked(name) is False


async def _enter(hub: Hub, key: str) -> bool:
    async with hub.lock(key):
        return True


class TestRedisIsDown:
    """Without Redis a process goes on by itself: it keeps order, counts and wakes its own chats."""

    @pytest.fixture
    async def hub(self) -> AsyncIterator[RedisHub]:
        made = RedisHub("redis://127.0.0.1:1/0")
        await made.start()
        yield made
        await made.stop()

    async def test_turns_still_run_one_at_a_time(self, hub: RedisHub) -> None:
        order: list[str] = []

        async def turn(name: str) -> None:
            async with hub.lock("c"):
                order.append(f"{name} in")
                await asyncio.sleep(0)
                order.append(f"{name} out")

        await asyncio.gather(turn("a"), turn("b"))
        assert order == ["a in", "a out", "b in", "b out"]

    async def test_the_rate_is_still_limited(self, hub: RedisHub) -> None:
        assert [await hub.allow("k", 2) for _ in range(3)] == [True, True, False]

    async def test_this_process_still_keeps_its_own_marks(self, hub: RedisHub) -> None:
        assert await hub.mark("m", LONG) is True
        assert await hub.marked("m") is True

    async def test_this_process_still_wakes_its_own_chats(self, hub: RedisHub) -> None:
        waiting = asyncio.create_task(hub.wait("c", 5))
        await asyncio.sleep(0)
        hub.publish("c")
        assert await waiting
