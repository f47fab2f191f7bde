"""How requests are answered while nothing changes: by whom, with which errors, and what load does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behavior import Failing, Segment
from createos_nb.simulator.traffic.mixture import Cause, Mixture, all_answered, served
from createos_nb.simulator.traffic.process_events import ProcessHealth
from createos_nb.simulator.traffic.profile import Page
from createos_nb.simulator.traffic.randomness import Ints

NOTHING_LIVE = 404
ASLEEP = 503
DOWN = 502
THROTTLED = 504
TIMEOUT = 30_000
"""Milliseconds after which the gateway gives up."""
SLOWEST = 20
"""Largest factor that a queue for the CPU puts on a duration."""
_ONE = 1 << 16


class Overload(NamedTuple):
    """The effects of load, minute by minute.

    `slow` is a factor on durations (Q8); `throttled` and `lost` are shares of the requests (Q16; None: none) that find
    no CPU and no memory; those that find no memory are taken away first.
    """

    slow: Ints | int
    throttled: Ints | None
    lost: Ints | None


@dataclass(frozen=True, slots=True)
class ServingState:
    """The state that decides how requests are answered.

    Attributes:
        segment: what is live; None: nothing.
        health: of its processes.
        failing: what fails by incidents, with the share in millionths.
        slow: factor on durations by incidents, Q8.
        stolen: share of the CPU that others take, thousandths.
    """

    segment: Segment | None
    health: ProcessHealth
    failing: tuple[tuple[Failing, int], ...] = ()
    slow: int = 256
    stolen: int = 0

    @property
    def running(self) -> Segment | None:
        """Return what is live, if any of its processes answers."""
        if self.segment is None or self.segment.asleep or self.health.down == 1000:
            return None
        return self.segment

    @property
    def strained(self) -> bool:
        """Return whether load changes anything."""
        running = self.running
        return running is not None and (running.behavior.cpu_ms > 0 or running.behavior.memory_per_rpm > 0)

    def answers(self, pages: Sequence[Page]) -> Mixture:
        """Return what answers requests for these pages, if CPU and memory suffice."""
        if self.segment is None:
            return all_answered(pages, NOTHING_LIVE, Cause.NOTHING_LIVE, 2)
        if self.segment.asleep:
            return all_answered(pages, ASLEEP, Cause.ASLEEP, 2)
        if self.health.down == 1000:
            return all_answered(pages, DOWN, Cause.DOWN, 3)
        errors = self.segment.behavior.errors
        return served(pages, down=self.health.down, cold=self.health.cold, incidents=self.failing, errors=errors)

    def throttled(self, pages: Sequence[Page]) -> Mixture | None:
        """Return what answers requests that find no CPU; None if that can't happen."""
        segment = self.running
        if segment is None or segment.behavior.cpu_ms <= 0:
            return None
        return all_answered(pages, THROTTLED, Cause.THROTTLED, TIMEOUT)

    def exhausted(self, pages: Sequence[Page]) -> Mixture | None:
        """Return what answers requests that find no memory; None if that can't happen."""
        segment = self.running
        if segment is None or segment.behavior.memory_per_rpm <= 0:
            return None
        return all_answered(pages, DOWN, Cause.OUT_OF_MEMORY, 900)

    def under(self, rate: Ints) -> Overload:
        """Return what this load does.

        Args:
            rate: requests a minute, Q16.
        """
        segment = self.running
        if segment is None:
            return Overload(256, None, None)
        behavior = segment.behavior
        slow: Ints | int = (round(behavior.slow * 256) * self.health.slow >> 8) * self.slow >> 8
        throttled = lost = None
        if behavior.memory_per_rpm > 0:
            # Requests a minute that fit into what the limit leaves.
            room = max(segment.memory - behavior.memory, 0) * segment.replicas
            fits = room * 1000 * _ONE // max(round(behavior.memory_per_rpm * 1000), 1)
            lost = np.where(rate > fits, (rate - fits) * _ONE // np.maximum(rate, 1), 0)
            rate = np.minimum(rate, fits)
        if behavior.cpu_ms > 0:
            # A limit of 1,000 millicores is one core: 60,000 ms of it a minute.
            cpu = segment.cpu * (1000 - self.stolen)
            can = cpu * 60 * segment.replicas * _ONE // max(round(behavior.cpu_ms * 1000), 1)
            throttled = np.where(rate > can, (rate - can) * _ONE // np.maximum(rate, 1), 0)
            busy = np.minimum(rate, can) * 256 // max(can, 1)
            # The queue of one server: 1 / (1 - load).
            slow = np.minimum(256 * 256 // np.maximum(256 - busy, 1), SLOWEST * 256) * slow >> 8
        return Overload(slow, throttled, lost)


@lru_cache(maxsize=4096)
def answers(serving_state: ServingState, pages: tuple[Page, ...]) -> Mixture:
    """`ServingState.answers`, remembered."""
    return serving_state.answers(pages)
