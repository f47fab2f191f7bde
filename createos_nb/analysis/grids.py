"""Times on a regular grid and numbers in a column, or an error that names what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Requests in a bucket, at most. No platform serves more, and sums of many more would be no whole numbers of float64,
#: nor of Int64.
MOST: Final = 1e12


class FrameError(ValueError):
    """A frame that cannot be judged. The text names the column, the dtype, the environment or the gap."""


def utc_index(micros: Ints, *, name: str = "time") -> pd.DatetimeIndex:
    """Microseconds since 1970 as a UTC index; the smallest integer is NaT."""
    return pd.DatetimeIndex(np.asarray(micros, dtype=np.int64).view("M8[us]"), tz="UTC", name=name)


def numbers(values: pd.Series[Any], *, name: str) -> Floats:
    """A numeric column as float64, NaN where it is missing; other dtypes are refused by name."""
    dtype = values.dtype
    typed = pd.api.types
    if not typed.is_numeric_dtype(dtype) or typed.is_bool_dtype(dtype) or typed.is_complex_dtype(dtype):
        raise FrameError(f"{name} must hold numbers, but its dtype is {dtype}")
    if isinstance(dtype, np.dtype):
        return values.to_numpy().astype(np.float64)
    return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))


def grid(index: pd.Index[Any], *, name: str, bucket_seconds: int | None = None) -> tuple[pd.DatetimeIndex, int]:
    """A DatetimeIndex as UTC microseconds with the width of its buckets, or an error that names what is wrong with it.

    A single row takes its width from `bucket_seconds`, or from the frequency of the index; no row at all has width 0
    where neither is there.
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise FrameError(f"the index of {name} must be a DatetimeIndex in UTC, not {dtype_text(index)}")
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
    flags = np.zeros(len(seconds), dtype=np.bool_)
    starts = attrs.get("partial")
    if not isinstance(starts, Iterable) or isinstance(starts, str) or not len(seconds):
        return flags
    for text in starts:
        try:
            moment: Any = pd.Timestamp(text)
        except (TypeError, ValueError) as error:
            raise FrameError(f"attrs['partial'] holds {text!r}, which is no time") from error
        if pd.isna(moment):
            continue
        moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment
        at = int(np.searchsorted(seconds, int(moment.timestamp()), side="right")) - 1
        if at >= 0 and moment.timestamp() < seconds[at] + bucket_seconds:
            flags[at] = True
    return flags


def check_counts(counts: dict[str, Floats], name: str, row_label: Callable[[int], str]) -> None:
    """Refuse counts below 0, above `MOST`, or of statuses beyond all requests; `row_label` names a row."""
    for column, values in counts.items():
        # fmin and fmax pass over NaN, so missing buckets are no fault
        low, high = (extreme.reduce(values, axis=None, initial=0.0) for extreme in (np.fmin, np.fmax))
        if low >= 0 and high <= MOST:
            continue
        wrong = (values < 0) | np.isinf(values)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise FrameError(
                f"column {column!r} of {name} counts requests, but holds {values[at]:g} at {row_label(at)}"
            )
        if (values > MOST).any():
            at = int(np.argmax(values > MOST))
            raise FrameError(
                f"column {column!r} of {name} holds {values[at]:g} at {row_label(at)}: more than 10^12 requests in a "
                "bucket can't be judged exactly; is it a number of bytes, or a time?"
            )
    parts = [values for column, values in counts.items() if column != "count"]
    if parts and "count" in counts:
        known = sum(np.where(np.isnan(part), 0.0, part) for part in parts)
        exceeds = known > counts["count"] + 0.5
        if np.any(exceeds):
            at = int(np.argmax(exceeds))
            raise FrameError(
                f"the status columns of {name} add up to more than 'count' at {row_label(at)} "
                f"({np.asarray(known)[at]:g} against {counts['count'][at]:g})"
            )


def attrs_bucket_seconds(frame: pd.DataFrame) -> int | None:
    """`attrs["bucket_seconds"]`, checked; None without it."""
    width = frame.attrs.get("bucket_seconds")
    if width is None:
        return None
    if isinstance(width, bool) or not isinstance(width, (int, float, np.integer, np.floating)) or not width > 0:
        raise FrameError(f"attrs['bucket_seconds'] must be a positive number of seconds, not {width!r}")
    return int(width)


def live_versions(frame: pd.DataFrame) -> dict[Hashable, object]:
    """When versions became live, for the attrs of a result: plots mark them; empty where the frame does not say."""
    known = frame.attrs.get("live_versions")
    return {} if known is None else {"live_versions": known}


def dtype_text(index: pd.Index[Any]) -> str:
    """An index in the words of an error."""
    return f"{type(index).__name__} of dtype {index.dtype}"
