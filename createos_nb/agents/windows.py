"""Beginnings of windows: agents write "1h" as often as "-1h"."""

from __future__ import annotations

from createos_nb.errors import InvalidInput
from createos_nb.times import parse_duration


def beginning(text: str) -> str:
    """Return a beginning as the client takes it.

    Args:
        text: such as "1h", "-1h", or a time in ISO 8601.

    Returns:
        A duration with a minus; a time as it was.

    Examples:
        >>> from createos_nb.agents.windows import beginning
        >>> beginning("1h"), beginning("-1h"), beginning("2026-03-02T09:00:00Z")
        ('-1h', '-1h', '2026-03-02T09:00:00Z')
    """
    try:
        parse_duration(text, "the beginning")
    except InvalidInput:
        return text
    return f"-{text.strip().removeprefix('-')}"
