"""Sleep: what the advised timeout costs in the week after, beside the best fixed timeout and the optimum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb import analysis
from createos_nb.analysis import sleep

SEED = 901
RUNS = 60
KINDS = ("steady", "daily", "office hours", "bursts", "every 45 minutes", "heavy tail")

Floats = npt.NDArray[np.float64]


def visits(kind: str, weeks: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Requests per minute of a service that is mostly idle."""
    length = weeks * 10_080
    day = np.arange(length) / 1440
    if kind == "steady":
        mean = np.full(length, 0.02)
    elif kind == "daily":
        mean = 0.05 * (1 + np.sin(2 * np.pi * day))
    elif kind == "office hours":
        hour = day % 1 * 24
        mean = np.where((hour > 9) & (hour < 17), 0.2, 0.002)
    elif kind == "bursts":
        mean = np.full(length, 0.0005)
        for start in rng.integers(0, length, weeks * 30):
            mean[start : start + int(rng.exponential(30))] += 0.5
    elif kind == "every 45 minutes":
        mean = np.where(np.arange(length) % 45 == 0, 50.0, 0.0)
    else:
        mean = np.zeros(length)
        times = np.cumsum(1 + rng.pareto(1.2, length // 5) * 10).astype(np.int64)
        mean[times[times < length]] = 50.0
    return rng.poisson(mean)


def gaps(count: npt.NDArray[np.int64]) -> Floats:
    index = pd.date_range("2026-03-02", periods=len(count), freq="min", tz="UTC", unit="us", name="time")
    return analysis.idle_times(pd.DataFrame({"count": count}, index=index)).to_numpy(dtype=float)


def cell(kind: str, worth: float, rng: np.random.Generator) -> str:
    learnt, safe, optimum = [], [], []
    for _ in range(RUNS):
        count = visits(kind, 3, rng)
        past, later = gaps(count[: 2 * 10_080]), gaps(count[2 * 10_080 :])
        if len(past) < 10 or len(later) < 3:
            continue
        best = sleep.best_timeout(past, worth)
        begun = {"spent": sleep.cost(past, best, worth), "optimum": float(np.minimum(past, worth).sum())}
        cost = sleep.replay(later, best, worth, **begun)
        fixed = sleep.cost(later, sleep.best_timeout(later, worth), worth)
        learnt.append(cost / fixed)
        safe.append(sleep.cost(later, worth, worth) / fixed)
        optimum.append(cost / float(np.minimum(later, worth).sum()))
    return (
        f"| {kind} | {worth / 60:.0f} min | {np.mean(learnt):.3f} | {np.quantile(learnt, 0.9):.3f} | "
        f"{np.mean(safe):.3f} | {np.max(optimum):.2f} |"
    )


def worst_case(rng: np.random.Generator) -> float:
    """The largest total over the optimum against an adversary who comes back just after the timeout, or at will."""
    worst = 0.0
    for _ in range(3_000):
        best = float(rng.choice([0.0, 60.0, 600.0, 3600.0, 1e5, np.inf]))
        spent = optimum = 0.0
        for _ in range(100):
            timeout = sleep._bounded(best, 3600.0, spent, optimum)
            after = timeout + 1 if np.isfinite(timeout) else 1e6
            gap = float(rng.choice([after, 1.0, 3600.0, rng.exponential(3600)]))
            spent += min(gap, timeout) + (3600.0 if gap > timeout else 0.0)
            optimum += min(gap, 3600.0)
            worst = max(worst, spent / optimum)
    return worst


def report() -> str:
    rng = np.random.default_rng(SEED)
    lines = [
        "## Sleep",
        "",
        f"Two weeks to learn, one to pay, seed {SEED}, {RUNS} runs a cell; costs over those of the timeout that would "
        "have been best in that week, known only afterwards. “Safe” sleeps after the worth of a cold start.",
        "",
        "| visits | a cold start is worth | learnt, mean | learnt, 90 % | safe, mean | learnt over optimum, worst |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [cell(kind, worth, rng) for kind in KINDS for worth in (300.0, 3600.0, 21_600.0)]
    lines += [
        "",
        f"Against an adversary, 3,000 games of 100 idle times: never above {worst_case(rng):.3f} × the optimum.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
