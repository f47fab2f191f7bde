"""When a version is up: starts, crashes, kills and restarts within one segment, to the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import count
from typing import NamedTuple

from createos_nb.simulator.traffic.behavior import Behavior, Segment
from createos_nb.simulator.traffic.randomness import mixed, uniform

BACK_OFF = 10
"""Seconds before the first restart; they double with each that follows soon."""
LONGEST_BACK_OFF = 300
STABLE = 600
"""Seconds of running after which the back-off begins anew."""
OUT_OF_ROTATION = 10
"""Seconds after which a dead replica gets no more requests while others live."""
FILLING = (80, 90, 97)
"""Percentages of the way to the memory limit at which a program complains."""


@dataclass(frozen=True, slots=True)
class ProcessHealth:
    """The health of a segment's processes for a while.

    Attributes:
        down: share of requests that meets a dead process, in thousandths; they get 502.
        cold: share that gets 503 because caches are cold, in millionths.
        slow: factor on durations, Q8.
    """

    down: int = 0
    cold: int = 0
    slow: int = 256


class ProcessEvent(NamedTuple):
    """An event in the life of a process.

    Attributes:
        time: Unix seconds.
        what: "start", "listen", "memory" (it has filled much of its limit), "crash" or "oom".
        replica: counts from 0.
        life: how many times it had been started before.
        number: of "crash" and "oom" the seconds until it is started again, of "memory" the percentage that is full.
    """

    time: int
    what: str
    replica: int
    life: int
    number: int = 0


_NEVER = 1 << 60
UP = ProcessHealth()
DOWN = ProcessHealth(down=1000)


def launched(segment: Segment) -> int:
    """Unix seconds at which the first process of a segment was started."""
    return segment.start if segment.launched is None else segment.launched


def ends_after(behavior: Behavior, memory: int) -> int | None:
    """Seconds of running after which a process ends, about; None if it runs on. `memory`: the limit, MB."""
    room = memory - behavior.memory
    ends = [] if behavior.crash_after is None else [behavior.crash_after]
    if behavior.crash_after != 0:
        if room <= 0:
            ends.append(1)
        elif behavior.leak > 0:
            ends.append(room * 3_600_000 // max(round(behavior.leak * 1000), 1))
    return min(ends, default=None)


def _life(segment: Segment, key: int, replica: int, until: int) -> Iterator[ProcessEvent]:
    """Yield the events of one replica, in order of time, before `until`."""
    behavior = segment.behavior
    time, waits = launched(segment), BACK_OFF
    room = segment.memory - behavior.memory
    for life in count():
        if life or segment.fresh:
            yield ProcessEvent(time, "start", replica, life)
        if behavior.crash_after == 0:
            listens = None
            ends, what = time + max(behavior.boot, 1), "crash"
        else:
            if life:
                listens = time + behavior.boot
            else:
                # A version gets no requests before it listens; one that was moved has listened for long.
                listens = segment.start if segment.fresh else min(time + behavior.boot, segment.start)
            if life or segment.fresh:
                yield ProcessEvent(listens, "listen", replica, life)
            jitter = int(uniform(mixed(key ^ launched(segment), life, replica), 1 << 16)[0])
            ends, what = _NEVER, ""
            if behavior.crash_after is not None:
                ends, what = listens + max(behavior.crash_after * (62_000 + jitter // 10) // 65_536, 1), "crash"
            killed = _NEVER
            if room <= 0:
                killed = listens + 1
            elif behavior.leak > 0:
                full = room * 3_600_000 // max(round(behavior.leak * 1000), 1)
                killed = listens + max(full * (60_000 + jitter // 6) // 65_536, 1)
            if killed < ends:
                ends, what = killed, "oom"
        if listens is not None and what == "oom":
            for percent in FILLING:
                yield ProcessEvent(listens + (ends - listens) * percent // 100, "memory", replica, life, percent)
        if ends >= until:
            return
        ran = ends - (time if listens is None else listens)
        waits = BACK_OFF if not life or ran >= STABLE else min(waits * 2, LONGEST_BACK_OFF)
        yield ProcessEvent(ends, what, replica, life, waits)
        time = ends + waits
        if time >= until:
            return


def process_events(segment: Segment, key: int, until: int) -> list[ProcessEvent]:
    """Return what happens to the processes of a segment from its launch to `until` (left out), in order of time."""
    if segment.asleep:
        return []
    until = until if segment.end is None else min(until, segment.end)
    if segment.behavior.crash_after is not None:
        # Replicas of one version meet the same fault together.
        life = list(_life(segment, key, 0, until))
        lives = [[event._replace(replica=replica) for event in life] for replica in range(segment.replicas)]
    else:
        lives = [list(_life(segment, key, replica, until)) for replica in range(segment.replicas)]
    return [event for event in merge(*lives, key=lambda t: (t.time, t.replica)) if event.time < until]


@lru_cache(maxsize=256)
def health_changes(segment: Segment, key: int, until: int) -> tuple[tuple[int, ProcessHealth], ...]:
    """Return how a segment serves, as (from when, how); the first is from its start, each holds until the next.

    Only what is before `until` is listed, and it does not depend on `until`.
    """
    behavior, begin = segment.behavior, launched(segment)
    if segment.asleep:
        return ((segment.start, UP),)
    if behavior.listens and behavior.listens != segment.port:
        return ((segment.start, DOWN),)
    # (time, replica, "out": gets no more requests, "warmer": a quarter of the slow start is over, or what happens)
    steps: list[tuple[int, int, str]] = []
    for event in process_events(segment, key, until):
        if event.what in ("crash", "oom"):
            steps += [(event.time, event.replica, "dead"), (event.time + OUT_OF_ROTATION, event.replica, "out")]
        elif event.what == "listen":
            steps.append((event.time, event.replica, "listen"))
            if behavior.slow_start:
                steps += [(event.time + -(-behavior.slow_start * i // 4), event.replica, "warmer") for i in range(1, 5)]
    steps.sort()
    dead = dict.fromkeys(range(segment.replicas), begin - OUT_OF_ROTATION) if behavior.crash_after == 0 else {}
    warming: dict[int, int] = {}

    def health(now: int) -> ProcessHealth:
        if len(dead) == segment.replicas:
            return DOWN
        waiting = sum(now - since < OUT_OF_ROTATION for since in dead.values())
        slow = cold = 0
        alive = segment.replicas - len(dead)
        for replica in range(segment.replicas):
            if replica in dead:
                continue
            since = now - warming[replica] if replica in warming else behavior.slow_start
            quarter = since * 4 // behavior.slow_start if behavior.slow_start else 4
            slow += 256 * max(4 - quarter, 1)
            cold += round(behavior.slow_start_errors * 1_000_000) if quarter < 4 else 0
        return ProcessHealth(1000 * waiting // (alive + waiting), cold // alive, slow // alive)

    result: list[tuple[int, ProcessHealth]] = [(segment.start, health(segment.start))]
    for time, replica, what in steps:
        if time >= until:
            break
        if what == "dead":
            dead[replica] = time
        elif what == "listen":
            dead.pop(replica, None)
            warming[replica] = time
        at, now = max(time, segment.start), health(time)
        if result[-1][0] == at:
            result[-1] = (at, now)
        elif result[-1][1] != now:
            result.append((at, now))
    return tuple(result)
