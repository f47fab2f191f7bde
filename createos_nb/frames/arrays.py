"""Lists of values as typed arrays, without losing one: a value that does not fit leaves its column an object column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from createos_nb.dtypes import TEXT
from createos_nb.frames.schema import Column, Kind
from createos_nb.redaction import MASK, wrap_all, wrap_secrets

Array = np.ndarray[Any, Any] | ExtensionArray

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?:(?<=\d\d:\d\d:\d\d)(\.\d+))? ?(Z|[+-]\d\d:?\d\d)?$", re.ASCII
)
_ALLOWED: Final[dict[Kind, tuple[type, ...]]] = {"whole": (int,), "number": (int, float), "flag": (bool,)}


def arrays(columns: Sequence[Column], values: Sequence[list[Any]], *, trusted: bool) -> list[Array]:
    """The arrays of several columns. `trusted`: a typed decoder has checked the values already.

    Texts and times are converted all columns at once: a conversion costs more by the call than by the value.
    """
    filled: list[Array | None] = [None] * len(columns)
    for kinds, convert in ((("text", "state"), _texts_of), (("time",), _times_of)):
        positions = [i for i, column in enumerate(columns) if column.kind in kinds]
        prepared = [_in_words(columns[i], values[i], trusted) for i in positions]
        for position, array in zip(positions, convert(prepared, trusted), strict=True):
            filled[position] = array
    for position, column in enumerate(columns):
        if filled[position] is None:
            filled[position] = _single(column.kind, values[position], trusted)
    return filled  # type: ignore[return-value]  # every place is filled by now


def texts(values: list[Any]) -> Array:
    """Texts as dtype `str`; objects where one is no text."""
    return _texts_of([values], trusted=False)[0]


def integers(values: list[Any]) -> Array:
    """Whole numbers as Int64, None as NA; objects where one is no whole number."""
    return _numbers(values, "whole", trusted=False)


def times(values: list[Any]) -> Array:
    """RFC 3339 texts as datetime64[us, UTC]; objects where one can't be read."""
    return _times_of([values], trusted=False)[0]


def readable_times(values: Sequence[str | None]) -> pd.DatetimeIndex:
    """RFC 3339 texts as datetime64[us, UTC]; NaT where one can't be read."""
    written: list[Any] = list(values)  # as pandas types a list with None in it
    read = pd.DatetimeIndex(pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce")).as_unit("us")
    far: dict[int, pd.Timestamp] = {}  # times that nanoseconds can't hold
    for position in np.flatnonzero(read.isna()).tolist():
        if (text := written[position]) is not None:
            with suppress(ValueError, OverflowError):
                far[position] = _iso8601([text])[0]
    return pd.DatetimeIndex([far.get(i, moment) for i, moment in enumerate(read)], dtype=read.dtype) if far else read


def objects(values: Sequence[Any]) -> Array:
    """Any values, each as it is."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def mask(value: Any) -> Any:
    """A map with its values hidden; anything else that stands in its place, hidden whole."""
    if isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    return None if value is None else MASK


def joined(parts: list[Array]) -> Array:
    """Arrays of one column one behind the other; objects where they differ in type."""
    if len(parts) == 1:
        return parts[0]
    kind = type(parts[0])
    if all(type(part) is kind for part in parts):
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts)  # type: ignore[arg-type]  # all are numpy arrays, as just seen
        if len({str(part.dtype) for part in parts}) == 1:
            return kind._concat_same_type(parts)  # type: ignore[union-attr, no-any-return]  # an extension's, as seen
    return objects([value for part in parts for value in part])


def _single(kind: Kind, values: list[Any], trusted: bool) -> Array:
    if kind == "map":
        hidden = dict.fromkeys
        return objects([hidden(value, MASK) if type(value) is dict else mask(value) for value in values])
    if kind == "secret":
        return objects([wrap_all(value) for value in values])
    if kind in ("names", "object") and (values.count(None) == len(values) or (trusted and kind == "names")):
        return objects(values)
    if kind in ("names", "object"):
        return objects([wrap_secrets(value) for value in values])  # a free map may hold variables somewhere inside
    return _numbers(values, kind, trusted)


def _in_words(column: Column, values: list[Any], trusted: bool) -> list[Any]:
    if column.kind != "state":
        return values
    known: dict[Any, Any] = dict(column.states or {})
    if trusted:
        return list(map(known.get, values, values))
    return [known.get(value, value) if type(value) is str else value for value in values]


def _texts_of(columns: Sequence[list[Any]], trusted: bool) -> list[Array]:
    if not trusted:
        fitting = [all(value is None or type(value) is str for value in column) for column in columns]
        return [_texts_of([c], True)[0] if fits else objects(c) for c, fits in zip(columns, fitting, strict=True)]
    return _sliced(_strings(list(chain.from_iterable(columns))), columns)


def _strings(values: list[str | None]) -> ExtensionArray:
    """Texts as pandas holds them. Where it holds them in Arrow, Arrow reads a list four times as fast by itself."""
    if _in_arrow():
        import pyarrow as pa

        try:
            texts_in_arrow: ExtensionArray = pd.array(pa.array(values, type=pa.large_string()), dtype=TEXT)
            return texts_in_arrow
        except UnicodeEncodeError:  # half of a pair of surrogates: pandas has its own way with it
            pass
    strings: ExtensionArray = pd.array(values, dtype=TEXT)
    return strings


@cache
def _in_arrow() -> bool:
    return bool(pd.array([], dtype=TEXT).dtype.storage == "pyarrow")


def _times_of(columns: Sequence[list[Any]], trusted: bool) -> list[Array]:
    flat = list(chain.from_iterable(columns))
    try:
        parsed = _utc(flat)
        if parsed is None:
            moments: list[Any] = [_moment(value) for value in flat]
            parsed = _iso8601(moments)
        return _sliced(parsed.array, columns)
    except (ValueError, TypeError, OverflowError):
        if len(columns) == 1:
            return [objects(columns[0])]
        return [_times_of([column], trusted)[0] for column in columns]


def _iso8601(values: Sequence[Any]) -> pd.DatetimeIndex:
    try:
        return pd.DatetimeIndex(pd.to_datetime(list(values), format="ISO8601", utc=True)).as_unit("us")
    except pd.errors.OutOfBoundsDatetime:  # pandas before 3 reads texts as nanoseconds, which can't hold the year 1
        return pd.DatetimeIndex(pd.array(list(values), dtype="datetime64[us, UTC]"))


def _moment(value: Any) -> str | None:
    """A time as pandas reads it without surprises. Raises `ValueError` for anything else: it would read "now" as well.

    Microseconds are kept: with nanoseconds, the year 1 that means "never" to some servers can't stand in one column.
    """
    if value is None or value == "":
        return None
    match = _TIME.match(value) if type(value) is str else None
    if match is None:
        raise ValueError("no time")
    return match[1] + (match[2] or "")[:7] + (match[3] or "")


def _utc(values: list[Any]) -> pd.DatetimeIndex | None:
    """Times written as the platform writes them (2026-03-02T09:00:00.123Z), read ten times as fast; else None."""
    texts_only = [value for value in values if value is not None]
    if not all(type(value) is str and 20 <= len(value) <= 27 for value in texts_only):
        return None
    if not {value[10] + value[19] + value[-1] for value in texts_only} <= {"T.Z", "TZZ"}:
        return None
    naive = [value[:-1] if value is not None else "NaT" for value in values]
    return pd.DatetimeIndex(np.array(naive, dtype="M8[us]")).tz_localize("UTC")


def _sliced(whole_array: ExtensionArray, columns: Sequence[list[Any]]) -> list[Array]:
    arrays: list[Array] = []
    at = 0
    for column in columns:
        arrays.append(whole_array[at : at + len(column)])
        at += len(column)
    return arrays


def _numbers(values: list[Any], kind: Kind, trusted: bool) -> Array:
    size = len(values)
    gaps = values.count(None)
    if gaps == size:
        filled: list[Any] = []
    elif gaps:
        filled = [0 if value is None else value for value in values]
    else:
        filled = values
    missing = np.zeros(size, bool) if not gaps else np.fromiter((v is None for v in values), bool, size)
    if not trusted and filled:
        if kind == "whole" and any(type(value) is float for value in filled):
            # the wire writes counts as floats in places; a whole float is a whole number
            filled = [int(v) if type(v) is float and v.is_integer() else v for v in filled]
        allowed = _ALLOWED[kind]
        if not all(value is None or type(value) in allowed for value in map(_typed, values, filled)):
            return objects(values)
    try:
        if kind == "flag":
            return pd.arrays.BooleanArray(np.array(filled, bool) if filled else np.zeros(size, bool), missing)
        if kind == "whole":
            return pd.arrays.IntegerArray(np.array(filled, np.int64) if filled else np.zeros(size, np.int64), missing)
        return pd.arrays.FloatingArray(np.array(filled, np.float64) if filled else np.zeros(size, np.float64), missing)
    except OverflowError:
        return objects(values)


def _typed(value: Any, filled: Any) -> Any:
    """Return the value whose type is checked: None for a gap, whatever it is filled with."""
    return None if value is None else filled
