"""Decisions from evidence: `rollback` is final; `promote` holds for as long as it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Bools, Floats

ROLLBACK, PROMOTE, WATCH, TRAFFIC = "rollback", "promote", "keep watching", "not enough traffic"
UNJUDGED = "can't be judged"
"""The split of the traffic is too uneven."""

DOWN, WORSE, PATH = "down", "worse", "path"
"""Why it was rolled back."""

DOUBT = 10.0
"""No class of errors and no path with so much evidence to roll back is promoted."""
LEAST_REQUESTS = 100
"""Requests of the new side, after its warm-up, before which it is not promoted."""

_PLAIN = 5.0
"""A regression this many times as bad is plain; a watch that could not have shown it yet has too little traffic."""
_MIXTURE = 2.5
"""What it costs, in log-evidence, not to know the ratio and the noise beforehand (measured: 2 to 3)."""
_FAILING = 1 / 3
"""Share of failing requests of the candidate from which on it is not promoted: twice as many are then hardly possible,
so that nothing is proven by there being fewer; and nobody wants to go live in an outage."""
_CAUTION = 3.0
"""Errors seldom come alone: that a rate is negligible needs this many times the requests of independent errors."""
_HALF, _EACH, _SECONDS, _SHARED = 0.5, 5, 120, 0.25
"""A side is down while so many of its requests fail, of so many at least in each bucket, for so many seconds; not while
so many of the other side's fail, too."""


@dataclass(frozen=True)
class Terms:
    """The parameters of a verdict: see `release_verdict`. Raises ValueError for what makes no sense."""

    alpha: float = 0.01
    beta: float = 0.01
    worse: float = 2.0
    negligible: float | None = 2e-4
    warm_up: float = 180.0
    """Seconds."""
    exposure: float = 1200.0
    """Seconds."""
    client_share: float = 0.02

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            if not _number(getattr(self, name)) or not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)!r}")
        if not _number(self.worse) or not 1 < self.worse <= 20:
            raise ValueError(f"worse must lie above 1 and not beyond 20, not {self.worse!r}")
        if self.negligible is not None and (not _number(self.negligible) or not 0 < self.negligible < 1):
            raise ValueError(f"negligible must be a share between 0 and 1, or None, not {self.negligible!r}")
        if not _number(self.client_share) or not 0 < self.client_share < 1:
            raise ValueError(f"client_share must lie between 0 and 1, not {self.client_share!r}")


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


@dataclass(frozen=True, eq=False)
class DecisionPath:
    """The decision after each bucket."""

    decision: list[str]
    rolled: int | None
    """The bucket in which it was rolled back."""
    promoted: int | None
    """The bucket in which it was first promoted."""
    decided: int | None
    """The bucket from which on the last decision has stood, if that is to roll back or to promote."""


def settled(bad: Bools, well: Bools) -> tuple[Bools, Bools]:
    """Where it is rolled back, which is final, and where it is promoted, `(…, T)`; `well` may come and go."""
    rolled = np.logical_or.accumulate(bad, axis=-1)
    return rolled, np.asarray(well & ~rolled)


def decision_path(bad: Bools, well: Bools, *, uneven: Bools, enough_traffic: Bools) -> DecisionPath:
    """Decisions after each bucket from what is shown after it, all of shape `(T,)`.

    `uneven`: the split is too uneven to be judged; `enough_traffic`: requests would have shown a plain regression.
    """
    rolled, promoted = settled(bad, well)
    names = np.full(len(rolled), TRAFFIC, dtype=object)
    # the last that holds is the name
    for name, where in ((WATCH, enough_traffic), (UNJUDGED, uneven), (PROMOTE, promoted), (ROLLBACK, rolled)):
        names[where] = name
    first = [int(where.argmax()) if where.any() else None for where in (rolled, promoted)]
    decided = first[0]
    if decided is None and len(promoted) and promoted[-1]:
        apart = np.flatnonzero(~promoted)
        decided = int(apart[-1]) + 1 if len(apart) else 0
    return DecisionPath(names.tolist(), first[0], first[1], decided)


def down(requests: Floats, failed: Floats, others: Floats, others_failed: Floats, bucket_seconds: float) -> Bools:
    """After which buckets one side alone is down, `(…, T)`: no bound covers this rule.

    At least half of its requests fail in two buckets running (in as many as two minutes take), and fewer than a quarter
    of the others' in the same time.
    """
    is_down = (failed >= _HALF * requests) & (requests >= _EACH)
    run = max(int(np.ceil(_SECONDS / bucket_seconds)), 1)
    if run > is_down.shape[-1] or not is_down.any():
        return np.zeros_like(is_down)
    lasting = np.lib.stride_tricks.sliding_window_view(is_down, run, axis=-1).all(axis=-1)
    sums = [
        np.lib.stride_tricks.sliding_window_view(counts, run, axis=-1).sum(axis=-1)
        for counts in (others, others_failed)
    ]
    found = np.zeros_like(is_down)
    found[..., run - 1 :] = lasting & ~((sums[1] >= _SHARED * sums[0]) & (sums[0] > 0))
    return found


def exposed(judged: Bools, requests: Floats, bucket_seconds: float, seconds: float) -> Bools:
    """After which buckets the new side has served long enough to be promoted, `(…, T)`; both of the judged buckets."""
    served = judged & (requests > 0)
    enough_time = np.cumsum(served, axis=-1) * bucket_seconds >= seconds
    return np.asarray(enough_time & (np.cumsum(requests * served, axis=-1) >= LEAST_REQUESTS))


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
    """After which buckets too many of the candidate's requests have failed for a promotion; counts so far."""
    return np.asarray((new > 0) & (errors >= _FAILING * new))


def negligible(new: Floats, errors: Floats, terms: Terms) -> Bools:
    """After which buckets the candidate's error rate is shown to be negligible, of shape `(…, T)`.

    The evidence is a mixture of Poisson likelihood ratios of smaller rates against that one, to the power of a third,
    since errors seldom come alone; `new`, `errors`: requests and errors of the candidate so far.
    """
    rate = terms.negligible
    if rate is None:
        return np.zeros(np.broadcast_shapes(new.shape, errors.shape), dtype=np.bool_)
    smaller = np.array([0.02, 0.1, 0.25, 0.5])
    logs = (errors[..., None] * np.log(smaller) + new[..., None] * rate * (1 - smaller)) / _CAUTION
    log_evidence = np.logaddexp.reduce(logs, axis=-1) - np.log(len(smaller))
    return np.asarray(log_evidence >= -np.log(terms.beta))
