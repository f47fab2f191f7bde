"""Cron expressions: five fields in UTC, or one of the usual nicknames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

_NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PIECE: Final = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", flags=re.ASCII)
LOOK_BACK: Final = 366 * 5
"""Days that are searched for the last run."""
_DAY: Final = 1440
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Cron:
    """A schedule: the minutes in which a job is due. Raises `ValueError` that says which field is wrong."""

    def __init__(self, expression: str) -> None:
        text = _NICKNAMES.get(expression.strip().lower(), expression)
        parts = text.split()
        if len(parts) != 5:
            raise ValueError(f"a cron expression has five fields, not {len(parts)}: {expression!r}")
        sets = [_values(part, *facts) for part, facts in zip(parts, _FIELDS, strict=True)]
        self._minutes, self._hours, self._days, self._months = sets[:4]
        self._weekdays = frozenset(day % 7 for day in sets[4])
        self._either = parts[2] != "*" and parts[4] != "*"

    def _on(self, day: datetime) -> bool:
        if day.month not in self._months:
            return False
        of_month, of_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return of_month or of_week if self._either else of_month and of_week

    def before(self, moment: int) -> Iterator[int]:
        """ScheduledEvent times before a moment (Unix seconds), latest first; looks back five years."""
        latest = datetime.fromtimestamp(moment, UTC)
        day = latest.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(LOOK_BACK):
            if self._on(day):
                for hour in sorted(self._hours, reverse=True):
                    for minute in sorted(self._minutes, reverse=True):
                        due = int(day.timestamp()) + hour * 3600 + minute * 60
                        if due < moment:
                            yield due
            day -= timedelta(days=1)

    def minutes(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Return which of the minutes `first` to `last` (since 1970, `last` left out) it is due in."""
        day, end = first // _DAY, -(-last // _DAY)
        of_a_day = np.zeros(_DAY, dtype=bool)
        of_a_day[[hour * 60 + minute for hour in self._hours for minute in self._minutes]] = True
        due = np.zeros((end - day, _DAY), dtype=bool)
        for row in range(end - day):
            if self._on(_EPOCH + timedelta(days=day + row)):
                due[row] = of_a_day
        flat: npt.NDArray[np.bool_] = due.ravel()[first - day * _DAY : last - day * _DAY]
        return flat


def _values(text: str, name: str, least: int, most: int, words: tuple[str, ...]) -> frozenset[int]:
    values: set[int] = set()
    for piece in text.lower().split(","):
        match = _PIECE.fullmatch(piece)
        if match is None:
            raise ValueError(f"{name}: can't read {piece!r}")
        step = int(match["step"] or 1)
        if step < 1:
            raise ValueError(f"{name}: a step is at least 1, not {step}")
        if match["all"]:
            first, last = least, most
        else:
            first = _number(match["first"], name, least, words)
            last = _number(match["last"], name, least, words) if match["last"] else most if match["step"] else first
        if not least <= first <= last <= most:
            raise ValueError(f"{name}: {piece!r} is not within {least} to {most}")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, name: str, least: int, words: tuple[str, ...]) -> int:
    if text.isdigit():
        return int(text)
    if text in words:
        return words.index(text) + least
    raise ValueError(f"{name}: can't read {text!r}")


@lru_cache(maxsize=256)
def cron(expression: str) -> Cron:
    """A cron expression that can be read, remembered."""
    return Cron(expression)
