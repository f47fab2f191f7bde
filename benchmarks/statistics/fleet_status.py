"""The fleet's statuses: false alarms of healthy environments, and what is made of trouble."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pandas as pd

import createos_nb
from createos_nb.client.fleet_status import Live, judge

SEED = 1201
RUNS = 4_000
#: Seeds of the scenarios; 1 to 8 were looked at while thresholds were chosen.
SCENARIO_SEEDS = range(101, 109)
HOURS_BEFORE = 24
#: Scenarios whose trouble is in the traffic of an environment from `began` on.
IN_TRAFFIC = (
    "auto-promote-trap",
    "bad-release",
    "crash-loop",
    "flash-crowd",
    "noisy-neighbour",
    "oom",
    "shared-incident",
    "slow-leak",
    "wrong-port",
)
_END = 1_772_632_800
_SERVING = Live(deployed=True, version=1, status="deployed")


def hour(pace: float, share: float, clumps: bool, rng: np.random.Generator) -> np.ndarray:
    """Buckets of an hour; in clumps the share of a minute varies with a coefficient of variation of 1."""
    count = rng.poisson(pace, 60)
    shares = np.clip(share * (rng.exponential(1.0, 60) if clumps else np.ones(60)), 0, 1)
    failed = rng.binomial(count, shares)
    begins = _END - 60 * np.arange(60, 0, -1)
    nothing = np.zeros(60, dtype=np.int64)
    return np.column_stack([begins, count, count - failed, nothing, nothing, failed]).astype(np.int64)


def cell(pace: float, share: float, clumps: bool, rng: np.random.Generator) -> Counter[str]:
    return Counter(
        judge(hour(pace, share, clumps, rng), 60, _SERVING, end=_END, target=0.999).status for _ in range(RUNS)
    )


def scenarios() -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Statuses of rows in the hours before trouble, and of the places in trouble, at the start of each scenario."""
    before: Counter[str] = Counter()
    during: dict[str, Counter[str]] = {}
    truths = createos_nb.scenarios(answers=True).set_index("name").drop("fleet")
    for name, truth in truths.iterrows():
        for seed in SCENARIO_SEEDS:
            client = createos_nb.simulate(str(name), seed=seed)
            frame = client.fleet.overview()
            begins = client.now
            if name in IN_TRAFFIC:
                begins = truth["began"]
                places = truth["where"].split(", ")
                of_place = frame[(frame["project"] + "/" + frame["environment"]).isin(places)]
                during.setdefault(str(name), Counter()).update(of_place["status"])
            for hours in range(1, HOURS_BEFORE + 1):
                end = begins - pd.Timedelta(hours=hours)
                window = client.fleet.overview(start=end - pd.Timedelta("1h"), end=end)
                # states are those of now, whatever the window
                before.update(window.loc[(window["live_state"] != "failed") & (window["status"] != "asleep"), "status"])
    return before, during


def report() -> str:
    rng = np.random.default_rng(SEED)
    lines = [
        "## Fleet status",
        "",
        f"Objective 99.9 %, seed {SEED}, {RUNS:,} hours a cell; in clumps the share of each minute is exponential.",
        "",
        "| 5xx | requests a minute | errors | down | degraded | unknown | healthy |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for share in (0.0005, 0.002, 0.005, 0.01, 0.02, 0.05, 1.0):
        for pace in (0.1, 1.0, 20.0, 100.0):
            for clumps in (False, True) if share < 1 else (False,):
                found = cell(pace, share, clumps, rng)
                shares = [f"{100 * found[word] / RUNS:.2f} %" for word in ("down", "degraded", "unknown", "healthy")]
                kind = "in clumps" if clumps else "independent"
                lines.append(f"| {100 * share:g} % | {pace:g} | {kind} | {' | '.join(shares)} |")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, during = scenarios()
    rows = (
        f"{sum(before.values()):,} rows: {', '.join(f'{word} {number:,}' for word, number in sorted(before.items()))}"
    )
    lines += [
        "",
        f"All scenarios but `fleet`, seeds {SCENARIO_SEEDS.start} to {SCENARIO_SEEDS.stop - 1}, each of the "
        f"{HOURS_BEFORE} hours before trouble began, {rows}. The places in trouble at the start of their scenario:",
        "",
        "| scenario | down | degraded | healthy |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, found in during.items():
        lines.append(f"| `{name}` | {found['down']} | {found['degraded']} | {found['healthy']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
