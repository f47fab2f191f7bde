"""Burn-rate alerts: false pages of healthy services, alerts of young environments, and how long an outage waits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb import analysis

SEED = 601
HEALTHY = 0.0005
MONTHS = 60
OUTAGES = 300
BURNS = 60


def frame_of(count: npt.NDArray[np.int64], failed: npt.NDArray[np.int64]) -> pd.DataFrame:
    """A fleet: one environment a row."""
    number, length = count.shape
    times = pd.date_range("2026-01-01", periods=length, freq="min", tz="UTC", unit="us")
    bad = failed.ravel()
    return pd.DataFrame(
        {
            "project": pd.array(["p"] * count.size, dtype="str"),
            "environment": np.repeat(np.arange(number), length).astype(str),
            "time": times.take(np.tile(np.arange(length), number)),
            "count": count.ravel(),
            "status_2xx": count.ravel() - bad,
            "status_5xx": bad,
        }
    )


def healthy(rpm: float, number: int, days: int, rng: np.random.Generator, *, bursts: bool = False) -> pd.DataFrame:
    """Services at half their budget; with clumps, each failure brings a geometric number of others, three in all."""
    count = rng.poisson(rpm, (number, days * 1440))
    if not bursts:
        return frame_of(count, rng.binomial(count, HEALTHY))
    struck = rng.binomial(count, HEALTHY / 3)
    failed = np.where(struck > 0, rng.negative_binomial(np.maximum(struck, 1), 1 / 3) + struck, 0)
    return frame_of(np.maximum(count, failed), failed)


def false_alarms(rpm: float, guard: float | None, rng: np.random.Generator, *, bursts: bool = False) -> list[float]:
    """Onsets of each alert in 30 days, after the first three."""
    names = list(analysis.burn_table()["alert"])
    total = dict.fromkeys(names, 0)
    for _ in range(MONTHS // 20):
        alerts = analysis.burn_alerts(healthy(rpm, 20, 33, rng, bursts=bursts), guard=guard)
        late = alerts[alerts["onset"] > pd.Timestamp("2026-01-04", tz="UTC")]
        for name, number in late["alert"].value_counts().items():
            total[str(name)] += int(number)
    return [total[name] / (MONTHS // 20 * 20) for name in names]


def delays(rpm: float, share: float, guard: float | None, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Minutes from the beginning of an outage to the first page."""
    length, begin = 600, 480
    count = rng.poisson(rpm, (OUTAGES, length))
    failed = rng.binomial(count, np.where(np.arange(length) < begin, HEALTHY, share))
    alerts = analysis.burn_alerts(frame_of(count, failed), guard=guard)
    onset = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(begin, unit="min")
    pages = alerts[(alerts["severity"] == "page") & (alerts["onset"] > onset)]
    first = pages.groupby("environment")["onset"].min()
    found = np.full(OUTAGES, np.inf)
    found[first.index.astype(int)] = (first - onset).dt.total_seconds().to_numpy() / 60
    return found


def slow_delays(rpm: float, share: float, guard: float | None, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Hours from the beginning of a slow burn, after four healthy days, to the first alert; infinite after three."""
    length, begin = 7 * 1440, 4 * 1440
    count = rng.poisson(rpm, (BURNS, length))
    failed = rng.binomial(count, np.where(np.arange(length) < begin, HEALTHY, share))
    alerts = analysis.burn_alerts(frame_of(count, failed), guard=guard)
    onset = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(begin, unit="min")
    first = alerts[alerts["onset"] > onset].groupby("environment")["onset"].min()
    found = np.full(BURNS, np.inf)
    found[first.index.astype(int)] = (first - onset).dt.total_seconds().to_numpy() / 3600
    return found


def _guards() -> Sequence[tuple[str, float | None]]:
    from createos_nb.analysis.objectives.burn import GUARD

    return (("plain table", None), (f"guard {GUARD:g} (default)", GUARD), ("guard 1e-06", 1e-6))


def report() -> str:
    lines = [
        "## Burn-rate alerts",
        "",
        f"99.9 % over 30 days, seed {SEED}. A healthy service with 0.05 % errors, half its budget; onsets in 30 days, "
        f"{MONTHS} months a cell, after the first three days. “Clumped”: a failure brings others, three in all on "
        "average.",
        "",
        "| requests a minute | guard | " + " | ".join(analysis.burn_table()["alert"]) + " |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    rng = np.random.default_rng(SEED)
    for rpm, bursts in ((1, False), (2, False), (5, False), (20, False), (100, False), (1, True), (20, True)):
        for name, guard in _guards():
            rates = false_alarms(rpm, guard, rng, bursts=bursts)
            kind = f"{rpm}, clumped" if bursts else f"{rpm}"
            lines.append(f"| {kind} | {name} | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |")
    young = 0
    for rpm in (1, 20, 100, 600):
        young += len(analysis.burn_alerts(healthy(rpm, 25, 3, rng)))
    lines += [
        "",
        f"Alerts in the first three days of 100 young healthy environments (25 each at 1, 20, 100, 600 rpm): {young}.",
        "",
        f"Minutes from the beginning of an outage to the first page, {OUTAGES} outages a cell: median (90 %).",
        "",
        "| errors | requests a minute | " + " | ".join(name for name, _ in _guards()) + " |",
        "| ---: | ---: | --- | --- | --- |",
    ]
    for share, paces in ((0.1, (5, 10, 20, 100)), (1.0, (1, 5, 20, 100))):
        for rpm in paces:
            cells = []
            for _, guard in _guards():
                found = delays(rpm, share, guard, rng)
                cells.append(f"{np.median(found):.0f} ({np.quantile(found, 0.9, method='higher'):.0f})")
            lines.append(f"| {share:.0%} | {rpm} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Hours from the beginning of a slow burn to the first alert of any kind, {BURNS} services a cell: median "
        "(90 %); “–” where it did not come within three days.",
        "",
        "| errors | requests a minute | " + " | ".join(name for name, _ in _guards()) + " |",
        "| ---: | ---: | --- | --- | --- |",
    ]
    slow: dict[float, tuple[int, ...]] = {0.002: (5, 20, 100), 0.005: (1, 5, 20, 100)}
    for errors, rpms in slow.items():
        for rpm in rpms:
            cells = []
            for _, guard in _guards():
                found = slow_delays(rpm, errors, guard, rng)
                figures = (np.median(found), np.quantile(found, 0.9, method="higher"))
                middle, most = (f"{figure:.1f}" if np.isfinite(figure) else "–" for figure in figures)
                cells.append(f"{middle} ({most})")
            lines.append(f"| {errors:.1%} | {rpm} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
