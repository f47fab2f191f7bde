"""Another time to hold the figures of a fleet against, out of what is known already: it costs no request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from createos_nb.client.fleet_series import Series, Window
from createos_nb.client.memory import Memory
from createos_nb.spans import difference

#: Share of the buckets of a window that those of the other time need at least.
COMPARABLE: Final = 0.9
#: Project and environment, by name.
Place = tuple[str, str]


class Compared(NamedTuple):
    """Requests of another time.

    Attributes:
        which: the same time last week, or the window before.
        window: that time.
        totals: requests and those that ended with 5xx, by project and environment; only where all of it is known.
    """

    which: Literal["last week", "before"]
    window: Window
    totals: dict[Place, tuple[int, int]]


def compared(window: Window, known: Sequence[tuple[Place, str, Series]], memory: Memory | None) -> Compared | None:
    """Return the same time last week, where a history has it for all that were asked; else the window before.

    Args:
        window: What was read.
        known: Of each environment its names, its id, and its requests over time.
        memory: The history that is open; None where none is.

    Returns:
        The other time; None where neither is known of any environment.
    """
    last_week = window.week_before
    if memory is not None:
        weekly = {place: _remembered(memory, id, last_week) for place, id, _ in known}
        if all(weekly[place] is not None or not len(series.between(window)) for place, _, series in known):
            totals = {place: total for place, total in weekly.items() if total is not None}
            if totals:
                return Compared("last week", last_week, totals)
    before = window.before
    totals = {place: total for place, _, series in known if (total := _whole(series, before)) is not None}
    return Compared("before", before, totals) if totals else None


def _whole(series: Series, window: Window) -> tuple[int, int] | None:
    rows = series.between(window)
    if series.start > window.start or len(rows) * series.width < COMPARABLE * window.length:
        return None
    return int(rows[:, 1].sum()), int(rows[:, 5].sum())


def _remembered(memory: Memory, environment: str, window: Window) -> tuple[int, int] | None:
    """Requests and 5xx of an environment as a history has them; None where it has not the whole window."""
    known = memory.remembered(environment, (window.start, window.last))
    if not known or difference([(window.start, window.last)], [each.span for each in known]):
        return None
    rows = np.concatenate([each.rows for each in known])
    return int(rows[:, 1].sum()), int(rows[:, 5].sum())
