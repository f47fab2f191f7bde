"""Lines of a log: which of them are shown, and how; pure functions from frames to frames and HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.frames import log_filter
from createos_nb.frames.log_search import REGEX
from createos_nb.log_text import LEVELS
from createos_nb.panels import markup

#: A piece of a line, and what it is: "" for text, "mark" for what was searched for, "level" for the word of its level.
Part: TypeAlias = tuple[str, str]

#: Lines that are kept while a log is followed; older ones go.
MAX_LINES: Final = 5000
_GAP: Final = "lines may be missing here"
#: Characters at the beginning of a line in which it says its level.
_HEAD: Final = 40
#: Marks in one line.
_MOST_MARKS: Final = 50
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


def select(
    frame: pd.DataFrame,
    *,
    search: str = "",
    level: str = "",
    max_lines: int = 200,
    keys: pd.Series[str] | None = None,
    pattern: str = "",
) -> tuple[pd.DataFrame, int]:
    """Return the last `max_lines` lines that hold `search` and are at least of a level, as of `logs`; and their number.

    `keys`: the key of the pattern of each line; those of `pattern` are taken, of all patterns where that is "".

    Gaps stay in sight. Raises `InvalidInput` for a regular expression, behind "re:", that can't be read.
    """
    frame = _with_gap(frame)
    whole = not search.removeprefix(REGEX)  # of an expression only the beginning is typed
    matches = log_filter(level or None, None if whole else search, name="search").matches(frame)
    if pattern and keys is not None:
        matches &= keys.eq(pattern).fillna(value=False).astype(bool)
    count = int(matches.sum() - (matches & frame["gap"]).sum())
    return frame[matches | frame["gap"]].tail(max_lines), count


def rows(frame: pd.DataFrame, numbers: Sequence[int], *, search: str = "", cut: str = "") -> list[dict[str, object]]:
    """Return lines as the browser is given them: no control sequence in any text, and what was searched for marked.

    `numbers`: those of the lines, which stay what they are when more come; `cut`: why the log begins here, "" where it
    does not.
    """
    pattern = None if not search.removeprefix(REGEX) else log_filter(None, search, name="search").pattern
    found: list[dict[str, object]] = []
    if cut:
        found.append(_row(-1, "cut", [(f"cut here: {cut}", "")]))
    for number, time, level, text, gap in zip(
        numbers, frame["time"], frame["level"], frame["text"], frame["gap"], strict=True
    ):
        if gap:
            found.append(_row(number, "gap", [(f"— {strip_control_chars(str(text))} —", "")]))
        else:
            found.append(_line(number, time, level, text, pattern))
    return found


def _row(number: int, kind: str, parts: list[Part], **more: str) -> dict[str, object]:
    line = {"time": "", "at": "", "level": "", "before": "", **more}
    return {"n": int(number), "kind": kind, **line, "parts": [list(part) for part in parts]}


def _line(number: int, time: object, level: object, text: object, pattern: re.Pattern[str] | None) -> dict[str, object]:
    name = level if isinstance(level, str) and level in LEVELS else ""
    message = strip_control_chars(text) if isinstance(text, str) else ""
    sign, word = _SIGNS.get(name, ""), name.upper()
    # a line mostly says its level itself: what it doesn't say stands before it
    at = message[:_HEAD].upper().find(word) if word else -1
    before = " ".join(part for part in (sign, word if at < 0 else "") if part)
    own = [(at, at + len(word), "level")] if at >= 0 else []
    marks = [] if pattern is None else [(*match.span(), "mark") for match in _matches(pattern, message)]
    known = isinstance(time, pd.Timestamp) and not pd.isna(time)
    return _row(
        number,
        "",
        _parts(message, [*marks, *own]),
        time=f"{time:%H:%M:%S}" if known else "",
        at=f"{time:%Y-%m-%d %H:%M:%S} UTC" if known else "",
        level=name,
        before=before,
    )


def _matches(pattern: re.Pattern[str], message: str) -> list[re.Match[str]]:
    """The first matches that hold something."""
    return [match for match in islice(pattern.finditer(message), _MOST_MARKS) if match.group()]


def _parts(message: str, spans: list[tuple[int, int, str]]) -> list[Part]:
    """A message in pieces; of two that overlap the first of the list stays."""
    kept: list[tuple[int, int, str]] = []
    for start, end, kind in spans:
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end, kind))
    parts, position = [], 0
    for start, end, kind in sorted(kept):
        parts += [(message[position:start], ""), (message[start:end], kind)]
        position = end
    return [(text, kind) for text, kind in [*parts, (message[position:], "")] if text]


def html(lines: Sequence[Mapping[str, Any]], label: str) -> str:
    """Return lines, as `rows` gives them, as HTML for where no widgets are; every text is escaped."""
    return (
        f'<div class="createos-lines" role="log" aria-live="off" tabindex="0" aria-label="{markup.text(label)}">'
        f"<div>{''.join(_html(line) for line in lines)}</div></div>"
    )


def _html(line: Mapping[str, Any]) -> str:
    if line["kind"]:
        return f'<div class="createos-{line["kind"]}">{"".join(markup.text(text) for text, _ in line["parts"])}</div>'
    tags = {"mark": ("<mark>", "</mark>"), "level": ('<span class="createos-level">', "</span>"), "": ("", "")}
    text = "".join(f"{tags[kind][0]}{markup.text(piece)}{tags[kind][1]}" for piece, kind in line["parts"])
    before = f'<span class="createos-level">{markup.text(line["before"])}</span> ' if line["before"] else ""
    level = f" createos-level-{line['level']}" if line["level"] else ""
    return (
        f'<div class="createos-log-line{level}"><time title="{line["at"]}">{line["time"]}</time> '
        f'<span class="createos-log-text">{before}{text}</span></div>'
    )


def _with_gap(frame: pd.DataFrame) -> pd.DataFrame:
    if "gap" in frame.columns:
        return frame.assign(gap=frame["gap"].fillna(False).astype(bool))
    return frame.assign(gap=False)
