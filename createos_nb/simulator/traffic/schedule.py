"""When a version is up: starts, crashes, kills and restarts within one segment, to the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import count
from typing import NamedTuple

from createos_nb.simulator.traffic.behaviour import Behaviour, Segment
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
class Mode:
    """How a segment serves for a while.

    Attributes:
        down: share of requests that meets a dead process, in thousandths; they get 502.
        cold: share that gets 503 because caches are cold, in millionths.
        slow: factor on durations, Q8.
    """

    down: int = 0
    cold: int = 0
    slow: int = 256


class Turn(NamedTuple):
    """Something that happens to a process.

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
UP = Mode()
DOWN = Mode(down=1000)


def launched(segment: Segment) -> int:
    """Unix seconds at which the first process of a segment was started."""
    return segment.start if segment.launched is None else segment.launched


def ends_after(behaviour: Behaviour, memory: int) -> int | None:
    """Seconds of running after which a process ends, about; None if it runs on. `memory`: the limit, MB."""
    room = memory - behaviour.memory
    ends = [] if behaviour.crash_after is None else [behaviour.crash_after]
    if behaviour.crash_after != 0:
        if room <= 0:
            ends.append(1)
        elif behaviour.leak > 0:
            ends.append(room * 3_600_000 // max(round(behaviour.leak * 1000), 1))
    return min(ends, default=None)


def _life(segment: Segment, key: int, replica: int, until: int) -> Iterator[Turn]:
    """The turns of one replica, in order of time, before `until`."""
    behaviour = segment.behaviour
    time, waits = launched(segment), BACK_OFF
    room = segment.memory - behaviour.memory
    for life in count():
        if life or segment.fresh:
            yield Turn(time, "start", replica, life)
        if behaviour.crash_after == 0:
            listens = None
            ends, what = time + max(behaviour.boot, 1), "crash"
        else:
            if life:
                listens = time + behaviour.boot
            else:
                # A version gets no requests before it listens; one that was moved has listened for long.
                listens = segment.start if segment.fresh else min(time + behaviour.boot, segment.start)
            if life or segment.fresh:
                yield Turn(listens, "listen", replica, life)
            jitter = int(uniform(mixed(key ^ launched(segment), life, replica), 1 << 16)[0])
            ends, what = _NEVER, ""
            if behaviour.crash_after is not None:
                ends, what = listens + max(behaviour.crash_after * (62_000 + jitter // 10) // 65_536, 1), "crash"
            killed = _NEVER
            if room <= 0:
                killed = listens + 1
            elif behaviour.leak > 0:
                full = room * 3_600_000 // max(round(behaviour.leak * 1000), 1)
                killed = listens + max(full * (60_000 + jitter // 6) // 65_536, 1)
            if killed < ends:
                ends, what = killed, "oom"
        if listens is not None and what == "oom":
            for percent in FILLING:
                yield Turn(listens + (ends - listens) * percent // 100, "memory", replica, life, percent)
        if ends >= until:
            return
        ran = ends - (time if listens is None else listens)
        waits = BACK_OFF if not life or ran >= STABLE else min(waits * 2, LONGEST_BACK_OFF)
        yield Turn(ends, what, replica, life, waits)
        time = ends + waits
        if time >= until:
            return


def turns(segment: Segment, key: int, until: int) -> list[Turn]:
    """What happens to the processes of a segment from its launch to `until` (left out), in order of time."""
    if segment.asleep:
        return []
    until = until if segment.end is None else min(until, segment.end)
    if segment.behaviour.crash_after is not None:
        # Replicas of one version meet the same fault together.
        one = list(_life(segment, key, 0, until))
        lives = [[turn._replace(replica=replica) for turn in one] for replica in range(segment.replicas)]
    else:
        lives = [list(_life(segment, key, replica, until)) for replica in range(segment.replicas)]
    return [turn for turn in merge(*lives, key=lambda t: (t.time, t.replica)) if turn.time < until]


@lru_cache(maxsize=256)
def modes(segment: Segment, key: int, until: int) -> tuple[tuple[int, Mode], ...]:
    """How a segment serves, as (from when, how); the first is from its start, each holds until the next.

    Only what is before `until` is listed, and it does not depend on `until`.
    """
    behaviour, begin = segment.behaviour, launched(segment)
    if segment.asleep:
        return ((segment.start, UP),)
    if behaviour.listens and behaviour.listens != segment.port:
        return ((segment.start, DOWN),)
    # (time, replica, "out": gets no more requests, "warmer": a quarter of the slow start is over, or what happens)
    steps: list[tuple[int, int, str]] = []
    for turn in turns(segment, key, until):
        if turn.what in ("crash", "oom"):
            steps += [(turn.time, turn.replica, "dead"), (turn.time + OUT_OF_ROTATION, turn.replica, "out")]
        elif turn.what == "listen":
            steps.append((turn.time, turn.replica, "listen"))
            if behaviour.slow_start:
                steps += [(turn.time + -(-behaviour.slow_start * i // 4), turn.replica, "warmer") for i in range(1, 5)]
    steps.sort()
    dead = dict.fromkeys(range(segment.replicas), begin - OUT_OF_ROTATION) if behaviour.crash_after == 0 else {}
    warming: dict[int, int] = {}

    def mode(now: int) -> Mode:
        if len(dead) == segment.replicas:
            return DOWN
        waiting = sum(now - since < OUT_OF_ROTATION for since in dead.values())
        slow = cold = 0
        alive = segment.replicas - len(dead)
        for replica in range(segment.replicas):
            if replica in dead:
                continue
            since = now - warming[replica] if replica in warming else behaviour.slow_start
            quarter = since * 4 // behaviour.slow_start if behaviour.slow_start else 4
            slow += 256 * max(4 - quarter, 1)
            cold += round(behaviour.slow_start_errors * 1_000_000) if quarter < 4 else 0
        return Mode(1000 * waiting // (alive + waiting), cold // alive, slow // alive)

    result: list[tuple[int, Mode]] = [(segment.start, mode(segment.start))]
    for time, replica, what in steps:
        if time >= until:
            break
        if what == "dead":
            dead[replica] = time
        elif what == "listen":
            dead.pop(replica, None)
            warming[replica] = time
        at, now = max(time, segment.start), mode(time)
        if result[-1][0] == at:
            result[-1] = (at, now)
        elif result[-1][1] != now:
            result.append((at, now))
    return tuple(result)
