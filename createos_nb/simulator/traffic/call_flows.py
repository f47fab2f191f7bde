"""The mean flow of calls between environments, minute by minute, and the retries that carry trouble on.

The failing share of a minute decides how many retries there are in the next one, and these are load: that is all the
memory there is. So a minute's flow follows from that share at its begin, from who comes and from what is live, and the
shares at the begin of a day follow from the days before it. `Flows` works a day out at once, and goes back only as far
as the past can matter: from bounds of 0 and 1 that have met, which they do in the first quiet hour, on nothing before
counts. Everything is a whole number (Q16), and bounds are kept by rounding the same way always.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.call_rules import Graph, Rules, Situation, rules_of
from createos_nb.simulator.traffic.randomness import Ints
from createos_nb.simulator.traffic.serving_state import beyond, queued
from createos_nb.simulator.traffic.tables import MAX_RATE, overdispersion_factors

DAY = 1440
"""Minutes that are worked out at once."""
KEPT = 48
"""Days that are kept in mind."""
_AT_ONCE = 180
"""Minutes of a day whose states are looked for together."""
_ONE = 1 << 16
_MOST = MAX_RATE << 16


class Stretch(NamedTuple):
    """A stretch of time, Unix seconds, `end` left out, in which one situation holds, given by its number."""

    start: int
    end: int
    situation: int


@cache
def _spread() -> Ints:
    """The factors on durations in order, Q12."""
    return np.sort(overdispersion_factors(600))


class Flow(NamedTuple):
    """The flow in each of some minutes; arrays by environment or by call.

    Attributes:
        calls: requests a minute that an environment gets from callers, Q16.
        slow: factor on durations, Q8.
        throttled: share that finds no CPU, Q16.
        lost: share that finds no memory, Q16; taken away first.
        failing: share of the attempts of a call that fail, Q16.
    """

    calls: Ints
    slow: Ints
    throttled: Ints
    lost: Ints
    failing: Ints


@dataclass(frozen=True)
class Day:
    """A day, cut into slots: a minute, or the part of one in which one situation holds.

    Attributes:
        start: Unix seconds at which each slot begins, int64.
        minute: the minute of each since 1970, int64.
        situation: its number, int64.
        last: the last slot of each minute, int64 of 1,440.
        flow: the mean flow in each slot.
        before: failing share of each call in the minute before, Q16, shape (calls, slots).
        after: the same for the minute after the day, shape (calls,).
    """

    start: Ints
    minute: Ints
    situation: Ints
    last: Ints
    flow: Flow
    before: Ints
    after: Ints

    def slot_at(self, seconds: Ints) -> Ints:
        """Return the slot that each time (Unix seconds) falls into."""
        slots: Ints = np.searchsorted(self.start, seconds, side="right") - 1
        return slots


@dataclass
class _Parameters:
    """A day's slots with the rules and rates that hold in them."""

    start: Ints
    minute: Ints
    situation: Ints
    last: Ints
    rules: Rules
    rates: Ints


class Flows:
    """The flow between environments on any day.

    Args:
        graph: who calls whom.
        situations: what situation has which number; grows.
        stretches: gives the stretches of a window.
    """

    def __init__(
        self, graph: Graph, situations: list[Situation], stretches: Callable[[int, int], Sequence[Stretch]]
    ) -> None:
        self.graph, self._situations, self._stretches = graph, situations, stretches
        self._rules: dict[int, Rules] = {}
        self._days: OrderedDict[int, Day] = OrderedDict()
        self._ends: dict[int, Ints] = {}
        self._first = min(call.start for call in graph.calls) // 60 // DAY

    def day(self, number: int) -> Day:
        """Return a day, counted from 1970."""
        known = self._days.get(number)
        if known is not None:
            self._days.move_to_end(number)
            return known
        parameters = self._parameters(number)
        before = self._at_begin(number)
        states = self._states(parameters, before[:, None])[:, 0]
        slots = states[:, parameters.minute - number * DAY]
        flow = self._flow(parameters, slots[:, None, :], None)
        day = Day(
            parameters.start, parameters.minute, parameters.situation, parameters.last,
            Flow(*(part[:, 0] for part in flow)), slots, states[:, -1],
        )  # fmt: skip
        self._days[number] = day
        self._ends[number] = day.after
        if len(self._days) > KEPT:
            self._days.popitem(last=False)
        return day

    def ends(self, before: int) -> dict[int, Ints]:
        """Return what is known at the ends of days that come before one."""
        return {day: end for day, end in self._ends.items() if day < before}

    def take_over(self, ends: Mapping[int, Ints]) -> None:
        """Know what another flow of the same calls knew at the ends of days in which nothing has changed."""
        self._ends |= ends

    def _at_begin(self, number: int) -> Ints:
        """Return the failing shares of the minute before a day, int64, one for each call."""
        calls = len(self.graph.calls)
        nothing = np.zeros(calls, dtype=np.int64)
        if number <= self._first:
            return nothing
        at, waiting, known = number - 1, [], None
        while known is None:
            if at in self._ends:
                known = self._ends[at]
                break
            parameters = self._parameters(at)
            if at <= self._first:
                bounds = np.stack([nothing, nothing], axis=1)
            else:
                bounds = np.stack([nothing, nothing + _ONE], axis=1)
            ends = self._states(parameters, bounds)[:, :, -1]
            if (ends[:, 0] == ends[:, 1]).all():
                self._ends[at] = known = ends[:, 0]
            else:
                waiting.append((at, parameters))
                at -= 1
        for later, parameters in reversed(waiting):
            self._ends[later] = known = self._states(parameters, known[:, None])[:, 0, -1]
        return known

    def _parameters(self, number: int) -> _Parameters:
        first = number * DAY
        pieces = self._stretches(first * 60, (first + DAY) * 60)
        begin = np.array([piece.start for piece in pieces], dtype=np.int64)
        end = np.array([piece.end for piece in pieces], dtype=np.int64)
        which = np.array([piece.situation for piece in pieces], dtype=np.int64)
        many = -(-end // 60) - begin // 60
        at = np.repeat(np.arange(len(pieces)), many)
        minute = np.arange(len(at), dtype=np.int64) - np.repeat(np.cumsum(many) - many, many) + begin[at] // 60
        start = np.maximum(minute * 60, begin[at])
        situation = which[at]
        last = np.flatnonzero(np.diff(minute, append=minute[-1] + 1))
        rates = np.zeros((len(self.graph.keys), len(at)), dtype=np.int64)
        numbers, place = np.unique(situation, return_inverse=True)
        for i, one in enumerate(numbers.tolist()):
            here = np.flatnonzero(place == i)
            low, high = int(minute[here[0]]), int(minute[here[-1]]) + 1
            for n, phase in enumerate(self._situations[one].phases):
                rates[n, here] = phase.rate(self.graph.keys[n], low, high)[minute[here] - low]
        known = [self._rules_of(one) for one in numbers.tolist()]
        columns = [np.moveaxis(np.array(column, dtype=np.int64)[place], 0, -1) for column in zip(*known, strict=True)]
        return _Parameters(start, minute, situation, last, Rules(*columns), rates)  # type: ignore[arg-type]

    def _rules_of(self, number: int) -> Rules:
        if number not in self._rules:
            self._rules[number] = rules_of(self._situations[number], self.graph)
        return self._rules[number]

    def _states(self, parameters: _Parameters, begin: Ints) -> Ints:
        """Return the failing share before each minute of a day and before the minute after it.

        Each minute follows from the one before. All of them are worked out at once, again and again, until nothing
        changes any more: a change goes on by a minute each time, and mostly it dies away within a few.

        Args:
            parameters: of the day.
            begin: shares before its first minute, shape (calls, bounds).

        Returns:
            Shape (calls, bounds, 1,441).
        """
        last = parameters.last
        states = np.repeat(begin[:, :, None], len(last) + 1, axis=2)
        for low in range(0, len(last), _AT_ONCE):
            high = min(low + _AT_ONCE, len(last))
            states[:, :, low + 1 : high + 1] = states[:, :, low, None]
            while low < high:
                after = self._flow(parameters, states[:, :, low:high], last[low:high]).failing
                changed = np.flatnonzero((after != states[:, :, low + 1 : high + 1]).any(axis=(0, 1)))
                states[:, :, low + 1 : high + 1] = after
                # What stands up to the first change is right for good.
                low = low + int(changed[0]) + 1 if len(changed) else high
        return states

    def _flow(self, parameters: _Parameters, before: Ints, slots: npt.NDArray[np.int64] | None) -> Flow:
        """Return the flow in some slots.

        Where bounds of the shares are given, bounds of the flow are returned: what falls while something else rises is
        taken from the other bound.

        Args:
            parameters: of the day.
            before: failing shares of the minute before, shape (calls, bounds, slots).
            slots: which ones; None: all.
        """
        graph = self.graph
        rates = parameters.rates if slots is None else parameters.rates[:, slots]
        rules = parameters.rules
        if slots is not None:
            rules = Rules(*(np.asarray(part)[..., slots] for part in rules))  # type: ignore[arg-type]
        shape = before.shape[1:]
        calls, nodes = len(graph.calls), len(graph.keys)
        attempts = np.zeros((calls, *shape), dtype=np.int64)
        got, slow, throttled, lost = (np.zeros((nodes, *shape), dtype=np.int64) for _ in range(4))
        retried = [self._retried(e, before[e])[1] for e in range(calls)]
        for n in graph.order:
            for e in graph.inbound(n):
                got[n] = np.minimum(got[n] + attempts[e], _MOST)
            total = np.minimum(got[n] + rates[n], _MOST)
            fits, can = np.asarray(rules.fits[n]), np.asarray(rules.can[n])
            lost[n] = beyond(total, fits)
            total = np.minimum(total, fits)
            throttled[n] = beyond(total, can)
            slow[n] = queued(total, np.asarray(rules.slow[n]), can)
            reached = ((_ONE - lost[n]) * (_ONE - throttled[n]) >> 16)[::-1]
            for e in graph.outbound(n):
                asking = rates[n] * rules.own[e] >> 16
                for i in graph.inbound(n):
                    asking = asking + (attempts[i] * rules.through[i][e] >> 16)
                first = np.minimum((asking * reached >> 16) * graph.calls[e].count, _MOST) * rules.active[e]
                attempts[e] = np.minimum(first + (first * retried[e] >> 16), _MOST)
        failing = np.zeros((calls, *shape), dtype=np.int64)
        waits = np.zeros((calls, *shape), dtype=np.int64)
        for n in reversed(graph.order):
            for e in graph.inbound(n):
                call = graph.calls[e]
                well = (_ONE - np.asarray(rules.fails[e])) * ((_ONE - lost[n]) * (_ONE - throttled[n]) >> 16) >> 16
                wait = np.zeros(shape, dtype=np.int64)
                for o in graph.outbound(n, call.endpoint):
                    fine = _ONE - self._given_up(o, failing[o])
                    for _ in range(graph.calls[o].count):
                        well = well * fine >> 16
                    wait = np.maximum(wait, waits[o])
                ms = np.asarray(rules.ms[e])
                well = well * (_ONE - _late(call.timeout_ms - wait, ms, slow[n])) >> 16
                failing[e] = (_ONE - well) * rules.active[e]
                took = np.minimum((ms * slow[n] >> 8) + wait, call.timeout_ms)
                waits[e] = took + ((took + call.wait_ms(1)) * retried[e] >> 16)
        return Flow(got, slow, throttled, lost, failing)

    def _retried(self, e: int, failing: Ints) -> tuple[Ints, Ints]:
        """Return retries for each first attempt, Q16: those that are wanted, and those that the budget lets through."""
        call = self.graph.calls[e]
        power, wanted = failing, np.zeros_like(failing)
        for _ in range(call.retries):
            wanted = wanted + power
            power = power * failing >> 16
        budget = wanted if call.retry_budget is None else np.minimum(wanted, round(call.retry_budget * _ONE))
        return wanted, budget

    def may_retry(self, e: int, failing: Ints) -> Ints:
        """Return the share of the calls that may be retried, Q16, where so much failed in the minute before."""
        wanted, budget = self._retried(e, failing)
        share: Ints = np.where(wanted > budget, budget * _ONE // np.maximum(wanted, 1), _ONE)
        return share

    def _given_up(self, e: int, failing: Ints) -> Ints:
        """Return the share of calls that fail after their retries, Q16."""
        call = self.graph.calls[e]
        result = failing
        for _ in range(call.retries):
            result = result * failing >> 16
        if call.retry_budget is not None:
            result = np.maximum(result, failing - (round(call.retry_budget * _ONE) * (_ONE - failing) >> 16))
        return result


def _late(left: Ints, ms: Ints, slow: Ints) -> Ints:
    """Return the share of answers that take longer than what is left of a time-out (ms), Q16."""
    spread = _spread()
    # An answer takes ms * spread * slow / 2**20, rounded down.
    longest = (np.maximum(left, -1) + 1 << 20) // np.maximum(ms * slow, 1)
    share: Ints = (len(spread) - np.searchsorted(spread, longest, side="left")) * _ONE // len(spread)
    return share
