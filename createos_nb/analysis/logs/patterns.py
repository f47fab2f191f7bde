"""Patterns of a log: its lines grouped into templates, what a person on call must see first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.grids import utc_index
from createos_nb.analysis.logs.events import Event, check_filters, events_of, lines_frame
from createos_nb.analysis.logs.masks import MOST_READ, Masked, masked, redacted
from createos_nb.analysis.logs.miner import TemplateMiner
from createos_nb.dtypes import TEXT
from createos_nb.log_text import LEVELS

_EXAMPLE: Final = 300  # characters of an example
_LOUD: Final = LEVELS.index("warn")
_QUIET: Final = LEVELS.index("info")
#: Words of trouble in a line that says no level.
_TROUBLE: Final = re.compile(
    r"\b(?:fail(?:ed|ure|s)?|errors?|exception|fatal|panic(?:ked)?|killed|crash(?:ed)?|refused|denied|timed? ?out"
    r"|timeout|unable|cannot|can't|unreachable|exceeded|exhausted|rejected|abort(?:ed)?|out of memory|OOM\w*"
    r"|traceback|unhandled|uncaught|deadlock|no space left|corrupt(?:ed)?"
    r"|segmentation fault|core dumped|exited with (?:code|status) [1-9]\d*|[\w.]+(?:Error|Exception))\b",
    re.IGNORECASE,
)
#: So few lines are rare, whatever the length of the log; of a long one, such a share of its lines.
_RARE: Final = 3
_RARE_SHARE: Final = 0.0005
#: Parts of a log; a pattern is uneven that fills less than this share of the parts that it would fill by chance.
_PARTS: Final = 8
_UNEVEN: Final = 0.6
#: Share of the events from which on a pattern is no background, however evenly it comes.
_HEAVY: Final = 0.005
#: From so many lines on a pattern has surged that is so many times as frequent as in the quiet log.
_SURGE_COUNT: Final = 8
_SURGE: Final = 4.0


@dataclass
class PatternGroup:
    """The events of one pattern: where they stand in the log, and how many the quiet log has."""

    level: str | None
    sample: Masked
    example: str
    positions: list[int] = field(default_factory=list)
    quiet: int = 0


def log_patterns(
    lines: pd.DataFrame | pd.Series[Any] | Iterable[str],
    quiet: pd.DataFrame | pd.Series[Any] | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Group the lines of a log into patterns, what a person on call must see first.

    Numbers, addresses, paths, times and ids are named by their type; other words that vary become `<*>`. A stack trace
    counts once, with the line that began it. Of lines in JSON and logfmt the message is grouped. A request keeps its
    method and status.

    The order: first what is loud (warn and worse, a status of 5xx, or words of trouble in a line without a level) and
    new against the quiet window; then what is loud and four times as frequent as there; then what else is new; then
    what is loud and rare, in a burst, or in masses; what is loud all along; and the rest. Within each, lines of
    the program and the platform stand before those of requests, then the worse level, then what came in a burst or
    in masses, then what is rarer.

    Args:
        lines: A log, as `client.environments.logs` or `client.fleet.logs` gives it, a column of texts, or texts. Of a
            frame, the columns `text` and, where they are there, `time` and `level` are read.
        quiet: A log of a time when all was well, likewise; it should be as long, and searched for the same.

    Returns:
        One row a pattern: pattern (str), level (str), count (Int64), first and last (UTC), quiet_count (Int64, NA
        without a quiet window), is_new (boolean, likewise), example (str, the line as it was written, without what
        looks like a secret). `attrs`: `lines`, `events` (lines with those that go on with them), `complete` (False
        where either log may lack lines), and `cut`, why.

    Raises:
        FrameError: There is no column of texts, or the quiet log was searched for something else.

    Examples:
        >>> from createos_nb import analysis
        >>> log = ["GET /cart 200 12 ms", "GET /cart/7 200 9 ms", "WARN heap used 751 MB", "WARN heap used 656 MB"]
        >>> analysis.log_patterns(log)[["pattern", "level", "count"]]
                               pattern level  count
        0             heap used <size>  warn      2
        1  GET <path> 200 <duration>   NaN      2
    """
    current = lines_frame(lines, "lines")
    before = None if quiet is None else lines_frame(quiet, "quiet")
    if before is not None:
        check_filters(current, before)
    groups = PatternGroups()
    events = events_of(current)
    for event in events:
        groups.of(event).positions.append(event.position)
    quiet_events = [] if before is None else events_of(before)
    for event in quiet_events:
        groups.of(event).quiet += 1
    numbers = [number for number, group in groups.by_number.items() if group.positions]
    has_quiet = bool(quiet_events)
    order = _Order(len(current), len(events), len(quiet_events))
    numbers.sort(key=lambda number: order.key(groups.by_number[number]))
    rows = [groups.by_number[number] for number in numbers]
    first, last = _ends(current, rows)
    frame = pd.DataFrame(
        {
            "pattern": pd.Series([groups.miner.template(number) for number in numbers], dtype=TEXT),
            "level": pd.Series([group.level for group in rows], dtype=TEXT),
            "count": pd.array([len(group.positions) for group in rows], dtype="Int64"),
            "first": first,
            "last": last,
            "quiet_count": pd.array([pd.NA if before is None else group.quiet for group in rows], dtype="Int64"),
            "is_new": pd.array([not group.quiet if has_quiet else pd.NA for group in rows], dtype="boolean"),
            "example": pd.Series([group.example for group in rows], dtype=TEXT),
        }
    )
    logs = [current] if before is None else [current, before]
    complete = all(bool(log.attrs.get("complete", True)) for log in logs)
    frame.attrs |= {"lines": len(current), "events": len(events), "complete": complete}
    names = ("lines", "quiet")
    if cut := {name: log.attrs["cut"] for name, log in zip(names, logs, strict=False) if log.attrs.get("cut")}:
        frame.attrs["cut"] = cut
    return frame


class PatternGroups:
    """The patterns of lines, by the number of their template."""

    def __init__(self) -> None:
        self.miner = TemplateMiner()
        self.by_number: dict[int, PatternGroup] = {}
        self._known: dict[tuple[str | None, Masked], PatternGroup] = {}

    def of(self, event: Event) -> PatternGroup:
        """Return the group of an event, a new one for what is unlike all before."""
        sample = masked(event.text)
        key = (event.level, sample)
        group = self._known.get(key)
        if group is None:
            number = self.miner.add(redacted(sample.text), (event.level, sample.method, sample.status))
            group = self.by_number.get(number)
            if group is None:
                group = self.by_number[number] = PatternGroup(event.level, sample, _example(event.text))
            self._known[key] = group
        return group


def _example(text: str) -> str:
    clean = redacted(text[: 2 * MOST_READ])
    return clean if len(clean) <= _EXAMPLE else f"{clean[:_EXAMPLE]}…"


# --- what comes out ---------------------------------------------------------------------------------------------------


class _Order:
    """What stands before what."""

    def __init__(self, lines: int, events: int, quiet_events: int) -> None:
        self._lines, self._events, self._quiet_events = lines, events, quiet_events

    def key(self, group: PatternGroup) -> tuple[int, bool, int, bool, int, int]:
        """The place of a pattern; smaller stands first."""
        count, loudness = len(group.positions), severity(group)
        lone = not self._is_massive(group.positions)
        return self._tier(group, loudness), bool(group.sample.status), -loudness, lone, count, group.positions[0]

    def _tier(self, group: PatternGroup, severity: int) -> int:
        loud = severity >= _LOUD
        new = bool(self._quiet_events) and not group.quiet
        if new:
            return 0 if loud else 2
        if not loud:
            return 5
        if self._has_surged(group):
            return 1
        return 3 if self._is_rare(group.positions) or self._is_massive(group.positions) else 4

    def _has_surged(self, group: PatternGroup) -> bool:
        if not self._quiet_events or len(group.positions) < _SURGE_COUNT:
            return False
        expected = (group.quiet + 0.5) * self._events / self._quiet_events
        return len(group.positions) > _SURGE * expected

    def _is_rare(self, positions: list[int]) -> bool:
        return len(positions) <= max(_RARE, _RARE_SHARE * self._lines)

    def _is_massive(self, positions: list[int]) -> bool:
        """Whether a pattern is much of the log, or fills fewer parts of it than so many lines would by chance."""
        count = len(positions)
        if self._is_rare(positions):
            return False
        filled = len({position * _PARTS // self._lines for position in positions})
        return count >= _HEAVY * self._events or filled < _UNEVEN * _PARTS * (1 - (1 - 1 / _PARTS) ** count)


def severity(group: PatternGroup) -> int:
    """How loud a pattern is, as a position in `LEVELS`: its level, or what its status or its words say.

    Args:
        group: The pattern.

    Returns:
        The position.
    """
    if group.sample.status:
        return LEVELS.index("error") if group.sample.status >= 500 else _QUIET
    if group.level in LEVELS:
        return LEVELS.index(group.level)
    return _LOUD if _TROUBLE.search(group.example) else _QUIET


def _ends(frame: pd.DataFrame, groups: list[PatternGroup]) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    stamps = frame["time"].astype("datetime64[us, UTC]")
    micros = stamps.astype("int64").to_numpy()
    missing = stamps.isna().to_numpy()
    nat = np.iinfo(np.int64).min
    known = [micros[positions[~missing[positions]]] for positions in (np.asarray(group.positions) for group in groups)]
    first = np.array([times.min() if len(times) else nat for times in known], dtype=np.int64)
    last = np.array([times.max() if len(times) else nat for times in known], dtype=np.int64)
    return utc_index(first), utc_index(last)
