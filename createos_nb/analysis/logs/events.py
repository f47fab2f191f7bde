"""The lines of a log as events: a line with those that go on with it, such as a stack trace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.grids import FrameError
from createos_nb.analysis.logs.masks import MOST_READ
from createos_nb.display import strip_control_chars
from createos_nb.dtypes import TEXT
from createos_nb.log_text import first_lines, is_header, level_of, names_error, without_level

_FILTERS: Final = ("level", "search")


class Event(NamedTuple):
    """A line with those that go on with it; its text has the error that these name."""

    position: int
    text: str
    level: str | None


def lines_frame(lines: Any, name: str) -> pd.DataFrame:
    """The lines as time, level and text, numbered from 0; rows without a text are left out."""
    if isinstance(lines, pd.DataFrame):
        frame = lines
        if "text" not in frame.columns:
            columns = ", ".join(map(str, frame.columns[:8])) or "none"
            raise FrameError(f"{name}: a log has a column text; this frame has {columns}: give what `logs` returns")
    elif isinstance(lines, str | bytes | Mapping) or not isinstance(lines, Iterable):
        raise FrameError(f"{name} can't be a {type(lines).__name__}: give a log, a column of texts, or a list of lines")
    else:
        frame = pd.DataFrame({"text": pd.Series(list(lines), dtype=object)})
    texts = frame["text"]
    wrong = next((value for value in texts if not isinstance(value, str) and not pd.isna(value)), None)
    if wrong is not None:
        raise FrameError(f"{name}: a line is text, not {type(wrong).__name__}: {str(wrong)[:40]!r}")
    attrs, frame = frame.attrs, frame[texts.notna().to_numpy()]
    if "gap" in frame.columns:  # a row that stands where lines may be missing is none
        frame = frame[~frame["gap"].fillna(value=False).astype(bool)]
    parts = [[text] if text.isprintable() else text.splitlines() or [""] for text in frame["text"]]
    frame = frame.iloc[np.repeat(np.arange(len(frame)), [len(lines_of) for lines_of in parts])].reset_index(drop=True)
    written = [part for lines_of in parts for part in lines_of]
    frame["text"] = [part if part.isprintable() else strip_control_chars(part) for part in written]
    if "level" not in frame.columns:
        frame["level"] = pd.Series([level_of(text) for text in frame["text"]], dtype=TEXT)
    if "time" not in frame.columns:
        frame["time"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    elif not isinstance(frame["time"].dtype, pd.DatetimeTZDtype):
        raise FrameError(f"{name}: the column time is {frame['time'].dtype}, and holds times in UTC")
    frame.attrs = attrs
    return frame


def check_filters(lines: pd.DataFrame, quiet: pd.DataFrame) -> None:
    """Refuse a quiet log that lacks lines only because it was searched for something else."""
    asked, known = (frame.attrs.get("asked") or {} for frame in (lines, quiet))
    for name in _FILTERS:
        if known.get(name) is not None and known.get(name) != asked.get(name):
            raise FrameError(
                f"the quiet log was read with {name}={known[name]!r}, and the other was not: what is missing there "
                f"would look new; read both with the same {name}="
            )


def events_of(frame: pd.DataFrame) -> list[Event]:
    """Return the events of a log, as `lines_frame` gives it, in order."""
    texts = frame["text"].tolist()
    levels = [level if isinstance(level, str) else None for level in frame["level"]]
    first = first_lines(texts, frame["time"].notna(), levels)
    events: list[Event] = []
    for position, own in enumerate(first):
        text = texts[position]
        if own == position:
            if text.strip():
                events.append(Event(position, without_level(text).strip(), levels[position]))
        elif events and (tail := _names_error(texts, position, own)):
            head = events[-1]
            events[-1] = head._replace(text=f"{head.text[: MOST_READ // 2]} … {tail}", level=head.level or "error")
    return events


def _names_error(texts: list[str], position: int, own: int) -> str:
    """What a line adds to the one that began it: the exception of a traceback, the message of a panic."""
    line, previous = without_level(texts[position]), without_level(texts[position - 1])
    if position == own + 1 and is_header(texts[own]):
        return line.strip()
    if line[:1] in ("", " ", "\t"):
        return ""
    if position == own + 1 and (previous.startswith("thread ") or (names_error(line) and "Traceback (" not in line)):
        return line.strip()
    ends = previous[:1] in (" ", "\t") and re.match(r"[A-Za-z_][\w.]*(?::|$)", line) is not None
    traceback = any(without_level(text).startswith("Traceback (") for text in texts[own:position])
    return line.strip() if ends and traceback else ""
