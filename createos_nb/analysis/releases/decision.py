"""Decisions from evidence: final once made; until then, a forecast of the requests needed."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from createos_nb.analysis.validation import Bools, Floats

ROLLBACK, PROMOTE, WATCH, TRAFFIC = "rollback", "promote", "keep watching", "not enough traffic"

_PLAIN = 5.0
"""A regression this many times as bad is plain; a watch that could not have shown it yet has too little traffic."""
_MIXTURE = 2.5
"""What it costs, in log-evidence, not to know the ratio and the noise beforehand (measured: 2 to 3)."""
_FAILING = 1 / 3
"""Share of failing requests of the candidate from which on it is not promoted: twice as many are then hardly possible,
so that nothing is proven by there being fewer; and nobody wants to go live in an outage."""
_CAUTION = 3.0
"""Errors seldom come alone: that a rate is negligible needs this many times the requests of independent errors."""
_LIKELY_AS = 1.0
"""Spread of log ρ expected of releases before anything was seen: a third to three times as bad."""


@dataclass(frozen=True)
class Terms:
    """The parameters of a verdict: see `release_verdict`. Raises ValueError for what makes no sense."""

    alpha: float = 0.01
    beta: float = 0.01
    worse: float = 2.0
    negligible: float | None = 2e-4

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            if not _number(getattr(self, name)) or not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)!r}")
        if not _number(self.worse) or not 1 < self.worse <= 20:
            raise ValueError(f"worse must lie above 1 and not beyond 20, not {self.worse!r}")
        if self.negligible is not None and (not _number(self.negligible) or not 0 < self.negligible < 1):
            raise ValueError(f"negligible must be a share between 0 and 1, or None, not {self.negligible!r}")


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


@dataclass(frozen=True, eq=False)
class DecisionPath:
    """The decision after each bucket."""

    decision: list[str]
    decided: int | None
    """The bucket in which it was decided."""
    negligible: bool
    """Whether it was to promote because the candidate's errors are proven to be too few to matter."""


def decision_path(
    rollback: Floats, promote: Floats, *, rare: Bools, blocked: Bools, enough_traffic: Bools, terms: Terms
) -> DecisionPath:
    """Decisions from the logarithms of the evidence, all of shape `(T,)`.

    `rare`: the candidate's errors are proven negligible. `blocked`: a promotion waits for somebody to look at a path,
    or for requests to succeed again.
    `enough_traffic`: there were requests enough to show a plain regression.
    """
    bad = rollback >= -np.log(terms.alpha)
    promotable = ((promote >= -np.log(terms.beta)) | rare) & ~bad & ~blocked
    decided = np.flatnonzero(bad | promotable)
    at = int(decided[0]) if len(decided) else None
    until = len(rollback) if at is None else at
    decision = [WATCH if enough else TRAFFIC for enough in enough_traffic[:until]]
    if at is None:
        return DecisionPath(decision, None, False)
    decision += [ROLLBACK if bad[at] else PROMOTE] * (len(rollback) - at)
    return DecisionPath(decision, at, bool(not bad[at] and promote[at] < -np.log(terms.beta)))


def _information(rate: Floats, share: Floats, ratio: float, null: float) -> Floats:
    """Log-evidence against `null` per request of both sides together, where the ratio of the error rates is `ratio`.

    `rate`: errors per request of the baseline; `share`: the candidate's part of the requests. Independent errors.
    """
    total, null_total = 1 - share + ratio * share, 1 - share + null * share
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = ratio * share * np.log(ratio / null) if ratio > 0 else 0.0
        return np.asarray(np.maximum(rate * (gain - total * np.log(total / null_total)), 0.0))


def enough(old: Floats, new: Floats, errors: Floats, evidence: Floats, terms: Terms) -> Bools:
    """After which buckets a regression to five times the errors would have shown by now, were there one; `(T,)`.

    `old`, `new`: requests so far of the buckets in which both served; `errors`: the baseline's errors per request, as
    far as they are known; `evidence`: the larger logarithm of both kinds: where that tells something, there is enough.
    """
    both = old + new
    share = np.where(both > 0, new / np.maximum(both, 1.0), 0.0)
    gain = _information(errors, share, _PLAIN, 1.0) * both
    return np.asarray((gain >= -np.log(terms.alpha) + _MIXTURE) | (np.maximum.accumulate(evidence) >= np.log(10)))


def failing(new: Floats, errors: Floats) -> Bools:
    """After which buckets too many of the candidate's requests have failed for a promotion, `(T,)`; counts so far."""
    return np.asarray((new > 0) & (errors >= _FAILING * new))


def negligible(new: Floats, errors: Floats, rollback: Floats, terms: Terms) -> Bools:
    """After which buckets the candidate's error rate is proven to be negligible, `(T,)`.

    The evidence is a mixture of Poisson likelihood ratios of smaller rates against that one, to the power of a third,
    since errors seldom come alone; `new`, `errors`: requests and errors of the candidate so far. Not while the evidence
    to roll back exceeds 10.
    """
    rate = terms.negligible
    if rate is None:
        return np.zeros(len(new), dtype=np.bool_)
    smaller = np.array([0.02, 0.1, 0.25, 0.5])
    logs = (errors[:, None] * np.log(smaller) + new[:, None] * rate * (1 - smaller)) / _CAUTION
    log_evidence = np.logaddexp.reduce(logs, axis=1) - np.log(len(smaller))
    return np.asarray((log_evidence >= -np.log(terms.beta)) & (rollback < np.log(10)))


def requests_needed(
    old: tuple[float, float],
    new: tuple[float, float],
    *,
    history: tuple[float, float],
    clumping: float,
    rollback: float,
    promote: float,
    blocked: bool,
    terms: Terms,
) -> int | None:
    """About how many more requests, of both sides together at their present shares, until it is decided.

    `old`, `new`, `history`: requests and errors so far, and of the baseline before; `clumping`: by how much errors vary
    more between the sides than independent ones; `rollback`, `promote`: log-evidence now; `blocked`: a promotion waits
    for somebody to look at a path, so that requests alone bring none. None where no number can be given: one side has
    no requests, or nothing points to a rollback while promotion is held. It takes the ratio to be what was seen, drawn
    towards 1 as far as the data leave it open, and is a rough forecast: mostly within a factor of three.
    """
    both = old[0] + new[0]
    if not old[0] or not new[0] or (blocked and not old[1] + new[1]):
        return None
    share = new[0] / both
    # what was before tells of the baseline's rate, too, unless something has changed for both since
    before = history[1] / max(history[0], 1.0) * old[0]
    steady = _fits(old[1], before, clumping)
    requests, failed = (now + more for now, more in zip(old, history, strict=True)) if steady else old
    ratio = _likely(new[0] / requests, failed / clumping, new[1] / clumping)
    # both sides tell of the baseline's rate, or a few errors against none would need years
    rate = (failed + new[1] + 0.5) / (requests + ratio * new[0] + 1.0)
    if not _fits(new[1], rate * ratio * new[0], clumping):
        rate = (old[1] + new[1] + 0.5) / (old[0] + ratio * new[0] + 1.0)
    estimates = []
    for at, height, now in ((1.0, -np.log(terms.alpha), rollback), (terms.worse, -np.log(terms.beta), promote)):
        if (ratio > 1.0) if at == 1.0 else (ratio < terms.worse and not blocked):
            gain = float(_information(np.array(rate), np.array(share), ratio, at)) / clumping
            if gain > 0:
                # ahead of the forecast is luck that may turn, behind it has to be made up for
                estimates.append(max((height + _MIXTURE) / gain - both, (height - now) / gain, 1.0))
    if terms.negligible is not None and not old[1] + new[1]:
        estimates.append(max(-np.log(terms.beta) * _CAUTION / terms.negligible / share - both, 1.0))
    known = [estimate for estimate in estimates if isfinite(estimate) and estimate < 1e12]
    return _round_up(min(known)) if known else None


def _likely(odds: float, failed: float, failed_new: float) -> float:
    """The likeliest ratio, from how so many errors fell to sides with these odds of traffic."""
    logs = np.arange(-5.0, 6.0, 0.02)
    new = np.log(odds) + logs
    log_likelihood = failed_new * new - (failed + failed_new) * np.logaddexp(0.0, new) - (logs / _LIKELY_AS) ** 2 / 2
    return float(np.exp(logs[log_likelihood.argmax()]))


def _fits(observed: float, expected: float, clumping: float) -> bool:
    """Return whether so many errors are no surprise."""
    return bool(abs(observed - expected) <= 2 * (1 + np.sqrt(clumping * expected)))


def clumping(old: Floats, new: Floats, failed: Floats, failed_new: Floats) -> float:
    """By how much errors vary more between the sides from bucket to bucket than independent ones; at least 1."""
    errors = failed + failed_new
    informative = (errors > 0) & (old > 0) & (new > 0)
    if informative.sum() < 5:
        return 1.0
    odds = (failed_new[informative].sum() + 0.5) / (failed[informative].sum() + 0.5)
    # the odds that the sums imply, moved with the traffic of each bucket
    scale = odds * old[informative].sum() / new[informative].sum()
    share = scale * new[informative] / (old[informative] + scale * new[informative])
    expected = errors[informative] * share
    spread = (failed_new[informative] - expected) ** 2 / np.maximum(expected * (1 - share), 1e-9)
    return float(max(spread.sum() / (informative.sum() - 1), 1.0))


def _round_up(value: float) -> int:
    """Two figures are all that a forecast is good for."""
    rounded = int(np.ceil(value))
    step = int(10 ** max(len(str(rounded)) - 2, 0))
    return -(-rounded // step) * step
