"""Whole lists out of pages, while rows arrive and vanish, and whatever the platform says of their number."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from createos_nb import threads

Row = TypeVar("Row")

#: Pages of one reading, whatever the platform says of the length: what has more is cut, and says so.
MOST_PAGES: Final = 25_000
#: Pages read beyond those planned: a list that grows as fast as it is read has no end.
_FURTHER: Final = 8
#: So many pages without a new row: a platform that gives the same page again and again.
_STALE: Final = 3
#: Pages asked for ahead at first; later as many as have come full: a total is believed as far as rows bear it out.
_AHEAD: Final = 4

#: (offset, how many) → (rows, how many the list has; None where the answer does not say)
Fetch = Callable[[int, int], tuple[Sequence[Row], int | None]]

#: (requests done, requests in all)
Tick = Callable[[int, int], None]


@dataclass
class Listing(Generic[Row]):
    """Rows in the platform's order, and whether it is shown that none is missing."""

    rows: list[Row]
    total: int | None
    complete: bool


class _Page(NamedTuple):
    """One answer: where it began, how many were asked for, what it gave, and the total that it named."""

    offset: int
    size: int
    rows: Sequence[object]
    keys: list[object]
    total: int | None

    @property
    def reach(self) -> int:
        return self.offset + len(self.rows)

    @property
    def is_short(self) -> bool:
        return len(self.rows) < self.size

    @property
    def fits(self) -> bool:
        """The rows are as many as the total of the same answer says; an answer without a total always fits."""
        if self.total is None:
            return True
        if not self.rows:
            return self.total <= self.offset
        return self.reach == self.total if self.is_short else self.reach <= self.total


def read_all(
    fetch: Fetch[Row],
    key: Callable[[Row], object],
    *,
    page: int,
    limit: int | None = None,
    concurrency: int = 16,
    tick: Tick | None = None,
) -> Listing[Row]:
    """All rows, or the first `limit`: the first page, then the others, up to `concurrency` at a time.

    An empty or a short page ends a reading, and so does a full page that reaches the total: a total says how far to
    plan, never how far to go. What came is counted against the total of each answer; where they differ, the listing is
    not complete, and what could be read is in it. One lie can't be told from the truth without a request more: a total
    that is too small and falls on the last row of a full page.

    The first reading takes page after page, and is complete when each named the same total and as many different rows
    came: the list stood still. Where it moved, it is read again with pages that overlap. That reading is complete when
    each page begins with a row of the page before (nothing fell between them), the last one ends the list, and as many
    different rows came as the list had at the beginning (no row jumped over the place where it was being read). Then
    each row that was there throughout is in, once: whatever vanished, and whatever arrived in a list that keeps its
    order, or arrived or jumped to the front of one that has the latest first. The platform's pages do;
    in a list with another order, the first reading could miss that between two requests one row vanished and another
    arrived further on.
    """
    listing: Listing[Row] = Listing([], None, False)
    for overlap in (0, max(1, page // 4), max(1, page // 2), max(1, page // 2)):
        reading = _Pass(fetch, key, page, overlap, limit, concurrency, tick)
        listing = reading.read()
        if listing.complete or reading.final:
            break
    return listing


class _Pass(Generic[Row]):
    """One reading of a list."""

    def __init__(
        self,
        fetch: Fetch[Row],
        key: Callable[[Row], object],
        page: int,
        overlap: int,
        limit: int | None,
        concurrency: int,
        tick: Tick | None,
    ) -> None:
        self._fetch, self._key, self._limit = fetch, key, limit
        self._page, self._overlap, self._concurrency = page, overlap, concurrency
        self._tick = tick or (lambda done, of: None)
        self._totals: set[int | None] = set()
        #: Reading again can't help: answers contradict themselves, or the list is longer than any.
        self.final = False

    def read(self) -> Listing[Row]:
        page_size = self._page if self._limit is None else min(self._page, self._limit)
        first = self._get(0, page_size)
        is_full = not first.is_short
        if first.is_short and first.rows and first.total is not None and first.reach < first.total:
            # either the platform's pages are smaller than what was asked for, or its total is wrong: the next one shows
            self._page = len(first.rows)
            first = first._replace(size=self._page)
        if first.total is None and not self._overlap:
            self._overlap = max(1, self._page // 4)  # without a total, only an overlap shows that pages join
        step = max(1, self._page - min(self._overlap, max(1, self._page // 2)))
        expected = self._expected_rows(first.total)
        planned = min(max(0, -(-(expected - self._page) // step)), MOST_PAGES - 1)
        if self._ends(first):
            planned = 0
        pages, seen, stale = [first], set(first.keys), 0
        self._tick(1, planned + 1)
        offsets = itertools.islice(itertools.count(step, step), planned)
        with closing(self._prefetch(offsets, _AHEAD if is_full else 1)) as prefetched:
            for page in itertools.chain(prefetched, self._further_pages(pages, step)):
                pages.append(page)
                self._tick(min(len(pages), planned + 1), planned + 1)
                stale = stale + 1 if seen.issuperset(page.keys) else 0
                seen.update(page.keys)
                if self._ends(page) or stale >= _STALE:
                    break
        self.final = len(pages) >= MOST_PAGES or not all(page.fits for page in pages)
        return self._joined(pages)

    def _prefetch(self, offsets: Iterator[int], width: int) -> Generator[_Page, None, None]:
        """The planned pages in order, several at a time: few at first, more as pages come full."""
        if self._concurrency <= 1:
            yield from (self._get(at, self._page) for at in offsets)
            return
        pool: ThreadPoolExecutor | None = None
        futures: deque[Future[_Page]] = deque()
        try:
            for yielded in itertools.count(1):
                next_offsets = list(itertools.islice(offsets, min(width, self._concurrency) - len(futures)))
                if next_offsets and pool is None:
                    if not threads.can_start():
                        yield from (self._get(at, self._page) for at in itertools.chain(next_offsets, offsets))
                        return
                    pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="createos-nb")
                if pool is not None:
                    futures.extend(pool.submit(copy_context().run, self._get, at, self._page) for at in next_offsets)
                if not futures:
                    return
                yield futures.popleft().result()
                width = min(max(width, yielded), self._concurrency)
        finally:
            for future in futures:
                future.cancel()
            if pool is not None:
                pool.shutdown()

    def _further_pages(self, pages: list[_Page], step: int) -> Iterator[_Page]:
        """Pages beyond those planned: rows that arrived have pushed others there, or no total says how long it is."""
        if self._ends(pages[-1]):
            return
        within_total = all(page.total is not None and page.reach <= page.total for page in pages)
        for _ in range(min(_FURTHER if within_total else MOST_PAGES, MOST_PAGES - len(pages))):
            yield self._get(pages[-1].offset + step, self._page)

    def _is_stable(self, pages: list[_Page], unique: int) -> bool:
        """The list stood still: one total on all pages, and no row twice on pages that do not overlap."""
        rows = sum(len(page.keys) for page in pages)
        return self._overlap == 0 and pages[0].total is not None and rows == unique and len(self._totals) == 1

    def _get(self, offset: int, size: int) -> _Page:
        rows, total = self._fetch(offset, size)
        if total is not None and total < 0:
            total = None  # no number of rows at all
        return _Page(offset, size, rows, [self._key(row) for row in rows], total)

    def _expected_rows(self, total: int | None) -> int:
        """Return how many rows are to be read as far as the first page can tell."""
        if total is None:
            return 0
        return total if self._limit is None else min(self._limit, total)

    def _ends(self, last: _Page) -> bool:
        """Nothing is to be read behind this page."""
        self._totals.add(last.total)
        if last.is_short or (self._limit is not None and last.reach >= self._limit):
            return True
        # totals that differ can't all be right: then only a page that is not full shows the end
        return last.reach == last.total and len(self._totals) == 1

    def _joined(self, pages: list[_Page]) -> Listing[Row]:
        unique: dict[object, Row] = {}
        for page in pages:
            for key, row in zip(page.keys, page.rows, strict=True):
                unique.setdefault(key, row)  # type: ignore[arg-type]  # rows of the pages are what was fetched
        first, last = pages[0], pages[-1]
        joined = self._is_stable(pages, len(unique)) or all(
            after.keys[0] in set(before.keys) if after.keys else before.is_short
            for before, after in itertools.pairwise(pages)
        )
        has_all = len(unique) >= self._expected_rows(first.total) and all(page.fits for page in pages)
        complete = joined and has_all and self._ends(last)
        rows = list(unique.values())
        if self._limit is not None:
            rows = rows[: self._limit]
        return Listing(rows, last.total if last.total is not None else first.total, complete)


Item = TypeVar("Item")
Result = TypeVar("Result")


def map_concurrently(work: Callable[[Item], Result], items: Sequence[Item], concurrency: int) -> Iterator[Result]:
    """`work` on each item, several at a time, results in order. The first error ends it."""
    if len(items) <= 1 or concurrency <= 1 or not threads.can_start():
        for item in items:
            yield work(item)
        return
    with ThreadPoolExecutor(min(concurrency, len(items)), thread_name_prefix="createos-nb") as pool:
        futures = [pool.submit(copy_context().run, work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
