"""Percentages for people: what succeeded is rounded down, what failed up, so that no failure is rounded away."""

from __future__ import annotations

import math
from typing import Final

#: A percentage that has as many digits as asked for stays what it is, although a float misses it by a little.
_SLACK: Final = 1e-12


def round_down(value: float, digits: int = 2, *, whole: float = 100.0) -> float:
    """Round a percentage down; only all of it is 100.

    Args:
        value: The percentage.
        digits: Decimals to keep.
        whole: What all of it is: 1 for a share.

    Returns:
        The rounded percentage.

    Examples:
        >>> from createos_nb.percentages import round_down
        >>> round_down(99.999), round_down(100.0)
        (99.99, 100.0)
    """
    if not math.isfinite(value):
        return value
    scale = 10.0**digits
    rounded = math.floor(value * scale + abs(value * scale) * _SLACK) / scale
    return min(rounded, (whole * scale - 1) / scale) if value < whole else rounded


def round_up(value: float, digits: int = 2) -> float:
    """Round a percentage up; only nothing at all is 0.

    Args:
        value: The percentage.
        digits: Decimals to keep.

    Returns:
        The rounded percentage.

    Examples:
        >>> from createos_nb.percentages import round_up
        >>> round_up(0.0001), round_up(0.0)
        (0.01, 0.0)
    """
    if not math.isfinite(value):
        return value
    scale = 10.0**digits
    rounded = math.ceil(value * scale - abs(value * scale) * _SLACK) / scale
    return max(rounded, 1 / scale) if value > 0 else rounded + 0.0  # no -0


def success(value: float, digits: int = 2) -> str:
    """Return a success percentage as text, rounded down.

    Args:
        value: The percentage.
        digits: Decimals to keep.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.percentages import success
        >>> success(99.996)
        '99.99 %'
    """
    return f"{round_down(value, digits):.{digits}f} %"


def failure(value: float, digits: int = 2) -> str:
    """Return a percentage of what failed as text, rounded up.

    Args:
        value: The percentage.
        digits: Decimals to keep.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.percentages import failure
        >>> failure(0.001)
        '0.01 %'
    """
    return f"{round_up(value, digits):.{digits}f} %"
