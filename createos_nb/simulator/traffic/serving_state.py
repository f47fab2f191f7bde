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


_ENDLESS = 1 << 44
"""Requests a minute, Q16, that nothing comes near."""


class Capacity(NamedTuple):
    """What load is measured by.

    `slow` is the factor on durations without load (Q8); `fits` and `can` are the requests a minute (Q16) that find
    memory and CPU; None: any number.
    """

    slow: int
    fits: int | None = None
    can: int | None = None

    @property
    def row(self) -> tuple[int, int, int]:
        """The same as three numbers."""
        return (
            self.slow,
            _ENDLESS if self.fits is None else min(self.fits, _ENDLESS),
            _ENDLESS if self.can is None else min(self.can, _ENDLESS),
        )


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
        slow, fits, can = self.capacity
        throttled = lost = None
        if fits is not None:
            lost = beyond(rate, fits)
            rate = np.minimum(rate, fits)
        if can is None:
            return Overload(slow, throttled, lost)
        return Overload(queued(rate, slow, can), beyond(rate, can), lost)

    @property
    def capacity(self) -> Capacity:
        """Return what load is measured by; without a limit where no process answers."""
        segment = self.running
        if segment is None:
            return Capacity(256)
        behavior = segment.behavior
        slow = (round(behavior.slow * 256) * self.health.slow >> 8) * self.slow >> 8
        fits = can = None
        if behavior.memory_per_rpm > 0:
            # Requests a minute that fit into what the limit leaves.
            room = max(segment.memory - behavior.memory, 0) * segment.replicas
            fits = room * 1000 * _ONE // max(round(behavior.memory_per_rpm * 1000), 1)
        if behavior.cpu_ms > 0:
            # A limit of 1,000 millicores is one core: 60,000 ms of it a minute.
            cpu = segment.cpu * (1000 - self.stolen)
            can = cpu * 60 * segment.replicas * _ONE // max(round(behavior.cpu_ms * 1000), 1)
        return Capacity(slow, fits, can)


def beyond(rate: Ints, limit: Ints | int) -> Ints:
    """Return the share of the requests that a limit leaves out, Q16."""
    share: Ints = np.where(rate > limit, (rate - limit) * _ONE // np.maximum(rate, 1), 0)
    return share


def queued(rate: Ints, slow: Ints | int, can: Ints | int) -> Ints:
    """Return the factor on durations of those who find CPU, Q8."""
    busy = np.minimum(rate, can) * 256 // np.maximum(can, 1)
    # The queue of one server: 1 / (1 - load).
    factor: Ints = np.minimum(256 * 256 // np.maximum(256 - busy, 1), SLOWEST * 256) * slow >> 8
    return factor


@lru_cache(maxsize=4096)
def answers(serving_state: ServingState, pages: tuple[Page, ...]) -> Mixture:
    """`ServingState.answers`, remembered."""
    return serving_state.answers(pages)
