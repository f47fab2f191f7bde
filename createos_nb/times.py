"""Moments as people write them, turned into Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from createos_nb.errors import InvalidInput

_SECONDS: Final = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
}
_RELATIVE: Final = re.compile(r"^(?:now)?\s*([+-])\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?$")
_SPAN: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*([a-z]+?)s?$")
_HINT: Final = "give a time zone: '2026-03-02T09:00Z', or pd.Timestamp('2026-03-02 09:00', tz='UTC')"


def unix(moment: Any, now: float, name: str = "time") -> float:
    """A moment as Unix seconds.

    Takes an aware `Timestamp` or `datetime`, ISO text with a zone, `"now"`, `"-24h"`, `"+90d"` (s, min, h, d, w), or
    Unix seconds. A time without a zone raises `InvalidInput` with a hint.
    """
    if isinstance(moment, bool) or moment is None:
        raise InvalidInput(f"{name}={moment!r} is no time: give {_HINT[7:]}, '-24h', 'now' or Unix seconds")
    if isinstance(moment, int | float):
        return _plausible(moment, name)
    if isinstance(moment, datetime):
        return _aware(moment, name)
    if isinstance(moment, str):
        return _from_text(moment.strip(), now, name)
    if hasattr(moment, "dtype") and getattr(moment.dtype, "kind", "") in "iu":
        return _plausible(int(moment), name)
    if type(moment).__module__ == "numpy":
        raise InvalidInput(f"{name}={moment!r} has no time zone; {_HINT}")
    raise InvalidInput(f"{name} can't be a {type(moment).__name__}; {_HINT}, '-24h', 'now' or Unix seconds")


def span(length: Any, name: str = "duration") -> float:
    """A length of time in seconds: `"15min"`, a timedelta, or a number of seconds; never negative."""
    if hasattr(length, "total_seconds"):
        seconds = float(length.total_seconds())
    elif isinstance(length, int | float) and not isinstance(length, bool):
        seconds = float(length)
    elif isinstance(length, str) and (found := _SPAN.match(length.strip().lower())) and found[2] in _SECONDS:
        seconds = float(found[1]) * _SECONDS[found[2]]
    else:
        raise InvalidInput(f"{name}={length!r} is no length of time: give '15min', '2h', a timedelta or seconds")
    if not 0 <= seconds < 1e11:
        raise InvalidInput(f"{name}={length!r} is no length of time: it must not be negative or endless")
    return seconds


def iso(seconds: float) -> str:
    """Unix seconds as RFC 3339 text in UTC: whole seconds where it is whole."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="seconds" if seconds == int(seconds) else "milliseconds").replace("+00:00", "Z")


def _from_text(text: str, now: float, name: str) -> float:
    if text.lower() == "now":
        return now
    if found := _RELATIVE.match(text.lower()):
        sign, amount, unit = found.groups()
        if unit not in _SECONDS:
            raise InvalidInput(f"{name}={text!r}: the units are s, min, h, d and w")
        return _plausible(now + float(amount) * _SECONDS[unit] * (1 if sign == "+" else -1), name, text)
    try:
        return _aware(datetime.fromisoformat(text), name)
    except ValueError as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{name}={text!r} can't be read as a time; {_HINT}, '-24h' or 'now'") from None


def _aware(moment: datetime, name: str) -> float:
    if moment != moment:  # NaT
        raise InvalidInput(f"{name} is NaT: {_HINT}")
    if moment.tzinfo is None:
        raise InvalidInput(f"{name}={str(moment)!r} has no time zone; {_HINT}")
    return moment.timestamp()


def _plausible(seconds: float, name: str, text: str = "") -> float:
    if -6e10 < seconds < 1e11:  # the years that calendars know
        return float(seconds)
    if text or seconds != seconds:
        raise InvalidInput(f"{name}={(text or str(seconds))[:40]} is too far away to be a time")
    raise InvalidInput(f"{name} looks like milliseconds: Unix seconds are expected")
