"""Intervals and comparisons: how often they hold the truth, and how often two equal windows look different.

The truth is a share of 0.5 % errors. Beside ours stands Wilson's interval, which takes requests for independent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from createos_nb.analysis import comparison, intervals

SEED = 511
RUNS = 4_000
SHARE = 0.005

Floats = npt.NDArray[np.float64]


def errors(kind: str, count: npt.NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Errors whose share varies from minute to minute in one of four ways, with a mean of 0.5 %."""
    from scipy.signal import lfilter

    if kind == "clumps":
        share = SHARE * rng.gamma(1, 1, count.shape)
    elif kind == "wandering":
        keep = 0.5 ** (1 / 10)  # a half-life of ten minutes
        steps = rng.normal(0, np.sqrt(1 - keep**2), count.shape)
        share = SHARE * np.exp(0.8 * lfilter([1.0], [1.0, -keep], steps, axis=-1) - 0.32)
    elif kind == "incidents":
        quiet = rng.random(count.shape) >= 0.01
        share = np.where(quiet, SHARE * 0.5, SHARE * 50.5)
    else:
        share = np.full(count.shape, SHARE)
    return rng.binomial(count, np.minimum(share, 1)).astype(float)


KINDS = ("independent", "clumps", "wandering", "incidents")


def coverage(kind: str, rpm: float, minutes: int, runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """How often the nominal 95 % interval holds 0.5 %: ours, and Wilson's."""
    count = rng.poisson(rpm, (runs, minutes))
    bad = errors(kind, count, rng)
    found = intervals.share(bad, count.astype(float), confidence=0.95)
    low, high = intervals.wilson(bad.sum(axis=-1), count.sum(axis=-1).astype(float), intervals.z_of(0.95))
    return float(np.mean((found.low <= SHARE) & (found.high >= SHARE))), float(
        np.mean((low <= SHARE) & (high >= SHARE))
    )


def false_changes(kind: str, rpm: float, minutes: int, runs: int, rng: np.random.Generator) -> float:
    """How often two windows of the same traffic have different error rates at 95 %."""
    pair = []
    for _ in range(2):
        count = rng.poisson(rpm, (runs, minutes))
        share = intervals.share(errors(kind, count, rng), count.astype(float), confidence=0.95)
        pair.append((share.value * share.effective, share.effective))
    (hits_a, of_a), (hits_b, of_b) = pair
    return float(np.mean(comparison._same_share(hits_a, of_a, hits_b, of_b) < 0.05))


def report() -> str:
    rng = np.random.default_rng(SEED)
    lines = [
        "## Intervals",
        "",
        f"Nominal 95 %, seed {SEED}, {RUNS:,} runs a cell (standard error 0.3 points). Errors are independent, in "
        "clumps (a gamma factor with a coefficient of variation of 1 each minute), wandering (log-normal, half-life "
        "ten minutes), or come in incidents (1 % of the minutes have a hundred times the errors). “Changed”: how "
        "often `compare` calls two windows of the same traffic different at 5 %.",
        "",
        "| errors | requests a minute | minutes | ours covers | Wilson covers | changed |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in KINDS:
        for rpm, minutes in ((20, 60), (100, 60), (600, 60), (20, 1440), (100, 1440)):
            runs = RUNS if minutes < 1000 else RUNS // 4
            ours, wilson = coverage(kind, rpm, minutes, runs, rng)
            changed = false_changes(kind, rpm, minutes, runs, rng)
            lines.append(f"| {kind} | {rpm} | {minutes:,} | {ours:.1%} | {wilson:.1%} | {changed:.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
