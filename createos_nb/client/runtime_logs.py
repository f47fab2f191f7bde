"""Runtime logs of a window: what the platform gives from a moment on, cut to what is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from createos_nb.contract.operation import UNSET, Operation
from createos_nb.errors import IncompleteWarning, InvalidInput, warn
from createos_nb.frames import LogFilter, runtime_log_frame
from createos_nb.frames.log_completeness import DEFAULT_SECONDS, KEPT_SECONDS, cut_by
from createos_nb.frames.log_search import event_levels
from createos_nb.log_text import LEVELS
from createos_nb.redaction import MASK
from createos_nb.times import format_duration, iso, unix
from createos_nb.uploads.secret_tokens import form_in

if TYPE_CHECKING:
    from createos_nb.client.session import Session

#: Seconds, and share of the window, that a log is read farther back than asked for. The platform counts from when a
#: request arrives, and a line from before the window proves that nothing of the window is missing.
_MARGIN, _SHARE, _MOST = 10.0, 0.01, 600.0


class LogWindow(NamedTuple):
    """What is asked for, in Unix seconds, and the present of the other side."""

    start: float
    end: float
    now: float

    def since_seconds(self, speed: float) -> int:
        """Return how far back to ask, so that the window is reached however long the request is under way."""
        length = max(self.now - self.start, 0.0)
        margin = max(_MARGIN * max(speed, 1.0), min(length * _SHARE, _MOST))
        # what the platform is not known to keep is asked for only where the window itself reaches there
        reach = length if length > KEPT_SECONDS else min(length + margin, float(KEPT_SECONDS))
        return max(1, math.ceil(reach))

    @property
    def texts(self) -> list[str]:
        """Both ends as text."""
        return [iso(int(self.start)), iso(int(self.end))]


def log_window(session: Session, name: str, start: Any, end: Any) -> LogWindow:
    """Return the window that `start=` and `end=` ask for, by default the last minute."""
    now = session.transport.now()
    stop = now if end is UNSET else unix(end, now, f"{name}: end")
    begin = stop - DEFAULT_SECONDS if start is UNSET else unix(start, now, f"{name}: start")
    if begin >= stop:
        raise InvalidInput(f"{name}: the window is empty: start {iso(int(begin))} is not before end {iso(int(stop))}")
    return LogWindow(begin, stop, now)


def read_log(
    session: Session,
    operation: Operation,
    arguments: Mapping[str, Any],
    asked: Mapping[str, Any],
    wanted: LogFilter,
) -> pd.DataFrame:
    """Read one runtime log, and warn where lines may be missing.

    Args:
        session: Of the client.
        operation: Gives the log.
        arguments: The project, and the environment or deployment.
        asked: `start` and `end`; and what `wanted` was made from, for the frame's attributes.
        wanted: Which lines to keep.

    Returns:
        The lines; `attrs` say what was asked for, and what may be missing.
    """
    window = log_window(session, operation.call, asked["start"], asked["end"])
    frame = lines_of(session, operation, arguments, asked, window, wanted)
    if cut := frame.attrs.get("cut"):
        hidden = "" if wanted.all_lines else "; lines that match may be among them"
        warn(f"{operation.call}: the log may lack lines: {cut}{hidden}", IncompleteWarning)
    return frame


def lines_of(
    session: Session,
    operation: Operation,
    arguments: Mapping[str, Any],
    asked: Mapping[str, Any],
    window: LogWindow,
    wanted: LogFilter,
) -> pd.DataFrame:
    """Read the lines of a window; `attrs["cut"]` says why some may be missing, without a warning."""
    since = window.since_seconds(session.clock.speed)
    sent = {**arguments, "since_seconds": since}
    text = session.with_ids(operation, sent, lambda values: session.log_text(operation, values))
    late = session.transport.now() - since - window.start
    in_future = session.warn_of_future(operation, window.start)
    frame = runtime_log_frame(text)
    cut = _why_cut(frame, window, late, session.clock.speed)
    frame = _within(frame, window)
    if cut is None and window.end < window.now and len(frame) and frame["time"].isna().all():
        cut = f"no line says its time: all of the last {format_duration(since)} are here, also those after the end"
    more: dict[str, Any] = {"window": window.texts}
    if cut:
        more["cut"] = cut
    shown = {name: shown_text(value) for name, value in asked.items()}
    session.with_attrs(frame, operation, {**arguments, **shown}, complete=not cut and not in_future, more=more)
    return filtered(frame, wanted)


def filtered(frame: pd.DataFrame, wanted: LogFilter) -> pd.DataFrame:
    """Return the lines that are wanted; `attrs` count those that were read, that match, and that say no level."""
    result = frame if wanted.all_lines else frame[wanted.matches(frame)].reset_index(drop=True)
    result.attrs = {**frame.attrs, "lines_read": len(frame), "lines_matching": len(result)}
    if wanted.levels is not None:
        result.attrs["lines_without_level"] = int((~event_levels(frame).isin(LEVELS)).sum())
    return result


def _why_cut(frame: pd.DataFrame, window: LogWindow, late: float, speed: float) -> str | None:
    times = frame["time"].dropna()
    if len(times) and times.min().timestamp() < window.start:
        return None  # older lines than asked for are there, and the platform leaves out the oldest
    if late > max(speed, 1.0) * 2:
        return f"the answer came late, and a log looks back from then: {format_duration(late // 1)} may be missing"
    return cut_by(frame, window.now - window.start, window.now)


def _within(frame: pd.DataFrame, window: LogWindow) -> pd.DataFrame:
    """The lines of the window, numbered; a line without a time goes with the line with a time before it."""
    times = frame["time"].ffill().bfill()
    start, end = (pd.Timestamp(moment, unit="s", tz="UTC") for moment in (window.start, window.end))
    inside = times.isna() | (times >= start)
    if window.end < window.now:  # what is written while the request is under way is no less asked for
        inside &= times.isna() | (times < end)
    lines = frame[inside].reset_index(drop=True)
    lines["line_number"] = pd.array(range(1, len(lines) + 1), dtype="Int64")
    return lines


def shown_text(value: Any) -> Any:
    """A value as attributes of frames can hold it: who looks for a leaked key does not leak it once more."""
    pattern = getattr(value, "pattern", None)
    if isinstance(pattern, str):
        value = f"re:{pattern}"
    if isinstance(value, str):
        return MASK if form_in(value.encode()) else value
    if value is UNSET or value is None or isinstance(value, int | float):
        return value
    return ", ".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)
