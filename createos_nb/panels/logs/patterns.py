"""Patterns of the log that is shown: how often each stands in it, which are new, and which lines are of which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from createos_nb.analysis.logs.events import events_of, lines_frame
from createos_nb.analysis.logs.patterns import PatternGroups, severity
from createos_nb.dtypes import TEXT
from createos_nb.log_text import LEVELS

#: Patterns that are listed.
MOST_LISTED: Final = 50
_LOUD: Final = LEVELS.index("warn")


@dataclass(frozen=True, eq=False)
class ShownPatterns:
    """The patterns of a log.

    Attributes:
        table: One row a pattern, those first that are new and loud, then the loud ones, then the new ones, then the
            most frequent: key (str), pattern, level (str), count (Int64), is_new (boolean, NA where there was nothing
            before to hold it against), first (UTC).
        keys: The key of the pattern of each line, by the index of the log; NA for a gap.
        since: From when on a pattern is new; None where that can't be told.
    """

    table: pd.DataFrame
    keys: pd.Series[str]
    since: pd.Timestamp | None


def shown_patterns(lines: pd.DataFrame) -> ShownPatterns:
    """Group the lines of a log; a pattern is new that does not stand in the first half of its time.

    Args:
        lines: A log with the columns time, level and text, and gap where there are gaps.

    Returns:
        The patterns.

    Examples:
        >>> from createos_nb.frames import runtime_log_frame
        >>> from createos_nb.panels.logs.patterns import shown_patterns
        >>> shown_patterns(runtime_log_frame("GET /cart/1 200")).table["count"].tolist()
        [1]
    """
    log = lines_frame(lines.assign(row=np.arange(len(lines))), "lines")
    events = events_of(log)
    groups = PatternGroups()
    numbers = []
    for event in events:
        group = groups.of(event)
        group.positions.append(event.position)
        numbers.append(group)
    since = _middle(log["time"])
    order = {id(group): number for number, group in groups.by_number.items()}
    rows = []
    for number, group in groups.by_number.items():
        first = log["time"].iloc[group.positions[0]]
        is_new = pd.NA if since is None or pd.isna(first) else bool(first >= since)
        template, count = groups.miner.template(number), len(group.positions)
        rows.append((str(number), template, group.level, count, is_new, first, severity(group)))
    columns = ["key", "pattern", "level", "count", "is_new", "first", "severity"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"key": TEXT, "pattern": TEXT, "level": TEXT, "count": "Int64", "is_new": "boolean"}
    )
    loud, new = table["severity"].ge(_LOUD), table["is_new"].fillna(value=False)
    rank = table.assign(loud=loud, new=new.astype(bool))[["loud", "new", "severity", "count"]]
    order_of_rows = rank.sort_values(list(rank.columns), ascending=False, kind="stable").index
    table = table.loc[order_of_rows].drop(columns="severity")
    starts = [event.position for event in events]
    own = np.searchsorted(starts, np.arange(len(log)), side="right") - 1
    keys = pd.Series(pd.NA, index=lines.index, dtype=TEXT)
    of_lines = [str(order[id(numbers[at])]) if at >= 0 else None for at in own]
    keys.iloc[log["row"].to_numpy()] = pd.array(of_lines, dtype=TEXT)
    return ShownPatterns(table.reset_index(drop=True), keys, since)


def _middle(times: pd.Series[pd.Timestamp]) -> pd.Timestamp | None:
    """The middle of the time of a log; None for one without times."""
    known = times.dropna()
    if known.empty or known.iloc[0] == known.iloc[-1]:
        return None
    return known.iloc[0] + (known.iloc[-1] - known.iloc[0]) / 2
