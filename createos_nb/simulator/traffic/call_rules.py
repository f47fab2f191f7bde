"""Who calls whom, and what a situation says of it: shares and limits in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from createos_nb.simulator.traffic.calls import Call
from createos_nb.simulator.traffic.mixture import CELL_BITS, SHARE_BITS, Cause, Mixture
from createos_nb.simulator.traffic.phase import Phase
from createos_nb.simulator.traffic.randomness import Key
from createos_nb.simulator.traffic.serving_state import answers


class Situation(NamedTuple):
    """What holds everywhere while nothing changes: the phase of each environment, and which calls are made."""

    phases: tuple[Phase, ...]
    active: tuple[bool, ...]


class Graph(NamedTuple):
    """Environments and their calls, by their places.

    Attributes:
        keys: of the environments' streams.
        calls: what is called.
        callers: environment that makes each call.
        callees: environment that gets it.
        order: the environments, each before those that it calls.
    """

    keys: tuple[Key, ...]
    calls: tuple[Call, ...]
    callers: tuple[int, ...]
    callees: tuple[int, ...]
    order: tuple[int, ...]

    def inbound(self, place: int) -> list[int]:
        """Return the calls that an environment gets."""
        return [e for e, callee in enumerate(self.callees) if callee == place]

    def outbound(self, place: int, path: str | None = None) -> list[int]:
        """Return the calls that an environment makes, or those that one of its paths makes."""
        return [e for e, n in enumerate(self.callers) if n == place and (path is None or self.calls[e].matches(path))]


def asked(situation: Situation, graph: Graph, e: int) -> Mixture:
    """Return what answers a call, if CPU and memory suffice and what is called in turn answers."""
    phase = situation.phases[graph.callees[e]]
    return answers(phase.serving_state, graph.calls[e].pages(phase.profile.pages))


def _share(mixture: Mixture, chosen: Callable[[int], bool]) -> int:
    """The share of some cells of a mixture, Q16."""
    total = 0
    for c, share in enumerate(mixture.share.tolist()):
        within, first = mixture.within[c].tolist(), mixture.first[c]
        total += sum((within[k + 1] - within[k]) * share for k in range(len(within) - 1) if chosen(first + k))
    return total >> SHARE_BITS + CELL_BITS - 16


class Rules(NamedTuple):
    """What a situation says of the flow, in whole numbers; by environment, by call, or by call that is got and made.

    Attributes:
        slow: factor on durations without load, Q8.
        fits: requests a minute that find memory, Q16.
        can: requests a minute that find CPU, Q16.
        active: 1 where the call is made.
        own: share of the caller's visitors that make a call, Q16.
        through: share of one call's requests that make another, Q16.
        fails: share of a call that is answered with an error, whatever the load, Q16.
        ms: median duration of its answer.
    """

    slow: list[int]
    fits: list[int]
    can: list[int]
    active: list[int]
    own: list[int]
    through: list[list[int]]
    fails: list[int]
    ms: list[int]


def rules_of(situation: Situation, graph: Graph) -> Rules:
    """Return what a situation says of the flow."""
    rows = [phase.serving_state.capacity.row for phase in situation.phases]
    own, through, fails, ms = [], [], [], []
    for e, call in enumerate(graph.calls):
        phase = situation.phases[graph.callers[e]]
        visitors = answers(phase.serving_state, phase.profile.pages)
        own.append(_share(visitors, lambda k, m=visitors, c=call: _calls(m, k, c)))  # type: ignore[misc]
        mixture = asked(situation, graph, e)
        fails.append(_share(mixture, lambda k, m=mixture: failed(m.cells[k].status, m.cells[k].cause)))  # type: ignore[misc]
        ms.append(call.pages(situation.phases[graph.callees[e]].profile.pages)[0].ms)
        row = []
        for o, other in enumerate(graph.calls):
            joined = graph.callers[o] == graph.callees[e]
            row.append(_share(mixture, lambda k, m=mixture, c=other: _calls(m, k, c)) if joined else 0)  # type: ignore[misc]
        through.append(row)
    active = [int(a) for a in situation.active]
    return Rules([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], active, own, through, fails, ms)


def _calls(mixture: Mixture, k: int, call: Call) -> bool:
    return mixture.cells[k].cause is Cause.SERVED and call.matches(mixture.cells[k].path)


def failed(status: int, cause: Cause) -> bool:
    """Return whether a caller takes an answer as a failure."""
    return status >= 500 or cause is Cause.NOTHING_LIVE
