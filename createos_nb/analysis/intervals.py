"""Intervals for shares and rates of requests whose errors come in clumps.

Requests that fail together (one client retrying, a database away for a minute) carry less information than as many
independent ones, so the textbook interval is too narrow: at one error clump a minute with a coefficient of variation
of 1 it covers the truth far less often than it says. Here the clumping is measured from the series itself and the
number of requests is divided by it, as survey statistics does with clusters.

Model: the buckets are cut into 8 to 20 stretches of equal length ("batch means"). Errors may be correlated in any way
inside a stretch, and what neighbouring stretches have in common is added (Bartlett's weights over two lags). The
variance between stretches over the binomial variance is the clumping φ ≥ 1; `n/φ` independent requests would be worth
as much as these n. The interval is Wilson's at that effective size, widened by Student's t for the number of stretches
(Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts estimated
from survey data").

What has not happened in the window can't be measured in it: an hour that holds no incident, or less than a wave of
slow errors, knows nothing of them, and its interval is about that hour.

Measured coverage of the nominal 95 %: 95 to 99 % for independent and clumped errors at 20 to 600 requests a minute, in
an hour and in a day (Wilson's alone: 67 to 96 %); 93 to 95 % in a day of slow waves or rare incidents (Wilson's: 41 to
72 %), 44 to 95 % in an hour of them. `benchmarks/statistics/RESULTS.md`, section Intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Floats, Ints, Requests

STRETCHES = 20
"""At most so many stretches: more would be shorter than the incidents that they should keep apart."""


@dataclass(frozen=True, eq=False)
class Share:
    """A share with its interval, as fractions 0 to 1; NaN without requests. Arrays have one entry an environment."""

    value: Floats
    low: Floats
    high: Floats
    requests: Floats
    effective: Floats
    """So many independent requests would say as much."""


def z_of(confidence: float) -> float:
    """The two-sided normal quantile."""
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence!r}")
    return float(ndtri(0.5 + confidence / 2))


def wilson(hits: Floats, trials: Floats, z: float) -> tuple[Floats, Floats]:
    """Wilson's score interval; NaN without trials. `trials` need not be whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / trials
        centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
        half = z / (1 + z * z / trials) * np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def stretches(buckets: int) -> Ints:
    """Return where each stretch begins: 8 to 20 of them, or as many as there are buckets."""
    number = int(np.clip(buckets // 6, min(buckets, 8), STRETCHES))
    return np.linspace(0, buckets, number + 1).astype(np.int64)[:-1]


def _clumping(hits: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """Return the overdispersion of the hits (φ ≥ 1), and its degrees of freedom.

    `hits` and `trials` have time as their last axis, NaN where there is no data. With fewer than four buckets, or
    without a hit, nothing can be measured: φ is 1 and the degrees of freedom are infinite.
    """
    observed = np.isfinite(hits) & np.isfinite(trials)
    events = np.where(observed, hits, 0.0)
    of = np.where(observed, trials, 0.0)
    buckets = hits.shape[-1]
    starts = stretches(buckets)
    total = of.sum(axis=-1)
    ones = np.ones_like(total)
    if len(starts) < 4:
        return ones, np.full_like(total, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = events.sum(axis=-1) / total
        residual = np.add.reduceat(events, starts, axis=-1) - share[..., None] * np.add.reduceat(of, starts, axis=-1)
        filled = (np.add.reduceat(of, starts, axis=-1) > 0).sum(axis=-1)
        between = long_run(residual) * filled / np.maximum(filled - 1, 1)
        factor = between / (total * share * (1 - share))
    known = np.isfinite(factor) & (filled >= 4)
    return np.where(known, np.maximum(factor, 1.0), 1.0), np.where(known, filled - 1.0, np.inf)


def long_run(residual: Floats) -> Floats:
    """Sum of squares of the stretches, with what neighbours have in common (Bartlett's weights over two lags)."""
    own = (residual**2).sum(axis=-1)
    lag_1 = (residual[..., 1:] * residual[..., :-1]).sum(axis=-1)
    lag_2 = (residual[..., 2:] * residual[..., :-2]).sum(axis=-1)
    return np.asarray(np.maximum(own, own + 4 / 3 * lag_1 + 2 / 3 * lag_2))


def share(hits: Floats, trials: Floats, *, confidence: float) -> Share:
    """The share of hits over the last axis, with an interval that allows for clumping."""
    from scipy.special import stdtrit

    z = z_of(confidence)
    factor, freedom = _clumping(hits, trials)
    total = np.nansum(trials, axis=-1)
    successes = np.nansum(hits, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(total > 0, successes / total, np.nan)
        # Student's t for few stretches; infinite degrees of freedom give the normal quantile back
        quantile = np.where(np.isfinite(freedom), stdtrit(np.minimum(freedom, 1e9), 0.5 + confidence / 2), z)
        effective = total / factor * (z / quantile) ** 2
        low, high = wilson(value * effective, effective, z)
    return Share(
        value=value,
        low=np.minimum(low, value),
        high=np.maximum(high, value),
        requests=total,
        effective=np.asarray(effective),
    )


def success(counts: Requests, *, confidence: float) -> Share:
    """The share of 2xx and 3xx among all requests, the platform's success percentage as a fraction."""
    return share(counts.successes(), counts.count, confidence=confidence)
