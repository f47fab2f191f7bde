"""Visits to a dashboard: one page and one kernel each. A reload finds its visit again; one that is left ends."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

#: Seconds in which a page that said that it is left may come back: a reload says so too.
RELOAD: Final = 10.0
#: Seconds after which a page is gone that never said so: a browser that was killed, a tab that was put to sleep.
AWAY: Final = 300.0
#: Seconds for which a page that has just been sent may be without a connection to its kernel.
CONNECTS: Final = 30.0
#: Kernels at a time; each takes about 170 MB.
MOST: Final = 8
_ISSUED: Final = 1_000
logger: Final = logging.getLogger(__name__)


class Full(Exception):
    """There are as many visits as there may be, and each has somebody who looks at it."""


class Kernels(Protocol):
    """The kernels of a dashboard, as visits need them."""

    def all(self) -> list[str]:
        """Those that were started and not ended since."""

    def exists(self, kernel: str) -> bool:
        """Return whether it was started and not ended since."""

    async def alive(self, kernel: str) -> bool:
        """Return whether its process runs."""

    def connections(self, kernel: str) -> int:
        """Return how many pages are connected to it."""

    async def end(self, kernel: str) -> None:
        """End it."""


class Visit:
    """A page as it was first rendered, and what is known of whoever looks at it. Its `id` is that of its kernel too."""

    def __init__(self, name: str, now: float) -> None:
        self.id = name
        self.readers = 0
        self.left = False
        self.seen = self.sent = now
        self._parts: list[str] = []
        self._more = asyncio.Event()
        self._rendering: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    @property
    def rendering(self) -> bool:
        """The notebook is being executed, or about to be."""
        return self._rendering is None or not self._rendering.done()

    def render(self, parts: AsyncIterator[str]) -> None:
        """Execute the notebook, also where the page that asked for it goes before the end."""
        self._rendering = asyncio.ensure_future(self._render(parts))

    async def _render(self, parts: AsyncIterator[str]) -> None:
        try:
            async for part in parts:
                self._add(part)
        except Exception as error:  # noqa: BLE001  # whoever reads the page is told
            self._failure = error
        finally:
            self._add("")

    def _add(self, part: str) -> None:
        self._parts.append(part)
        self._more.set()
        self._more = asyncio.Event()

    async def page(self) -> AsyncIterator[str]:
        """The page, from its beginning, as it comes to be. Raises what the rendering has raised."""
        at = 0
        while True:
            while at < len(self._parts):
                at += 1
                yield self._parts[at - 1]
            if not self.rendering:
                break
            await self._more.wait()
        if self._failure is not None:
            raise self._failure

    def give_up(self) -> None:
        """Stop the rendering, where it goes on."""
        if self._rendering is not None:
            self._rendering.cancel()


class Visits:
    """All visits of a dashboard; used on its event loop alone, so that what stands between two `await` is one step.

    Args:
        kernels: has the kernels.
        max_visits: visits at a time.
        reload, away, connects: seconds, see `RELOAD`, `AWAY` and `CONNECTS`.
    """

    def __init__(
        self,
        kernels: Kernels,
        *,
        max_visits: int = MOST,
        reload: float = RELOAD,
        away: float = AWAY,
        connects: float = CONNECTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_visits = max_visits
        self._kernels, self._clock = kernels, clock
        self._reload, self._away, self._connects = reload, away, connects
        self._visits: dict[str, Visit] = {}
        self._issued: dict[str, None] = {}
        self._ending: set[str] = set()

    def __len__(self) -> int:
        return len(self._visits)

    def issue(self) -> str:
        """An id for a visit that is to come; it takes no place yet."""
        name = str(uuid.uuid4())
        self._issued[name] = None
        while len(self._issued) > _ISSUED:
            del self._issued[next(iter(self._issued))]
        return name

    async def arrive(self, name: str, parts: Callable[[], AsyncIterator[str]]) -> Visit | None:
        """The visit of an id, begun by executing `parts` where the id was issued for a new one; else None.

        Raises `Full`.
        """
        visit = self._visits.get(name)
        if visit is not None and (visit.rendering or self._kernels.exists(name)):
            return visit
        if name not in self._issued:
            return None
        evicted = self._make_room()
        # its place is taken before anything is waited for: of two that come at once only one takes the last one
        del self._issued[name]
        visit = self._visits[name] = Visit(name, self._clock())
        if evicted is not None:
            evicted.give_up()
            await self._end(evicted.id)
        visit.render(parts())
        return visit

    def _make_room(self) -> Visit | None:
        """Take out the visit that is to end for another one, None where there is room without."""
        for visit in list(self._visits.values()):
            if not visit.rendering and not self._kernels.exists(visit.id):
                del self._visits[visit.id]
        if len(self._visits) < self.max_visits:
            return None
        evicted = min(
            (visit for visit in self._visits.values() if self._is_unwatched(visit)),
            key=lambda visit: visit.seen,
            default=None,
        )
        if evicted is None:
            raise Full
        return self._visits.pop(evicted.id)

    def reader_joined(self, visit: Visit) -> None:
        """Note that somebody reads its page."""
        visit.left, visit.readers = False, visit.readers + 1
        visit.seen = visit.sent = self._clock()

    def reader_left(self, visit: Visit, *, early: bool) -> None:
        """Note that a reader of its page has finished, or left early."""
        visit.readers -= 1
        visit.seen = self._clock()
        if early and not visit.readers:
            visit.left = True

    def leave(self, name: str) -> None:
        """A page says that it is left; unless it is there again soon, its visit ends."""
        visit = self._visits.get(name)
        if visit is not None:
            visit.left, visit.seen = True, self._clock()

    async def forget(self, name: str) -> None:
        """End a visit, whoever looks at it."""
        visit = self._visits.pop(name, None)
        if visit is not None:
            visit.give_up()
            await self._end(name)

    async def check(self) -> None:
        """Look at all once: who is there, and whose time is over."""
        now = self._clock()
        for visit in list(self._visits.values()):
            if not visit.rendering and not await self._kernels.alive(visit.id):
                await self.forget(visit.id)
            elif visit.readers or self._connected(visit):
                visit.seen = now
            elif now - visit.seen > (self._reload if visit.left else self._away):
                await self.forget(visit.id)
        for kernel in self._kernels.all():
            # one that was still being started when its visit ended
            if kernel not in self._visits and kernel not in self._ending:
                await self._end(kernel)

    def _connected(self, visit: Visit) -> bool:
        return self._kernels.exists(visit.id) and self._kernels.connections(visit.id) > 0

    def _is_unwatched(self, visit: Visit) -> bool:
        """Return whether nobody looks at it now, so that it may end for another one."""
        if visit.readers or self._connected(visit):
            return False
        return visit.left or self._clock() - visit.sent > self._connects

    async def _end(self, kernel: str) -> None:
        self._ending.add(kernel)
        try:
            if self._kernels.exists(kernel):
                await self._kernels.end(kernel)
        except Exception:
            logger.exception("a kernel could not be ended")
        finally:
            self._ending.discard(kernel)
