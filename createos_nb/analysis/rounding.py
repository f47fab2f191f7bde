"""Frames for people: rounded so that no failure is rounded away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from createos_nb.percentages import round_down, round_up

#: Columns that hold what went well, as a percentage or as a share of 1, and the lower end of an interval.
_DOWN: Final = frozenset({"success_percentage", "achieved", "success_low", "low", "budget_left"})
#: Columns that hold what went wrong, and the upper end of an interval.
_UP: Final = frozenset(
    {"error_percentage", "client_error_percentage", "server_error_percentage", "success_high", "high"}
)
#: Columns that hold shares of 1.
_FRACTIONS: Final = frozenset({"achieved", "budget_left"})
#: Columns that hold a level of the metric that names the row.
_LEVELS: Final = frozenset({"before", "during", "after"})


def rounded(frame: pd.DataFrame, digits: int = 2, *, rest: bool = True) -> pd.DataFrame:
    """Round the numbers of a frame for people to read.

    A success percentage, the share that an objective achieved and the lower end of an interval are rounded down, error
    percentages and the upper end up, all else to the nearest; shares of 1 get two digits more. A column
    `share_percentage` is rounded by the `status` beside it, and the columns `before`, `during` and `after` by the
    metric that names the row.

    Args:
        frame: any frame, such as another function of `createos_nb.analysis` returns it.
        digits: digits behind the decimal point.
        rest: round columns that are none of these to the nearest, too; False leaves them as they are.

    Returns:
        A copy of the frame with the same columns and dtypes.

    Examples:
        >>> frame = pd.DataFrame({"success_percentage": [99.9996], "error_percentage": [0.0004], "rpm": [87.2512]})
        >>> createos_nb.analysis.rounded(frame).iloc[0].tolist()
        [99.99, 0.01, 87.25]
    """
    result = frame.copy()
    for position, column in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if not pd.api.types.is_float_dtype(values.dtype):
            continue
        nearest = values.round(digits) if rest else values
        round_value = _rounder(str(column), digits)
        if round_value is not None:
            new = values.map(round_value, na_action="ignore")
        elif column in _LEVELS:
            new = _each(values, _metrics(frame), nearest, digits)
        elif column == "share_percentage" and "status" in frame.columns:
            kinds = [
                "error_percentage" if str(status)[:1] in "45" else "success_percentage" for status in frame["status"]
            ]
            new = _each(values, kinds, nearest, digits)
        elif rest:
            new = nearest
        else:
            continue
        result.isetitem(position, new.astype(values.dtype).array)
    return result


def _rounder(name: str, digits: int) -> Callable[[float], float] | None:
    if name in _FRACTIONS:
        return lambda value: round_down(value, digits + 2, whole=1.0)
    if name in _DOWN:
        return lambda value: round_down(value, digits)
    if name in _UP:
        return lambda value: round_up(value, digits)
    return None


def _metrics(frame: pd.DataFrame) -> list[str]:
    """Return the metric of each row."""
    return [str(metric) for metric in (frame["metric"] if "metric" in frame.columns else frame.index)]


def _each(values: pd.Series[Any], kinds: list[str], nearest: pd.Series[Any], digits: int) -> pd.Series[Any]:
    rounders = [_rounder(kind, digits) for kind in kinds]
    results = [
        other if round_value is None or pd.isna(value) else round_value(float(value))
        for value, round_value, other in zip(values, rounders, nearest, strict=True)
    ]
    return pd.Series(results, index=values.index, dtype=values.dtype)
