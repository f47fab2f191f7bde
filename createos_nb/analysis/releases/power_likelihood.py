"""Quick evidence where errors come in crowds and a history says how restless the baseline is.

The calm likelihood to the power of 1/φ (φ: the dispersion of the baseline over long stretches; Grünwald 2012) needs no
list of noises. No single bucket may say much, since a minute of trouble is no regression: what a bucket adds to the
evidence for each alternative is capped, which only makes it smaller, and so keeps its error rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from createos_nb.analysis.releases.noise import log_sum
from createos_nb.analysis.validation import Floats

_MOST = np.log(15.0)
"""So many times at most does one bucket multiply the evidence."""

Steps: TypeAlias = tuple[Floats, Floats]
"""What is followed on with: how alternatives and null were apart, and the capped sums."""


def power_evidence(path: Floats, power: Floats, weights: Sequence[float], state: Steps | None) -> tuple[Floats, Steps]:
    """Log-evidence after each bucket, `(n, T)`.

    `path`: calm log-likelihoods of the null, then of the alternatives, `(n, T, 1 + J)`; `power`: φ, `(n,)`; `weights`:
    of the alternatives.
    """
    log_ratio = (path[..., 1:] - path[..., :1]) / power[:, None, None]
    before, total = state if state is not None else (np.zeros_like(log_ratio[:, :1]), np.zeros_like(log_ratio[:, :1]))
    steps = np.diff(log_ratio, axis=1, prepend=before)
    capped = np.cumsum(np.minimum(steps, _MOST), axis=1) + total
    return log_sum(capped + np.log(weights)), (log_ratio[:, -1:], capped[:, -1:])
