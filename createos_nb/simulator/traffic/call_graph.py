"""Environments that call each other: the single requests that one's requests make at others, and what comes of them.

A request that a program answers makes its calls when it arrives. Each attempt is a request at the callee, with a time,
a status and a duration of its own; what it comes to is decided by what holds everywhere when the first request arrived,
so that nothing that is done later reaches back. A request whose call fails after the last retry fails itself; one that
waits takes longer. There is nothing else: the callee's requests by a caller are exactly the attempts of the caller's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.call_attempts import FAILURE_SIZE, AttemptMaker, Attempts, failing_cell
from createos_nb.simulator.traffic.call_flows import DAY, Flows, Stretch
from createos_nb.simulator.traffic.call_rules import Graph, Situation
from createos_nb.simulator.traffic.calls import Call, callers_first
from createos_nb.simulator.traffic.events import Arrivals, Events, arrivals_of
from createos_nb.simulator.traffic.mixture import Cause, Cell
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.randomness import Ints, Key, Words
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.series import tally
from createos_nb.simulator.traffic.spans import Span, select_minutes
from createos_nb.simulator.traffic.timeline import Piece, Timeline

BLOCK = 3600
"""Seconds of requests whose calls are worked out at once."""
KEPT = 3_000_000
"""Attempts that are kept in mind."""
_ONE = 1 << 16
Flags = npt.NDArray[np.bool_]


class Source(NamedTuple):
    """An environment whose requests make calls, or are calls.

    Attributes:
        key: of its stream.
        timeline: what holds when.
        recorded: its requests that are known one by one.
        own: gives the samples of a window that are no calls.
    """

    key: Key
    timeline: Timeline
    recorded: Recorded
    own: Callable[[int, int], Iterator[tuple[Span, Sample]]]


class Attempted(NamedTuple):
    """A single attempt: who gets it, when (microseconds since 1970), what it came to, and by which call."""

    recorded: Recorded
    time: int
    cell: Cell
    ms: int
    size: int
    call: Call

    def record(self) -> None:
        """Let it count at the callee."""
        cell, call = self.cell, self.call
        self.recorded.add(
            self.time, cell.method, cell.path, cell.status, ms=self.ms, size=self.size,
            client=call.client, agent=call.agent, cause=cell.cause,
        )  # fmt: skip


class Changes(NamedTuple):
    """Requests of an environment that failed by a call: when (ms), and which cell each is in place of which."""

    time: Ints
    before: Ints
    after: Ints


class Block(NamedTuple):
    """An hour of an environment's requests: those that failed by a call, and the attempts at other environments."""

    changes: Changes
    attempts: dict[int, Attempts]

    @property
    def size(self) -> int:
        """How many attempts there are."""
        return 1 + len(self.changes.time) + sum(len(part.time) for part in self.attempts.values())


@dataclass(frozen=True)
class Calling:
    """What a phase knows of the calls around it: the situation that it belongs to.

    Attributes:
        graph: all environments and calls.
        place: which environment it is of.
        situation: number of the situation.
    """

    graph: CallGraph = field(compare=False)
    place: int
    situation: int

    def load(self, first: int, last: int) -> Ints:
        """Requests a minute that callers make, in the minutes `first` to `last` (left out), Q16."""
        return self.graph.load(self.place, self.situation, first, last)


class CallGraph:
    """Environments that are joined by calls.

    Args:
        seed: of the world.
        sources: the environments by their streams, in order of the calls.
        calls: between them.
    """

    def __init__(self, seed: int, sources: Mapping[str, Source], calls: Sequence[Call]) -> None:
        names = list(sources)
        self.sources = tuple(sources.values())
        self.graph = Graph(
            tuple(source.key for source in self.sources),
            tuple(calls),
            tuple(names.index(call.caller) for call in calls),
            tuple(names.index(call.callee) for call in calls),
            tuple(callers_first(calls, names)),
        )
        self._situations: list[Situation] = []
        self._numbers: dict[Situation, int] = {}
        self._stretches: OrderedDict[tuple[int, int], list[Stretch]] = OrderedDict()
        self.flows = Flows(self.graph, self._situations, self.stretches)
        self._blocks: OrderedDict[tuple[int, int], Block] = OrderedDict()
        self._size = 0
        self._maker = AttemptMaker(seed, self.graph, self._situations, self.flows)
        self._delays = self._longest_delays()

    def _longest_delays(self) -> list[int]:
        """Seconds by which an attempt at each environment may come after the request that it goes back to."""
        delays = [0] * len(self.sources)
        for n in self.graph.order:
            for e in self.graph.outbound(n):
                callee = self.graph.callees[e]
                delays[callee] = max(delays[callee], delays[n] - (-self.graph.calls[e].longest_ms // 1000) + 1)
        return delays

    # --- time ---------------------------------------------------------------------------------------------------------

    def stretches(self, start: int, end: int) -> list[Stretch]:
        """The window cut where anything changes anywhere."""
        known = self._stretches.get((start, end))
        if known is not None:
            return known
        lines = [list(source.timeline.pieces(start, end)) for source in self.sources]
        cuts = {piece.start for line in lines for piece in line}
        cuts.update(time for call in self.graph.calls for time in (call.start, call.end) if time is not None)
        at = [0] * len(lines)
        found: list[Stretch] = []
        for a, b in pairwise([*sorted(cut for cut in cuts | {start} if start <= cut < end), end]):
            for n, line in enumerate(lines):
                while line[at[n]].end <= a:
                    at[n] += 1
            phases = tuple(line[i].phase for line, i in zip(lines, at, strict=True))
            situation = Situation(phases, tuple(call.active(a) for call in self.graph.calls))
            number = self._numbers.setdefault(situation, len(self._situations))
            if number == len(self._situations):
                self._situations.append(situation)
            found.append(Stretch(a, b, number))
        self._stretches[start, end] = found
        if len(self._stretches) > 64:
            self._stretches.popitem(last=False)
        return found

    def pieces(self, place: int, start: int, end: int) -> Iterator[Piece]:
        """The phases of an environment in a window, each with the situation that it belongs to."""
        for a, b, number in self.stretches(start, end):
            phase = self._situations[number].phases[place]
            yield Piece(a, b, phase.within(Calling(self, place, number)))

    def load(self, place: int, situation: int, first: int, last: int) -> Ints:
        """Requests a minute that an environment gets by calls, Q16; 0 in minutes without the situation."""
        result = np.zeros(last - first, dtype=np.int64)
        for number in range(first // DAY, -(-last // DAY)):
            day = self.flows.day(number)
            here = np.flatnonzero((day.situation == situation) & (day.minute >= first) & (day.minute < last))
            result[day.minute[here] - first] = day.flow.calls[place, here]
        return result

    @property
    def cells(self) -> list[Cell]:
        """The cells that codes point into; it grows."""
        return self._maker.cells

    def load_at(self, place: int, time: int) -> int:
        """The same at a second."""
        day = self.flows.day(time // 60 // DAY)
        return int(day.flow.calls[place, day.slot_at(np.array([time]))[0]])

    # --- requests -----------------------------------------------------------------------------------------------------

    def attempts(self, place: int, start: int, end: int) -> Iterator[Attempts]:
        """The calls that an environment got in a window, in order of the environments that they go back to."""
        early = start - self._delays[place]
        for n in range(len(self.sources)):
            if place not in self._reached(n):
                continue
            for hour in range(early // BLOCK, -(-end // BLOCK)):
                part = self._block(n, hour).attempts.get(place)
                if part is None:
                    continue
                inside = (part.time >= start * 1000) & (part.time < end * 1000)
                if inside.any():
                    yield Attempts(*(column[inside] for column in part))

    def changes(self, place: int, start: int, end: int) -> Iterator[Changes]:
        """Those of an environment's own requests in a window that failed by a call."""
        if not self.graph.outbound(place):
            return
        for hour in range(start // BLOCK, -(-end // BLOCK)):
            part = self._block(place, hour).changes
            inside = (part.time >= start * 1000) & (part.time < end * 1000)
            if inside.any():
                yield Changes(*(column[inside] for column in part))

    def count(self, place: int, start: int, end: int, table: Ints, first: int, width: int) -> None:
        """Add calls to a table of counts by bucket and class, and move those of its own requests whose calls failed."""
        for changed in self.changes(place, start, end):
            status = self._maker.statuses().astype(np.int16)
            tally(table, changed.time * 1000, status[changed.after], first, width)
            gone = np.zeros_like(table)
            tally(gone, changed.time * 1000, status[changed.before], first, width)
            table -= gone
        for part in self.attempts(place, start, end):
            tally(table, part.time * 1000, self._maker.statuses().astype(np.int16)[part.cell], first, width)

    def per_cell(self, place: int, start: int, end: int) -> Ints:
        """Return how many more, or fewer, requests there are of each of `cells` by calls, int64."""
        result = np.zeros(0, dtype=np.int64)

        def add(codes: Ints, sign: int) -> None:
            nonlocal result
            result = np.concatenate([result, np.zeros(len(self._maker.cells) - len(result), dtype=np.int64)])
            result += sign * np.bincount(codes, minlength=len(result))

        for changed in self.changes(place, start, end):
            add(changed.after, 1)
            add(changed.before, -1)
        for part in self.attempts(place, start, end):
            add(part.cell, 1)
        return result

    def events(self, place: int, start: int, end: int) -> Iterator[Events]:
        """The calls that an environment got, as single requests with all that is known of them."""
        clients = tuple(call.client for call in self.graph.calls)
        agents = tuple(call.agent for call in self.graph.calls)
        for part in self.attempts(place, start, end):
            status, who = self._maker.statuses()[part.cell].astype(np.int16), part.call.astype(np.int32)
            yield Events(
                part.time * 1000, part.cell.astype(np.int32), status, part.ms, part.size, who, who,
                tuple(self._maker.cells), clients, agents,
            )  # fmt: skip

    def settled(self, place: int, sample: Sample, single: Arrivals, events: Events) -> Events:
        """An environment's own requests, with what came of the calls that they made."""
        calling = self._maker.calling(place, sample.mixture)
        mine = np.flatnonzero(calling[single.cell]) if calling.any() else np.empty(0, dtype=np.intp)
        if not len(mine):
            return events
        bad, wait, after = self._maker.own(place, sample, single.some(calling[single.cell]), {})
        cell, ms, status, size = events.cell.copy(), events.ms.copy(), events.status.copy(), events.size.copy()
        ms[mine] += wait
        at, codes = mine[bad], after[bad]
        kinds, which = np.unique(codes, return_inverse=True)
        cell[at] = len(events.cells) + which
        status[at] = self._maker.statuses()[codes]
        size[at] = FAILURE_SIZE
        table = (*events.cells, *(self._maker.cells[code] for code in kinds.tolist()))
        return Events(
            events.time, cell, status, ms, size, events.client, events.agent, table, events.clients, events.agents
        )  # fmt: skip

    def ask(self, place: int, time: int, word: Words, cell: Cell) -> tuple[Cell, int, tuple[Attempted, ...]]:
        """Make the calls of a single request from outside, at a second.

        Returns:
            What it is answered then, for how many milliseconds it waits, and its attempts at other environments.
        """
        emitted: dict[int, list[Attempts]] = {}
        day = self.flows.day(time // 60 // DAY)
        slot = day.slot_at(np.array([time], dtype=np.int64))
        wait, answer = 0, cell
        for e in self.graph.outbound(place, cell.path):
            if cell.cause is not Cause.SERVED or not self._maker.active(day, e)[slot[0]]:
                continue
            result = self._maker.call(day, e, slot, np.array([time * 1000], dtype=np.int64), word, emitted)
            wait = max(wait, int(result.wait[0]))
            if result.failed[0] and answer is cell:
                answer = failing_cell(self.graph.calls[e], cell, bool(result.late[0]), int(result.status[0]))
        found = [
            Attempted(self.sources[n].recorded, when * 1000, self._maker.cells[code], ms, size, self.graph.calls[e])
            for n, parts in emitted.items()
            for part in parts
            for when, code, ms, size, e in zip(*(column.tolist() for column in part), strict=True)
        ]
        return answer, wait, tuple(found)

    @lru_cache(maxsize=64)  # noqa: B019  # a graph lives as long as what asks it
    def _reached(self, place: int) -> frozenset[int]:
        """The environments that one's requests reach by calls, however far."""
        found: set[int] = set()
        for e in self.graph.outbound(place):
            found |= {self.graph.callees[e]} | self._reached(self.graph.callees[e])
        return frozenset(found)

    def _block(self, place: int, hour: int) -> Block:
        known = self._blocks.get((place, hour))
        if known is not None:
            self._blocks.move_to_end((place, hour))
            return known
        block = self._made(place, hour * BLOCK, (hour + 1) * BLOCK)
        self._blocks[place, hour] = block
        self._size += block.size
        while self._size > KEPT and len(self._blocks) > 1:
            self._size -= self._blocks.popitem(last=False)[1].size
        return block

    def _made(self, place: int, start: int, end: int) -> Block:
        emitted: dict[int, list[Attempts]] = {}
        changed: list[Changes] = []
        if any(c.start < end for c in self.graph.calls):
            for span, sample in self.sources[place].own(start, end):
                calling = self._maker.calling(place, sample.mixture)
                if not calling.any():
                    continue
                touched = span.touched()
                some = select_minutes(sample, touched)
                single = arrivals_of(some, self.sources[place].key[0], touched + span.first)
                single = single.some(span.holds(single.time) & calling[single.cell])
                if not len(single.time):
                    continue
                bad, _, after = self._maker.own(place, sample, single, emitted)
                if bad.any():
                    before = np.array([self._maker.code(cell) for cell in sample.mixture.cells], dtype=np.int64)
                    changed.append(Changes(single.time[bad], before[single.cell[bad]], after[bad]))
        none = np.empty(0, dtype=np.int64)
        changes = Changes(*(np.concatenate(c) for c in zip(*changed, strict=True))) if changed else Changes(*[none] * 3)
        return Block(
            changes,
            {n: Attempts(*(np.concatenate(c) for c in zip(*parts, strict=True))) for n, parts in emitted.items()},
        )
