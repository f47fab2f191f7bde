"""Change points: false alarms against the run length that was asked for, and requests until a change is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb import analysis

SEED = 701
MONTH = 43_200
SHARE = 0.005

Floats = npt.NDArray[np.float64]


def frame_of(count: npt.NDArray[np.int64], share: Floats | float, rng: np.random.Generator) -> pd.DataFrame:
    failed = rng.binomial(count, np.minimum(np.broadcast_to(share, count.shape), 1))
    index = pd.date_range("2026-01-01", periods=len(count), freq="min", tz="UTC", unit="us", name="time")
    return pd.DataFrame({"count": count, "status_2xx": count - failed, "status_5xx": failed}, index=index)


def clumped(length: int, variation: float, rng: np.random.Generator) -> Floats:
    """A factor for the error rate of each minute, with mean 1."""
    return rng.gamma(variation**-2, variation**2, length) if variation else np.ones(length)


def false_alarms(rpm: float, variation: float, months: int, rng: np.random.Generator) -> float:
    """Changes found in a month in which nothing changes."""
    found = 0
    for _ in range(months):
        count = rng.poisson(rpm, MONTH)
        found += len(analysis.change_points(frame_of(count, SHARE * clumped(MONTH, variation, rng), rng)))
    return found / months


def requests_needed(rpm: float, factor: float, variation: float, runs: int, rng: np.random.Generator) -> str:
    """Requests from the change to the decision, median and 90 %, after three days of health."""
    begin, length = 3 * 1440, 3 * 1440 + 900
    needed = []
    for _ in range(runs):
        count = rng.poisson(rpm, length)
        share = SHARE * clumped(length, variation, rng) * np.where(np.arange(length) < begin, 1.0, factor)
        frame = frame_of(count, share, rng)
        found = analysis.change_points(frame)
        late = found.loc[found["known"] > frame.index[begin], "known"]
        needed.append(
            count[begin : begin + int((late.iloc[0] - frame.index[begin]).total_seconds() // 60)].sum()
            if len(late)
            else np.inf
        )
    shown = np.array(needed, dtype=float)
    return f"{np.median(shown):,.0f} ({np.quantile(shown, 0.9, method='higher'):,.0f})"


def noise(kind: str, length: int, rng: np.random.Generator) -> Floats:
    from scipy.signal import lfilter

    if kind == "Student's t, 3":
        return np.asarray(rng.standard_t(3, length))
    if kind == "log-normal":
        return np.asarray(np.exp(rng.normal(0, 1, length)))
    if kind == "Poisson, mean 1":
        return rng.poisson(1, length).astype(float)
    keep = {"AR(1), 0.5": 0.5, "AR(1), 0.9": 0.9}.get(kind, 0.0)
    return np.asarray(lfilter([1.0], [1.0, -keep], rng.normal(0, 1, length)))


def series_row(kind: str, rng: np.random.Generator) -> str:
    calm = sum(len(analysis.change_points(pd.Series(noise(kind, MONTH, rng)))) for _ in range(10)) / 10
    rows = []
    for _ in range(60):
        values = noise(kind, 4000, rng)
        values[3000:] += 1.5 * np.std(values)
        found = analysis.change_points(pd.Series(values))
        late = found.loc[found["known"] >= 3000, "known"]
        rows.append(float(late.iloc[0]) - 2999 if len(late) else np.inf)
    missed = float(np.mean(np.isinf(rows)))
    median = np.median(rows)
    return f"| {kind} | {calm:.1f} | {'–' if np.isinf(median) else f'{median:.0f}'} | {missed:.0%} |"


def report() -> str:
    rng = np.random.default_rng(SEED)
    lines = [
        "## Change points",
        "",
        f"Run length 30 days, seed {SEED}, 0.5 % errors. False alarms in 30 days (20 months a cell; the promise is at "
        "most 1), by the coefficient of variation of the error rate from minute to minute:",
        "",
        "| requests a minute | independent | 0.7 | 1 | 2 |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for rpm in (1, 20, 100, 600):
        cells = [f"{false_alarms(rpm, variation, 20, rng):.2f}" for variation in (0.0, 0.7, 1.0, 2.0)]
        lines.append(f"| {rpm} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Requests until a change is known, median (90 %), 50 runs a cell, after three days of health:",
        "",
        "| requests a minute | × 2 | × 5 | × 10 | ÷ 5 | × 5, variation 0.7 |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rpm in (20, 100, 600):
        cells = [requests_needed(rpm, factor, 0.0, 50, rng) for factor in (2.0, 5.0, 10.0, 0.2)]
        cells.append(requests_needed(rpm, 5.0, 0.7, 50, rng))
        lines.append(f"| {rpm} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Any series: false alarms in 43,200 rows (10 runs), and rows until a shift of 1.5 standard deviations is known "
        "(60 runs, after 3,000 rows):",
        "",
        "| noise | false alarms | median rows | missed in 1,000 rows |",
        "| --- | ---: | ---: | ---: |",
    ]
    kinds = ("normal", "Student's t, 3", "log-normal", "Poisson, mean 1", "AR(1), 0.5", "AR(1), 0.9")
    lines += [series_row(kind, rng) for kind in kinds]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
