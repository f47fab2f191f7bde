"""Visits with kernels that are only counted: whatever comes at once, never more than there may be, and none is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

from createos_nb.cli.visits import Full, Visit, Visits


class Counted:
    """Kernels that take time to start and to end."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.dead: set[str] = set()
        self.looking: dict[str, int] = {}
        self.most = self.started = 0

    def all(self) -> list[str]:
        return list(self.running)

    def exists(self, kernel: str) -> bool:
        return kernel in self.running

    async def alive(self, kernel: str) -> bool:
        await asyncio.sleep(0)
        return kernel in self.running - self.dead

    def connections(self, kernel: str) -> int:
        return self.looking.get(kernel, 0)

    async def end(self, kernel: str) -> None:
        await asyncio.sleep(0.001)
        self.running.discard(kernel)

    async def page(self, kernel: str) -> AsyncIterator[str]:
        await asyncio.sleep(0.001)
        self.running.add(kernel)
        self.started += 1
        self.most = max(self.most, len(self.running))
        yield "a"
        await asyncio.sleep(0.001)
        yield "b"


async def load(visits: Visits, kernels: Counted, name: str) -> str | None:
    """What a page's handler does: the page, "" where there is no room, None where the id is of no visit."""
    try:
        visit = await visits.arrive(name, lambda: kernels.page(name))
    except Full:
        return ""
    if visit is None:
        return None
    visits.reader_joined(visit)
    try:
        return "".join([part async for part in visit.page()])
    finally:
        visits.reader_left(visit, early=False)


def test_any_number_at_once_gets_no_more_than_there_may_be() -> None:
    async def run() -> None:
        for most in (1, 2, 5):
            kernels = Counted()
            visits = Visits(kernels, max_visits=most)
            pages = await asyncio.gather(*(load(visits, kernels, visits.issue()) for _ in range(40)))
            assert sorted(pages) == [""] * (40 - most) + ["ab"] * most
            assert (kernels.most, kernels.started, len(visits)) == (most, most, most)

    asyncio.run(run())


def test_one_id_at_once_is_one_kernel_and_an_unknown_id_is_none() -> None:
    async def run() -> None:
        kernels = Counted()
        visits = Visits(kernels)
        name = visits.issue()
        assert await asyncio.gather(*(load(visits, kernels, name) for _ in range(20))) == ["ab"] * 20
        assert kernels.started == 1
        for other in ("", "x", "../x", name.upper()):
            assert await load(visits, kernels, other) is None

    asyncio.run(run())


def test_times_of_a_page_that_is_left_reloaded_or_gone() -> None:
    async def run() -> None:
        now = 0.0
        kernels = Counted()
        visits = Visits(kernels, reload=10, away=300, clock=lambda: now)
        name = visits.issue()
        assert await load(visits, kernels, name) == "ab"
        kernels.looking[name] = 1
        now = 10_000.0
        await visits.check()
        assert kernels.running == {name}  # somebody looks
        visits.leave(name)
        await visits.check()
        kernels.looking[name] = 0
        now += 9
        await visits.check()
        assert await load(visits, kernels, name) == "ab"  # a reload
        now += 299
        await visits.check()
        assert kernels.running == {name}
        now += 2
        await visits.check()
        assert (kernels.running, len(visits)) == (set(), 0)
        assert await load(visits, kernels, name) is None
        name = visits.issue()
        assert await load(visits, kernels, name) == "ab"
        visits.leave(name)
        now += 11
        await visits.check()
        assert kernels.running == set()

    asyncio.run(run())


def test_a_place_that_nobody_looks_at_is_given_away_and_no_other() -> None:
    async def run() -> None:
        now = 0.0
        kernels = Counted()
        visits = Visits(kernels, max_visits=3, connects=30, clock=lambda: now)
        names = [visits.issue() for _ in range(3)]
        for name in names:
            assert await load(visits, kernels, name) == "ab"
        assert await load(visits, kernels, waits := visits.issue()) == ""  # they may still connect
        now = 31.0
        kernels.looking = {names[0]: 1, names[2]: 1}
        assert await load(visits, kernels, waits) == "ab"
        assert kernels.running == {names[0], names[2], waits}
        assert kernels.most == 3

    asyncio.run(run())


def test_whoever_comes_and_goes_in_any_order_leaves_nothing_behind() -> None:
    async def one(visits: Visits, kernels: Counted, dice: random.Random) -> None:
        name = visits.issue()
        for _ in range(dice.randint(1, 4)):
            page = await load(visits, kernels, name)
            if page == "ab":
                kernels.looking[name] = 1
                await asyncio.sleep(dice.random() / 100)
                visits.leave(name)
                kernels.looking[name] = 0
            if dice.random() < 0.3:
                kernels.dead.add(name)
            if dice.random() < 0.3:
                await visits.check()
            assert len(kernels.running) <= visits.max_visits

    async def run() -> None:
        for seed in range(30):
            kernels, dice = Counted(), random.Random(seed)
            visits = Visits(kernels, max_visits=4, reload=0.002, away=0.01, connects=0.001)
            await asyncio.gather(*(one(visits, kernels, dice) for _ in range(25)))
            await asyncio.sleep(0.02)
            await visits.check()
            await asyncio.sleep(0.02)
            await visits.check()
            assert (kernels.running, len(visits)) == (set(), 0)

    asyncio.run(run())


def test_a_kernel_that_was_being_started_when_its_visit_ended_ends_too() -> None:
    async def run() -> None:
        now = 0.0
        kernels = Counted()
        visits = Visits(kernels, reload=10, clock=lambda: now)

        async def slow(kernel: str) -> AsyncIterator[str]:
            await asyncio.shield(asyncio.sleep(0.05))
            yield ""

        name = visits.issue()
        visit = await visits.arrive(name, lambda: slow(name))
        assert visit is not None
        visits.reader_joined(visit)
        visits.reader_left(visit, early=True)
        now = 11
        await visits.check()
        assert len(visits) == 0
        kernels.running.add(name)  # only now it is there
        await visits.check()
        assert kernels.running == set()

    asyncio.run(run())


def test_an_error_of_the_rendering_reaches_everybody_who_waits() -> None:
    async def broken() -> AsyncIterator[str]:
        yield "a"
        raise OSError("no kernel")

    async def read(visit: Visit) -> str:
        try:
            return "".join([part async for part in visit.page()])
        except OSError as error:
            return str(error)

    async def run() -> None:
        kernels = Counted()
        visits = Visits(kernels)
        name = visits.issue()
        visit = await visits.arrive(name, broken)
        assert visit is not None
        assert await asyncio.gather(read(visit), read(visit)) == ["no kernel"] * 2
        assert await load(visits, kernels, name) is None  # a visit without a kernel takes no place

    asyncio.run(run())
