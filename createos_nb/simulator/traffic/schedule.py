"""When a version is up: starts, crashes, kills and restarts within one segment, to the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from typing import NamedTuple

from createos_nb.simulator.traffic.behaviour import Segment
from createos_nb.simulator.traffic.randomness import mixed, uniform

BACK_OFF = 10
LONGEST_BACK_OFF = 300
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


UP = Mode()
DOWN = Mode(down=1000)


def _life(segment: Segment, key: int, replica: int, until: int) -> Iterator[Turn]:
    """The turns of one replica, in order of time, before `until`."""
    behaviour, time = segment.behaviour, segment.start
    room = segment.memory - behaviour.memory
    waits = BACK_OFF
    for life in range(10_000_000):
        fresh = segment.fresh or life > 0
        if fresh:
            if time >= until:
                return
            yield Turn(time, "start", replica, life)
        # A version that takes over from another one is started before it gets requests.
        boot = behaviour.boot if life else 0
        if behaviour.crash_after == 0:
            boot = max(behaviour.boot, 1)
            ends, what = time + boot, "crash"
        else:
            if fresh:
                yield Turn(time + boot, "listen", replica, life)
            jitter = int(uniform(mixed(key, segment.start, life * 64 + replica), 1 << 16)[0])
            crash: int | None = None
            leak: int | None = None
            if behaviour.crash_after is not None:
                crash = time + boot + max(behaviour.crash_after * (62_000 + jitter * 7_000 // 65_536) // 65_536, 1)
            if room <= 0:
                leak = time + boot + 1
            elif behaviour.leak > 0:
                seconds = room * 3_600_000 // max(round(behaviour.leak * 1000), 1)
                leak = time + boot + max(seconds * (60_000 + jitter * 11_000 // 65_536) // 65_536, 1)
            if crash is None and leak is None:
                return
            if crash is None or (leak is not None and leak < crash):
                ends, what = leak or crash or until, "oom"
            else:
                ends, what = crash, "crash"
        if what == "oom":
            for full in FILLING:
                before = time + boot + (ends - time - boot) * full // 100
                if before >= until:
                    return
                yield Turn(before, "memory", replica, life, full)
        if ends >= until:
            return
        waits = BACK_OFF if ends - time - boot > 600 else min(waits * 2 if life else BACK_OFF, LONGEST_BACK_OFF)
        yield Turn(ends, what, replica, life, waits)
        time = ends + waits


def turns(segment: Segment, key: int, until: int) -> list[Turn]:
    """What happens to the processes of a segment from its start to `until` (left out), in order of time."""
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
def modes(segment: Segment, key: int, until: int) -> list[tuple[int, Mode]]:
    """How a segment serves, as (from when, how); the first is from its start, each holds until the next.

    Only what is before `until` is listed, and it does not depend on `until`.
    """
    behaviour = segment.behaviour
    if segment.asleep:
        return [(segment.start, UP)]
    if behaviour.listens and behaviour.listens != segment.port:
        return [(segment.start, DOWN)]
    steps: list[tuple[int, int, int, str]] = []
    for turn in turns(segment, key, until):
        steps.append((turn.time, turn.replica, 0, turn.what))
        if turn.what in ("crash", "oom"):
            steps.append((turn.time + OUT_OF_ROTATION, turn.replica, 1, "out"))
        if turn.what == "listen":
            steps.extend((turn.time + behaviour.slow_start * i // 4, turn.replica, 1, "warmer") for i in range(1, 5))
    steps.sort()
    never = behaviour.crash_after == 0
    dead: dict[int, int] = dict.fromkeys(range(segment.replicas), segment.start) if never else {}
    warm = dict.fromkeys(range(segment.replicas), segment.start - 100000 if not segment.fresh else segment.start)
    result: list[tuple[int, Mode]] = []

    def mode(now: int) -> Mode:
        total = segment.replicas
        if len(dead) == total:
            return DOWN
        in_rotation = total - sum(now - since >= OUT_OF_ROTATION for since in dead.values())
        down = 1000 * sum(now - since < OUT_OF_ROTATION for since in dead.values()) // in_rotation
        slow = cold = 0
        for replica in range(total):
            if replica in dead:
                continue
            quarter = 4
            if behaviour.slow_start:
                quarter = min((now - warm[replica]) * 4 // behaviour.slow_start, 4)
            slow += 256 * max(4 - quarter, 1)
            if quarter < 4:
                cold += round(behaviour.slow_start_errors * 1_000_000)
        alive = total - len(dead)
        return Mode(down=down, cold=cold // alive, slow=slow // alive)

    result.append((segment.start, mode(segment.start)))
    for time, replica, _, what in steps:
        if time >= until:
            break
        if what in ("crash", "oom"):
            dead[replica] = time
        elif what == "listen":
            dead.pop(replica, None)
            warm[replica] = time
        now = mode(time)
        if result[-1][0] == time:
            result[-1] = (time, now)
        elif result[-1][1] != now:
            result.append((time, now))
    return result
