"""Worlds in which a release may happen: traffic and errors of baseline and candidate, and of the baseline before.

One world draws thousands of releases at once as arrays `(releases, buckets)`. Rates of errors are multiplied by what
both sides share (`shared`, an incident, a daily wave) and by what each side has of its own (`own`, `own_lasting`); in a
world with `burst_size` errors come in bursts of that mean size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from createos_nb.analysis.releases.counts import PairedCounts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A kind of release. Coefficients of variation are those of the error rate from bucket to bucket."""

    name: str
    old: float = 100.0
    """Requests per bucket of the baseline."""
    new: float = 100.0
    rate: float = 0.005
    """Errors per request of the baseline."""
    ratio: float = 1.0
    """How many times as often the candidate fails."""
    own: float = 0.0
    """CV of each side's own noise, a gamma variable that is drawn anew for each bucket."""
    own_lognormal: float = 0.0
    """The same, log-normal: a longer tail."""
    own_lasting: tuple[float, float] = (0.0, 0.0)
    """Correlation from bucket to bucket, and CV, of each side's own log-normal AR(1)."""
    shared: float = 0.0
    """CV of noise that both sides share."""
    shared_lasting: tuple[float, float] = (0.0, 0.0)
    incident: float = 1.0
    """By how much both sides' errors rise for five buckets at some time."""
    daily: float = 0.0
    """Amplitude of a wave over 1,440 buckets in requests and error rate, from a random hour."""
    burst_size: float = 1.0
    """Mean size of a burst of errors, geometric."""
    sessions: float = 0.0
    """Errors come of troubled clients instead, who stay ten buckets with five requests each and fail a quarter of them:
    this share of the clients."""
    outages: float = 0.0
    """Share of the minutes in which one side alone fails 60 % of its requests, whatever came before."""
    cold: float = 0.0
    """Further share of the requests that fails on each side in one of the first six buckets, each in its own."""
    begins: int = 0
    """The bucket in which the candidate begins to fail `ratio` times as often."""
    moving: bool = False
    """The candidate's share of the traffic goes from 10 to 90 %."""
    releases: int = 10_000
    buckets: int = 60

    def but(self, name: str, **changes: object) -> World:
        """The same with changes."""
        return replace(self, name=name, **changes)  # type: ignore[arg-type]  # checked by dataclass at run time


def draw(world: World, seed: int, *, history: int = 60) -> PairedCounts:
    """Releases of a world, the baseline's `history` buckets before included."""
    rng = np.random.default_rng(seed)
    shape = (world.releases, history + world.buckets)
    clock = np.arange(shape[1]) + rng.integers(0, 1440, (shape[0], 1))
    wave = 1 + world.daily * np.sin(2 * np.pi * clock / 1440)
    shared = wave * _gamma(rng, world.shared, shape) * _lasting(rng, *world.shared_lasting, shape)
    if world.incident != 1.0:
        begins = history + rng.integers(0, world.buckets - 5, (shape[0], 1))
        place = np.arange(shape[1])
        shared = np.where((place >= begins) & (place < begins + 5), shared * world.incident, shared)
    share = np.full(shape[1], world.new / (world.old + world.new))
    if world.moving:
        share = np.concatenate([np.full(history, 0.1), np.linspace(0.1, 0.9, world.buckets)])
    total = world.old + world.new
    counts = []
    for part, ratio in ((1 - share, 1.0), (share, world.ratio)):
        own = _gamma(rng, world.own, shape) * _lasting(rng, 0.0, world.own_lognormal, shape)
        times = np.where(np.arange(shape[1]) < history + world.begins, 1.0, ratio)
        rate = world.rate * times * shared * own * _lasting(rng, *world.own_lasting, shape)
        if world.sessions:
            rate = times * _troubled(rng, world.sessions, total * part, shape)
        if world.outages:
            rate = np.where(rng.random(shape) < world.outages, np.maximum(rate, 0.6), rate)
        if world.cold:
            start = history + rng.integers(0, 6, (shape[0], 1))
            rate = rate + world.cold * (np.arange(shape[1]) == start)
        rate = np.minimum(rate, 1.0)
        requests = rng.poisson(total * part * wave, shape)
        counts.append((requests.astype(np.float64), _errors(rng, requests, rate, world.burst_size)))
    (old, old_errors), (new, new_errors) = counts
    return PairedCounts(
        old[:, history:],
        new[:, history:],
        old_errors[:, history:],
        new_errors[:, history:],
        old[:, :history],
        old_errors[:, :history],
    )


def _gamma(rng: np.random.Generator, variation: float, shape: tuple[int, int]) -> Floats:
    if not variation:
        return np.ones((1, 1))
    return rng.gamma(1 / variation**2, variation**2, shape)


def _lasting(rng: np.random.Generator, correlation: float, variation: float, shape: tuple[int, int]) -> Floats:
    """A log-normal AR(1) of mean 1."""
    from scipy.signal import lfilter

    if not variation:
        return np.ones((1, 1))
    spread = np.log1p(variation**2)
    pushes = rng.normal(0, np.sqrt(spread * (1 - correlation**2)), shape)
    pushes[:, 0] /= np.sqrt(1 - correlation**2)
    logs = lfilter([1.0], [1.0, -correlation], pushes, axis=1)
    return np.asarray(np.exp(logs - spread / 2))


def _troubled(rng: np.random.Generator, share: float, requests: Floats, shape: tuple[int, int]) -> Floats:
    """Error rates where a share of the clients is in trouble for as long as they stay."""
    stay, pace, failing = 10, 5, 0.25
    asked = np.broadcast_to(requests, shape[1])
    arrived = rng.poisson(
        np.concatenate([np.repeat(asked[:1], stay), asked]) / pace / stay * share, (shape[0], shape[1] + stay)
    )
    there = np.cumsum(arrived, axis=1)
    return (there[:, stay:] - there[:, :-stay]) * pace * failing / asked


def _errors(rng: np.random.Generator, requests: npt.NDArray[np.int64], rate: Floats, burst_size: float) -> Floats:
    if burst_size == 1.0:
        return rng.binomial(requests, np.broadcast_to(rate, requests.shape)).astype(np.float64)
    bursts = rng.poisson(requests * rate / burst_size)
    size = bursts + rng.negative_binomial(np.maximum(bursts, 1), 1 / burst_size)
    return np.minimum(requests, np.where(bursts > 0, size, 0)).astype(np.float64)
