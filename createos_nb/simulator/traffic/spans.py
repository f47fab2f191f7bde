"""A window as spans: for each phase the minutes in which it holds, whole or cut.

A phase is drawn once over all the minutes from its first to its last in a stretch of the window, however often it
comes and goes: a crash loop has hundreds of changes a day, but only two phases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.phase import Phase, Sample
from createos_nb.simulator.traffic.randomness import Ints
from createos_nb.simulator.traffic.timeline import Piece

STRETCH = 7 * 1440
"""Minutes that are worked out at once: few enough for the processor's cache."""
_FAR = 86_400
"""Seconds: a phase that comes back later than this is drawn anew, for that costs less than all the minutes between."""
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Span:
    """The minutes of one phase in a stretch of a window.

    Attributes:
        phase: what holds.
        first: its first minute since 1970.
        last: the minute after its last.
        starts: Unix seconds at which it begins to hold, int64, in order.
        ends: Unix seconds at which it ceases to, int64.
    """

    phase: Phase
    first: int
    last: int
    starts: Ints
    ends: Ints

    def whole(self) -> Flags | None:
        """Return which of the minutes it holds from beginning to end; None: all of them."""
        opens, closes = -(-self.starts // 60) - self.first, self.ends // 60 - self.first
        if len(opens) == 1 and opens[0] == 0 and closes[0] == self.last - self.first:
            return None
        some = opens < closes
        marks = np.zeros(self.last - self.first + 1, dtype=np.int64)
        np.add.at(marks, opens[some], 1)
        np.add.at(marks, closes[some], -1)
        return np.cumsum(marks[:-1]) > 0

    def cut(self) -> Ints:
        """The minutes that it holds in part, counted from `first`, in order."""
        edges = np.concatenate([self.starts[self.starts % 60 > 0], self.ends[self.ends % 60 > 0]])
        return np.unique(edges // 60 - self.first)

    def touched(self) -> Ints:
        """The minutes that it holds, whole or in part, counted from `first`, in order."""
        whole = self.whole()
        if whole is None:
            return np.arange(self.last - self.first, dtype=np.int64)
        return np.union1d(np.flatnonzero(whole), self.cut())

    def holds(self, time: Ints) -> Flags:
        """Return which of these times (milliseconds since 1970) it holds at."""
        i = np.searchsorted(self.starts * 1000, time, side="right") - 1
        result: Flags = (i >= 0) & (time < self.ends[i] * 1000)
        return result


def select_minutes(sample: Sample, minutes: Ints | Flags) -> Sample:
    """Some of the minutes of a sample, by their numbers or by flags."""
    slow = sample.slow if isinstance(sample.slow, int) else sample.slow[minutes]
    counts = tuple(None if count is None else count[minutes] for count in sample.counts)
    return sample._replace(counts=counts, words=sample.words[minutes], slow=slow)


def spans(
    pieces_of: Callable[[int, int], Iterable[Piece]], start: int, end: int, stretch: int = STRETCH
) -> Iterator[Span]:
    """The spans of a window, stretch by stretch, from the pieces that it is cut into."""
    for first in range(start // 60, -(-end // 60), stretch):
        a, b = max(start, first * 60), min(end, (first + stretch) * 60)
        pieces: dict[Phase, list[list[Piece]]] = {}
        for piece in pieces_of(a, b):
            groups = pieces.setdefault(piece.phase, [])
            if groups and piece.start - groups[-1][-1].end <= _FAR:
                groups[-1].append(piece)
            else:
                groups.append([piece])
        for phase, groups in pieces.items():
            for group in groups:
                starts = np.array([piece.start for piece in group], dtype=np.int64)
                ends = np.array([piece.end for piece in group], dtype=np.int64)
                yield Span(phase, group[0].start // 60, -(-group[-1].end // 60), starts, ends)
