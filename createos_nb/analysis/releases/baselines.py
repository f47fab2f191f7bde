"""The decisions of common canary analyses about a release, minute by minute, to compare with the verdict.

Written from their published descriptions, for comparing and for teaching; nothing else here relies on them.

* Mann-Whitney: the NetflixACAJudge of Kayenta. Error rates of the buckets of both sides; the confidence interval of
  their shift at 0.98 (order statistics of the pairwise differences, normal approximation); "High" where its lower end
  exceeds a quarter of the estimated shift. Looked at after every bucket from the fifth on.
* thresholds on the candidate alone: Flagger, at least 99 % without an error in each bucket, rolled back at the tenth
  failed check; Argo Rollouts, at least 95 %, rolled back at the fourth.
* z: the pooled two-proportion test at 1 % one-sided, over all so far, looked at after every bucket.
* exact: the conditional-binomial e-process for independent errors, mixed over nine ratios, rolled back at 100.

How often each is wrong: `benchmarks/statistics/RESULTS.md`, section Release verdict.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.noise import log_sum
from createos_nb.analysis.releases.verdict import release_verdict
from createos_nb.dtypes import TEXT

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FIRST_LOOK = 5
RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 40.0)


def mann_whitney(paired: PairedCounts, *, every: int = 1, confidence: float = 0.98, tolerance: float = 0.25) -> Bools:
    """Return where the test says "High", `(n, T)`; False where it is not run."""
    from scipy.stats import norm

    with np.errstate(invalid="ignore"):
        old, new = paired.old_errors / paired.old_requests, paired.new_errors / paired.new_requests
    watches, buckets = old.shape
    rejects = np.zeros((watches, buckets), dtype=np.bool_)
    z = norm.ppf(0.5 + confidence / 2)
    for length in range(max(FIRST_LOOK, every), buckets + 1, every):
        pairs = length * length
        rank = int(np.floor(pairs / 2 - z * np.sqrt(pairs * (2 * length + 1) / 12)))
        if rank < 0:
            continue
        positions = sorted({rank, (pairs - 1) // 2, pairs // 2})
        step = max(2_000_000 // pairs, 1)
        for first in range(0, watches, step):
            part = slice(first, first + step)
            shifts = (new[part, :length, None] - old[part, None, :length]).reshape(-1, pairs)
            ordered = np.partition(np.nan_to_num(shifts), positions, axis=1)
            middle = (ordered[:, (pairs - 1) // 2] + ordered[:, pairs // 2]) / 2
            rejects[part, length - 1] = ordered[:, rank] > tolerance * np.abs(middle)
    return rejects


def threshold(paired: PairedCounts, *, target: float, failures: int) -> Bools:
    """Return where the candidate alone has failed enough checks, `(n, T)`."""
    failed = paired.new_errors > (1 - target) * paired.new_requests
    return np.asarray(np.cumsum(failed, axis=1) >= failures)


def z_test(paired: PairedCounts, *, level: float = 0.01) -> Bools:
    """Return where the pooled two-proportion test rejects, `(n, T)`."""
    from scipy.stats import norm

    sums = [
        np.cumsum(one, axis=1)
        for one in (paired.old_requests, paired.old_errors, paired.new_requests, paired.new_errors)
    ]
    old, old_errors, new, new_errors = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (old_errors + new_errors) / (old + new)
        score = (new_errors / new - old_errors / old) / np.sqrt(pooled * (1 - pooled) * (1 / old + 1 / new))
    return np.asarray(np.nan_to_num(score) >= norm.ppf(1 - level))


def exact(paired: PairedCounts, *, alpha: float = 0.01) -> Bools:
    """Return where the e-process for independent errors has reached 1/α, `(n, T)`."""
    old, new, failed = paired.old_requests, paired.new_requests, paired.new_errors
    both = paired.old_errors + failed
    paths = []
    for ratio in RATIOS:
        with np.errstate(invalid="ignore"):
            gain = failed * np.log(ratio) + both * np.log((old + new) / (old + ratio * new))
        paths.append(np.cumsum(np.nan_to_num(gain), axis=1))
    return np.asarray(log_sum(np.stack(paths, axis=-1)) - np.log(len(RATIOS)) >= -np.log(alpha))


def baselines(
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    history: pd.DataFrame | None = None,
    old_paths: pd.DataFrame | None = None,
    new_paths: pd.DataFrame | None = None,
    errors: str = "5xx",
) -> pd.DataFrame:
    """Return what each of several baselines has decided by the end of each bucket.

    They have no way to promote, and no bound on how often they are wrong when asked again and again.

    Args:
        old: requests over time of the baseline; as for `release_verdict`.
        new: requests over time of the candidate; as for `release_verdict`.
        history: the baseline before the release; as for `release_verdict`.
        old_paths: top error paths of the baseline; as for `release_verdict`.
        new_paths: top error paths of the candidate; as for `release_verdict`.
        errors: the class of errors that counts, such as "5xx".

    Returns:
        A frame indexed by `time`, columns (str): `release_verdict` (its decision), and `mann_whitney`, `threshold_99`
        (ten buckets with less than 99 % free of errors), `threshold_95` (four with less than 95 %), `z_test`, `exact`:
        "rollback" from their first alarm on, "watching" before it.

    Raises:
        FrameError: a frame can't be judged; the text names the column, dtype, gap or time.

    Examples:
        >>> times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
        >>> old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
        >>> new = old.assign(status_5xx=9)
        >>> table = createos_nb.analysis.baselines(old, new)
        >>> table["release_verdict"].iloc[-1], table["threshold_95"].iloc[-1]
        ('rollback', 'watching')
    """
    verdict = release_verdict(old, new, history=history, old_paths=old_paths, new_paths=new_paths, errors=errors)
    path = verdict.path
    requests, requests_new, failed, failed_new = (
        path[name].fillna(0).to_numpy(dtype=np.float64)[None] for name in _COUNTS
    )
    paired = PairedCounts(requests, requests_new, failed, failed_new, float(verdict.bucket_seconds))
    alarms = {
        "mann_whitney": mann_whitney(paired),
        "threshold_99": threshold(paired, target=0.99, failures=10),
        "threshold_95": threshold(paired, target=0.95, failures=4),
        "z_test": z_test(paired),
        "exact": exact(paired),
    }
    columns = {"release_verdict": path["decision"].to_numpy()}
    for name, alarm in alarms.items():
        columns[name] = np.where(np.logical_or.accumulate(alarm[0]), "rollback", "watching")
    return pd.DataFrame(columns, index=path.index).astype(TEXT)


_COUNTS = ["old_requests", "new_requests", "old_errors", "new_errors"]
