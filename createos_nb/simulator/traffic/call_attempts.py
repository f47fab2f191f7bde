"""Single attempts of calls: what answers each, how long it is waited for, who tries again, and what a page comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.call_flows import DAY, Day, Flows
from createos_nb.simulator.traffic.call_rules import Graph, Situation, asked, failed
from createos_nb.simulator.traffic.calls import Call
from createos_nb.simulator.traffic.events import ATTRIBUTES, Arrivals
from createos_nb.simulator.traffic.mixture import CELL_BITS, SHARE_BITS, Cause, Cell, Mixture
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.randomness import Ints, Words, key_of, mixed
from createos_nb.simulator.traffic.runtime_logs import REASONS
from createos_nb.simulator.traffic.tables import overdispersion_factors

FAILURE_SIZE = 180
"""Bytes of the answer to a request whose call failed."""
_ONE = 1 << 16
Flags = npt.NDArray[np.bool_]


class Attempts(NamedTuple):
    """Attempts at one environment: when (ms since 1970), which cell, how long (ms), how many bytes, by which call."""

    time: Ints
    cell: Ints
    ms: Ints
    size: Ints
    call: Ints


class Outcome(NamedTuple):
    """What came of calls: whether each failed, for how long it was waited (ms), and the cell's number if it failed."""

    failed: Flags
    wait: Ints
    late: Flags
    status: Ints


class _Drawn(NamedTuple):
    """A mixture, to draw single cells from: the end of each cell's part of 2**30, and what the cells say."""

    ends: Ints
    code: Ints
    ms: Ints
    size: Ints
    status: Ints
    served: Flags
    failed: Flags


class AttemptMaker:
    """Makes the calls of single requests.

    Attributes:
        cells: what attempts and failed requests come to, by their numbers; grows.

    Args:
        seed: of the world.
        graph: who calls whom.
        situations: by their numbers; grows.
        flows: the flow on any day.
    """

    def __init__(self, seed: int, graph: Graph, situations: Sequence[Situation], flows: Flows) -> None:
        self.graph, self._situations, self.flows = graph, situations, flows
        self._keys = [key_of(seed, f"call {call.name}")[0] for call in graph.calls]
        self.cells: list[Cell] = []
        self._codes: dict[Cell, int] = {}
        self._mixtures: dict[tuple[int, int], _Drawn] = {}

    def calling(self, place: int, mixture: Mixture) -> Flags:
        """Which cells of a mixture make calls, whenever these are made."""
        outbound = self.graph.outbound(place)
        return np.array(
            [
                cell.cause is Cause.SERVED and any(self.graph.calls[e].matches(cell.path) for e in outbound)
                for cell in mixture.cells
            ],
            dtype=bool,
        )

    def own(
        self, place: int, sample: Sample, single: Arrivals, emitted: dict[int, list[Attempts]]
    ) -> tuple[Flags, Ints, Ints]:
        """What the calls of an environment's own requests come to: who fails, waits how long, and is what cell then."""
        count = len(single.time)
        bad, wait, after = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        number = single.time // (60_000 * DAY)
        # Where a visitor and a bot ask in the same way, their words differ by the source's own number.
        word = single.word ^ np.uint64(sample.kind)
        before = np.array([self.code(cell) for cell in sample.mixture.cells], dtype=np.int64)
        for one in np.unique(number).tolist():
            here = np.flatnonzero(number == one)
            day = self.flows.day(one)
            slot = day.slot_at(single.time[here] // 1000)
            cells = sample.mixture.cells
            for e in self.graph.outbound(place):
                makes = np.array([self.graph.calls[e].matches(cell.path) for cell in cells], dtype=bool)
                active = self.active(day, e)[slot]
                mine = np.flatnonzero(makes[single.cell[here]] & active)
                if not len(mine):
                    continue
                at = here[mine]
                result = self.call(day, e, slot[mine], single.time[at], word[at], emitted)
                wait[at] = np.maximum(wait[at], result.wait)
                new = np.flatnonzero(result.failed & ~bad[at])
                after[at[new]] = self.failing(e, before[single.cell[at[new]]], result.late[new], result.status[new])
                bad[at] |= result.failed
        return bad, wait, after

    def active(self, day: Day, e: int) -> Flags:
        """Return in which slots of a day a call is made."""
        active = np.array([situation.active[e] for situation in self._situations], dtype=bool)
        return active[day.situation]

    def failing(self, e: int, before: Ints, late: Flags, status: Ints) -> Ints:
        """The numbers of the cells that requests fall to whose call failed, in place of those they had."""
        kinds, place = np.unique((before << 11) + (late.astype(np.int64) << 10) + status, return_inverse=True)
        codes = [
            self.code(failing_cell(self.graph.calls[e], self.cells[kind >> 11], bool(kind >> 10 & 1), kind & 1023))
            for kind in kinds.tolist()
        ]
        return np.array(codes, dtype=np.int64)[place]

    def statuses(self) -> Ints:
        """Return the status of each of `cells`, int64."""
        return np.array([cell.status for cell in self.cells], dtype=np.int64)

    def code(self, cell: Cell) -> int:
        """Return the number of a cell."""
        code = self._codes.get(cell)
        if code is None:
            code = self._codes[cell] = len(self.cells)
            self.cells.append(cell)
        return code

    def call(
        self, day: Day, e: int, slot: Ints, time: Ints, word: Words, emitted: dict[int, list[Attempts]]
    ) -> Outcome:
        """Make the calls of some requests, which came at a time and a slot."""
        call = self.graph.calls[e]
        count = len(time)
        allowed = self.flows.may_retry(e, day.before[e][slot])
        bad, late = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        longest, status = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        for nth in range(call.count):
            own = mixed(self._keys[e], word, nth)
            retries = (own >> np.uint64(48)).astype(np.int64) < allowed
            active, wait = np.arange(count), np.zeros(count, dtype=np.int64)
            for attempt in range(call.retries + 1):
                once = mixed(self._keys[e], own[active], attempt + 1)
                answer, ms, gone = self._serve(day, e, slot[active], time[active] + 1 + wait[active], once, emitted)
                slow = ms > call.timeout_ms
                wait[active] += np.minimum(ms, call.timeout_ms)
                wrong = slow | gone
                last = wrong & ~(retries[active] if attempt < call.retries else np.zeros(len(active), dtype=bool))
                given_up = active[last & ~bad[active]]
                late[given_up], status[given_up] = slow[last & ~bad[active]], answer[last & ~bad[active]]
                bad[active[last]] = True
                again = wrong & ~last
                active = active[again]
                if not len(active):
                    break
                pause = call.wait_ms(attempt + 1)
                shorter = (once[again] >> np.uint64(52)).astype(np.int64) * (pause // 2) >> 12
                wait[active] += pause - shorter
            longest = np.maximum(longest, wait)
        return Outcome(bad, longest, late, status)

    def _serve(
        self, day: Day, e: int, slot: Ints, time: Ints, word: Words, emitted: dict[int, list[Attempts]]
    ) -> tuple[Ints, Ints, Flags]:
        """Answer attempts: status, duration and whether it is a failure; they are noted as requests of the callee."""
        place, flow, call = self.graph.callees[e], day.flow, self.graph.calls[e]
        count = len(time)
        more = mixed(ATTRIBUTES, word, 0)
        chance = (more >> np.uint64(48)).astype(np.int64)
        lost, throttled = flow.lost[place][slot], flow.throttled[place][slot]
        falls = np.where(chance < lost, 1, np.where(chance < lost + ((_ONE - lost) * throttled >> 16), 2, 0))
        point = (word >> np.uint64(34)).astype(np.int64)
        spread = overdispersion_factors(600)[(more & np.uint64(4095)).astype(np.int64)]
        sizes = overdispersion_factors(100)[(more >> np.uint64(12) & np.uint64(4095)).astype(np.int64)]
        cell, ms, size, status = (np.zeros(count, dtype=np.int64) for _ in range(4))
        bad, served = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        kind = day.situation[slot] * 3 + falls
        for one in np.unique(kind).tolist():
            here = np.flatnonzero(kind == one)
            drawn = self._drawn(one // 3, e, one % 3)
            k = np.searchsorted(drawn.ends, point[here], side="right")
            slow = 256 if one % 3 else flow.slow[place][slot[here]]
            cell[here], status[here], bad[here], served[here] = (
                drawn.code[k], drawn.status[k], drawn.failed[k], drawn.served[k],
            )  # fmt: skip
            ms[here] = np.maximum(drawn.ms[k] * spread[here] * slow >> 20, 1)
            size[here] = drawn.size[k] * sizes[here] >> 12
        waits = np.zeros(count, dtype=np.int64)
        for o in self.graph.outbound(place, call.endpoint):
            mine = np.flatnonzero(served & self.active(day, o)[slot])
            if not len(mine):
                continue
            result = self.call(day, o, slot[mine], time[mine], word[mine], emitted)
            waits[mine] = np.maximum(waits[mine], result.wait)
            new = np.flatnonzero(result.failed & ~bad[mine])
            if len(new):
                at = mine[new]
                cell[at] = self.failing(o, cell[at], result.late[new], result.status[new])
                status[at] = self.statuses()[cell[at]]
                size[at] = FAILURE_SIZE
            bad[mine] |= result.failed
        ms += waits
        which = np.full(count, e, dtype=np.int64)
        emitted.setdefault(place, []).append(Attempts(time, cell, ms, size, which))
        return status, ms, bad

    def _drawn(self, situation: int, e: int, falls: int) -> _Drawn:
        """What answers a call: as ever, or for want of memory (1) or CPU (2)."""
        known = self._mixtures.get((situation * 3 + falls, e))
        if known is not None:
            return known
        holds = self._situations[situation]
        phase = holds.phases[self.graph.callees[e]]
        pages = self.graph.calls[e].pages(phase.profile.pages)
        state = phase.serving_state
        mixture = (asked(holds, self.graph, e), state.exhausted(pages), state.throttled(pages))[falls]
        if mixture is None:
            mixture = asked(holds, self.graph, e)
        ends, total = [], 0
        for c, share in enumerate(mixture.share.tolist()):
            ends += [total + (part * share << 30 - SHARE_BITS >> CELL_BITS) for part in mixture.within[c][1:].tolist()]
            total += share << 30 - SHARE_BITS
        ends[-1] = 1 << 30
        cells = mixture.cells
        drawn = self._mixtures[situation * 3 + falls, e] = _Drawn(
            np.array(ends, dtype=np.int64),
            np.array([self.code(cell) for cell in cells], dtype=np.int64),
            np.array([cell.ms for cell in cells], dtype=np.int64),
            np.array([cell.size for cell in cells], dtype=np.int64),
            np.array([cell.status for cell in cells], dtype=np.int64),
            np.array([cell.cause is Cause.SERVED for cell in cells], dtype=bool),
            np.array([failed(cell.status, cell.cause) for cell in cells], dtype=bool),
        )
        return drawn


def failing_cell(call: Call, cell: Cell, late: bool, status: int) -> Cell:
    """What a request comes to whose call failed; the log names whom it waited for."""
    if late:
        note = f"timeout:{call.host}"
    else:
        note = f"error:https://{call.host} answered {status} {REASONS.get(status, '')}".rstrip()
    answer = call.status or (504 if late else 502)
    return Cell(cell.method, cell.path, answer, Cause.CALL_FAILED, cell.ms, FAILURE_SIZE, note)
