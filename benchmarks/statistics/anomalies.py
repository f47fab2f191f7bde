"""Anomalies: how many are found, how soon, and how many alarms are false.

`python -m benchmarks.statistics.anomalies [--slow] [ACCESS_LOG]`; with an access log in Common or Combined format
(plain or .gz), incidents are put into its own traffic as well. `--slow` adds a detector that takes minutes.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.statistics import baselines
from benchmarks.statistics.labelled_requests import HABITS, habit, requests_of, watched
from benchmarks.statistics.labelled_requests import KINDS as INCIDENTS
from benchmarks.statistics.labelled_series import Labelled, corpus
from benchmarks.statistics.restless_series import restless
from benchmarks.statistics.windows_score import FEW_FALSE_ALARMS, FEW_MISSES, score
from createos_nb import analysis

SEEDS = (301, 302, 303)
"""Never looked at before; 1, 2 and 3 were while the detector was made, and 101 to 103 and 201 to 208 afterwards."""

_STAMP = re.compile(r"\[(\d+/\w+/\d+:\d+:\d+:\d+ [+-]\d+)\] \"[^\"]*\" (\d{3})")


def ours(values: pd.Series) -> np.ndarray:
    return analysis.anomalies(values)["score"].to_numpy()


def series_table(
    make: Callable[..., list[Labelled]], seeds: Sequence[int] = SEEDS, *, each: int = 4, slow: bool = False
) -> str:
    """Points on labelled series, ours beside the field's; `slow` adds the one that takes minutes."""
    made = [series for seed in seeds for series in make(seed, each=each)]
    detectors: dict[str, Callable[[Labelled], np.ndarray]] = {
        "ours": lambda one: ours(one.values),
        "relative entropy": lambda one: baselines.relative_entropy(one.values.to_numpy()),
        "windowed Gaussian": lambda one: baselines.windowed_gaussian(one.values.to_numpy()),
    }
    if slow:
        detectors["nearest neighbours"] = lambda one: baselines.nearest_neighbours(one.values.to_numpy())
    lines = ["| detector | points | few false alarms | few misses | found | of | false alarms | rows |"]
    lines += ["| --- |" + " ---: |" * 7]
    kinds: dict[str, dict[str, float]] = {}
    for name, detect in detectors.items():
        scores = [detect(one) for one in made]
        best = score(made, scores)
        lines.append(_row(name, made, scores, None))
        if name == "ours":
            lines.append(_row("ours, `anomaly` as it is", made, scores, 0.5))
        for kind in dict.fromkeys(one.kind for one in made):
            chosen = [at for at, one in enumerate(made) if one.kind == kind]
            part = score([made[at] for at in chosen], [scores[at] for at in chosen], threshold=best.threshold)
            kinds.setdefault(kind, {})[name] = part.points
    head = ["kind", *detectors]
    lines += ["", "Points by kind, at the threshold of the whole corpus:", ""]
    lines += ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * len(detectors)]
    lines += [
        f"| {kind} | " + " | ".join(f"{row[name]:.0f}" for name in detectors) + " |" for kind, row in kinds.items()
    ]
    return "\n".join(lines)


def requests_table(paces: Sequence[float] = (1, 5, 20, 100, 1000), *, number: int = 20, seed: int = 9000) -> str:
    """Recall, delay, precision and false alarms on request frames with known incidents."""
    lines = [
        "| requests a minute | " + " | ".join(INCIDENTS) + " | precision | false alarms per day |",
        "| ---: |" + " --- |" * len(INCIDENTS) + " ---: | ---: |",
    ]
    for rpm in paces:
        found: dict[str, list[float]] = {what: [] for what in INCIDENTS}
        right = wrong = days = 0
        for copy in range(number):
            one = watched(seed + copy, rpm=rpm)
            alarms = np.flatnonzero(analysis.anomalies(one.frame)["anomaly"].to_numpy())
            alarms = alarms[alarms >= 3 * 1440]
            near = np.zeros(len(one.frame), dtype=bool)
            for incident in one.incidents:
                inside = alarms[(alarms >= incident.first) & (alarms <= incident.last + 5)]
                found[incident.what].append(float(inside[0] - incident.first + 1) if len(inside) else np.inf)
                near[incident.first : incident.last + 180] = True  # the recovery is part of the incident
            right += int(near[alarms].sum())
            wrong += int((~near[alarms]).sum())
            days += len(one.frame) // 1440 - 3
        cells = []
        for what in INCIDENTS:
            delays = np.array(found[what])
            hit = delays[np.isfinite(delays)]
            cells.append(f"{len(hit)} of {len(delays)}" + (f", {np.median(hit):.0f} min" if len(hit) else ""))
        precision = right / max(right + wrong, 1)
        lines.append(f"| {rpm:g} | " + " | ".join(cells) + f" | {precision:.2f} | {wrong / days:.3f} |")
    return "\n".join(lines)


def habits_table(paces: Sequence[float] = (20, 100, 500), *, number: int = 10, seed: int = 9600) -> str:
    """False alarms a day in five weeks of health, week by week, and what is found of a drop and an outage after three.

    The drop takes half of the requests for half an hour, the outage all of them for ten minutes; one of them a series,
    in the fourth week at a random minute.
    """
    lines = [
        "| habit | requests a minute | week 1 | week 2 | week 3 | week 4 | week 5 | drop found | outage found |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for what in HABITS:
        for rpm in paces:
            weeks = np.zeros(5)
            found: dict[str, list[float]] = {"drop": [], "outage": []}
            for copy in range(number):
                frame = habit(what, seed + copy, rpm=rpm)
                weeks += analysis.anomalies(frame)["anomaly"].to_numpy().reshape(5, -1).sum(axis=1) / 7 / number
                rng = np.random.default_rng([seed, copy])
                for kind, left, minutes in (("drop", 0.5, 30), ("outage", 0.0, 10)):
                    first = int(rng.integers(21 * 1440, 24 * 1440))
                    count = frame["count"].to_numpy(dtype=np.int64)[: first + 60].copy()
                    count[first : first + minutes] = rng.binomial(count[first : first + minutes], left)
                    changed = requests_of(count, rng, frame.index[0].tz_localize(None))
                    alarms = np.flatnonzero(analysis.anomalies(changed)["anomaly"].iloc[first : first + minutes + 5])
                    found[kind].append(float(alarms[0] + 1) if len(alarms) else np.inf)
            cells = []
            for kind, delays in found.items():
                hit = [delay for delay in delays if np.isfinite(delay)]
                late = f", {np.median(hit):.0f} min" if hit else ""
                cells.append(f"{len(hit)} of {len(found[kind])}{late}")
            told = " | ".join(f"{week:.2f}" for week in weeks)
            lines.append(f"| {what} | {rpm:g} | {told} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def after_outage_table(paces: Sequence[float] = (20, 100, 1000), *, number: int = 20, seed: int = 9700) -> str:
    """An outage on the second day of an environment: how many of the normal third days have an alarm at that time."""
    lines = ["| requests a minute | outage of | third days with an alarm |", "| ---: | --- | ---: |"]
    for rpm in paces:
        for minutes in (20, 180):
            wrong = 0
            for copy in range(number):
                rng = np.random.default_rng([seed, copy, int(rpm), minutes])
                frame = habit("plain", seed + copy, rpm=rpm, days=3)
                count = frame["count"].to_numpy(dtype=np.int64).copy()
                first = 1440 + int(rng.integers(200, 1100))
                count[first : first + minutes] = 0
                found = analysis.anomalies(requests_of(count, rng, "2026-03-02"))["anomaly"].to_numpy()
                wrong += bool(found[first + 1440 - 60 : first + 1440 + minutes + 120].any())
            lines.append(f"| {rpm:g} | {minutes} min | {wrong} of {number} |")
    return "\n".join(lines)


def first_day_table(paces: Sequence[float] = (1, 5, 20, 100, 1000), *, number: int = 40, seed: int = 9500) -> str:
    """False alarms in the first day, when no daily shape is known, and what is found of an outage and a surge in it."""
    lines = [
        "| requests a minute | false alarms | outage found | median delay | surge found | median delay |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rpm in paces:
        false = 0
        found: dict[str, list[float]] = {"outage": [], "surge": []}
        for copy in range(number):
            day = watched(seed + copy, rpm=rpm, days=2, incidents=False).frame.iloc[:1440]
            false += int(analysis.anomalies(day)["anomaly"].sum())
            for what, factor in (("outage", 0), ("surge", 3)):
                changed = day.copy()
                changed.iloc[900:930] = changed.iloc[900:930] * factor
                alarms = np.flatnonzero(analysis.anomalies(changed)["anomaly"].iloc[900:930])
                found[what].append(float(alarms[0] + 1) if len(alarms) else np.inf)
        cells = [f"{np.mean(np.isfinite(found[what])):.0%} | {np.median(found[what]):.0f} min" for what in found]
        lines.append(f"| {rpm:g} | {false / number:.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines).replace("inf min", "–")


def log_frame(path: Path, *, seconds: int = 60) -> pd.DataFrame:
    """Requests per bucket of an access log, with 5xx as errors."""
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode(errors="replace")
    parsed = [match.groups() for match in map(_STAMP.search, text.splitlines()) if match]
    times = pd.to_datetime([text for text, _ in parsed], format="%d/%b/%Y:%H:%M:%S %z", utc=True)
    status = np.array([int(code) // 100 for _, code in parsed])
    bucket = times.floor(f"{seconds}s")
    index = pd.date_range(bucket.min(), bucket.max(), freq=f"{seconds}s", unit="us", name="time")
    where = index.get_indexer(bucket.as_unit("us"))
    columns = {f"status_{kind}xx": np.bincount(where[status == kind], minlength=len(index)) for kind in range(2, 6)}
    frame = pd.DataFrame({"count": np.bincount(where, minlength=len(index)), **columns}, index=index)
    return frame.astype("Int64")


def log_table(path: Path, *, copies: int = 60, seed: int = 77) -> str:
    """The log as it is, and with one incident put into a random moment of its last two days."""
    lines = [
        "| buckets | alarms in the log as it is | incident | found | median delay |",
        "| --- | --- | --- | --- | --- |",
    ]
    for seconds in (60, 300):
        frame = log_frame(path, seconds=seconds)
        plain = analysis.anomalies(frame)
        usual = set(plain.index[plain["anomaly"]])
        days = len(frame) * seconds / 86_400
        named = plain.loc[plain["anomaly"], "what"].value_counts().to_dict()
        told = ", ".join(f"{number} {what}" for what, number in sorted(named.items())) or "none"
        for what, span, share in (
            ("outage", 7200, 0.0),
            ("ten times the requests", 1800, 10.0),
            ("half fail", 3600, 0.5),
        ):
            delays = []
            for copy in range(copies):
                rng = np.random.default_rng([seed, copy, seconds])
                first = int(rng.integers(len(frame) // 2, len(frame) - span // seconds))
                changed = _with_incident(frame, slice(first, first + span // seconds), what, share, rng)
                found = analysis.anomalies(changed)
                times = [time for time in found.index[found["anomaly"]] if time not in usual]
                inside = [time for time in times if frame.index[first] <= time]
                late = (inside[0] - frame.index[first]).total_seconds() if inside else np.inf
                delays.append(late if late <= span else np.inf)
            hit = np.isfinite(delays)
            median = f"{np.median(np.array(delays)[hit]) / 60:.0f} min" if hit.any() else "–"
            lines.append(f"| {seconds} s | {told} in {days:.1f} days | {what} | {hit.mean():.0%} | {median} |")
    return "\n".join(lines)


def _with_incident(
    frame: pd.DataFrame, where: slice, what: str, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    values = frame.to_numpy(dtype=np.int64).copy()
    if what == "half fail":
        failed = rng.binomial(values[where, 1], share)
        values[where, 1] -= failed
        values[where, 4] += failed
    else:
        values[where] = values[where] * int(share)
    return pd.DataFrame(values, index=frame.index, columns=frame.columns).astype("Int64")


def report(log: Path | None = None, *, slow: bool = False) -> str:
    parts = [
        "## Anomalies",
        "Labelled series of nine kinds, seeds "
        + ", ".join(map(str, SEEDS))
        + ", scored as the Numenta benchmark scores "
        "(100 is perfect, 0 is a detector that never alarms; one threshold for the whole corpus):",
        series_table(corpus, slow=slow),
        "Nine kinds more, whose usual state is restless (`restless_series`), the same seeds:",
        series_table(restless, slow=slow),
        "Request frames in minutes, 14 days each, 20 at each pace, seeds 9000 to 9019: incidents found with the median "
        "delay, the share of alarms that belong to an incident, and false alarms. A leak is errors four times as many.",
        requests_table(),
        "Weeks of health with a habit each, seeds 9600 to 9609: false alarms a day, week by week; "
        "and half an hour at half, or ten minutes of nothing, in the fourth week.",
        habits_table(),
        "An outage on the second day, seeds 9700 to 9719: third days on which the usual requests are an alarm.",
        after_outage_table(),
        "The first day, 40 at each pace, seeds 9500 to 9539: false alarms; half an hour of outage or surge at 15:00.",
        first_day_table(),
    ]
    if log is not None:
        parts += [f"A real access log ({log.name}), seed 77, 60 copies with one incident each:", log_table(log)]
    return "\n\n".join(parts)


def _row(name: str, made: list[Labelled], scores: list[np.ndarray], threshold: float | None) -> str:
    best = score(made, scores, threshold=threshold)
    others = [
        score(made, scores, threshold=threshold, profile=profile).points for profile in (FEW_FALSE_ALARMS, FEW_MISSES)
    ]
    points = " | ".join(f"{one:.1f}" for one in (best.points, *others))
    return f"| {name} | {points} | {best.found} | {best.windows} | {best.false_alarms} | {best.rows:,} |"


if __name__ == "__main__":
    logs = [Path(argument) for argument in sys.argv[1:] if argument != "--slow"]
    print(report(logs[0] if logs else None, slow="--slow" in sys.argv))
