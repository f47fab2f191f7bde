"""Logs as frames: time, line number, stage, level where it can be read, text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from createos_nb.frames.arrays import texts, times, whole

_STAMP: Final = re.compile(r"^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))\]?\s?")
_LEVEL: Final = re.compile(
    r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|PANIC)\b|\"level\"\s*:\s*\"(\w+)\"|\blevel=(\w+)"
)
_NAMES: Final = {"warning": "warn", "err": "error", "critical": "fatal", "panic": "fatal", "notice": "info"}
_EXCEPTION: Final = re.compile(r"^(?:Traceback \(most recent call last\)|\w*(?:Error|Exception)\b.*:|panic:|npm ERR!)")
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

COLUMNS: Final = ("time", "line_number", "stage", "level", "text")


def clean(text: str) -> str:
    """A line without terminal control sequences; other control characters are spelled out."""
    text = _ANSI.sub("", text)
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def level_of(text: str) -> str | None:
    """trace, debug, info, warn, error or fatal, where the line says so in a way that is common; else None."""
    if found := _LEVEL.search(text[:400]):
        word = next(group for group in found.groups() if group).lower()
        return _NAMES.get(word, word)
    return "error" if _EXCEPTION.match(text) else None


def runtime_log_frame(text: str, stage: str = "run") -> pd.DataFrame:
    """The lines of a runtime log; the time is read from the beginning of a line, NaT where there is none."""
    stamps: list[str | None] = []
    lines: list[str] = []
    for line in text.splitlines():
        found = _STAMP.match(line)
        stamps.append(found[1].replace(",", ".") if found else None)
        lines.append(clean(line[found.end() :] if found else line))
    return _frame(times(stamps), list(range(1, len(lines) + 1)), [stage] * len(lines), lines)


def build_log_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """The lines of a build log with their level; control sequences are taken out of the text."""
    lines = [clean(text) if isinstance(text, str) else text for text in rows["text"]]
    out = rows.assign(text=texts([x if isinstance(x, str) else None for x in lines]))
    out.insert(
        3, "level", pd.Series(texts([level_of(x) if isinstance(x, str) else None for x in lines]), index=out.index)
    )
    return out


def _frame(stamps: Any, numbers: Sequence[int], stages: list[str], lines: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": stamps,
            "line_number": whole(list(numbers)),
            "stage": texts(stages),
            "level": texts([level_of(line) for line in lines]),
            "text": texts(lines),
        }
    )
