"""One environment's traffic: every figure of any window, all of them from the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.behaviour import Incident, Segment
from createos_nb.simulator.traffic.cells import Cells
from createos_nb.simulator.traffic.events import Events, expanded, joined
from createos_nb.simulator.traffic.mixture import Cell
from createos_nb.simulator.traffic.profile import Profile
from createos_nb.simulator.traffic.randomness import Ints, key_of
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.regime import per_cell
from createos_nb.simulator.traffic.runtime_logs import LogLine, runtime_log
from createos_nb.simulator.traffic.timeline import Piece, Timeline

CHUNK = 7 * 1440
"""Minutes that are worked out at once: few enough for the processor's cache."""


class Series(NamedTuple):
    """Buckets of time: `time` is each one's begin (Unix seconds, int64), `counts` has a column for each of the classes
    2xx, 3xx, 4xx, 5xx (int64). A bucket that the window cuts counts what is inside the window."""

    time: Ints
    counts: Ints


class Traffic:
    """The requests that one environment got, generated and recorded.

    Nothing is stored but the parameters; any window is worked out when it is asked for, and two windows that overlap
    agree on what they share. What is added later (a segment's end, a next segment, an incident) changes nothing before
    its own time. An instance is immutable but for `recorded`; make a new one when the world changes (microseconds).

    Args:
        seed: of the world.
        stream: names the environment within the world, for ever.
        profiles: who comes: a profile that holds from `created` on; or (from when, profile) in order of time; or None
            for an environment whose traffic is recorded only (a replayed log).
        segments: what is live when; in order of time; where there is none, every request gets 404.
        incidents: those that concern this environment.
        recorded: requests that are known one by one.
        created: Unix seconds; nothing is generated before.
    """

    def __init__(
        self,
        seed: int,
        stream: str,
        profiles: Profile | Sequence[tuple[int, Profile | None]] | None,
        segments: Sequence[Segment] = (),
        incidents: Sequence[Incident] = (),
        recorded: Recorded | None = None,
        created: int = 0,
    ) -> None:
        self.key = key_of(seed, stream)
        self.recorded = recorded if recorded is not None else Recorded()
        self.created = created
        if profiles is None:
            profiles = ()
        elif isinstance(profiles, Profile):
            profiles = ((created, profiles),)
        self.timeline = Timeline(seed, self.key[1], [(max(t, created), p) for t, p in profiles], segments, incidents)

    def _parts(self, start: int, end: int) -> Iterator[tuple[Piece, int, int, int, int]]:
        """The window as (piece, first minute, last minute, start, end): runs of whole minutes, and cut minutes."""
        for piece in self.timeline.pieces(max(start, self.created), end):
            first, last = -(-piece.start // 60), piece.end // 60
            if first > last:
                yield piece, last, last + 1, piece.start, piece.end
                continue
            if piece.start < first * 60:
                yield piece, first - 1, first, piece.start, first * 60
            for a in range(first, last, CHUNK):
                b = min(a + CHUNK, last)
                yield piece, a, b, a * 60, b * 60
            if last * 60 < piece.end:
                yield piece, last, last + 1, last * 60, piece.end

    def _expanded(self, piece: Piece, first: int, last: int, start: int, end: int) -> list[Events]:
        clients = piece.regime.profile.clients
        draws = piece.regime.draws(self.key, first, last)
        return [expanded(draw, self.key[0], first, start, end, clients) for draw in draws]

    def events(self, start: int, end: int) -> Events:
        """The single requests of [start, end), in order of time."""
        parts: list[Events] = []
        for piece, first, last, a, b in self._parts(start, end):
            # A day at a time: a busy week has millions of requests.
            for lo in range(first, last, 1440):
                hi = min(lo + 1440, last)
                parts.extend(self._expanded(piece, lo, hi, max(a, lo * 60), min(b, hi * 60)))
        parts.append(self.recorded.between(start, end))
        return joined(parts)

    def series(self, start: int, end: int, width: int = 60) -> Series:
        """Counts by status class in buckets of `width` seconds, which begin at multiples of it since 1970.

        A replayed status of 1xx is counted in none of the classes.
        """
        if width < 1:
            raise ValueError(f"a bucket is at least 1 second wide, not {width}")
        first = start // width
        buckets = max(-(-end // width) - first, 0)
        total = np.zeros((buckets, 4), dtype=np.int64)
        if width % 60:
            _tally(total, self.events(start, end), first, width)
            return Series((first + np.arange(buckets, dtype=np.int64)) * width, total)
        wide = width // 60
        for piece, lo, hi, a, b in self._parts(start, end):
            if b - a != (hi - lo) * 60:
                for events in self._expanded(piece, lo, hi, a, b):
                    _tally(total, events, first, width)
                continue
            at = lo // wide - first
            edges = np.arange((lo // wide + 1) * wide - lo, hi - lo, wide)
            edges = np.concatenate([[0], edges])
            for draw in piece.regime.draws(self.key, lo, hi):
                for c, count in enumerate(draw.counts):
                    if count is not None:
                        total[at : at + len(edges), c] += count if wide == 1 else np.add.reduceat(count, edges)
        _tally(total, self.recorded.between(start, end), first, width)
        return Series((first + np.arange(buckets, dtype=np.int64)) * width, total)

    def cells(self, start: int, end: int) -> Cells:
        """Requests of [start, end) by method, path and status."""
        tally: dict[tuple[str, str, int], int] = {}

        def add(cells: Sequence[Cell], counts: list[int]) -> None:
            for cell, count in zip(cells, counts, strict=True):
                if count:
                    what = (cell.method, cell.path, cell.status)
                    tally[what] = tally.get(what, 0) + count

        def single(events: Events) -> None:
            add(events.cells, np.bincount(events.cell, minlength=len(events.cells)).tolist())

        for piece, lo, hi, a, b in self._parts(start, end):
            if b - a != (hi - lo) * 60:
                for events in self._expanded(piece, lo, hi, a, b):
                    single(events)
                continue
            for draw in piece.regime.draws(self.key, lo, hi):
                for c in range(4):
                    at = draw.mixture.first[c]
                    members = draw.mixture.cells[at : at + len(draw.mixture.within[c]) - 1]
                    add(members, per_cell(draw, c).tolist())
        single(self.recorded.between(start, end))
        return Cells.of(tally)

    def totals(self, start: int, end: int) -> dict[str, int]:
        """Requests of [start, end) by class: see `Cells.totals`."""
        return self.cells(start, end).totals()

    def statuses(self, start: int, end: int) -> dict[int, int]:
        """Requests of [start, end) by status code: see `Cells.statuses`."""
        return self.cells(start, end).statuses()

    def top_paths(self, start: int, end: int, limit: int = 10) -> list[tuple[str, int]]:
        """The paths with most requests in [start, end): see `Cells.top_paths`."""
        return self.cells(start, end).top_paths(limit)

    def top_errors(self, start: int, end: int, limit: int = 10) -> list[tuple[str, int, int]]:
        """The paths and error statuses with most requests in [start, end): see `Cells.top_errors`."""
        return self.cells(start, end).top_errors(limit)

    def success_percentage(self, start: int, end: int) -> float | None:
        """Percentage of 2xx and 3xx of [start, end): see `Cells.success_percentage`."""
        return self.cells(start, end).success_percentage()

    def rpm(self, start: int, end: int) -> tuple[int, float]:
        """(peak, average) requests a minute in [start, end): the most in a minute of the clock; all by the minutes."""
        if end <= start:
            return 0, 0.0
        first = self.created
        if len(self.recorded):
            first = min(first, int(self.recorded.events.time[0]) // 1_000_000)
        # A window may begin long before there was anything.
        counts = self.series(max(start, first), end, 60).counts.sum(axis=1)
        return int(counts.max(initial=0)), int(counts.sum()) * 60 / (end - start)

    def logs(self, start: int, end: int, deployment: str | None = None) -> list[LogLine]:
        """The runtime log's lines of [start, end), in order of time; `str` of a line begins with its time.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            deployment: only what ran while this deployment was live; None: everything.
        """
        return runtime_log(self.timeline, self.events, start, end, deployment)


def _tally(total: Ints, events: Events, first: int, width: int) -> None:
    """Add single requests to buckets."""
    if not len(events):
        return
    bucket = events.time // (width * 1_000_000) - first
    group: npt.NDArray[np.int64] = events.status.astype(np.int64) // 100 - 2
    known = group >= 0
    place = bucket[known] * 4 + group[known]
    total += np.bincount(place, minlength=total.size).reshape(total.shape)
