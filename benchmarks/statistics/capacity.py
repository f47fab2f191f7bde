"""Replicas: is the advice of one week enough for the next? Simulated services that fail beyond a load."""

from __future__ import annotations

import numpy as np
import pandas as pd

from createos_nb import analysis

SEED = 801
RUNS = 200
WEEK = 7 * 1440


def week(rng: np.random.Generator, *, peak: float, limit: float, replicas: int, base: float) -> pd.DataFrame:
    """A week of minutes; requests beyond `limit` a minute and replica fail, `base` of the others do anyway."""
    minute = np.arange(WEEK)
    wander = np.exp(np.repeat(rng.normal(0, 0.1, WEEK // 60), 60))
    count = rng.poisson(peak * (0.55 + 0.45 * np.sin(2 * np.pi * minute / 1440)) * wander)
    beyond = np.clip(count - int(limit * replicas), 0, None)
    failed = np.minimum(rng.binomial(count, base) + rng.binomial(beyond, 0.8), count)
    index = pd.date_range("2026-03-02", periods=WEEK, freq="min", tz="UTC", unit="us", name="time")
    return pd.DataFrame({"count": count, "status_2xx": count - failed, "status_5xx": failed}, index=index)


def cell(load: float, replicas: int, rng: np.random.Generator) -> str:
    """`load` is the peak of the week in capacities of the present replicas."""
    below = seen = more = steady = 0
    for _ in range(RUNS):
        limit = float(rng.uniform(20, 300))
        peak = load * limit * replicas
        past, later = (week(rng, peak=peak, limit=limit, replicas=replicas, base=2e-4) for _ in range(2))
        advice = analysis.replicas_advice(past, replicas=replicas)
        assert isinstance(advice, analysis.ReplicasAdvice)  # of one environment
        q99 = float(np.quantile(later["count"], 0.99))
        if np.isfinite(advice.demonstrated):
            below += int(advice.replicas < min(int(np.ceil(q99 / advice.demonstrated - 1e-9)), 3))
        seen += int(advice.limit_seen)
        more += int(advice.replicas > replicas)
        steady += int(advice.replicas == replicas)
    shares = " | ".join(f"{number / RUNS:.1%}" for number in (below, seen, more, steady))
    return f"| {load:.0%} | {replicas} | {shares} |"


def report() -> str:
    rng = np.random.default_rng(SEED)
    lines = [
        "## Capacity",
        "",
        f"Services whose requests fail beyond a load per replica, seed {SEED}, {RUNS} pairs of weeks a cell, 30 % "
        "headroom. “Too few”: the advice from the first week is below ⌈q99 / c*⌉ of the second (or below 3).",
        "",
        "| peak, of what the replicas carry | replicas | too few | limit seen | more advised | kept |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [cell(load, replicas, rng) for load in (0.3, 0.7, 0.95, 1.3) for replicas in (1, 2)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
