"""Evidence for regressions that begin after the release, and for outages of one side.

A regression may begin in any bucket. Weights of τ = 1, 2, … for its first bucket are 1 / τ(τ + 1); what is left of them
speaks for neither side.

A minute in which a third of the candidate's requests fail, and hardly any of the baseline's, is an outage of one side.
The comparison of ratios is slow to believe in it, since errors in clumps may all fall to one side for some minutes; but
clumps do not make so many requests fail. It is taken that, after a release that is as healthy as the baseline, at most
one minute in fifty is like that, whatever came before: three in a row at the start roll back, five after an hour. An
outage of the candidate alone that lasts as long and has nothing to do with the release is blamed on it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.noise import log_sum
from createos_nb.analysis.validation import Floats, Ints

_LOOKS = 3
OnsetState: TypeAlias = tuple[Floats, Floats, Floats]
"""What is followed on with from one stretch to the next: how the hypotheses are apart, the onsets so far, the last
looks."""

_OUT, _WELL, _ASKED = 1 / 3, 0.1, 10
"""Shares of failing requests from which in the candidate is out, and up to which the baseline is not; of so many
requests of each side in the bucket."""
_SELDOM, _OFTEN = 0.02, 0.5
"""How often that happens where the candidate is healthy, at most, and where it is not."""


def late(
    path: Floats, prior: Floats, null: Floats, first: int, places: Ints, state: OnsetState | None
) -> tuple[Floats, OnsetState]:
    """Return the evidence that the rates were as at the null until some bucket and worse from it on; `(n, T)`.

    `path`: log-likelihoods, `(n, T, K, R)`, under memoryless readings only: under a lasting one what comes late may be
    a wave. `places`: where the null and its alternatives stand in it; `prior`: logarithms of the weights of readings
    and alternatives, `(n, T, K, J)`; `null`: the log-likelihood of the null over all readings; `first`: the number of
    the first bucket. The least of three looks in a row counts, which errs to the safe side: one minute of many errors
    is no regression.
    """
    log_ratio = path[..., places[1:]] - path[..., places[:1]]
    if state is None:
        state = (
            np.zeros_like(log_ratio[:, :1]),
            np.full_like(log_ratio[:, :1], -np.inf),
            np.zeros((len(path), _LOOKS - 1)),
        )
    before = np.concatenate([state[0], log_ratio[:, :-1]], axis=1)
    at = np.arange(first, first + path.shape[1], dtype=np.float64)
    start = -before - np.where(at > 0, np.log(np.maximum(at * (at + 1), 1)), 1e9)[:, None, None]
    start[:, :1] = np.logaddexp(start[:, :1], state[1])
    by_start = np.logaddexp.accumulate(start, axis=1)
    logs = path[..., places[1:]] + by_start + prior
    evidence = np.logaddexp(log_sum(logs.reshape(*path.shape[:2], -1)) - null, -np.log(at + 1))
    recent = np.concatenate([state[2], evidence], axis=1)
    confirmed = np.min([recent[:, late : late + len(at)] for late in range(_LOOKS)], axis=0)
    return confirmed, (log_ratio[:, -1:], by_start[:, -1:], recent[:, 1 - _LOOKS :])


def outage(paired: PairedCounts) -> Floats:
    """Return the log-evidence that the candidate alone is out, from some bucket on; `(n, T)`."""
    old, new = paired.old_requests, paired.new_requests
    enough_requests = (old >= _ASKED) & (new >= _ASKED)
    is_out = (paired.new_errors >= _OUT * new) & (paired.old_errors <= _WELL * old)
    # a wide bucket of which a third fails holds an outage of several minutes
    minutes = np.clip(paired.bucket_seconds / 120, 1.0, 3.0)
    log_ratio = enough_requests * np.where(
        is_out, minutes * np.log(_OFTEN / _SELDOM), np.log((1 - _OFTEN) / (1 - _SELDOM))
    )
    upto = np.cumsum(log_ratio, axis=1)
    at = np.arange(log_ratio.shape[1], dtype=np.float64)
    by_start = np.logaddexp.accumulate(log_ratio - upto - np.log((at + 1) * (at + 2)), axis=1)
    return np.asarray(np.logaddexp(upto + by_start, -np.log(at + 2)))
