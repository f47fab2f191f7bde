"""Lines of a log: which of them are shown, and how; pure functions from frames to frames and HTML."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.frames import log_filter
from createos_nb.frames.log_search import REGEX
from createos_nb.panels import markup

#: Lines that are kept while a log is followed; older ones go.
MAX_LINES: Final = 5000
_GAP: Final = "lines may be missing here"
_SIGNS: Final = {"warn": "▲", "error": "✕", "fatal": "✕"}


def join(lines: pd.DataFrame, new: pd.DataFrame, *, first: bool = False, missed: bool = False) -> pd.DataFrame:
    """Append new lines to those that are kept; return the last `MAX_LINES`.

    `first`: the new lines are those of a reading that begins anew and may hold what is kept already; `missed`: between
    the two nothing was read. Lines without a time can't be told apart: what is kept then gives way.
    """
    new = _with_gap(new)
    if first and len(new):
        start = new["time"].min()
        lines = lines.iloc[:0] if pd.isna(start) else lines[~(lines["time"] >= start)]
    if missed and len(lines) and len(new):
        lines = _with_gap(lines)
        gap = lines.iloc[:0].reindex([0]).assign(text=_GAP, gap=True).astype(lines.dtypes.to_dict())
        lines = pd.concat([lines, gap], ignore_index=True)
    if not len(lines):
        return new.tail(MAX_LINES).reset_index(drop=True)
    return pd.concat([_with_gap(lines), new], ignore_index=True).tail(MAX_LINES).reset_index(drop=True)


def select(frame: pd.DataFrame, *, search: str = "", level: str = "", max_lines: int = 200) -> tuple[pd.DataFrame, int]:
    """Return the last `max_lines` lines that hold `search` and are at least of a level, as of `logs`; and their number.

    Gaps stay in sight. Raises `InvalidInput` for a regular expression, behind "re:", that can't be read.
    """
    frame = _with_gap(frame)
    whole = not search.removeprefix(REGEX)  # of an expression only the beginning is typed
    matches = log_filter(level or None, None if whole else search, name="search").matches(frame)
    count = int(matches.sum() - (matches & frame["gap"]).sum())
    return frame[matches | frame["gap"]].tail(max_lines), count


def html(frame: pd.DataFrame, label: str) -> str:
    """Return lines as an HTML region that is scrolled to its end; every text is escaped."""
    rows = [
        _line(time, level, text, gap)
        for time, level, text, gap in zip(
            frame["time"].dt.strftime("%H:%M:%S"), frame["level"], frame["text"], frame["gap"], strict=True
        )
    ]
    return (
        f'<div class="createos-lines" role="log" aria-live="off" tabindex="0" aria-label="{markup.text(label)}">'
        f"<div>{''.join(rows)}</div></div>"
    )


def _line(time: object, level: object, text: object, gap: bool) -> str:
    if gap:
        return f'<div class="createos-gap">— {markup.text(text)} —</div>'
    word = str(level).upper() if isinstance(level, str) else ""
    message = "" if not isinstance(text, str) else text
    css_class = f" createos-{markup.text(level)}" if level in _SIGNS else ""
    sign = _SIGNS.get(str(level), "")
    # a line mostly says its level itself: what it doesn't say stands before it
    prefix = "" if not word or word in message[:40].upper() else f"{word} "
    timestamp = f'<time class="createos-muted">{time}</time> ' if isinstance(time, str) else ""
    prefix = f"{sign} {prefix}" if sign else prefix
    return f'<div class="createos-line{css_class}">{timestamp}{prefix}{markup.text(message)}</div>'


def _with_gap(frame: pd.DataFrame) -> pd.DataFrame:
    if "gap" in frame.columns:
        return frame.assign(gap=frame["gap"].fillna(False).astype(bool))
    return frame.assign(gap=False)
