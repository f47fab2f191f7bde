"""How the requests of a class fall to its cells in each minute.

The n requests of a minute are spread over cells of shares p as if drawn one by one: each cell is given a Poisson weight
of mean n p, and the n requests are a systematic sample of these weights with a random start. So the mean of a cell is
exactly n p, its variance close to n p (1 - p), and the sum is n. Where n is 1, or no cell got a weight, the shares
themselves are the weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.mixture import CELL_BITS
from createos_nb.simulator.traffic.phase import Sample
from createos_nb.simulator.traffic.randomness import Ints, mixed
from createos_nb.simulator.traffic.tables import counts

_LOW = np.uint64((1 << 20) - 1)


class Split(NamedTuple):
    """The minutes of a class that have requests.

    Attributes:
        minute: number of each within the draw.
        n: requests in each, at least 1.
        edges: running sums of the cells' weights, from 0, shape (minutes, cells + 1).
        start: where the sample begins, at least 0 and less than the sum of the weights.
    """

    minute: Ints
    n: Ints
    edges: Ints
    start: Ints


def split(sample: Sample, c: int, key: int, minutes: Ints) -> Split | None:
    """The weights of a class's cells; None if it has no requests at all.

    Args:
        sample: the counts of some minutes.
        c: number of the class, 0 for 2xx.
        key: of the stream.
        minutes: which minutes since 1970 they are.
    """
    count = sample.counts[c]
    if count is None:
        return None
    minute = np.flatnonzero(count)
    if not len(minute):
        return None
    n, shares = count[minute], sample.mixture.within[c]
    edges = np.tile(shares, (len(minute), 1))
    some = np.flatnonzero(n > 1) if len(shares) > 2 else minute[:0]
    if len(some):
        low = sample.mixture.first[c]
        cells = sample.mixture.identities[low : low + len(shares) - 1]
        word = mixed(key ^ sample.kind, minutes[minute[some], None], cells[None, :])
        # The shares have 24 bits and means 16.
        mean = n[some, None] * np.diff(shares)[None, :] >> CELL_BITS - 16
        weight = counts(mean.ravel(), word.ravel()).reshape(mean.shape)
        sums = np.cumsum(weight, axis=1)
        known = sums[:, -1] > 0
        edges[some[known], 1:] = sums[known]
    start = (sample.words[minute, c] & _LOW) * edges[:, -1].astype(np.uint64) >> np.uint64(20)
    return Split(minute, n, edges, start.astype(np.int64))


def per_cell(sample: Sample, key: int, minutes: Ints) -> Ints:
    """Return how many requests fell to each cell over all the minutes of a sample, int64.

    Of the points j * sum + start, one for each request j, those below n times an edge are counted.
    """
    result = np.zeros(len(sample.mixture.cells), dtype=np.int64)
    for c in range(4):
        parts = split(sample, c, key, minutes)
        if parts is None:
            continue
        total = parts.edges[:, -1]
        before = 0
        low = sample.mixture.first[c]
        for k in range(1, parts.edges.shape[1]):
            below = int(((parts.n * parts.edges[:, k] - parts.start + total - 1) // total).sum())
            result[low + k - 1] = below - before
            before = below
    return result


def cells_of(parts: Split) -> tuple[Ints, Ints, Ints]:
    """Return single requests: (row of its minute, its number j within the minute, its cell in the class) of each."""
    rows, cells = parts.edges.shape
    row = np.repeat(np.arange(rows, dtype=np.int64), parts.n)
    ends = np.cumsum(parts.n)
    number = np.arange(int(ends[-1]), dtype=np.int64) - np.repeat(ends - parts.n, parts.n)
    place = (number * parts.edges[row, -1] + parts.start[row]) // parts.n[row]
    # One sorted array of all the rows' edges, each row beyond the one before.
    step = int(parts.edges[:, -1].max()) + 1
    stairs = (parts.edges[:, 1:] + np.arange(rows, dtype=np.int64)[:, None] * step).ravel()
    at = np.searchsorted(stairs, place + row * step, side="right") - row * (cells - 1)
    return row, number, at
