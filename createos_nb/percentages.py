"""Percentages for people: what succeeded is rounded down, what failed up, so that no failure is rounded away."""

from __future__ import annotations

import math
from typing import Final

#: A percentage that has as many digits as asked for stays what it is, although a float misses it by a little.
_SLACK: Final = 1e-12


def round_down(value: float, digits: int = 2, *, whole: float = 100.0) -> float:
    """Round a percentage down; only all of it is 100. `whole`: what all of it is, 1 for a share."""
    if not math.isfinite(value):
        return value
    scale = 10.0**digits
    rounded = math.floor(value * scale + abs(value * scale) * _SLACK) / scale
    return min(rounded, (whole * scale - 1) / scale) if value < whole else rounded


def round_up(value: float, digits: int = 2) -> float:
    """Round a percentage up; only nothing at all is 0."""
    if not math.isfinite(value):
        return value
    scale = 10.0**digits
    rounded = math.ceil(value * scale - abs(value * scale) * _SLACK) / scale
    return max(rounded, 1 / scale) if value > 0 else rounded + 0.0  # no -0


def success(value: float, digits: int = 2) -> str:
    """A success percentage as text: 99.996 is "99.99 %"."""
    return f"{round_down(value, digits):.{digits}f} %"


def failure(value: float, digits: int = 2) -> str:
    """A percentage of what failed as text: 0.001 is "0.01 %"."""
    return f"{round_up(value, digits):.{digits}f} %"
