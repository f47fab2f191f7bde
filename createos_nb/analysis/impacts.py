"""What each change did to success and volume: the time after it against the time before, and the same hours before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis import intervals
from createos_nb.analysis.comparison import compare
from createos_nb.analysis.validation import FrameError, requests
from createos_nb.dtypes import TEXT

#: Changes that lie closer together than this are one: a run, and what it did.
_SAME: Final = pd.Timedelta("2min")
#: Buckets that either side of a change has at least.
_FEWEST: Final = 5
#: Kinds of rows that are no changes: what came of one, or what was found out.
_NO_CHANGES: Final = ("incident", "scan")
_DAY: Final = pd.Timedelta("1D")
#: Earlier days whose same hours are looked at, at most.
_DAYS: Final = 7
#: Earlier days from which on it is known how much days differ.
_ENOUGH_DAYS: Final = 3
_TEXTS: Final = ("kind", "text", "who", "why", "note")
_NUMBERS: Final = (
    "success_before",
    "success_after",
    "success_difference",
    "success_low",
    "success_high",
    "rpm_before",
    "rpm_after",
    "volume_ratio",
    "volume_low",
    "volume_high",
)


def change_impact(
    timeline: pd.DataFrame,
    traffic: pd.DataFrame,
    *,
    window: str | pd.Timedelta = "1h",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return for each change its effect on the success rate and on the volume, with intervals.

    Model: of the success rate, `compare`: the window after the change against the window before it. Of the volume, the
    same ratio divided by that of the same hours on the earlier days that the traffic covers (at most seven, with at
    least one), so that the shape of a day is no effect; what is the same each day is assumed to be so today. The
    spread is that of both ratios, and of days among each other where three earlier ones are there: the note says where
    they are not. A window ends where
    another change lies: what happened closer than five buckets to another one overlaps, and is credited to none. A
    change that is known between two looks has the time between them left out. Errors that come in slow waves are the
    limit, as of `compare`; how often it is wrong is in `benchmarks/statistics/RESULTS.md`. No correction is made for
    the number of changes.

    Args:
        timeline: changes: `time` (UTC), `kind` and `text`, and where they are there `not_before` (UTC), `who`, `why`:
            what `history.timeline` returns. Rows of the kinds incident and scan are left out: they change nothing.
        traffic: requests over time of the environment, better of eight days.
        window: how long before and after, at most.
        confidence: of the intervals, and of `changed`, between 0 and 1.

    Returns:
        One row a change; those within two minutes of each other are one. Columns: `time` (UTC), `kind`, `text`, `who`,
        `why`, `overlapping` (another change is too close: the effect is NA), `success_before`, `success_after`,
        `success_difference` with `success_low` and `success_high` (Float64, percentage points of (2xx + 3xx) / all),
        `rpm_before`, `rpm_after`, `volume_ratio` with `volume_low` and `volume_high` (Float64, 1 is no change),
        `success_changed` and `volume_changed` (boolean, NA where it can't be known), `note` (why
        something is NA, or less certain).

    Raises:
        FrameError: a frame can't be read.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-2d")
        >>> timeline = pd.DataFrame(
        ...     {"time": [pd.Timestamp("2026-03-04T13:20Z")], "kind": ["assigned"], "text": ["version 3 → version 4"]}
        ... )
        >>> effect = createos_nb.analysis.change_impact(timeline, requests).iloc[0]
        >>> bool(effect["success_changed"]), round(float(effect["success_difference"]), 1), effect["note"]
        (True, -3.8, 'how much days differ is not known: fewer than three earlier days')
    """
    changes = _grouped(timeline)
    length = pd.Timedelta(window)
    if pd.isna(length) or not pd.Timedelta(0) < length <= _DAY:
        raise FrameError(f"window={window!r} lies between a bucket and a day")
    intervals.z_of(confidence)  # refuses what is no confidence
    known = requests(traffic, name="traffic")
    counts = traffic[[*_COUNTS]].sort_index()
    bucket = pd.Timedelta(known.bucket_seconds, unit="s")
    times = [(row["not_before"], row["time"]) for row in changes]
    rows = []
    for number, change in enumerate(changes):
        before = times[number - 1][1] if number else None
        after = times[number + 1][0] if number + 1 < len(times) else None
        rows.append({**change, **_effect(counts, bucket, times[number], (before, after), length, confidence)})
    frame = pd.DataFrame(rows, columns=["time", *_TEXTS[:4], "overlapping", *_NUMBERS, *_FLAGS, "note"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
    frame = frame.astype({**dict.fromkeys(_TEXTS, TEXT), **dict.fromkeys(_NUMBERS, "Float64")})
    frame = frame.astype({"overlapping": "bool", **dict.fromkeys(_FLAGS, "boolean")})
    frame.attrs |= {"window": str(length), "confidence": confidence}
    return frame


_COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")
_FLAGS: Final = ("success_changed", "volume_changed")


def _grouped(timeline: pd.DataFrame) -> list[dict[str, Any]]:
    """The changes in order, those that lie together as one: from the earliest moment it may have begun to its last."""
    missing = {"time", "kind", "text"} - set(timeline.columns)
    if missing:
        raise FrameError(f"timeline lacks {', '.join(sorted(missing))}: history.timeline has them")
    if len(timeline) and not isinstance(timeline["time"].dtype, pd.DatetimeTZDtype):
        raise FrameError("timeline: the column time has times with a zone (datetime64[us, UTC])")
    groups: list[dict[str, Any]] = []
    changes = timeline[~timeline["kind"].isin(_NO_CHANGES)]
    for row in changes.sort_values("time", kind="stable").to_dict("records"):
        began = row.get("not_before")
        began = row["time"] if began is None or pd.isna(began) else began
        change = {"time": row["time"], "not_before": began, **{name: _text(row, name) for name in _TEXTS[:4]}}
        if groups and began - groups[-1]["time"] < _SAME:
            last = groups[-1]
            joined = {name: _joined(last[name], change[name]) for name in _TEXTS[:4]}
            groups[-1] = {**joined, "time": change["time"], "not_before": min(last["not_before"], began)}
        else:
            groups.append(change)
    return groups


def _text(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or pd.isna(value) else str(value)


def _joined(first: str, second: str) -> str:
    return "; ".join(dict.fromkeys(part for part in (*first.split("; "), *second.split("; ")) if part))


def _effect(
    counts: pd.DataFrame,
    bucket: pd.Timedelta,
    change: tuple[pd.Timestamp, pd.Timestamp],
    others: tuple[pd.Timestamp | None, pd.Timestamp | None],
    length: pd.Timedelta,
    confidence: float,
) -> dict[str, Any]:
    """The effect of one change; NA with a note where it can't be known."""
    begins, ends = change
    low = begins - length if others[0] is None else max(begins - length, others[0])
    high = ends + length if others[1] is None else min(ends + length, others[1])
    before = _whole(counts, bucket, low, begins)
    after = _whole(counts, bucket, ends, high)
    empty: dict[str, Any] = {"overlapping": False, **dict.fromkeys(_NUMBERS, pd.NA), **dict.fromkeys(_FLAGS, pd.NA)}
    if min(len(before), len(after)) < _FEWEST:
        cut = (others[0] is not None and low == others[0]) or (others[1] is not None and high == others[1])
        note = "another change is too close" if cut else "too few buckets before or after"
        return {**empty, "overlapping": cut, "note": note}
    table = compare(before, after, confidence=confidence)
    success, pace = _metric(table, "success_percentage"), _metric(table, "rpm")
    if pd.isna(success["difference"]):
        return {**empty, "note": "no requests before or after"}
    effect = {
        **empty,
        "success_before": success["before"],
        "success_after": success["after"],
        "success_difference": success["difference"],
        "success_low": success["low"],
        "success_high": success["high"],
        "success_changed": bool(success["changed"]),
        "rpm_before": pace["before"],
        "rpm_after": pace["after"],
        "note": "",
    }
    spans = [(before.index[0], before.index[-1] + bucket), (after.index[0], after.index[-1] + bucket)]
    return effect | _volume(counts, bucket, spans, _log_ratio(pace, confidence), confidence)


def _metric(table: pd.DataFrame, name: str) -> dict[str, Any]:
    return {str(column): table.at[name, column] for column in table.columns}


def _whole(counts: pd.DataFrame, bucket: pd.Timedelta, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The buckets that lie wholly in a span, as far as there are data without a gap next to the change."""
    inside: pd.DataFrame = counts[(counts.index >= start) & (counts.index <= end - bucket)]
    return inside if inside["count"].notna().any() else inside.iloc[:0]


def _log_ratio(pace: Mapping[str, Any], confidence: float) -> tuple[float, float] | None:
    """The logarithm of the ratio of two paces, and its standard error; None where there is none."""
    low, high = float(pace["ratio_low"]), float(pace["ratio_high"])
    if not (np.isfinite(low) and np.isfinite(high) and low > 0):
        return None
    return float(np.log(pace["ratio"])), float(np.log(high / low)) / (2 * intervals.z_of(confidence))


def _volume(
    counts: pd.DataFrame,
    bucket: pd.Timedelta,
    spans: list[tuple[pd.Timestamp, pd.Timestamp]],
    today: tuple[float, float] | None,
    confidence: float,
) -> dict[str, Any]:
    """The ratio of the volume after and before, over that of the same hours on earlier days."""
    if today is None:
        return {"note": "no requests before or after"}
    days = []
    for number in range(1, _DAYS + 1):
        parts = [_whole(counts, bucket, start - number * _DAY, end - number * _DAY) for start, end in spans]
        if [len(part) for part in parts] != [round((end - start) / bucket) for start, end in spans]:
            continue
        if not all(part["count"].sum() for part in parts):
            continue
        ratio = _log_ratio(_metric(compare(*parts, confidence=confidence), "rpm"), confidence)
        if ratio is not None:
            days.append(ratio)
    if not days:
        return {"note": "no earlier day to hold the volume against"}
    centers, errors = (np.array(values) for values in zip(*days, strict=True))
    usual = float(centers.mean())
    own = float(np.sqrt((errors**2).sum()) / len(days))
    # what days differ in beyond their own noise is in today as well
    between = float(centers.std(ddof=1)) if len(days) >= _ENOUGH_DAYS else 0.0
    excess = np.sqrt(max(between**2 - float((errors**2).mean()), 0.0))
    spread = float(np.sqrt(today[1] ** 2 + own**2 + excess**2 * (1 + 1 / len(days))))
    z = _t_of(confidence, len(days) - 1) if excess else intervals.z_of(confidence)
    center = today[0] - usual
    low, high = (float(np.exp(center + sign * z * spread)) for sign in (-1, 1))
    known = len(days) >= _ENOUGH_DAYS
    return {
        "note": "" if known else "how much days differ is not known: fewer than three earlier days",
        "volume_ratio": float(np.exp(center)),
        "volume_low": low,
        "volume_high": high,
        "volume_changed": low > 1 or high < 1,
    }


def _t_of(confidence: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))
