"""Change points: false alarms against the run length that was asked for, and how soon and how well they are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.statistics import annotated_series
from benchmarks.statistics.baselines import least_squares_segments
from createos_nb import analysis

SEED = 701
MONTH = 43_200
SHARE = 0.005

SEEN, UNSEEN = (1, 2), (901, 902, 903)
"""Seeds of annotated series: those that were looked at while the method was made, and those that were not."""

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
    if kind == "a rise of 10":
        return np.asarray(rng.normal(0, 1, length) + 10 * np.arange(length) / length)
    if kind == "a season of 7":
        return np.asarray(rng.normal(0, 1, length) + np.resize(rng.normal(0, 1.5, 7), length))
    keep = {"AR(1), 0.5": 0.5, "AR(1), 0.9": 0.9, "AR(1), 0.95, and white": 0.95}.get(kind, 0.0)
    shocks = rng.normal(0, 1, length + 300)
    slow = np.asarray(lfilter([1.0], [1.0, -keep], shocks))[300:]
    return slow + rng.normal(0, 3, length) if kind.endswith("white") else slow


KINDS = (
    "normal",
    "Student's t, 3",
    "log-normal",
    "Poisson, mean 1",
    "a rise of 10",
    "a season of 7",
    "AR(1), 0.5",
    "AR(1), 0.9",
    "AR(1), 0.95, and white",
)


def false_alarms_of_series(kind: str, rng: np.random.Generator) -> str:
    """Changes in 10,000 rows that never change, cut into series of so many rows."""
    cells = []
    for length in (100, 1000, 10_000):
        series = [pd.Series(noise(kind, length, rng)) for _ in range(10_000 // length)]
        cells.append(f"{sum(len(analysis.change_points(one)) for one in series)}")
    return f"| {kind} | " + " | ".join(cells) + " |"


def shift_of_series(kind: str, rng: np.random.Generator) -> str:
    """Rows until a shift is known, after 300 rows: of 1.5 and of 3 standard deviations, median and share missed."""
    cells = []
    for size in (1.5, 3.0):
        rows = []
        for _ in range(20):
            values = noise(kind, 700, rng)
            values[300:] += size * np.std(values)
            found = analysis.change_points(pd.Series(values))
            late = found.loc[found["known"] >= 300, "known"]
            rows.append(float(late.iloc[0]) - 299 if len(late) else np.inf)
        median = np.median(rows)
        cells += ["–" if np.isinf(median) else f"{median:.0f}", f"{np.mean(np.isinf(rows)):.0%}"]
    return f"| {kind} | " + " | ".join(cells) + " |"


def excursions(rng: np.random.Generator) -> list[str]:
    """How often both edges of a jump of 20 standard deviations after 300 rows are found within two rows."""
    lines = ["| rows | both edges found | more than two changes |", "| ---: | ---: | ---: |"]
    for rows in (1, 2, 5, 10, 20, 40, 100):
        both = more = 0
        for _ in range(25):
            values = rng.normal(0, 1, 700)
            values[300 : 300 + rows] += 20
            found = analysis.change_points(pd.Series(values))["onset"].to_numpy(dtype=np.int64)
            both += all((np.abs(found - edge) <= 2).any() for edge in (300, 300 + rows)) if len(found) else 0
            more += len(found) > 2
        lines.append(f"| {rows} | {both} of 25 | {more} of 25 |")
    return lines


def annotated(seeds: tuple[int, ...], *, each: int = 4, natures: bool = False) -> list[str]:
    """F1 and covering of annotated series, for ours and the field's; by nature where asked for."""
    made = [one for seed in seeds for one in annotated_series.corpus(seed, each=each)]
    found = {
        "ours": [analysis.change_points(pd.Series(one.values))["onset"].tolist() for one in made],
        "least squares": [least_squares_segments(one.values) for one in made],
        "never": [[] for _ in made],
    }
    scores = {
        name: np.array(
            [
                (annotated_series.f1(one, rows), annotated_series.covering(one, rows))
                for one, rows in zip(made, every, strict=True)
            ]
        )
        for name, every in found.items()
    }
    lines = ["| series | " + " | ".join(found) + " |", "| --- |" + " --- |" * len(found)]
    groups = {f"seeds {', '.join(map(str, seeds))}: {len(made)}": np.arange(len(made))}
    if natures:
        groups |= {
            nature: np.flatnonzero([one.nature == nature for one in made]) for nature in annotated_series.NATURES
        }
    for name, rows in groups.items():
        cells = [f"{f1:.3f}, {covering:.3f}" for f1, covering in (part[rows].mean(axis=0) for part in scores.values())]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


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
    return "\n".join([*lines, "", *series_lines()])


def series_lines() -> list[str]:
    """What is known of series of any kind."""
    return [
        "Any series: false alarms in 10,000 rows that never change (the promise is one in 43,200), cut into series of "
        "so many rows:",
        "",
        "| noise | 100 | 1,000 | 10,000 |",
        "| --- | ---: | ---: | ---: |",
        *(false_alarms_of_series(kind, np.random.default_rng([SEED, 1])) for kind in KINDS),
        "",
        "Rows until a shift is known after 300 rows, median, and shifts that are missed in 400 rows (20 runs), by its "
        "size in standard deviations:",
        "",
        "| noise | 1.5 | missed | 3 | missed |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(shift_of_series(kind, np.random.default_rng([SEED, 2])) for kind in KINDS),
        "",
        "A jump of 20 standard deviations that lasts so many rows, after 300 rows (25 runs):",
        "",
        *excursions(np.random.default_rng([SEED, 3])),
        "",
        "Annotated series of sixteen natures (`annotated_series`), F1 with a margin of five rows and covering, as van "
        "den Burg and Williams (2020) define them. Seeds that were looked at while the method was made:",
        "",
        *annotated(SEEN),
        "",
        "Seeds that were not looked at:",
        "",
        *annotated(UNSEEN, natures=True),
    ]


if __name__ == "__main__":
    print(report())
