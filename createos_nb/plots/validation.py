"""Validation of the arguments of plots: an error names the argument, and the call that returns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from createos_nb.errors import InvalidInput

_COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")


def requests_frame(frame: Any, plot: str, name: str = "frame") -> None:
    """Raise `InvalidInput` unless it holds the requests of one environment over time."""
    call = "client.analytics.requests_over_time(project, environment)"
    if isinstance(frame, pd.DataFrame) and {"project", "environment", "time"} <= set(frame.columns):
        raise InvalidInput(
            f"plots.{plot}: {name} holds the requests of a fleet, and one environment is drawn: plots.fleet draws all, "
            f"and {call} gives one"
        )
    frame_of(frame, plot, name, "requests over time", call, _COUNTS, over_time=True)


def fleet_frame(frame: Any, plot: str, name: str = "frame") -> None:
    """Raise `InvalidInput` unless it holds the requests of a fleet over time."""
    columns = ("project", "environment", "time", *_COUNTS)
    frame_of(frame, plot, name, "requests of a fleet", "client.fleet.requests_over_time()", columns)


def frame_of(
    frame: Any,
    plot: str,
    name: str,
    what: str,
    call: str,
    columns: Sequence[str] = (),
    *,
    over_time: bool = False,
) -> None:
    """Raise `InvalidInput` unless it is a DataFrame with the columns and, for `over_time`, an index of times."""
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInput(
            f"plots.{plot}: {name} is a {type(frame).__name__}, and has to be a DataFrame of {what}: {call} gives it"
        )
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        have = ", ".join(map(str, list(frame.columns)[:12])) or "none"
        raise InvalidInput(
            f"plots.{plot}: {name} is no frame of {what}: it has no column {', '.join(map(repr, absent))} "
            f"(its columns: {have}); {call} gives it"
        )
    if over_time and not isinstance(frame.index, pd.DatetimeIndex):
        raise InvalidInput(
            f"plots.{plot}: {name} is no frame of {what}: its index has to be times (DatetimeIndex), and is "
            f"{type(frame.index).__name__}; {call} gives it"
        )


def result_of(value: Any, plot: str, name: str, kind: str, call: str, attributes: Sequence[str]) -> None:
    """Raise `InvalidInput` for anything but the result that a plot draws."""
    if not all(hasattr(value, attribute) for attribute in attributes):
        raise InvalidInput(f"plots.{plot}: {name} is a {type(value).__name__}, and has to be a {kind}: {call} gives it")
