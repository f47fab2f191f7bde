"""An environment's time cut where something changes: profile, deployment, crash, incident; to the second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behavior import Incident, Segment
from createos_nb.simulator.traffic.phase import Phase, Spike
from createos_nb.simulator.traffic.process_events import UP, ProcessHealth, health_changes
from createos_nb.simulator.traffic.profile import NOBODY, Profile
from createos_nb.simulator.traffic.randomness import key_of, kind_of, words
from createos_nb.simulator.traffic.serving_state import ServingState
from createos_nb.simulator.traffic.tables import normal

INCIDENT_STEP = 300
"""Seconds between two changes of an incident's strength."""
_DAY = 86_400
_LEVELS = kind_of("levels of an incident")
_MILLION = 1_000_000
_HALF_ROOT = 46_341
"""Square root of 1/2, Q16."""


class Piece(NamedTuple):
    """A stretch of time, Unix seconds, `end` left out, in which one phase holds."""

    start: int
    end: int
    phase: Phase


@lru_cache(maxsize=8192)
def _jittered_strength(seed: int, name: str, jitter: int, step: int) -> int:
    """Factor on an incident's shares in a step of five minutes, Q16; the same for every environment of a world."""
    word = words(key_of(seed, f"incident {name}"), _LEVELS, step, 2)[:, 0]
    # Two neighboring steps share one of their two terms.
    both = int(normal().z[(word >> np.uint64(48)).astype(np.int64)].sum())
    strength = (1 << 16) + (both * _HALF_ROOT >> 16) * jitter // 1000
    # In steps of 1/16, so that few different strengths come again and again.
    return min(max(strength + 2048 >> 12 << 12, 0), 2 << 16)


class Timeline:
    """The phases of one environment in order of time.

    Args:
        seed: of the world.
        key: the environment's number for the jitter of its processes.
        profiles: (from when, profile or None for no generated traffic), in order of time.
        segments: stretches in which a deployment is live; in order, not overlapping.
        incidents: those that concern the environment.
        always: whether a time without a profile is a time in which nobody comes, rather than none at all.
    """

    def __init__(
        self,
        seed: int,
        key: int,
        profiles: Sequence[tuple[int, Profile | None]],
        segments: Sequence[Segment],
        incidents: Sequence[Incident],
        *,
        always: bool = False,
    ) -> None:
        for before, after in pairwise(segments):
            if before.end is None or before.end > after.start:
                raise ValueError(f"the segment from {before.start} does not end before the next from {after.start}")
        if any(a[0] > b[0] for a, b in pairwise(profiles)):
            raise ValueError("profiles are not in order of time")
        if len({incident.name for incident in incidents}) != len(incidents):
            raise ValueError("two incidents have the same name")
        self.seed, self.key = seed, key
        self.profiles, self.segments = tuple(profiles), tuple(segments)
        self._otherwise = NOBODY if always else None
        self.incidents = tuple(sorted(incidents, key=lambda i: (i.start, i.name)))
        self._profile_starts = [start for start, _ in self.profiles]
        self._segment_starts = [segment.start for segment in self.segments]

    def segment_at(self, time: int) -> Segment | None:
        """Return what is live at a second."""
        i = bisect_right(self._segment_starts, time) - 1
        if i < 0:
            return None
        segment = self.segments[i]
        return segment if segment.end is None or time < segment.end else None

    def profile_at(self, time: int) -> tuple[int, Profile | None]:
        """(since when, profile) at a second; (0, None) before the first."""
        i = bisect_right(self._profile_starts, time) - 1
        since, profile = self.profiles[i] if i >= 0 else (0, None)
        return since, profile or self._otherwise

    def _health_changes(self, segment: Segment, until: int) -> tuple[list[int], list[ProcessHealth]]:
        """Return how a segment serves: (from when, how), at least up to `until`."""
        if segment.end is not None:
            until = min(until, segment.end)
        # Whole days, so that windows that end on the same day share what is remembered.
        pairs = health_changes(segment, self.key, -(-until // _DAY) * _DAY)
        return [time for time, _ in pairs], [health for _, health in pairs]

    def serving_state_at(self, time: int) -> ServingState:
        """Return how a request at a second is answered."""
        segment = self.segment_at(time)
        health = UP
        if segment is not None:
            starts, how = self._health_changes(segment, time + 1)
            health = how[bisect_right(starts, time) - 1]
        return self._serving_state(time, segment, health)

    def _serving_state(self, time: int, segment: Segment | None, health: ProcessHealth) -> ServingState:
        failing, slow, free = [], 256, 1000
        for i in self.incidents:
            if i.start > time:
                break
            if i.end is not None and time >= i.end:
                continue
            jitter = round(i.jitter * 1000)
            strength = (
                _jittered_strength(self.seed, i.name, jitter, time // INCIDENT_STEP)
                if jitter and i.failing
                else 1 << 16
            )
            failing += [(f, min(round(f.share * _MILLION) * strength >> 16, _MILLION)) for f in i.failing]
            slow = slow * round(i.slow * 256) >> 8
            free = free * (1000 - round(i.stolen * 1000)) // 1000
        return ServingState(segment, health, tuple(failing), slow, 1000 - free)

    def phase_at(self, time: int) -> Phase | None:
        """Return what decides the requests at a second; None where none are generated."""
        origin, profile = self.profile_at(time)
        return None if profile is None else self._phase(time, origin, profile, self.serving_state_at(time))

    def _phase(self, time: int, origin: int, profile: Profile, serving_state: ServingState) -> Phase:
        spikes = []
        for i in self.incidents:
            if i.start <= time and i.rate != 1 and (i.end is None or time < i.end + i.fade):
                # The end is left out until it is over: it must not reach back into the past.
                over = i.end if i.end is not None and time >= i.end else None
                spikes.append(Spike(i.start, round(i.rate * 256), i.ramp, over, i.fade))
        return Phase(profile, origin // 60, serving_state, tuple(spikes))

    def _cuts(self, start: int, end: int) -> list[int]:
        """The times within a window at which something changes."""
        cuts: set[int | None] = set(self._profile_starts)
        for segment in self.segments:
            if segment.start < end and (segment.end is None or segment.end > start):
                times, _ = self._health_changes(segment, end)
                stop = end if segment.end is None else segment.end
                cuts.update((segment.start, segment.end), (time for time in times if start < time < stop))
        for i in self.incidents:
            if i.start >= end or (i.end is not None and i.end + i.fade <= start):
                continue
            cuts.update((i.start, i.end, None if i.end is None else i.end + i.fade))
            if i.failing and i.jitter:
                first, stop = max(i.start, start), end if i.end is None else min(i.end, end)
                cuts.update(range(-(-first // INCIDENT_STEP) * INCIDENT_STEP, stop, INCIDENT_STEP))
        return sorted(time for time in cuts if time is not None and start < time < end)

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """The window `start` to `end`, cut; times without a profile are left out."""
        if start >= end:
            return
        known: dict[int, tuple[list[int], list[ProcessHealth]]] = {}
        for a, b in pairwise([start, *self._cuts(start, end), end]):
            origin, profile = self.profile_at(a)
            if profile is None:
                continue
            segment, health = self.segment_at(a), UP
            if segment is not None:
                if segment.start not in known:
                    known[segment.start] = self._health_changes(segment, end)
                starts, how = known[segment.start]
                health = how[bisect_right(starts, a) - 1]
            yield Piece(a, b, self._phase(a, origin, profile, self._serving_state(a, segment, health)))
