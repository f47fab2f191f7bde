"""What a frame must be before it is judged, and its counts as numpy arrays.

Every judgement reads its frame through here, so a wrong frame is refused once, in one wording: the error names the
column, the dtype, the environment or the gap, and says what to do about it.

Two layouts are read:

* one environment: a `DatetimeIndex` in UTC on a regular grid, and the columns `count`, `status_2xx`, `status_3xx`,
  `status_4xx`, `status_5xx` (requests per bucket; NA is "no data", 0 is "no requests");
* a fleet: the same counts in long form, beside ordinary columns `project`, `environment` and `time`.

`frame.attrs` may say more, and nothing fails without it: `partial`, the starts of buckets that the asked window cuts,
and `bucket_seconds`, which is needed only where a single row leaves the width of a bucket open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

COUNTS = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")
STATUSES = COUNTS[1:]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class FrameError(ValueError):
    """A frame that cannot be judged. The text names the column, the dtype, the environment or the gap."""


@dataclass(frozen=True, eq=False)
class Requests:
    """The counts of one environment, or of a fleet, on one regular grid.

    The last axis of every array is time: shape `(T,)` for one environment, `(E, T)` for a fleet of E environments, so
    that arithmetic over `axis=-1` serves both. Counts are float64 requests per bucket, NaN where there is no data; a
    bucket of which any asked column is missing is missing in all of them.
    """

    index: pd.DatetimeIndex
    """Starts of the buckets, UTC, microseconds, without gaps."""
    bucket_seconds: int
    counts: dict[str, Floats]
    partial: Bools
    """Shape `(T,)`: the buckets that the asked window cuts, whose counts are too low."""
    environments: pd.MultiIndex | None
    """Levels `project` and `environment` of a fleet, in order of first appearance; None for one environment."""

    @property
    def count(self) -> Floats:
        """All requests of each bucket."""
        return self.counts["count"]

    def errors(self, statuses: Sequence[str] = ("5xx",)) -> Floats:
        """Requests that count as errors: the sum of the status classes, such as `("4xx", "5xx")`."""
        total = self.counts[f"status_{statuses[0]}"]
        for status in statuses[1:]:
            total = total + self.counts[f"status_{status}"]
        return total

    @property
    def seconds(self) -> Ints:
        """Starts of the buckets as Unix seconds."""
        return self.index.asi8 // 1_000_000

    @property
    def observed(self) -> Bools:
        """Where there is data and the whole of the bucket was asked for."""
        return ~np.isnan(self.count) & ~self.partial


def requests(
    frame: pd.DataFrame,
    *,
    name: str = "frame",
    columns: Sequence[str] = COUNTS,
    fleet: bool = False,
) -> Requests:
    """Read a requests frame, or refuse it with a :class:`FrameError`.

    `name` is what the error calls the frame, `columns` the counts that are needed, `fleet` whether the long form is
    welcome too. Where all of `columns` stand beside each other, the status classes may not exceed `count`.
    """
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(f"{name} must be a DataFrame of requests per bucket, not {type(frame).__name__}")
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        have = ", ".join(map(str, frame.columns)) or "none"
        raise FrameError(f"{name} has no column {', '.join(map(repr, absent))} (its columns: {have})")
    if isinstance(frame.index, pd.DatetimeIndex):
        return _one_environment(frame, name, columns)
    if not {"project", "environment", "time"} <= set(frame.columns):
        raise FrameError(
            f"{name} needs a DatetimeIndex in UTC (its index is {_dtype(frame.index)}), "
            "or the columns 'project', 'environment' and 'time' of a fleet"
        )
    if not fleet:
        raise FrameError(
            f"{name} is a fleet (columns 'project', 'environment', 'time'), but one environment is judged here: "
            "select one and use .set_index('time')"
        )
    return _fleet(frame, name, columns)


def utc_index(micros: Ints, *, name: str = "time") -> pd.DatetimeIndex:
    """Microseconds since 1970 as a UTC index; the smallest integer is NaT."""
    return pd.DatetimeIndex(np.asarray(micros, dtype=np.int64).view("M8[us]"), tz="UTC", name=name)


def numbers(values: pd.Series[Any], *, name: str) -> Floats:
    """A numeric column as float64, NaN where it is missing; other dtypes are refused by name."""
    dtype = values.dtype
    if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
        raise FrameError(f"{name} must hold numbers, but its dtype is {dtype}")
    return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))


def grid(index: pd.Index[Any], *, name: str, bucket_seconds: int | None = None) -> tuple[pd.DatetimeIndex, int]:
    """A DatetimeIndex as UTC microseconds with the width of its buckets, or an error that names what is wrong with it.

    A single row takes its width from `bucket_seconds`, or from the frequency of the index; no row at all has width 0
    where neither is there.
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise FrameError(f"the index of {name} must be a DatetimeIndex in UTC, not {_dtype(index)}")
    if index.tz is None:
        raise FrameError(f"the index of {name} has no time zone: say which with .tz_localize('UTC')")
    if index.hasnans:
        raise FrameError(f"the index of {name} has NaT at row {int(np.argmax(index.isna()))}")
    utc = index.tz_convert("UTC").as_unit("us")
    if len(utc) < 2:
        if bucket_seconds is None and index.freq is not None and len(utc):
            bucket_seconds = int((index[0] + index.freq - index[0]).total_seconds())
        if bucket_seconds is None and len(utc):
            raise FrameError(f"{name} has a single bucket, so its width is open: set attrs['bucket_seconds']")
        return utc, int(bucket_seconds or 0)
    steps = np.diff(utc.asi8)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        what = "twice" if steps[at] == 0 else "after a later one"
        raise FrameError(f"the index of {name} must rise: {utc[at + 1].isoformat()} stands {what} (row {at + 1})")
    width = int(steps.min())
    if (steps != width).any():
        at = int(np.argmax(steps != width))
        raise FrameError(
            f"{name} is not on a regular grid: after {utc[at].isoformat()} comes {utc[at + 1].isoformat()}, "
            f"though buckets are {width / 1e6:g} s wide; give the missing buckets rows of NA, "
            f"for example with .asfreq('{width / 1e6:g}s')"
        )
    if width % 1_000_000:
        raise FrameError(f"the buckets of {name} are {width / 1e6:g} s wide; whole seconds are needed")
    return utc, width // 1_000_000


def partial_buckets(attrs: dict[Any, Any], seconds: Ints, bucket_seconds: int) -> Bools:
    """Which buckets hold one of the starts in `attrs["partial"]`.

    A start inside a bucket marks it too, so that a frame resampled to wider buckets keeps its marks.
    """
    marks = np.zeros(len(seconds), dtype=np.bool_)
    told = attrs.get("partial")
    if not isinstance(told, Iterable) or isinstance(told, str) or not len(seconds):
        return marks
    for text in told:
        try:
            moment: Any = pd.Timestamp(text)
        except (TypeError, ValueError) as error:
            raise FrameError(f"attrs['partial'] holds {text!r}, which is no time") from error
        if pd.isna(moment):
            continue
        moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment
        at = int(np.searchsorted(seconds, int(moment.timestamp()), side="right")) - 1
        if at >= 0 and moment.timestamp() < seconds[at] + bucket_seconds:
            marks[at] = True
    return marks


def _one_environment(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> Requests:
    index, width = grid(frame.index, name=name, bucket_seconds=_told_width(frame))
    counts = {column: numbers(frame[column], name=f"column {column!r} of {name}") for column in columns}

    def place(at: int) -> str:
        return index[at].isoformat()

    _check_counts(counts, name, place)
    return Requests(
        index=index.rename("time"),
        bucket_seconds=width,
        counts=_missing_together(counts),
        partial=partial_buckets(frame.attrs, index.asi8 // 1_000_000, width),
        environments=None,
    )


def _fleet(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> Requests:
    time = frame["time"]
    if not isinstance(time.dtype, pd.DatetimeTZDtype):
        raise FrameError(f"column 'time' of {name} must be datetime64 in UTC, but its dtype is {time.dtype}")
    stamps = pd.DatetimeIndex(time).tz_convert("UTC").as_unit("us")
    if stamps.hasnans:
        raise FrameError(f"column 'time' of {name} has NaT at row {int(np.argmax(stamps.isna()))}")
    project, projects = pd.factorize(frame["project"], use_na_sentinel=False)
    environment, environments = pd.factorize(frame["environment"], use_na_sentinel=False)
    pair, pairs = pd.factorize(project.astype(np.int64) * max(len(environments), 1) + environment)
    keys = pd.MultiIndex.from_arrays(
        [
            projects.take(np.asarray(pairs) // max(len(environments), 1)),
            environments.take(np.asarray(pairs) % max(len(environments), 1)),
        ],
        names=["project", "environment"],
    )
    counts = {column: numbers(frame[column], name=f"column {column!r} of {name}") for column in columns}

    def place(at: int) -> str:
        return f"{stamps[at].isoformat()} in {keys[pair[at]][0]}/{keys[pair[at]][1]}"

    _check_counts(counts, name, place)
    micros = stamps.asi8
    width = _fleet_width(frame, micros, pair, name, place)
    first = int(micros.min()) if len(micros) else 0
    offset = micros - first
    if len(micros) and (offset % (width * 1_000_000)).any():
        at = int(np.argmax(offset % (width * 1_000_000) != 0))
        raise FrameError(f"{name} is not on one regular grid of {width} s: see {place(at)}")
    column_at = offset // (width * 1_000_000) if width else offset
    length = int(column_at.max()) + 1 if len(micros) else 0
    shape = (len(keys), length)
    if length * len(keys) > max(50 * len(micros), 1_000_000):
        raise FrameError(
            f"{name} covers {length:,} buckets of {width} s for {len(keys):,} environments with {len(micros):,} rows: "
            "a time is far off, or the environments share no grid"
        )
    cell = pair * length + column_at
    seen = np.bincount(cell, minlength=shape[0] * shape[1]) if len(cell) else np.zeros(0, dtype=np.int64)
    if len(seen) and seen.max() > 1:
        at = int(np.argmax(cell == int(np.argmax(seen > 1))))
        raise FrameError(f"{name} has more than one row for {place(at)}")
    _check_gaps(seen.reshape(shape) > 0, keys, first, width, name)
    placed: dict[str, Floats] = {}
    for column, values in counts.items():
        flat = np.full(shape[0] * shape[1], np.nan)
        flat[cell] = values
        placed[column] = flat.reshape(shape)
    index = utc_index(np.arange(length, dtype=np.int64) * (width * 1_000_000) + first)
    return Requests(
        index=index,
        bucket_seconds=width,
        counts=_missing_together(placed),
        partial=partial_buckets(frame.attrs, index.asi8 // 1_000_000, width),
        environments=keys,
    )


def _fleet_width(frame: pd.DataFrame, micros: Ints, pair: Ints, name: str, place: Callable[[int], str]) -> int:
    """The narrowest step within any environment, in seconds."""
    if len(micros) < 2:
        told = _told_width(frame)
        if told is None and len(micros):
            raise FrameError(f"{name} has a single bucket, so its width is open: set attrs['bucket_seconds']")
        return told or 0
    order = np.lexsort((micros, pair))
    steps = np.diff(micros[order])[np.diff(pair[order]) == 0]
    if not len(steps):
        told = _told_width(frame)
        if told is None:
            raise FrameError(f"every environment of {name} has one bucket: set attrs['bucket_seconds']")
        return told
    width = int(steps.min())
    if width == 0:
        twice = np.flatnonzero((np.diff(micros[order]) == 0) & (np.diff(pair[order]) == 0))[0]
        raise FrameError(f"{name} has more than one row for {place(int(order[twice]))}")
    if width % 1_000_000:
        raise FrameError(f"the buckets of {name} are {width / 1e6:g} s wide; whole seconds are needed")
    return width // 1_000_000


def _check_gaps(present: Bools, keys: pd.MultiIndex, first: int, width: int, name: str) -> None:
    """Rows may be absent before the first and after the last bucket of an environment, never between."""
    if not present.size:
        return
    length = present.shape[1]
    start = present.argmax(axis=1)
    end = length - present[:, ::-1].argmax(axis=1)
    holes = np.flatnonzero(end - start != present.sum(axis=1))
    if len(holes):
        row = int(holes[0])
        at = int(start[row] + np.argmin(present[row, start[row] : end[row]]))
        moment = pd.Timestamp(first + at * width * 1_000_000, unit="us", tz="UTC")
        raise FrameError(
            f"{name} has a gap in {keys[row][0]}/{keys[row][1]}: no row for {moment.isoformat()}; "
            "give the missing buckets rows of NA"
        )


def _check_counts(counts: dict[str, Floats], name: str, place: Callable[[int], str]) -> None:
    for column, values in counts.items():
        # NaN compares false, so missing buckets pass
        wrong = (values < 0) | (np.abs(values) == np.inf)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise FrameError(f"column {column!r} of {name} counts requests, but holds {values[at]:g} at {place(at)}")
    parts = [values for column, values in counts.items() if column != "count"]
    if parts and "count" in counts:
        known = sum(np.nan_to_num(part) for part in parts)
        above = known > counts["count"] + 0.5
        if np.any(above):
            at = int(np.argmax(above))
            raise FrameError(
                f"the status columns of {name} add up to more than 'count' at {place(at)} "
                f"({np.asarray(known)[at]:g} against {counts['count'][at]:g})"
            )


def _missing_together(counts: dict[str, Floats]) -> dict[str, Floats]:
    gone = np.isnan(next(iter(counts.values())))
    ragged = False
    for values in counts.values():
        missing = np.isnan(values)
        ragged = ragged or not np.array_equal(missing, gone)
        gone = gone | missing
    if ragged:
        return {column: np.where(gone, np.nan, values) for column, values in counts.items()}
    return counts


def _told_width(frame: pd.DataFrame) -> int | None:
    told = frame.attrs.get("bucket_seconds")
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, (int, float, np.integer, np.floating)) or not told > 0:
        raise FrameError(f"attrs['bucket_seconds'] must be a positive number of seconds, not {told!r}")
    return int(told)


def _dtype(index: pd.Index[Any]) -> str:
    return f"{type(index).__name__} of dtype {index.dtype}"
