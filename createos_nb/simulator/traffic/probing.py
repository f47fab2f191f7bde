"""Requests from outside the model: what one would be answered, and when there was none for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behavior import Segment
from createos_nb.simulator.traffic.call_graph import Attempted, CallGraph
from createos_nb.simulator.traffic.events import Events
from createos_nb.simulator.traffic.mixture import CELL_BITS, SHARE_BITS, Cause, Mixture
from createos_nb.simulator.traffic.profile import Page
from createos_nb.simulator.traffic.randomness import Key, kind_of, mixed, uniform
from createos_nb.simulator.traffic.series import Series
from createos_nb.simulator.traffic.tables import overdispersion_factors
from createos_nb.simulator.traffic.timeline import Timeline

_PROBES = kind_of("requests from outside")
_STRETCH = 7 * 86_400
_ALONE = (Page(path="/"),)


class Answer(NamedTuple):
    """The answer to a request.

    Attributes:
        status: of HTTP.
        ms: duration, milliseconds.
        size: of the body, bytes.
        cause: why.
        note: more about the cause, as the log gives it.
        segment: what was live; None: nothing.
        calls: what the program asked other environments for; whoever records the request records these, too.
    """

    status: int
    ms: int
    size: int
    cause: Cause
    note: str
    segment: Segment | None
    calls: tuple[Attempted, ...] = ()


def _fitting(pages: Sequence[Page], method: str, path: str) -> tuple[Page, ...]:
    """The pages that a request asks for; an unknown path is not found, a known one with another method not allowed."""
    asked = "GET" if method == "HEAD" else method
    here = [page for page in pages if page.path == path]
    fitting = tuple(page for page in here if page.method == asked)
    if fitting:
        return fitting
    return (Page(path=path, method=method, status=405 if here else 404, ms=3, size=120),)


def answer(
    timeline: Timeline,
    key: Key,
    time: int,
    method: str,
    path: str,
    nth: int,
    pages: Sequence[Page] | None,
    graph: tuple[CallGraph, int] | None = None,
) -> Answer:
    """Return what a request gets; see `Traffic.answer`."""
    phase = timeline.phase_at(time)
    if pages is None:
        pages = _ALONE if phase is None else phase.profile.pages
    asked = _fitting(pages, method, path)
    serving_state = timeline.serving_state_at(time)
    mixture = serving_state.answers(asked)
    word = mixed(key[0] ^ _PROBES, time, nth)
    slow = 256
    if serving_state.running is not None:
        rate = np.zeros(1, dtype=np.int64) if phase is None else phase.rate(key, time // 60, time // 60 + 1)
        if graph is not None:
            rate = rate + graph[0].load_at(graph[1], time)
        load = serving_state.under(rate)
        slow = int(load.slow) if isinstance(load.slow, int) else int(load.slow[0])
        point = int(uniform(mixed(key[0] ^ _PROBES, word, 1), 1 << 16)[0])
        lost = 0 if load.lost is None else int(load.lost[0])
        throttled = 0 if load.throttled is None else (65_536 - lost) * int(load.throttled[0]) >> 16
        instead = serving_state.exhausted(asked) if point < lost else None
        if lost <= point < lost + throttled:
            instead = serving_state.throttled(asked)
        if instead is not None:
            mixture, slow = instead, 256
    cell = mixture.cells[_place(mixture, int(uniform(word, 1 << 30)[0]))]
    spread = int(overdispersion_factors(600)[int(word[0]) & 4095])
    ms = max(cell.ms * spread * slow >> 20, 1)
    calls: tuple[Attempted, ...] = ()
    if graph is not None:
        cell, wait, calls = graph[0].ask(graph[1], time, word, cell)
        ms += wait
    return Answer(cell.status, ms, cell.size, cell.cause, cell.note, serving_state.segment, calls)


def _place(mixture: Mixture, point: int) -> int:
    """The cell at a point from 0 to 2**30."""
    for c, share in enumerate(mixture.share.tolist()):
        if point < share << (30 - SHARE_BITS):
            within = (point << CELL_BITS) // (share << (30 - SHARE_BITS))
            return mixture.first[c] + int(np.searchsorted(mixture.within[c], within, side="right")) - 1
        point -= share << (30 - SHARE_BITS)
    return len(mixture.cells) - 1


def idle_at(
    totals: Callable[[int, int], Series], events: Callable[[int, int], Events], start: int, end: int, seconds: int
) -> int | None:
    """The first time at which no request had come for so long; see `Traffic.idle_at`.

    Args:
        totals: gives a window's minutes.
        events: gives the requests of a window.
        start: Unix seconds.
        end: Unix seconds.
        seconds: without a request, at least 1.
    """
    for a in range(start, max(end - seconds, start) + 1, _STRETCH):
        b = min(a + _STRETCH + seconds, end)
        for c, d in _candidates(totals(a, b), a, b, seconds):
            last = c
            for time in (events(c, d).time // 1_000_000).tolist():
                if time >= last + seconds:
                    break
                last = time + 1
            if last + seconds <= d:
                return last + seconds
    return None


def _candidates(minutes: Series, start: int, end: int, seconds: int) -> Iterator[tuple[int, int]]:
    """The parts of a window that may hold such a gap: runs of empty minutes, and a minute on each side."""
    whole = seconds // 60 - 1
    if whole < 1:
        yield start, end
        return
    minute, total = minutes.time, minutes.total
    busy = np.concatenate([[-1], np.flatnonzero(total), [len(total)]])
    for i in np.flatnonzero(np.diff(busy) > whole).tolist():
        before, after = int(busy[i]), int(busy[i + 1])
        first = start if before < 0 else max(int(minute[before]), start)
        yield first, end if after >= len(total) else min(int(minute[after]) + 60, end)
