"""Whole lists out of pages, while rows arrive and vanish."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

Row = TypeVar("Row")

#: Pages read beyond those planned: a list that grows as fast as it is read has no end.
_FURTHER: Final = 8
#: Likewise where the platform does not say how long the list is.
_ENDLESS: Final = 100_000
#: So many pages without a new row: a platform that gives the same page again and again.
_STALE: Final = 3

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
    """One answer: where it began, what it gave, and whether the list ended with it."""

    offset: int
    rows: Sequence[object]
    keys: list[object]
    total: int | None
    ends: bool


def read_all(
    fetch: Fetch[Row],
    key: Callable[[Row], object],
    *,
    page: int,
    limit: int | None = None,
    concurrency: int = 16,
    tick: Tick | None = None,
) -> Listing[Row]:
    """All rows, or the first `limit`: the first page, then the others `concurrency` at a time.

    The first reading takes page after page, and is complete when each named the same total and as many different rows
    came: the list stood still. Otherwise it is read again with pages that overlap. Such a reading is complete when each
    page begins with a row of the page before (nothing fell between them), the last one ends the list, and as many
    different rows came as the list had at the beginning (no row jumped over the place where it was being read). Then
    each row that was there throughout is in, once: whatever vanished, and whatever arrived in a list that keeps its
    order, or arrived or jumped to the front of one that has the latest first. The platform's pages do;
    in a list with another order, the first reading could miss that between two requests one row vanished and another
    arrived further on.
    """
    listing: Listing[Row] = Listing([], None, False)
    for overlap in (0, max(1, page // 4), max(1, page // 2), max(1, page // 2)):
        listing = _Pass(fetch, key, page, overlap, limit, concurrency, tick).read()
        if listing.complete:
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

    def read(self) -> Listing[Row]:
        asked = self._page if self._limit is None else min(self._page, self._limit)
        first = self._get(0, asked)
        if not first.ends and 0 < len(first.rows) < asked:
            self._page = len(first.rows)  # the platform's pages are smaller than what was asked for
        if first.total is None and not self._overlap:
            self._overlap = max(1, self._page // 4)  # without a total, only an overlap shows that pages join
        step = max(1, self._page - min(self._overlap, max(1, self._page // 2)))
        pages = [first]
        offsets = list(range(step, self._covered_by(first.total) - self._page + step, step))
        if self._enough(first):
            offsets = []
        self._tick(1, len(offsets) + 1)
        for done, one in enumerate(spread(lambda at: self._get(at, self._page), offsets, self._concurrency), start=2):
            pages.append(one)
            self._tick(done, len(offsets) + 1)
        # rows that arrived have pushed others beyond the last page, or the list did not say how long it is
        seen = {key for one in pages for key in one.keys}
        stale = 0
        for _ in range(_FURTHER if first.total is not None else _ENDLESS):
            if self._enough(pages[-1]) or stale >= _STALE:
                break
            pages.append(self._get(pages[-1].offset + step, self._page))
            stale = stale + 1 if seen.issuperset(pages[-1].keys) else 0
            seen.update(pages[-1].keys)
        return self._joined(pages)

    def _steady(self, pages: list[_Page], unique: int) -> bool:
        """The list stood still: one total on all pages, and no row twice on pages that do not overlap."""
        rows = sum(len(one.keys) for one in pages)
        return (
            self._overlap == 0 and pages[0].total is not None and rows == unique and len({p.total for p in pages}) == 1
        )

    def _get(self, offset: int, size: int) -> _Page:
        rows, total = self._fetch(offset, size)
        reach = offset + len(rows)
        if total is not None and rows and total < reach:
            total = None  # a total that is smaller than what came says nothing
        ends = len(rows) < size if total is None else reach >= total
        return _Page(offset, rows, [self._key(row) for row in rows], total, ends)

    def _covered_by(self, total: int | None) -> int:
        """How many rows are to be read as far as the first page can tell."""
        if total is None:
            return 0
        return total if self._limit is None else min(self._limit, total)

    def _enough(self, last: _Page) -> bool:
        return last.ends or not last.rows or (self._limit is not None and last.offset + len(last.rows) >= self._limit)

    def _joined(self, pages: list[_Page]) -> Listing[Row]:
        unique: dict[object, Row] = {}
        for one in pages:
            for key, row in zip(one.keys, one.rows, strict=True):
                unique.setdefault(key, row)  # type: ignore[arg-type]  # rows of the pages are what was fetched
        first, last = pages[0], pages[-1]
        joined = self._steady(pages, len(unique)) or all(
            after.keys[0] in set(before.keys) if after.keys else before.ends
            for before, after in itertools.pairwise(pages)
        )
        complete = joined and self._enough(last) and len(unique) >= self._covered_by(first.total)
        rows = list(unique.values())
        if self._limit is not None:
            rows = rows[: self._limit]
        return Listing(rows, last.total if last.total is not None else first.total, complete)


Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Sequence[Item], concurrency: int) -> Iterator[Result]:
    """`work` on each item, several at a time, results in order. The first error ends it."""
    if len(items) <= 1 or concurrency <= 1:
        for item in items:
            yield work(item)
        return
    with ThreadPoolExecutor(min(concurrency, len(items)), thread_name_prefix="createos-nb") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
