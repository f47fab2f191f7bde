"""From random words to counts: tables of quantiles, built by exact arithmetic on whole numbers.

Nothing here calls exp, log, sqrt or erf and nothing is a float, so a table has the same bytes on every machine. The
normal distribution is the binomial of 4,096 fair coins (sums of a row of Pascal's triangle); the Poisson and the
negative binomial come from their recurrences, started at 1 and divided by their sum.

Fixed point: Q16 means that 65,536 stands for 1.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import accumulate, pairwise
from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.randomness import Ints, Words

SMALL_RATE = 32
"""Up to this mean a count is an exact Poisson quantile; above it, the normal one with the correction for skewness."""
FINE, COARSE, FINE_RATE = 128, 16, 2
"""Means of the exact tables are multiples of 1/FINE up to FINE_RATE and of 1/COARSE beyond; a mean in between is one of
its two neighbors by chance, which leaves the mean and adds less than one part in a hundred to the variance."""
MAX_RATE = 1 << 20
"""Largest mean of one minute's count."""
_BITS = 31
_GUIDE_BITS = 7


class Normal(NamedTuple):
    """Quantiles at (i + 0.5) / 65,536: `z` in Q16 and `skew` = (z**2 - 1) / 6 in Q16; both int64 of 65,536."""

    z: Ints
    skew: Ints


class Poisson(NamedTuple):
    """`cdf[row, n]` = P(count <= n) in units of 2**-31; `guide[row, g]` a count to start from, for the upper bits g.

    Row r is that of the mean r / 128 up to 256, then of 2 + (r - 256) / 16.
    """

    cdf: npt.NDArray[np.uint32]
    guide: npt.NDArray[np.uint8]


@cache
def normal() -> Normal:
    """The normal distribution's quantiles."""
    coins = 4096
    row, term = [], 1
    for k in range(coins + 1):
        row.append(term)
        term = term * (coins - k) // (k + 1)
    shift = coins - 50
    cumulative = np.array([total >> shift for total in accumulate(row)], dtype=np.int64)
    single = np.maximum(np.array([term >> shift for term in row], dtype=np.int64), 1)
    points = (2 * np.arange(1 << 15, 1 << 16, dtype=np.int64) + 1) << 33
    at = np.searchsorted(cumulative, points, side="right")
    above = points - cumulative[at - 1]
    # A coin's step is 1/32 of a standard deviation: 2,048 in Q16.
    upper = (at - coins // 2) * 2048 - 1024 + (above << 11) // single[at]
    z = np.concatenate([-upper[::-1], upper])
    skew = ((z * z >> 16) - 65536) // 6
    return Normal(z, skew)


@cache
def root() -> Ints:
    """Square roots, Q16, int64 of 8,194: first of 0 to 4,096, then of 0 to 4,096 times 256."""
    small = [isqrt(i << 32) for i in range(4097)]
    large = [isqrt(i << 40) for i in range(4097)]
    return np.array(small + large, dtype=np.int64)


@cache
def poisson() -> Poisson:
    """The Poisson distribution for means up to `SMALL_RATE`."""
    means = [(i, FINE) for i in range(FINE * FINE_RATE)]
    means += [(i, COARSE) for i in range(COARSE * FINE_RATE, COARSE * SMALL_RATE + 1)]
    columns = 96
    # above the largest word, so that each of them ends within its row
    cdf = np.full((len(means), columns), 1 << _BITS, dtype=np.uint32)
    for row, (top, bottom) in enumerate(means):
        term = total = 1 << 72
        sums = [total]
        n = 0
        while n < columns - 1 and (term << 40) > total:
            n += 1
            term = term * top // (bottom * n)
            total += term
            sums.append(total)
        cdf[row, : len(sums)] = [(s << _BITS) // total for s in sums]
    starts = np.arange(1 << _GUIDE_BITS, dtype=np.uint32) << np.uint32(_BITS - _GUIDE_BITS)
    guide = np.stack([np.searchsorted(line, starts, side="right") for line in cdf]).astype(np.uint8)
    return Poisson(cdf, guide)


@lru_cache(maxsize=64)
def overdispersion_factors(cv: int) -> Ints:
    """A gamma-like factor with mean 1 and the coefficient of variation `cv` (thousandths): 4,096 bins' means, Q12.

    It is a negative binomial of a mean so large that its steps do not show. Below 25 there is no overdispersion.
    Length 4,096, int64, sum exactly 4,096**2.
    """
    if not 0 <= cv <= 2000:
        raise ValueError(f"overdispersion is 0 to 2, not {cv / 1000}")
    if cv < 25:
        return np.full(4096, 4096, dtype=np.int64)
    mean = max(256, 4_000_000 // (cv * cv))
    # The variance of the negative binomial is mean + mean**2 / shape; shape = top / bottom.
    top, bottom = 1_000_000 * mean, cv * cv * mean - 1_000_000
    terms, term, total, n = [], 1 << 600, 0, 0
    while n <= mean or (term << 48) > total:
        terms.append(term)
        total += term
        # p(n + 1) / p(n) = (n + shape) / (n + 1) * mean / (mean + shape)
        term = term * (n * bottom + top) * mean // ((n + 1) * (mean * bottom + top))
        n += 1
    scale = total.bit_length() - 50
    mass = np.array([t >> scale for t in terms], dtype=np.int64)
    edges = np.cumsum(mass)
    # Mean of each bin of equal probability: the area under the quantile function between its edges.
    whole = int(edges[-1])
    area = [0, *accumulate(int(m) * i for i, m in enumerate(mass))]
    before = [0, *(int(e) for e in edges)]
    cuts = [whole * i // 4096 for i in range(4097)]
    at = [*np.searchsorted(edges, np.array(cuts[:-1], dtype=np.int64), side="right").tolist(), len(terms) - 1]
    below = [area[k] + (cut - before[k]) * k for k, cut in zip(at, cuts, strict=True)]
    factor = [(b - a) * 4096 * 4096 // (whole * mean) for a, b in pairwise(below)]
    rest = 4096 * 4096 - sum(factor)
    factor = [f + rest // 4096 for f in factor]
    for i in range(rest % 4096):
        factor[4095 - i] += 1
    return np.maximum(np.array(factor, dtype=np.int64), 0)


def counts(rate: Ints, word: Words) -> Ints:
    """Poisson counts: one for each mean in `rate` (Q16, 0 to MAX_RATE) and word; int64.

    The upper 44 bits of a word are used; its lower 20 are left to the caller. The larger the mean, the larger
    (never the smaller) the count of the same word, so that a change of rate moves counts the way it should.
    """
    largest = int(rate.max(initial=0))
    if largest <= SMALL_RATE << 16:
        return _small(rate, word)
    if int(rate.min()) > SMALL_RATE << 16:
        return _large(rate, word)
    low = rate <= SMALL_RATE << 16
    result = np.empty(len(rate), dtype=np.int64)
    result[low] = _small(rate[low], word[low])
    result[~low] = _large(rate[~low], word[~low])
    return result


def _small(rate: Ints, word: Words) -> Ints:
    cdf, guide = poisson()
    low = (word >> np.uint64(20)).astype(np.uint32).astype(np.int64)
    u = (word >> np.uint64(33)).astype(np.uint32)
    row = rate + (low & 511) >> 9
    if int(rate.max(initial=0)) > FINE_RATE << 16:
        coarse = (rate + (low & 4095) >> 12) + (FINE - COARSE) * FINE_RATE
        row = np.where(rate < FINE_RATE << 16, row, coarse)
    flat = cdf.ravel()
    n = guide.ravel()[(row << _GUIDE_BITS) + (u >> np.uint32(_BITS - _GUIDE_BITS))].astype(np.int64)
    row *= cdf.shape[1]
    n += u >= flat[row + n]
    left = np.flatnonzero(u >= flat[row + n])
    while len(left):
        n[left] += 1
        left = left[u[left] >= flat[row[left] + n[left]]]
    return n


def _large(rate: Ints, word: Words) -> Ints:
    z, skew = normal()
    at = (word >> np.uint64(48)).astype(np.int64)
    slot, part = rate >> 16, rate & 0xFFFF
    if int(rate.max()) >= 4096 << 16:
        far = rate >= 4096 << 16
        slot = np.where(far, 4097 + (rate >> 24), slot)
        part = np.where(far, rate >> 8 & 0xFFFF, part)
    roots = root()
    before = roots[slot]
    value = before + ((roots[slot + 1] - before) * part >> 16)
    value *= z[at]
    value >>= 16
    value += rate
    value += skew[at]
    value += 32768
    value >>= 16
    result: Ints = np.maximum(value, 0)
    return result
