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


def power_evidence(
    path: Floats, power: Floats, weights: Sequence[float], carried: Steps | None
) -> tuple[Floats, Steps]:
    """Log-evidence after each bucket, `(n, T)`.

    `path`: calm log-likelihoods of the null, then of the alternatives, `(n, T, 1 + J)`; `power`: φ, `(n,)`; `weights`:
    of the alternatives.
    """
    apart = (path[..., 1:] - path[..., :1]) / power[:, None, None]
    before, summed = carried if carried is not None else (np.zeros_like(apart[:, :1]), np.zeros_like(apart[:, :1]))
    steps = np.diff(apart, axis=1, prepend=before)
    capped = np.cumsum(np.minimum(steps, _MOST), axis=1) + summed
    return log_sum(capped + np.log(weights)), (apart[:, -1:], capped[:, -1:])
