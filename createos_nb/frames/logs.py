"""Logs as frames: time, line number, stage, level where it can be read, text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.frames.arrays import integers, readable_times, texts
from createos_nb.log_text import level_of

_STAMP: Final = re.compile(r"^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))\]?\s?")
_BREAK: Final = re.compile(r"\r\n|\n|\r")  # and no form feed, which may stand within a line

COLUMNS: Final = ("time", "line_number", "stage", "level", "text")


def runtime_log_frame(text: str, stage: str = "run") -> pd.DataFrame:
    """Return the lines of a runtime log as a frame.

    The time is read from the beginning of a line, NaT where there is none.

    Args:
        text: The log as it came.
        stage: What stands in the column `stage`.

    Returns:
        time (datetime64[us, UTC]), line_number (Int64), stage, level, text (str).

    Examples:
        >>> from createos_nb.frames import runtime_log_frame
        >>> log = runtime_log_frame("2026-03-02T09:00:00Z INFO ready")
        >>> log[["level", "text"]]
          level        text
        0  info  INFO ready
    """
    lines = _BREAK.split(text)
    if lines[-1] == "":
        lines.pop()
    matches = [_STAMP.match(line) for line in lines]
    written: list[Any] = [stamp[1].replace(",", ".") if stamp else None for stamp in matches]
    stamps = readable_times(written)
    # what looks like a time and is none stays in the text
    read = [stamp if ok else None for stamp, ok in zip(matches, stamps.notna(), strict=True)]
    texts_of = [
        strip_control_chars(line[stamp.end() :] if stamp else line) for line, stamp in zip(lines, read, strict=True)
    ]
    return _frame(stamps, list(range(1, len(lines) + 1)), [stage] * len(lines), texts_of)


def build_log_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of a build log with their level.

    Args:
        rows: The rows of the answer; control sequences are taken out of the text.

    Returns:
        The same rows, with the column `level` (str) before the text.

    Examples:
        >>> from createos_nb.frames import build_log_frame
        >>> rows = pd.DataFrame({"time": [pd.NaT], "line_number": [1], "stage": ["build"], "text": ["ERROR: no file"]})
        >>> build_log_frame(rows)["level"].to_list()
        ['error']
    """
    lines = [None if text is None or text != text else strip_control_chars(str(text)) for text in rows["text"]]
    out = rows.assign(text=texts(lines))
    out.insert(3, "level", pd.Series(texts([None if x is None else level_of(x) for x in lines]), index=out.index))
    return out


def _frame(stamps: Any, numbers: Sequence[int], stages: list[str], lines: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": stamps,
            "line_number": integers(list(numbers)),
            "stage": texts(stages),
            "level": texts([level_of(line) for line in lines]),
            "text": texts(lines),
        }
    )
