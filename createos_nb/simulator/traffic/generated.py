"""The requests of one environment: single ones, their series and their cells, all of them from the same draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from createos_nb.simulator.traffic.behavior import Incident, Segment
from createos_nb.simulator.traffic.call_graph import CallGraph, Source
from createos_nb.simulator.traffic.calls import Call
from createos_nb.simulator.traffic.cells import Cells
from createos_nb.simulator.traffic.events import Arrivals, Events, arrivals_of, describe, joined
from createos_nb.simulator.traffic.mixture import Cell
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.profile import Profile
from createos_nb.simulator.traffic.randomness import Ints, key_of
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.scheduled import Scheduled, load, samples
from createos_nb.simulator.traffic.series import Series, series_of, tally
from createos_nb.simulator.traffic.spans import STRETCH, Span, select_minutes, spans
from createos_nb.simulator.traffic.split import per_cell
from createos_nb.simulator.traffic.timeline import Piece, Timeline


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
        joined: bool = False,
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
        self.timeline = Timeline(seed, self.key[1], began, segments, incidents, always=joined or bool(scheduled))
        self._calls: tuple[CallGraph, int] | None = None

    def _samples(self, span: Span) -> Iterator[Sample]:
        """The requests of the whole minutes of a span, source by source."""
        more = load(self.scheduled, span)
        yield from span.phase.samples(self.key, span.first, span.last, more)
        yield from samples(self.scheduled, self.key, span, more)

    def _spans(self, start: int, end: int, stretch: int = STRETCH) -> Iterator[Span]:
        return spans(self._pieces, max(start, self.created), end, stretch)

    def _pieces(self, start: int, end: int) -> Iterator[Piece]:
        if self._calls is None:
            return self.timeline.pieces(start, end)
        graph, place = self._calls
        return graph.pieces(place, start, end)

    @staticmethod
    def join(
        seed: int,
        traffics: Mapping[str, GeneratedRequests],
        calls: Sequence[Call],
        ends: Mapping[int, Ints] | None = None,
    ) -> None:
        """Let environments call each other; once, and only those that were made `joined`.

        Args:
            seed: of the world.
            traffics: all environments that the calls join, by their streams, in order of the calls.
            calls: all calls between them.
            ends: what `flow_ends` of the same calls gave, if all was then as it is now; it only saves time.

        Raises:
            ValueError: the calls go in a circle.

        Examples:
            >>> from createos_nb.simulator.traffic import Call, Profile, Segment, Traffic
            >>> traffics = {
            ...     name: Traffic(7, name, Profile(rpm=rpm), [Segment(start=0)], joined=True)
            ...     for name, rpm in (("shop", 60), ("stock", 0))
            ... }
            >>> Traffic.join(7, traffics, [Call(name="c", caller="shop", callee="stock", start=0)])
            >>> traffics["shop"].totals(3600, 7200)["total"], traffics["stock"].totals(3600, 7200)["total"]
            (927, 927)
        """
        members = {name: Source(t.key, t.timeline, t.recorded, t._own) for name, t in traffics.items()}
        graph = CallGraph(seed, members, calls)
        graph.flows.take_over(ends or {})
        for place, traffic in enumerate(traffics.values()):
            traffic._calls = graph, place

    def flow_ends(self, before: int) -> dict[int, Ints]:
        """Return what is known of calls at the ends of days that are over, for `join`.

        Args:
            before: Unix seconds; of days that end later nothing is given.

        Returns:
            Failing shares of the calls (int64, 65,536 for all) by day since 1970; nothing where nothing was asked yet.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> world.traffic_of(environment).flow_ends(world.state.now // 1_000_000)
            {}
        """
        return {} if self._calls is None else self._calls[0].flows.ends(before // 86_400)

    def _own(self, start: int, end: int) -> Iterator[tuple[Span, Sample]]:
        """The samples of a window that are no calls of others, a day at a time."""
        for span in self._spans(start, end, 1440):
            for sample in self._samples(span):
                yield span, sample

    def _settled(self, sample: Sample, single: Arrivals, events: Events) -> Events:
        """Single requests with what came of the calls that they made."""
        if self._calls is None:
            return events
        graph, place = self._calls
        return graph.settled(place, sample, single, events)

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
                parts.append(self._settled(some, single, describe(some, single, span.phase.profile.clients)))
        if self._calls is not None:
            graph, place = self._calls
            parts += graph.events(place, start, end)
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
                single = single.some(span.holds(single.time))
                parts.append(self._settled(some, single, describe(some, single, 1)))
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
        if self._calls is not None:
            graph, place = self._calls
            graph.count(place, start, end, table, first, width)
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
        return Cells.of({what: count for what, count in tally.items() if count})

    def answers(self, start: int, end: int) -> Iterator[tuple[Cell, int]]:
        """Yield how the requests of [start, end) were answered, and why; the same answer may come several times.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Yields:
            The cell, which holds the cause, and the number of its requests; below 0 where that many are counted
            elsewhere, as calls that they made have failed.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> sum(count for _, count in traffic.answers(end - 3600, end)) == traffic.totals(end - 3600, end)["total"]
            True
        """

        def counted(cells: Sequence[Cell], counts: list[int]) -> Iterator[tuple[Cell, int]]:
            # below 0: they are counted elsewhere, for their calls failed
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
        if self._calls is not None:
            graph, place = self._calls
            table = graph.per_cell(place, start, end)
            yield from counted(graph.cells[: len(table)], table.tolist())
        known = self.recorded.between(start, end)
        yield from counted(known.cells, np.bincount(known.cell, minlength=len(known.cells)).tolist())
