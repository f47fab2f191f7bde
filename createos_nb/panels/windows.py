"""Windows of time that panels offer."""

from __future__ import annotations

from typing import Final

#: Label and seconds, up to now.
WINDOWS: Final = (
    ("last hour", 3600),
    ("last 6 hours", 6 * 3600),
    ("last 24 hours", 86_400),
    ("last 7 days", 7 * 86_400),
    ("last 30 days", 30 * 86_400),
)
