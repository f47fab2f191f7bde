"""Spans of time: half-open, in whole Unix seconds, sorted and apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

_HOUR = 3600
Span = tuple[int, int]
"""The first second, and the second after the last."""


def union(spans: Iterable[Span]) -> list[Span]:
    """Return spans joined where they touch or overlap.

    Args:
        spans: In any order; empty ones are left out.

    Returns:
        Sorted spans, apart from each other.

    Examples:
        >>> from createos_nb.spans import union
        >>> union([(60, 120), (0, 60), (300, 360)])
        [(0, 120), (300, 360)]
    """
    joined: list[Span] = []
    for start, end in sorted(tuple(span) for span in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def difference(whole: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return what of some spans lies in none of others.

    Args:
        whole: The spans to take from.
        taken: What is taken away.

    Returns:
        Sorted spans, apart from each other.

    Examples:
        >>> from createos_nb.spans import difference
        >>> difference([(0, 100)], [(20, 30), (90, 200)])
        [(0, 20), (30, 90)]
    """
    left: list[Span] = []
    gone = union(taken)
    for start, end in union(whole):
        at = start
        for first, last in gone:
            if last <= at or first >= end:
                continue
            if first > at:
                left.append((at, first))
            at = max(at, last)
        if at < end:
            left.append((at, end))
    return left


def intersection(spans: Iterable[Span], within: Span) -> list[Span]:
    """Return what of some spans lies in a window.

    Args:
        spans: The spans.
        within: The window.

    Returns:
        Sorted spans, apart from each other.

    Examples:
        >>> from createos_nb.spans import intersection
        >>> intersection([(0, 100), (200, 300)], (50, 250))
        [(50, 100), (200, 250)]
    """
    return union((max(start, within[0]), min(end, within[1])) for start, end in spans)


def newest_first(spans: Sequence[Span], longest: int) -> Iterator[Span]:
    """Yield parts of spans, from the newest back, cut at full hours where that is possible.

    Buckets of all usual widths begin at full hours: none lies in two parts.

    Args:
        spans: Sorted, apart from each other.
        longest: Seconds of a part, at most.

    Yields:
        The parts.

    Examples:
        >>> from createos_nb.spans import newest_first
        >>> list(newest_first([(0, 7200), (10_000, 10_800)], 3600))
        [(10000, 10800), (3600, 7200), (0, 3600)]
    """
    unit = next(unit for unit in (_HOUR, 60, 1) if unit <= longest)
    for start, end in reversed(spans):
        while end > start:
            first = -(-(end - longest) // unit) * unit
            if first >= end:
                first = end - longest
            first = max(start, first)
            yield first, end
            end = first


def seconds(spans: Iterable[Span]) -> int:
    """Return the length of spans together.

    Args:
        spans: Apart from each other.

    Returns:
        Seconds.

    Examples:
        >>> from createos_nb.spans import seconds
        >>> seconds([(0, 60), (120, 150)])
        90
    """
    return sum(end - start for start, end in spans)
