"""The requests of one environment: single ones, their series and their cells, all of them from the same draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from createos_nb.simulator.traffic.behavior import Incident, Segment
from createos_nb.simulator.traffic.cells import Cells
from createos_nb.simulator.traffic.events import Arrivals, Events, arrivals_of, describe, joined
from createos_nb.simulator.traffic.mixture import Cell
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.profile import Profile
from createos_nb.simulator.traffic.randomness import key_of
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.scheduled import Scheduled, load, samples
from createos_nb.simulator.traffic.series import Series, series_of, tally
from createos_nb.simulator.traffic.spans import STRETCH, Span, select_minutes, spans
from createos_nb.simulator.traffic.split import per_cell
from createos_nb.simulator.traffic.timeline import Timeline


class GeneratedRequests:
    """The requests that one environment got; see `Traffic`."""

    def __init__(
        self,
        seed: int,
        stream: str,
        profiles: Profile | Sequence[tuple[int, Profile | None]] | None,
        segments: Sequence[Segment] = (),
        incidents: Sequence[Incident] = (),
        recorded: Recorded | None = None,
        created: int = 0,
        scheduled: Sequence[Scheduled] = (),
    ) -> None:
        self.key = key_of(seed, stream)
        self.recorded = recorded if recorded is not None else Recorded()
        self.created = created
        if profiles is None:
            profiles = ()
        elif isinstance(profiles, Profile):
            profiles = ((created, profiles),)
        self.scheduled = tuple(scheduled)
        began = [(max(t, created), p) for t, p in profiles]
        self.timeline = Timeline(seed, self.key[1], began, segments, incidents, always=bool(scheduled))

    def _samples(self, span: Span) -> Iterator[Sample]:
        """The requests of the whole minutes of a span, source by source."""
        more = load(self.scheduled, span)
        yield from span.phase.samples(self.key, span.first, span.last, more)
        yield from samples(self.scheduled, self.key, span, more)

    def _spans(self, start: int, end: int, stretch: int = STRETCH) -> Iterator[Span]:
        return spans(self.timeline, max(start, self.created), end, stretch)

    def _arrivals(self, span: Span, sample: Sample) -> Arrivals:
        """The single requests of a draw in the minutes that a span holds in part, as far as it holds them."""
        minutes = span.cut()
        single = arrivals_of(select_minutes(sample, minutes), self.key[0], minutes + span.first)
        return single.some(span.holds(single.time))

    def events(self, start: int, end: int) -> Events:
        """Return the single requests of [start, end), in order of time.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            The requests.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> len(traffic.events(end - 3600, end)) == traffic.totals(end - 3600, end)["total"]
            True
        """
        parts: list[Events] = []
        # A day at a time: a busy week has millions of requests.
        for span in self._spans(start, end, 1440):
            touched = span.touched()
            for sample in self._samples(span):
                some = select_minutes(sample, touched)
                single = arrivals_of(some, self.key[0], touched + span.first)
                single = single.some(span.holds(single.time))
                parts.append(describe(some, single, span.phase.profile.clients))
        parts.append(self.recorded.between(start, end))
        return joined(parts)

    def runs(self, name: str, start: int, end: int) -> Events:
        """Return those of the single requests of [start, end) that a schedule of this name made.

        Args:
            name: name of the schedule, such as a cron job's.
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            The requests.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> len(traffic.runs("no such schedule", end - 3600, end))
            0
        """
        mine = [run for run in self.scheduled if run.name == name]
        parts = []
        for span in self._spans(start, end, 1440):
            touched = span.touched()
            for sample in samples(mine, self.key, span, load(self.scheduled, span)):
                some = select_minutes(sample, touched)
                single = arrivals_of(some, self.key[0], touched + span.first)
                parts.append(describe(some, single.some(span.holds(single.time)), 1))
        return joined(parts)

    def series(self, start: int, end: int, width: int = 60) -> Series:
        """Return counts by status class in buckets, which begin at multiples of their width since 1970.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            width: seconds of a bucket.

        Returns:
            The counts.

        Raises:
            ValueError: the width is less than a second.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.series(end - 3600, end, 600).total.shape
            (6,)
        """
        if width < 1:
            raise ValueError(f"a bucket is at least 1 second wide, not {width}")
        first = start // width
        buckets = max(-(-end // width) - first, 0)
        table = np.zeros((buckets, 5), dtype=np.int64)
        if width % 60:
            events = self.events(start, end)
            tally(table, events.time, events.status, first, width)
            return series_of(table, first, width)
        wide = width // 60
        for span in self._spans(start, end):
            whole, ragged = span.whole(), bool(len(span.cut()))
            at = span.first // wide - first
            edges = np.arange((span.first // wide + 1) * wide - span.first, span.last - span.first, wide)
            edges = np.concatenate([[0], edges])
            for sample in self._samples(span):
                for c, count in enumerate(sample.counts):
                    if count is None:
                        continue
                    count = count if whole is None else count * whole
                    table[at : at + len(edges), c + 1] += count if wide == 1 else np.add.reduceat(count, edges)
                if ragged:
                    single = self._arrivals(span, sample)
                    tally(table, single.time * 1000, sample.mixture.statuses[single.cell], first, width)
        known = self.recorded.between(start, end)
        tally(table, known.time, known.status, first, width)
        return series_of(table, first, width)

    def cells(self, start: int, end: int) -> Cells:
        """Return the requests of [start, end) by method, path and status.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            The cells, the largest first.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> sorted(set(traffic.cells(end - 3600, end).method))
            ['GET', 'POST']
        """
        tally: dict[tuple[str, str, int], int] = {}
        for cell, count in self.answers(start, end):
            what = (cell.method, cell.path, cell.status)
            tally[what] = tally.get(what, 0) + count
        return Cells.of(tally)

    def answers(self, start: int, end: int) -> Iterator[tuple[Cell, int]]:
        """Yield how the requests of [start, end) were answered, and why; the same answer may come several times.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Yields:
            The cell, which holds the cause, and the number of its requests.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> sum(count for _, count in traffic.answers(end - 3600, end)) == traffic.totals(end - 3600, end)["total"]
            True
        """

        def counted(cells: Sequence[Cell], counts: list[int]) -> Iterator[tuple[Cell, int]]:
            return ((cell, count) for cell, count in zip(cells, counts, strict=True) if count)

        for span in self._spans(start, end):
            whole, ragged = span.whole(), bool(len(span.cut()))
            for sample in self._samples(span):
                minutes = np.arange(span.first, span.last, dtype=np.int64)
                if whole is None:
                    counts = per_cell(sample, self.key[0], minutes)
                else:
                    counts = per_cell(select_minutes(sample, whole), self.key[0], minutes[whole])
                if ragged:
                    counts += np.bincount(self._arrivals(span, sample).cell, minlength=len(counts))
                yield from counted(sample.mixture.cells, counts.tolist())
        known = self.recorded.between(start, end)
        yield from counted(known.cells, np.bincount(known.cell, minlength=len(known.cells)).tolist())
