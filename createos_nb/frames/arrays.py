"""Lists of values as typed arrays, without losing one: a value that does not fit leaves its column an object column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from createos_nb.frames.schema import Kind
from createos_nb.secret import MASK, Secret

Array = np.ndarray[Any, Any] | ExtensionArray


def array(values: list[Any], kind: Kind, states: Mapping[str, str] | None = None) -> Array:
    """The array of a column's values."""
    if kind == "time":
        return times([values])[0]
    if kind == "map":
        return objects([mask(value) for value in values])
    if kind == "secret":
        return objects([Secret(value) if type(value) is str else value for value in values])
    if kind == "state":
        known = states or {}
        return texts([known.get(value, value) if type(value) is str else value for value in values])
    if kind == "text":
        return texts(values)
    if kind == "object":
        return objects(values)
    return _numbers(values, kind)


def texts(values: list[Any]) -> Array:
    if not all(value is None or type(value) is str for value in values):
        return objects(values)
    return pd.array(values, dtype="str")


def objects(values: Sequence[Any]) -> Array:
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return held


def mask(value: Any) -> Any:
    """A map with its values hidden; anything else as it is."""
    return dict.fromkeys(value, MASK) if isinstance(value, dict) else value


def times(columns: Sequence[list[Any]]) -> list[Array]:
    """Several columns of RFC 3339 texts at once (parsing costs more by the call than by the value)."""
    flat = [value for column in columns for value in column]
    try:
        parsed = pd.DatetimeIndex(pd.to_datetime(flat, format="ISO8601", utc=True)).as_unit("us")
    except (ValueError, TypeError):
        return [_time_or_objects(column) for column in columns]
    found: list[Array] = []
    at = 0
    for column in columns:
        found.append(parsed[at : at + len(column)].array)
        at += len(column)
    return found


def _time_or_objects(column: list[Any]) -> Array:
    try:
        return pd.DatetimeIndex(pd.to_datetime(column, format="ISO8601", utc=True)).as_unit("us").array
    except (ValueError, TypeError):
        return objects(column)


def _numbers(values: list[Any], kind: Kind) -> Array:
    missing = np.fromiter((value is None for value in values), dtype=bool, count=len(values))
    filled = [0 if value is None else value for value in values] if missing.any() else values
    allowed: tuple[type, ...] = {"whole": (int,), "number": (int, float), "flag": (bool,)}[kind]
    if kind == "whole" and any(type(value) is float for value in filled):
        # the wire writes counts as floats in places; a whole float is a whole number
        filled = [int(v) if type(v) is float and v.is_integer() else v for v in filled]
    if kind == "flag" and missing.any():
        filled = [False if value is None else value for value in values]
    if not all(type(value) in allowed for value in filled):
        return objects(values)
    try:
        if kind == "flag":
            return pd.arrays.BooleanArray(np.array(filled, dtype=bool), missing)
        if kind == "whole":
            return pd.arrays.IntegerArray(np.array(filled, dtype=np.int64), missing)
        return pd.arrays.FloatingArray(np.array(filled, dtype=np.float64), missing)
    except OverflowError:
        return objects(values)
