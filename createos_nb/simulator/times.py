"""Times of the world: whole microseconds since 1970, UTC; and how the wire writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache
from typing import Final, TypeAlias

from createos_nb.times import DurationLike, parse_duration

MomentLike: TypeAlias = str | float | datetime
"""A time: "now", "+5min", RFC 3339 text, Unix seconds, an aware datetime or Timestamp."""

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC: Final = datetime(1970, 1, 1)
"""Without a zone: to write one takes longer than all the rest."""
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", flags=re.ASCII)


def rfc3339(moment: int) -> str:
    """Return a moment as the wire writes it: `2026-03-02T09:00:00.000Z`."""
    return (_EPOCH_IN_UTC + timedelta(0, 0, moment)).isoformat(timespec="milliseconds") + "Z"


def rfc3339_or_null(moment: int) -> str | None:
    """Return a moment as `rfc3339` does; 0 stands for "not (yet)"."""
    return rfc3339(moment) if moment else None


def http_date(moment: int) -> str:
    """Return a moment as the `Date` header of an answer says it."""
    return _http_date(moment // SECOND)


@lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def from_rfc3339(text: str) -> int:
    """Return the microseconds of an RFC 3339 text with a zone. Raises `ValueError`."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"not a time in RFC 3339 with a zone: {text!r}")
    return from_datetime(datetime.fromisoformat(text.upper().replace(" ", "T")))


def from_datetime(moment: datetime) -> int:
    """Return the microseconds of an aware datetime. Raises `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time needs a zone: {moment.isoformat()}Z is UTC")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def duration(length: DurationLike, name: str = "duration") -> int:
    """Return the microseconds of a duration: "90s", "15min", "2d 4h", perhaps behind a sign. Raises `InvalidInput`."""
    sign, plain = 1, length
    if isinstance(length, str) and length.strip()[:1] in ("+", "-"):
        sign, plain = (-1 if length.strip()[0] == "-" else 1), length.strip()[1:]
    return sign * round(parse_duration(plain, name) * SECOND)
