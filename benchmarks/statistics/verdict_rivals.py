"""What the field judges releases by, written from published descriptions, on the same releases as ours.

* Mann-Whitney: the NetflixACAJudge of Kayenta. Error rates of the buckets of both sides; the confidence interval of
  their shift at 0.98 (order statistics of the pairwise differences, normal approximation); "High" where its lower end
  exceeds a quarter of the estimated shift. Looked at after every bucket from the fifth on.
* thresholds on the new side alone: Flagger, success of at least 99 % in each bucket, rolled back at the tenth failed
  check; Argo Rollouts, at least 95 %, rolled back at the fourth.
* z: the pooled two-proportion test at 1 % one-sided, over all so far, looked at after every bucket.
* exact: the conditional-binomial e-process for independent errors, mixed over nine ratios, rolled back at 100.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from createos_nb.analysis.verdict_evidence import Sides, log_sum

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FIRST_LOOK = 5
RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 40.0)


def mann_whitney(sides: Sides, *, every: int = 1, confidence: float = 0.98, tolerance: float = 0.25) -> Bools:
    """Where it says "High", `(n, T)`; False where it does not look."""
    from scipy.stats import norm

    with np.errstate(invalid="ignore"):
        old, new = sides.old_errors / sides.old_requests, sides.new_errors / sides.new_requests
    watches, buckets = old.shape
    found = np.zeros((watches, buckets), dtype=np.bool_)
    z = norm.ppf(0.5 + confidence / 2)
    for look in range(max(FIRST_LOOK, every), buckets + 1, every):
        pairs = look * look
        rank = int(np.floor(pairs / 2 - z * np.sqrt(pairs * (2 * look + 1) / 12)))
        if rank < 0:
            continue
        places = sorted({rank, (pairs - 1) // 2, pairs // 2})
        step = max(2_000_000 // pairs, 1)
        for first in range(0, watches, step):
            part = slice(first, first + step)
            shifts = (new[part, :look, None] - old[part, None, :look]).reshape(-1, pairs)
            ordered = np.partition(np.nan_to_num(shifts), places, axis=1)
            middle = (ordered[:, (pairs - 1) // 2] + ordered[:, pairs // 2]) / 2
            found[part, look - 1] = ordered[:, rank] > tolerance * np.abs(middle)
    return found


def threshold(sides: Sides, *, success: float, failures: int) -> Bools:
    """Where the new side alone has failed so many checks, `(n, T)`."""
    failed = sides.new_errors > (1 - success) * sides.new_requests
    return np.asarray(np.cumsum(failed, axis=1) >= failures)


def z_test(sides: Sides, *, level: float = 0.01) -> Bools:
    """Where the pooled two-proportion test rejects, `(n, T)`."""
    from scipy.stats import norm

    sums = [
        np.cumsum(one, axis=1) for one in (sides.old_requests, sides.old_errors, sides.new_requests, sides.new_errors)
    ]
    old, old_errors, new, new_errors = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (old_errors + new_errors) / (old + new)
        score = (new_errors / new - old_errors / old) / np.sqrt(pooled * (1 - pooled) * (1 / old + 1 / new))
    return np.asarray(np.nan_to_num(score) >= norm.ppf(1 - level))


def exact(sides: Sides, *, alpha: float = 0.01) -> Bools:
    """Where the e-process for independent errors has reached 1/α, `(n, T)`."""
    old, new, failed = sides.old_requests, sides.new_requests, sides.new_errors
    both = sides.old_errors + failed
    paths = []
    for ratio in RATIOS:
        with np.errstate(invalid="ignore"):
            gain = failed * np.log(ratio) + both * np.log((old + new) / (old + ratio * new))
        paths.append(np.cumsum(np.nan_to_num(gain), axis=1))
    return np.asarray(log_sum(np.stack(paths, axis=-1)) - np.log(len(RATIOS)) >= -np.log(alpha))


RIVALS: dict[str, Callable[[Sides], Bools]] = {
    "Mann-Whitney": mann_whitney,
    "z, peeked": z_test,
    "≥ 99 %, 10 checks": lambda sides: threshold(sides, success=0.99, failures=10),
    "≥ 95 %, 4 checks": lambda sides: threshold(sides, success=0.95, failures=4),
    "exact": exact,
}
