"""Whole lists out of pages, while rows arrive and vanish."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

#: (offset, how many) → (rows, total)
Fetch = Callable[[int, int], tuple[Sequence[Row], int]]


@dataclass
class Listing(Generic[Row]):
    """Rows in the platform's order, and whether it is shown that none is missing."""

    rows: list[Row]
    total: int
    complete: bool


def read_all(
    fetch: Fetch[Row],
    key: Callable[[Row], object],
    *,
    page: int,
    limit: int | None = None,
    concurrency: int = 16,
    tick: Callable[[int, int], None] | None = None,
    passes: int = 4,
) -> Listing[Row]:
    """All rows, or the first `limit`: the first page, then the others `concurrency` at a time.

    A pass is complete when every page named the same total and as many different rows came: the list stood still.
    Otherwise rows moved while they were read, and the list is read again, the last time with pages that overlap, so
    that neighbours are shown to join: then each row that was there throughout is in, once, whatever else moved.
    """
    listing: Listing[Row] = Listing([], 0, False)
    for number in range(passes):
        last = number == passes - 1
        step = max(1, page - page // 4) if last else page
        listing = _one_pass(fetch, key, page, step, limit, concurrency, tick)
        if listing.complete:
            break
    return listing


def _one_pass(
    fetch: Fetch[Row],
    key: Callable[[Row], object],
    page: int,
    step: int,
    limit: int | None,
    concurrency: int,
    tick: Callable[[int, int], None] | None,
) -> Listing[Row]:
    wanted = page if limit is None else min(page, limit)
    first, total = fetch(0, wanted)
    need = total if limit is None else min(limit, total)
    offsets = list(range(step, max(need - (page - step), step), step)) if need > len(first) else []
    pages: list[tuple[Sequence[Row], int]] = [(first, total)]
    if tick:
        tick(1, len(offsets) + 1)
    for done, part in enumerate(spread(lambda at: fetch(at, page), offsets, concurrency), start=2):
        pages.append(part)
        if tick:
            tick(done, len(offsets) + 1)
    steady = all(named == total for _, named in pages)
    unique: dict[object, Row] = {}
    for rows, _ in pages:
        for row in rows:
            unique.setdefault(key(row), row)
    rows = list(unique.values())
    if limit is not None:
        rows = rows[:limit]
    if steady:
        complete = len(unique) >= need and (limit is not None or len(unique) == total)
    else:
        complete = step < page and _joined([[key(row) for row in rows] for rows, _ in pages])
    if complete and not steady and pages and len(pages[-1][0]) == page:
        complete = False  # rows came in at the front and pushed others beyond the last page asked for
    return Listing(rows, pages[-1][1], complete and (limit is None or len(rows) >= min(limit, total)))


def _joined(pages: Iterable[list[object]]) -> bool:
    """Each page begins with a row of the page before: no row fell between them."""
    return all(not after or after[0] in set(before) for before, after in itertools.pairwise(pages))


Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Sequence[Item], concurrency: int) -> Iterable[Result]:
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
