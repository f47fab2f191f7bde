"""Rows of a frame in values that JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from createos_nb.display import is_missing
from createos_nb.redaction import MASK, Secret


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON takes them.

    Args:
        frame: The frame.

    Returns:
        A mapping for each row: times in ISO 8601 (UTC), durations in seconds, None where a value is missing.

    Examples:
        >>> from createos_nb.frames.json_rows import rows_of
        >>> rows_of(pd.DataFrame({"at": [pd.Timestamp("2026-03-02T09:00:00Z")], "age": [pd.Timedelta("1h")]}))
        [{'at': '2026-03-02T09:00:00Z', 'age': 3600.0}]
    """
    names = [str(name) for name in frame.columns]
    return [
        {name: plain_value(value) for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def plain_value(value: Any) -> Any:
    """Return a value as JSON takes it.

    Args:
        value: A cell of a frame.

    Returns:
        A text, number, bool, list, mapping, or None.

    Examples:
        >>> from createos_nb.frames.json_rows import plain_value
        >>> plain_value(pd.NA), plain_value([1, pd.NA]), plain_value("v3")
        (None, [1, None], 'v3')
    """
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, list | tuple | set | frozenset) or type(value).__name__ == "ndarray":
        return [plain_value(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if is_missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, pd.Timedelta):
        return value.total_seconds()
    if hasattr(value, "item"):
        value = value.item()  # numpy's, as Python has it
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    return value if isinstance(value, str | bool | int | float) else str(value)
