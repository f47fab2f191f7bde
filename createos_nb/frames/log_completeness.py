"""Completeness of logs: the platform cuts them without saying so."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.times import format_duration, iso

#: Lines that one answer holds at most: whatever has as many may have had more.
MOST_LINES: Final = 5_000
#: Seconds that the platform may keep: what is asked for beyond needs a line to prove that it is there.
KEPT_SECONDS: Final = 86_400
#: What the platform gives where nothing is asked for.
DEFAULT_SECONDS: Final = 60
#: From so many lines on their rhythm says whether the silence before the first is one of the log's own.
_ENOUGH: Final = 20
_SHORT: Final = 60.0
_UNUSUAL: Final = 10.0


def cut_by(frame: pd.DataFrame, since: float, now: float) -> str | None:
    """Why a runtime log may lack lines of the last `since` seconds, in words; None where nothing speaks for it.

    Three things speak for it: as many lines as one answer holds; a first line that comes much later than asked for,
    after a silence ten times as long as any other in the log; and a window that is longer than the platform is known to
    keep, of whose beginning no line is there.
    """
    if len(frame) >= MOST_LINES:
        return f"{len(frame):,} lines came, and the platform gives at most {MOST_LINES:,} in one answer: ask for less"
    written = frame["time"].dropna()
    times = (written.astype("int64") / 1e6).to_numpy()
    start = now - since
    if not len(times):
        return None if since <= KEPT_SECONDS else _asked_for_too_much(since)
    silence = float(times.min()) - start
    longest = float(pd.Series([*sorted(times), now]).diff().max())
    if silence > max(_SHORT, _UNUSUAL * longest) and len(times) >= _ENOUGH:
        begins, later = iso(int(times.min())), format_duration(silence // 1)
        return f"it begins at {begins}, {later} later than asked for: older lines may be missing"
    if since > KEPT_SECONDS and silence > max(_SHORT, longest):
        return _asked_for_too_much(since)
    return None


def cut_build(frame: pd.DataFrame) -> str | None:
    """Why a build log may lack lines; None where nothing speaks for it."""
    if len(frame) >= MOST_LINES:
        return f"{len(frame):,} lines came, and the platform may give no more in one answer: skip= reads on"
    return None


def _asked_for_too_much(since: float) -> str:
    return f"{format_duration(since)} were requested, and nothing shows that the platform keeps logs for so long"
