"""Moments and durations as people write them, turned into seconds; and back. The only parser of durations."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from createos_nb.errors import InvalidInput

#: Whatever `parse_duration` takes.
DurationLike: TypeAlias = "str | float | timedelta"
#: Units of durations, in microseconds; a plural's s is taken off first.
_UNITS: Final = {
    **dict.fromkeys(("us", "µs", "usec", "microsecond"), 1),
    **dict.fromkeys(("ms", "msec", "millisecond"), 1_000),
    **dict.fromkeys(("s", "sec", "second"), 1_000_000),
    **dict.fromkeys(("m", "min", "minute"), 60_000_000),
    **dict.fromkeys(("h", "hr", "hour"), 3_600_000_000),
    **dict.fromkeys(("d", "day"), 86_400_000_000),
    **dict.fromkeys(("w", "week"), 604_800_000_000),
}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]+)[\s,]*", re.ASCII | re.IGNORECASE)
_RELATIVE: Final = re.compile(r"^(?:now)?\s*([+-])\s*(\S.*)$", re.IGNORECASE)
_LONGEST: Final = 1e11  # seconds: more than calendars know
_LIKE: Final = "such as '90s', '15min', '1h30m', '2 days' or '500ms', a Timedelta, a timedelta, or seconds"
_HINT: Final = "give a time zone: '2026-03-02T09:00Z', or pd.Timestamp('2026-03-02 09:00', tz='UTC')"


def unix(moment: Any, now: float, name: str = "time") -> float:
    """Return a moment as Unix seconds.

    Args:
        moment: An aware `Timestamp` or `datetime`, ISO text with a zone, "now", a duration behind a sign ("-24h",
            "+1h30m"), or Unix seconds.
        now: The present, in Unix seconds, which the signed durations are counted from.
        name: What the message calls it.

    Returns:
        Unix seconds.

    Raises:
        InvalidInput: It is no moment, or has no zone.

    Examples:
        >>> from createos_nb.times import unix
        >>> unix("2026-03-02T09:00:00Z", now=0.0), unix("-1h", now=7200.0)
        (1772442000.0, 3600.0)
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


def parse_duration(length: Any, name: str = "duration") -> float:
    """Return a length of time in seconds; every call that takes one takes the same.

    Args:
        length: Text of a number and a unit, or several ("90s", "15min", "1h30m", "2 days", "500ms"; the units are
            us, ms, s, min or m, h, d and w, and their names), a `Timedelta`, a `timedelta`, a numpy timedelta, or a
            number of seconds.
        name: What the error calls it.

    Returns:
        The seconds, never negative.

    Raises:
        InvalidInput: For anything else: a number without a unit in a text, months and years, NaN, a negative length.

    Examples:
        >>> from createos_nb.times import parse_duration
        >>> parse_duration("1h30m"), parse_duration(90)
        (5400.0, 90.0)
    """
    seconds: float | None = None
    if isinstance(length, str):
        seconds = _of_text(length)
    elif hasattr(length, "total_seconds"):
        seconds = float(length.total_seconds())
    elif type(length).__module__ == "numpy" and getattr(length, "ndim", 1) == 0:
        kind = getattr(getattr(length, "dtype", None), "kind", "")
        if kind == "m":
            seconds = float(length / type(length)(1, "s"))
        elif kind in "iuf":
            seconds = float(length)
    elif isinstance(length, int | float) and not isinstance(length, bool):
        seconds = float(length) if abs(length) < _LONGEST else math.inf
    if seconds is None:
        raise InvalidInput(f"{name}={_short(length)} is no length of time: give one {_LIKE}")
    if not 0 <= seconds < _LONGEST:
        raise InvalidInput(f"{name}={_short(length)} is no length of time: it must not be negative or endless")
    return seconds


def whole_seconds(length: Any, name: str = "duration") -> int:
    """Return a duration of at least a second.

    Args:
        length: The duration, as `parse_duration` takes it.
        name: What the error calls it.

    Returns:
        Whole seconds.

    Raises:
        InvalidInput: It is no duration, a shorter one, or has a part of a second.

    Examples:
        >>> from createos_nb.times import whole_seconds
        >>> whole_seconds("2min")
        120
    """
    seconds = parse_duration(length, name)
    if seconds < 1 or seconds % 1:
        raise InvalidInput(f"{name}={_short(length)} must be a whole number of seconds, at least one")
    return int(seconds)


def format_duration(seconds: float) -> str:
    """Return a duration as `parse_duration` reads it.

    Args:
        seconds: The duration.

    Returns:
        The text, from days to milliseconds.

    Examples:
        >>> from createos_nb.times import format_duration
        >>> format_duration(5400), format_duration(0.5)
        ('1h30m', '500ms')
    """
    remaining = round(seconds * 1_000)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        number, remaining = divmod(remaining, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def _of_text(text: str) -> float | None:
    """Seconds of "1h30m"; None for what is no duration, or names a unit twice."""
    rest, total, units = text.strip(), 0.0, set()
    while rest:
        part = _PART.match(rest)
        if part is None:
            return None
        unit = part[2] if part[2] == "M" else part[2].lower()  # pandas and others take M for months
        size = _UNITS.get(unit) or (_UNITS.get(unit[:-1]) if len(unit) > 2 else None)
        if size is None or size in units:
            return None
        units.add(size)
        amount = float(part[1]) * size
        total += round(amount) if amount < 1e18 else math.inf
        rest = rest[part.end() :]
    return total / 1_000_000 if units else None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def iso(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 text in UTC.

    Args:
        seconds: The moment.

    Returns:
        The text, in whole seconds where it is whole.

    Examples:
        >>> from createos_nb.times import iso
        >>> iso(1_772_442_000)
        '2026-03-02T09:00:00Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="seconds" if seconds == int(seconds) else "milliseconds").replace("+00:00", "Z")


def _from_text(text: str, now: float, name: str) -> float:
    if text.lower() == "now":
        return now
    if match := _RELATIVE.match(text):
        seconds = _of_text(match[2])
        if seconds is None:
            raise InvalidInput(f"{name}={_short(text)}: behind the sign stands a length of time, as in '-24h'")
        return _plausible(now + seconds * (1 if match[1] == "+" else -1), name, text)
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


def beginning(text: str) -> str:
    """Return a beginning as the client takes it: people and agents leave out the minus.

    Args:
        text: Such as "1h", "-1h", or a time.

    Returns:
        A duration with a minus; a time as it was.

    Examples:
        >>> from createos_nb.times import beginning
        >>> beginning("1h"), beginning("-1h"), beginning("2026-03-02T09:00:00Z")
        ('-1h', '-1h', '2026-03-02T09:00:00Z')
    """
    try:
        parse_duration(text, "the beginning")
    except InvalidInput:
        return text
    return f"-{text.strip().removeprefix('-')}"
