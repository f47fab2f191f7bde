"""One environment's traffic: every figure of any window, all of them from the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from createos_nb.simulator.traffic.behavior import Incident, Segment
from createos_nb.simulator.traffic.cells import Cells
from createos_nb.simulator.traffic.events import Arrivals, Events, arrivals_of, describe, joined
from createos_nb.simulator.traffic.mixture import CLASSES, Cell
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.probing import Answer, answer, idle_at
from createos_nb.simulator.traffic.profile import Page, Profile
from createos_nb.simulator.traffic.randomness import key_of
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.runtime_logs import LogLine, runtime_log
from createos_nb.simulator.traffic.scheduled import Scheduled, samples
from createos_nb.simulator.traffic.series import Series, series_of, tally
from createos_nb.simulator.traffic.spans import STRETCH, Span, select_minutes, spans
from createos_nb.simulator.traffic.split import per_cell
from createos_nb.simulator.traffic.timeline import Timeline

_EVER = 60 << 32
"""Seconds of a bucket that every window fits into."""


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
        scheduled: requests that come on a schedule.
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
        yield from span.phase.samples(self.key, span.first, span.last)
        yield from samples(self.scheduled, self.key, span)

    def _spans(self, start: int, end: int, stretch: int = STRETCH) -> Iterator[Span]:
        return spans(self.timeline, max(start, self.created), end, stretch)

    def _arrivals(self, span: Span, sample: Sample) -> Arrivals:
        """The single requests of a draw in the minutes that a span holds in part, as far as it holds them."""
        minutes = span.cut()
        single = arrivals_of(select_minutes(sample, minutes), self.key[0], minutes + span.first)
        return single.some(span.holds(single.time))

    def events(self, start: int, end: int) -> Events:
        """The single requests of [start, end), in order of time."""
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
        """Those of the single requests of [start, end) that a schedule of this name made."""
        mine = [run for run in self.scheduled if run.name == name]
        parts = []
        for span in self._spans(start, end, 1440):
            touched = span.touched()
            for sample in samples(mine, self.key, span):
                some = select_minutes(sample, touched)
                single = arrivals_of(some, self.key[0], touched + span.first)
                parts.append(describe(some, single.some(span.holds(single.time)), 1))
        return joined(parts)

    def series(self, start: int, end: int, width: int = 60) -> Series:
        """Counts by status class in buckets of `width` seconds, which begin at multiples of it since 1970."""
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
        """Requests of [start, end) by method, path and status."""
        tally: dict[tuple[str, str, int], int] = {}

        def add(cells: Sequence[Cell], counts: list[int]) -> None:
            for cell, count in zip(cells, counts, strict=True):
                if count:
                    what = (cell.method, cell.path, cell.status)
                    tally[what] = tally.get(what, 0) + count

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
                add(sample.mixture.cells, counts.tolist())
        known = self.recorded.between(start, end)
        add(known.cells, np.bincount(known.cell, minlength=len(known.cells)).tolist())
        return Cells.of(tally)

    def totals(self, start: int, end: int) -> dict[str, int]:
        """Requests of [start, end): "total" and by class "2xx" to "5xx"; a replayed 1xx is in the total only."""
        whole = self.series(start, end, _EVER)
        result = {"total": int(whole.total.sum())}
        result.update(zip(CLASSES, whole.counts.sum(axis=0).tolist(), strict=True))
        return result

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
        """100 * (2xx + 3xx) / all of [start, end); None without requests."""
        totals = self.totals(start, end)
        return 100 * (totals["2xx"] + totals["3xx"]) / totals["total"] if totals["total"] else None

    def rpm(self, start: int, end: int) -> tuple[int, float]:
        """(peak, average) requests a minute in [start, end): the most in a minute of the clock; all by the minutes."""
        if end <= start:
            return 0, 0.0
        first = self.created
        if len(self.recorded):
            first = min(first, int(self.recorded.events.time[0]) // 1_000_000)
        # A window may begin long before there was anything.
        counts = self.series(max(start, first), end, 60).total
        return int(counts.max(initial=0)), int(counts.sum()) * 60 / (end - start)

    def answer(self, time: int, method: str, path: str, nth: int = 0, pages: Sequence[Page] | None = None) -> Answer:
        """Return what a request from outside gets at a second, by what is live and its load; it is not recorded.

        Args:
            time: Unix seconds.
            method: of HTTP; HEAD is answered as GET.
            path: without the query string.
            nth: tells apart requests of the same second.
            pages: that exist; None for those of the profile, or "/" alone where there is none. A path that is not
                among them gets 404, a known one with another method 405.
        """
        return answer(self.timeline, self.key, time, method, path, nth, pages)

    def idle_at(self, start: int, end: int, seconds: int) -> int | None:
        """The first second t in (start, end] by which no request had come in [t - seconds, t), not before `start`.

        None if there is none. So a deployment that sleeps after `seconds` without a request falls asleep at t.
        """
        if seconds < 1:
            raise ValueError(f"idle time is at least 1 second, not {seconds}")
        return idle_at(self.series, self.events, start, end, seconds)

    def logs(self, start: int, end: int, deployment: str | None = None) -> list[LogLine]:
        """The runtime log's lines of [start, end), in order of time; `str` of a line begins with its time.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            deployment: only what ran while this deployment was live; None: everything.
        """
        return runtime_log(self.timeline, self.events, start, end, deployment)
