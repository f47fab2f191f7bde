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
    ends: int = 10_000
    """The bucket from which on it does no longer."""
    ramp: int = 0
    """So many buckets after it began the ratio is reached, in even steps of its logarithm."""
    flaps: int = 0
    """So many buckets of it, and so many without, in turn."""
    starts_cold: tuple[int, float] = (0, 1.0)
    """The candidate's first buckets, and how many times as often it fails in them."""
    one_sided: tuple[int, float] = (0, 1.0)
    """An incident of the candidate alone: its buckets, at some time, and how many times as often it fails in them."""
    retries: float = 0.0
    """So many more requests come for each error, to the side that failed, in the bucket after it."""
    skew: float = 0.0
    """The candidate's clock is late by this part of a bucket."""
    edge: float = 1.0
    """By how much requests and errors of both sides change at once, half-way."""
    moving: bool = False
    """The candidate's share of the traffic goes from 10 to 90 %."""
    releases: int = 400
    buckets: int = 60

    def but(self, name: str, **changes: object) -> World:
        """The same with changes."""
        return replace(self, name=name, **changes)  # type: ignore[arg-type]  # checked by dataclass at run time


@dataclass(frozen=True, eq=False)
class Drawn:
    """Releases of a world: the watch, and both sides before it, when they ran the same version."""

    watch: PairedCounts
    before: PairedCounts


def draw(world: World, seed: int, *, history: int = 0) -> Drawn:
    """Releases of a world, both sides' `history` buckets before included."""
    rng = np.random.default_rng(seed)
    shape = (world.releases, history + world.buckets)
    clock = np.arange(shape[1]) + rng.integers(0, 1440, (shape[0], 1))
    wave = 1 + world.daily * np.sin(2 * np.pi * clock / 1440)
    shared = wave * _gamma(rng, world.shared, shape) * _lasting(rng, *world.shared_lasting, shape)
    place = np.arange(shape[1]) - history
    if world.incident != 1.0:
        begins = rng.integers(0, world.buckets - 5, (shape[0], 1))
        shared = np.where((place >= begins) & (place < begins + 5), shared * world.incident, shared)
    if world.edge != 1.0:
        wave = np.where(place >= world.buckets // 2, wave * world.edge, wave)
    share = np.full(shape[1], world.new / (world.old + world.new))
    if world.moving:
        share = np.concatenate([np.full(history, 0.1), np.linspace(0.1, 0.9, world.buckets)])
    total = world.old + world.new
    counts = []
    for number, part in enumerate((1 - share, share)):
        times = _course(world, place, rng, shape[0]) if number else np.ones((1, 1))
        own = _gamma(rng, world.own, shape) * _lasting(rng, 0.0, world.own_lognormal, shape)
        rate = world.rate * times * shared * own * _lasting(rng, *world.own_lasting, shape)
        if world.sessions:
            rate = times * _troubled(rng, world.sessions, total * part, shape)
        if world.outages:
            rate = np.where(rng.random(shape) < world.outages, np.maximum(rate, 0.6), rate)
        if world.cold:
            start = history + rng.integers(0, 6, (shape[0], 1))
            rate = rate + world.cold * (np.arange(shape[1]) == start)
        if world.skew and number:
            rate = (1 - world.skew) * rate + world.skew * np.concatenate([rate[:, :1], rate[:, :-1]], axis=1)
        rate = np.minimum(rate, 1.0)
        requests = rng.poisson(total * part * wave, shape)
        errors = _errors(rng, requests, rate, world.burst_size)
        if world.retries:
            again = rng.poisson(world.retries * np.concatenate([errors[:, :1] * 0, errors[:, :-1]], axis=1))
            errors = errors + rng.binomial(again, np.broadcast_to(np.minimum(rate * 40, 0.6), again.shape))
            requests = requests + again
        counts.append((requests.astype(np.float64), errors))
    (old, old_errors), (new, new_errors) = counts

    def cut(part: slice) -> PairedCounts:
        return PairedCounts(old[:, part], new[:, part], old_errors[:, part], new_errors[:, part])

    return Drawn(cut(slice(history, None)), cut(slice(0, history)))


def _course(world: World, place: npt.NDArray[np.int64], rng: np.random.Generator, releases: int) -> Floats:
    """How many times as often the candidate fails in each bucket, `(n, T)` or `(1, T)`."""
    on = (place >= world.begins) & (place < world.ends)
    if world.flaps:
        on &= (place - world.begins) // world.flaps % 2 == 0
    reached = np.clip((place - world.begins + 1) / max(world.ramp, 1), 0, 1)
    times = np.where(on, world.ratio**reached, 1.0)[None]
    length, ratio = world.starts_cold
    times = np.where((place >= 0) & (place < length), times * ratio, times)
    length, ratio = world.one_sided
    if length:
        begins = rng.integers(3, world.buckets - length, (releases, 1))
        times = np.where((place >= begins) & (place < begins + length), times * ratio, times)
    return np.asarray(times)


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
