"""What answers a request: the fixed proportions of (method, path, status) cells while nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.behavior import Failing
from createos_nb.simulator.traffic.profile import Page
from createos_nb.simulator.traffic.randomness import Ints, kind_of

SHARE_BITS = 26
"""A class's share of all requests is in units of 2**-26."""
CELL_BITS = 24
"""A cell's share of its class is in units of 2**-24."""
CLASSES = ("2xx", "3xx", "4xx", "5xx")
_MILLION = 1_000_000


class Cause(IntEnum):
    """Why a request was answered as it was."""

    SERVED = 0
    FAILED = 1
    INCIDENT = 2
    COLD = 3
    DOWN = 4
    NOTHING_LIVE = 5
    ASLEEP = 6
    THROTTLED = 7
    OUT_OF_MEMORY = 8
    CALL_FAILED = 9


GATEWAY = frozenset({Cause.DOWN, Cause.NOTHING_LIVE, Cause.ASLEEP, Cause.THROTTLED, Cause.OUT_OF_MEMORY})
"""Causes of answers that the platform's gateway gave, because no process of the deployment did."""


class Cell(NamedTuple):
    """One kind of answer; `ms` and `size` are medians, `note` says more about the cause."""

    method: str
    path: str
    status: int
    cause: Cause
    ms: int
    size: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Cells with their shares.

    Attributes:
        cells: sorted by class, otherwise in the order of the pages.
        share: of each class among all requests, units of 2**-26, int64 of 4.
        within: for each class the running sum of its cells' shares from 0 to 2**24, int64 of (cells of the class + 1).
        first: index of each class's first cell.
        statuses: of the cells, int16.
        identities: a number of each cell that is the same in every mixture, int64.
    """

    cells: tuple[Cell, ...]
    share: Ints
    within: tuple[Ints, ...]
    first: tuple[int, ...]
    statuses: npt.NDArray[np.int16] = field(repr=False)
    identities: Ints = field(repr=False)


def _to_sum(weights: Sequence[int], total: int) -> list[int]:
    """Whole numbers in proportion to the weights, with exactly this sum (largest remainders)."""
    whole = sum(weights)
    parts = [weight * total // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda i: (-(weights[i] * total % whole), i))
    for i in rests[: total - sum(parts)]:
        parts[i] += 1
    return parts


@lru_cache(maxsize=4096)
def _identity(cell: Cell) -> int:
    return kind_of(f"{cell.method} {cell.path} {cell.status} {int(cell.cause)}") >> 1


def mixture(weighted: Sequence[tuple[Cell, int]]) -> Mixture:
    """The mixture of cells in proportion to their weights (whole numbers, at least one above 0)."""
    merged: dict[Cell, int] = {}
    for cell, weight in weighted:
        if weight:
            merged[cell] = merged.get(cell, 0) + weight
    classes: list[list[tuple[Cell, int]]] = [[], [], [], []]
    for cell, weight in merged.items():
        classes[cell.status // 100 - 2].append((cell, weight))
    share = _to_sum([sum(w for _, w in members) for members in classes], 1 << SHARE_BITS)
    within: list[Ints] = []
    first: list[int] = []
    cells: list[Cell] = []
    for members in classes:
        first.append(len(cells))
        cells.extend(cell for cell, _ in members)
        parts = _to_sum([w for _, w in members], 1 << CELL_BITS) if members else []
        within.append(np.concatenate([[0], np.cumsum(np.array(parts, dtype=np.int64))]).astype(np.int64))
    return Mixture(
        tuple(cells),
        np.array(share, dtype=np.int64),
        tuple(within),
        tuple(first),
        np.array([cell.status for cell in cells], dtype=np.int16),
        np.array([_identity(cell) for cell in cells], dtype=np.int64),
    )


def all_answered(pages: Sequence[Page], status: int, cause: Cause, ms: int, note: str = "") -> Mixture:
    """Every request gets the same answer, from the gateway."""
    return mixture([(Cell(p.method, p.path, status, cause, ms, 160, note), p.weight) for p in pages])


def served(
    pages: Sequence[Page],
    *,
    down: int = 0,
    cold: int = 0,
    incidents: Sequence[tuple[Failing, int]] = (),
    errors: Sequence[Failing] = (),
) -> Mixture:
    """Requests that meet a deployment that runs.

    Args:
        pages: what is asked for and the healthy answers.
        down: share that meets a dead replica, thousandths: 502.
        cold: share that is turned away while caches are cold, millionths: 503.
        incidents: what fails by incidents and how much of it, millionths.
        errors: what fails by the version's own behavior.
    """
    rest_of_all = 1000 - down
    weighted: list[tuple[Cell, int]] = []
    failing = [(f, share, Cause.INCIDENT) for f, share in incidents]
    failing += [(f, round(f.share * _MILLION), Cause.FAILED) for f in errors]
    length = 1 + len(failing)
    for page in pages:
        weighted.append((Cell(page.method, page.path, 502, Cause.DOWN, 3, 160), page.weight * down * _MILLION**length))
        weight = page.weight * rest_of_all
        weighted.append(
            (Cell(page.method, page.path, 503, Cause.COLD, 30, 120), weight * cold * _MILLION ** (length - 1))
        )
        weight *= _MILLION - cold
        for i, (f, share, cause) in enumerate(failing):
            taken = share if f.matches(page.path) else 0
            ms = page.ms * 3 if f.status >= 500 else page.ms
            cell = Cell(page.method, page.path, f.status, cause, ms, 180, f.cause)
            weighted.append((cell, weight * taken * _MILLION ** (len(failing) - 1 - i)))
            weight *= _MILLION - taken
        weighted.append((Cell(page.method, page.path, page.status, Cause.SERVED, page.ms, page.size), weight))
    return mixture(weighted)
