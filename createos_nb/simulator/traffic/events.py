"""Single requests: which cell, at which millisecond, by whom, how long, how many bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.mixture import Cell
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.randomness import Ints, Words, kind_of, mixed, uniform
from createos_nb.simulator.traffic.split import cells_of, split
from createos_nb.simulator.traffic.tables import overdispersion_factors

ATTRIBUTES = kind_of("attributes of a request")
_Name = TypeVar("_Name", str, Cell)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
)
"""The programs that visitors use."""


@dataclass(frozen=True, slots=True)
class Events:
    """Requests in order of time: parallel arrays, and the tables that their codes point into.

    Attributes:
        time: microseconds since 1970, UTC, int64 (generated ones fall on milliseconds).
        cell: index into `cells`, int32.
        status: of HTTP, int16.
        ms: duration, int64.
        size: bytes of the answer's body, int64; -1 where a log did not say.
        client: index into `clients`, int32.
        agent: index into `agents`, int32.
        cells: method, path, status and cause of each kind of request.
        clients: addresses.
        agents: User-Agents.
    """

    time: Ints
    cell: npt.NDArray[np.int32]
    status: npt.NDArray[np.int16]
    ms: Ints
    size: Ints
    client: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]
    cells: tuple[Cell, ...]
    clients: tuple[str, ...]
    agents: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.time)

    @property
    def method(self) -> list[str]:
        """The method of each request."""
        names = [cell.method for cell in self.cells]
        return [names[i] for i in self.cell.tolist()]

    @property
    def path(self) -> list[str]:
        """The path of each request."""
        names = [cell.path for cell in self.cells]
        return [names[i] for i in self.cell.tolist()]

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Events:
        """Return some of the requests.

        Args:
            index: their positions, a mask, or a slice.

        Returns:
            The requests at these positions.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> len(traffic.events(end - 3600, end).take(slice(0, 10)))
            10
        """
        return Events(
            self.time[index],
            self.cell[index],
            self.status[index],
            self.ms[index],
            self.size[index],
            self.client[index],
            self.agent[index],
            self.cells,
            self.clients,
            self.agents,
        )


def nothing() -> Events:
    """No requests."""
    empty = np.empty(0, dtype=np.int64)
    return Events(
        empty, empty.astype(np.int32), empty.astype(np.int16), empty, empty,
        empty.astype(np.int32), empty.astype(np.int32), (), (), (),
    )  # fmt: skip


def joined(parts: Sequence[Events]) -> Events:
    """Several sets of requests as one, in order of time; equal times keep the order of the parts."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return nothing()
    cells: dict[Cell, int] = {}
    clients: dict[str, int] = {}
    agents: dict[str, int] = {}

    def renumbered(codes: npt.NDArray[np.signedinteger], names: Sequence[_Name], into: dict[_Name, int]) -> Ints:
        table: Ints = np.array([into.setdefault(name, len(into)) for name in names], dtype=np.int64)
        return table.take(codes)

    cell = np.concatenate([renumbered(p.cell, p.cells, cells) for p in parts])
    client = np.concatenate([renumbered(p.client, p.clients, clients) for p in parts])
    agent = np.concatenate([renumbered(p.agent, p.agents, agents) for p in parts])
    time = np.concatenate([p.time for p in parts])
    order = np.argsort(time, kind="stable")
    return Events(
        time[order],
        cell[order].astype(np.int32),
        np.concatenate([p.status for p in parts])[order],
        np.concatenate([p.ms for p in parts])[order],
        np.concatenate([p.size for p in parts])[order],
        client[order].astype(np.int32),
        agent[order].astype(np.int32),
        tuple(cells),
        tuple(clients),
        tuple(agents),
    )


def address(number: int) -> str:
    """The address of a visitor, from the ranges that are kept for documentation."""
    nets = ("192.0.2", "198.51.100", "203.0.113")
    if number < 600:
        return f"{nets[number % 3]}.{number // 3 + 1}"
    low = int(mixed(ATTRIBUTES, number, 0)[0])
    return f"2001:db8:{low & 0xFFFF:x}:{low >> 16 & 0xFFFF:x}::{low >> 32 & 0xFFFF:x}"


class Arrivals(NamedTuple):
    """Single requests of a draw.

    Milliseconds since 1970, index of the cell in the draw's mixture, a random word, and the minute's number within the
    draw.
    """

    time: Ints
    cell: Ints
    word: Words
    minute: Ints

    def some(self, index: npt.NDArray[np.bool_]) -> Arrivals:
        """Some of them."""
        return Arrivals(self.time[index], self.cell[index], self.word[index], self.minute[index])


def arrivals_of(sample: Sample, key: int, minutes: Ints) -> Arrivals:
    """Return when each request of a sample came, and which cell it fell to.

    Args:
        sample: the counts of some minutes.
        key: of the stream.
        minutes: which minutes since 1970 they are.
    """
    at, cells, points = [], [], []
    for c in range(4):
        parts = split(sample, c, key, minutes)
        if parts is None:
            continue
        row, number, cell = cells_of(parts)
        at.append(parts.minute[row])
        cells.append(cell + sample.mixture.first[c])
        points.append(number * 4 + c)
    if not at:
        none = np.empty(0, dtype=np.int64)
        return Arrivals(none, none, none.astype(np.uint64), none)
    which = np.concatenate(at)
    minute = minutes[which]
    word = mixed(key ^ sample.kind, minute, np.concatenate(points))
    return Arrivals(minute * 60_000 + uniform(word, sample.spread), np.concatenate(cells), word, which)


def describe(sample: Sample, single: Arrivals, clients: int) -> Events:
    """Single requests with all that is known of them.

    Args:
        sample: whose requests they are.
        single: when they came.
        clients: how many different visitors there are.
    """
    time, cell, word, minute = single
    more = mixed(ATTRIBUTES, word, 0)
    # One factor of a wide and one of a narrow spread make a long tail of durations and a mild one of sizes.
    spread = overdispersion_factors(600)[(more & np.uint64(4095)).astype(np.int64)]
    sizes = overdispersion_factors(100)[(more >> np.uint64(12) & np.uint64(4095)).astype(np.int64)]
    slow = sample.slow if isinstance(sample.slow, int) else sample.slow[minute]
    table = sample.mixture.cells
    ms = np.maximum(np.array([c.ms for c in table], dtype=np.int64)[cell] * spread * slow >> 20, 1)
    size = np.array([c.size for c in table], dtype=np.int64)[cell] * sizes >> 12
    names: tuple[str, ...]
    agents: tuple[str, ...]
    if sample.bot is not None:
        names, agents = (sample.bot.client,), (sample.bot.agent,)
        who = np.zeros(len(time), dtype=np.int32)
        program = np.zeros(len(time), dtype=np.int32)
    else:
        u = (more >> np.uint64(32)).astype(np.int64)
        # Squared, so that few visitors make most requests.
        visitor = ((u.astype(np.uint64) * u.astype(np.uint64) >> np.uint64(32)).astype(np.int64) * clients) >> 32
        numbers, place = np.unique(visitor, return_inverse=True)
        names = tuple(address(number) for number in numbers.tolist())
        who = place.astype(np.int32)
        agents = AGENTS
        program = (visitor % len(AGENTS)).astype(np.int32)
    return Events(
        time * 1000, cell.astype(np.int32), sample.mixture.statuses[cell], ms, size, who, program, table, names, agents
    )
