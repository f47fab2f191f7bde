"""An environment's time cut where something changes: profile, deployment, crash, incident; to the second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behaviour import Incident, Segment
from createos_nb.simulator.traffic.mixture import Cause, all_answered, served
from createos_nb.simulator.traffic.profile import Page, Profile
from createos_nb.simulator.traffic.randomness import key_of, kind_of, words
from createos_nb.simulator.traffic.regime import Regime, Surge
from createos_nb.simulator.traffic.schedule import UP, Mode, modes
from createos_nb.simulator.traffic.tables import normal

NOTHING_LIVE = 404
ASLEEP = 503
DOWN = 502
THROTTLED = 504
INCIDENT_STEP = 300
_DAY = 86_400
_LEVELS = kind_of("levels of an incident")


class Piece(NamedTuple):
    """A stretch of time, Unix seconds, `end` left out, in which one regime holds."""

    start: int
    end: int
    regime: Regime


def _levels(seed: int, incident: Incident, step: int) -> int:
    """Factor on an incident's shares in a step of five minutes, Q16; the same for every environment of a world."""
    sd = round(incident.wobble * 1000)
    if not sd:
        return 1 << 16
    word = words(key_of(seed, f"incident {incident.name}"), _LEVELS, step, 2)[:, 0]
    now: int
    before: int
    now, before = normal().z[(word >> np.uint64(48)).astype(np.int64)].tolist()
    # Two neighbouring steps share one of two terms; 46,341 is the square root of 1/2.
    return min(max((1 << 16) + (now + before) * 46_341 // (1 << 16) * sd // 1000, 0), 2 << 16)


@lru_cache(maxsize=4096)
def _regime(
    profile: Profile,
    origin: int,
    segment: Segment | None,
    mode: Mode,
    incidents: tuple[tuple[Incident, int], ...],
    surges: tuple[Surge, ...],
) -> Regime:
    groups: list[tuple[Page, ...]] = [profile.pages, *(bot.pages for bot in profile.bots)]
    throttled = exhausted = None
    slow = 256
    if segment is None:
        serving = [all_answered(pages, NOTHING_LIVE, Cause.NOTHING_LIVE, 2) for pages in groups]
    elif segment.asleep:
        serving = [all_answered(pages, ASLEEP, Cause.ASLEEP, 2) for pages in groups]
    elif mode.down == 1000:
        serving = [all_answered(pages, DOWN, Cause.DOWN, 3) for pages in groups]
    else:
        behaviour = segment.behaviour
        failing = [
            (f, min(round(f.share * 1_000_000) * level >> 16, 1_000_000)) for i, level in incidents for f in i.failing
        ]
        serving = [
            served(pages, down=mode.down, cold=mode.cold, incidents=failing, errors=behaviour.errors)
            for pages in groups
        ]
        slow = round(behaviour.slow * 256) * mode.slow >> 8
        for incident, _ in incidents:
            slow = slow * round(incident.slow * 256) >> 8
        if behaviour.cpu_ms > 0:
            throttled = all_answered(profile.pages, THROTTLED, Cause.THROTTLED, 30_000)
        if behaviour.memory_per_rpm > 0:
            exhausted = all_answered(profile.pages, DOWN, Cause.OUT_OF_MEMORY, 900)
    return Regime(profile, origin, segment, tuple(serving), throttled, exhausted, surges, slow)


class Timeline:
    """What holds when, for one environment.

    Args:
        seed: of the world.
        key: the environment's number for the jitter of its processes.
        profiles: (from when, profile or None for no generated traffic), in order of time.
        segments: stretches in which a deployment is live; in order, not overlapping.
        incidents: those that concern the environment.
    """

    def __init__(
        self,
        seed: int,
        key: int,
        profiles: Sequence[tuple[int, Profile | None]],
        segments: Sequence[Segment],
        incidents: Sequence[Incident],
    ) -> None:
        for before, after in pairwise(segments):
            if before.end is None or before.end > after.start:
                raise ValueError(f"the segment from {before.start} does not end before the next from {after.start}")
        if any(a[0] > b[0] for a, b in pairwise(profiles)):
            raise ValueError("profiles are not in order of time")
        self.seed, self.key = seed, key
        self.profiles, self.segments = tuple(profiles), tuple(segments)
        self.incidents = tuple(sorted(incidents, key=lambda i: (i.start, i.name)))
        self._profile_starts = [start for start, _ in self.profiles]
        self._segment_starts = [segment.start for segment in self.segments]

    def segment_at(self, time: int) -> Segment | None:
        """What is live at a second."""
        i = bisect_right(self._segment_starts, time) - 1
        # A segment that began and ended within one second was never live.
        if i < 0:
            return None
        segment = self.segments[i]
        return segment if segment.end is None or time < segment.end else None

    def modes(self, segment: Segment, until: int) -> list[tuple[int, Mode]]:
        """How a segment serves; holds for all time before `until`, and then some."""
        return modes(segment, self.key, -(-until // _DAY) * _DAY)

    def pieces(self, start: int, end: int) -> Iterator[Piece]:
        """The window `start` to `end`, cut; times without a profile are left out."""
        cuts = {start}

        def cut(*times: int | None) -> None:
            cuts.update(t for t in times if t is not None and start < t < end)

        cut(*self._profile_starts)
        live: dict[int, tuple[list[int], list[Mode]]] = {}
        for i, segment in enumerate(self.segments):
            if segment.start >= end or (segment.end is not None and segment.end <= start):
                continue
            cut(segment.start, segment.end)
            pairs = self.modes(segment, end if segment.end is None else min(end, segment.end))
            live[i] = [time for time, _ in pairs], [mode for _, mode in pairs]
            first = max(bisect_right(live[i][0], start) - 1, 0)
            last = bisect_right(live[i][0], end if segment.end is None else min(end, segment.end))
            cut(*live[i][0][first:last])
        touched = [i for i in self.incidents if i.start < end and (i.end is None or i.end + i.fade > start)]
        for incident in touched:
            stop = end if incident.end is None else min(incident.end, end)
            cut(incident.start, incident.end, None if incident.end is None else incident.end + incident.fade)
            if incident.failing and incident.wobble:
                first = max(incident.start, start)
                cut(*range(-(-first // INCIDENT_STEP) * INCIDENT_STEP, stop, INCIDENT_STEP))
        times = [*sorted(cuts), end]
        for a, b in pairwise(times):
            i = bisect_right(self._profile_starts, a) - 1
            if a >= b or i < 0:
                continue
            origin, profile = self.profiles[i]
            if profile is None:
                continue
            j = bisect_right(self._segment_starts, a) - 1
            running = self.segment_at(a)
            mode = UP
            if running is not None:
                starts, how = live[j]
                mode = how[bisect_right(starts, a) - 1]
            levels, surges = [], []
            for incident in touched:
                if a < incident.start or (incident.end is not None and a >= incident.end + incident.fade):
                    continue
                if incident.rate != 1:
                    # Its end is left out until it is over, so that the end can't reach back into the past.
                    over = incident.end if incident.end is not None and a >= incident.end else None
                    rate = round(incident.rate * 256)
                    surges.append(Surge(incident.start, rate, incident.ramp, over, incident.fade))
                if incident.end is None or a < incident.end:
                    levels.append((incident, _levels(self.seed, incident, a // INCIDENT_STEP)))
            yield Piece(a, b, _regime(profile, origin // 60, running, mode, tuple(levels), tuple(surges)))
