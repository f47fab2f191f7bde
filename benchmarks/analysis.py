"""Judging: a year of minutes through the SLO, its alerts and the anomalies; a fleet of a thousand environments.

Beside the SLO stands the same table of alerts worked out with pandas' rolling sums.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.measure import Figure, at_most, faster, paired
from benchmarks.statistics.log_patterns import RUNTIMES, written
from createos_nb import analysis
from createos_nb.frames import runtime_log_frame

YEAR = 365 * 1440
ENVIRONMENTS = 1_000
#: What varies most in a line: numbers and paths.
_MASK = re.compile(r"\d+|/[\w./-]*")


def requests(length: int, *, rpm: float = 50, share: float = 0.0005, seed: int = 1) -> pd.DataFrame:
    """Minutes with a daily shape and a share of errors."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rpm * (1 + 0.6 * np.sin(2 * np.pi * np.arange(length) / 1440)))
    failed = rng.binomial(count, share)
    index = pd.date_range("2026-01-01", periods=length, freq="min", tz="UTC", unit="us", name="time")
    columns = {"count": count, "status_2xx": count - failed, "status_3xx": 0, "status_4xx": 0, "status_5xx": failed}
    return pd.DataFrame(columns, index=index).astype("Int64")


def fleet(number: int = ENVIRONMENTS) -> pd.DataFrame:
    """A day of minutes of so many environments, in long form."""
    days = [requests(1440, seed=seed) for seed in range(20)]
    parts = [
        days[at % 20].reset_index().assign(project=f"project-{at // 3}", environment=f"environment-{at % 3}")
        for at in range(number)
    ]
    return pd.concat(parts, ignore_index=True).astype({"project": "str", "environment": "str"})


def with_rolling(frame: pd.DataFrame) -> list[pd.Series]:
    """The four alerts of 99.9 % over 30 days, as one writes them with pandas."""
    count, failed = frame["count"].astype("float64"), frame["status_5xx"].astype("float64")
    found = []
    for long, short, factor in ((60, 5, 14.4), (360, 30, 6.0), (1440, 120, 3.0), (4320, 360, 1.0)):
        firing = (failed.rolling(long).sum() / count.rolling(long).sum() > factor * 0.001) & (
            failed.rolling(short).sum() / count.rolling(short).sum() > factor * 0.001
        )
        found.append(firing & ~firing.shift(fill_value=False))
    return found


def log(lines: int = 100_000) -> pd.DataFrame:
    """A log as the simulator's nginx writes it, with what fails."""
    rng = np.random.default_rng(7)
    written_lines: list[str] = []
    while len(written_lines) < lines:
        written_lines += written(RUNTIMES["reactjs-spa"], rng)[0]
    return runtime_log_frame("\n".join(f"2026-03-02T09:00:00.000Z {line}" for line in written_lines[:lines]))


def with_one_mask(frame: pd.DataFrame) -> pd.Series[int]:
    """The patterns of a log as one counts them with a regular expression and pandas."""
    return pd.Series([_MASK.sub("*", text) for text in frame["text"]]).value_counts()


def exact_alone(old: pd.DataFrame, new: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The conditional-binomial e-process of the 5xx of both sides over nine ratios, from the frames."""
    b, g = (side["status_5xx"].to_numpy(dtype=np.float64) for side in (old, new))
    before, after = (side["count"].to_numpy(dtype=np.float64) for side in (old, new))
    ratios = np.array([1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 40.0])[:, None]
    gains = g * np.log(ratios) + (b + g) * np.log((before + after) / (before + ratios * after))
    return np.asarray(np.exp(np.cumsum(gains, axis=1)).mean(axis=0))


def figures() -> list[Figure]:
    # two sides for an hour, and the hour before
    releases = [requests(60, rpm=100, share=0.005, seed=seed) for seed in (31, 32)]
    before = requests(60, rpm=100, share=0.005, seed=33)
    before.index = pd.DatetimeIndex(before.index) - pd.Timedelta(minutes=60)
    analysis.release_verdict(*releases, history=before)
    # ten in a row, as a watch or a replay asks for them; ratio and sentence are worked out when they are read
    judged, told = (
        one / 10
        for one in paired(
            lambda: [analysis.release_verdict(*releases, history=before) for _ in range(10)],
            lambda: [analysis.release_verdict(*releases, history=before).sentence for _ in range(10)],
            runs=21,
        )
    )
    exact = paired(lambda: [exact_alone(*releases) for _ in range(100)], lambda: None, runs=21)[0] / 100
    year, many = requests(YEAR), fleet()

    def objective() -> None:
        analysis.slo(year)
        analysis.burn_alerts(year)

    analysis.anomalies(year.iloc[:5000])  # scipy is imported once in a session
    ours, rolling = paired(objective, lambda: with_rolling(year), runs=7)

    def limited(name: str, work: Callable[[], object], limit: float) -> Figure:
        return at_most(name, paired(work, lambda: None, runs=3)[0], "limit", limit, 1.0)

    lines = log()
    mined, counted = paired(lambda: analysis.log_patterns(lines), lambda: with_one_mask(lines), runs=3)
    day = f"{ENVIRONMENTS:,} environments × 1 day"
    return [
        at_most("60 × 2 buckets: release_verdict, ten in a row", judged * 1000, "limit", 5.0, 1.0, "ms"),
        at_most("the same", judged * 1000, "the exact e-process with NumPy", exact * 1000, 100.0, "ms"),
        at_most("the same, with its sentence", told * 1000, "without it", judged * 1000, 1.6, "ms"),
        at_most("a year of minutes: slo, burn_alerts", ours * 1000, "limit", 150.0, 1.0, "ms"),
        faster("a year of minutes: slo, burn_alerts", ours * 1000, "pandas rolling sums", rolling * 1000, 2.0, "ms"),
        at_most("100,000 lines: log_patterns", mined, "one re.sub a line, value_counts", counted, 10.0),
        limited("a year of minutes: anomalies of requests", lambda: analysis.anomalies(year), 2.0),
        limited("a year of minutes: anomalies of a series", lambda: analysis.anomalies(year["count"]), 2.0),
        limited(f"{day}: summary", lambda: analysis.summary(many), 2.0),
        limited(f"{day}: slo", lambda: analysis.slo(many), 2.0),
        limited(f"{day}: burn_alerts", lambda: analysis.burn_alerts(many), 2.0),
        limited(f"{day}: anomalies", lambda: analysis.anomalies(many), 2.0),
    ]
