"""Patterns of a log: its lines grouped into templates, what a person on call must see first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.grids import FrameError
from createos_nb.analysis.logs.masks import MOST_READ, Masked, masked, redacted
from createos_nb.analysis.logs.miner import TemplateMiner
from createos_nb.display import strip_control_chars
from createos_nb.dtypes import TEXT
from createos_nb.log_text import LEVELS, first_lines, level_of, without_level

_EXAMPLE: Final = 300  # characters of an example
_LOUD: Final = LEVELS.index("warn")
_QUIET: Final = LEVELS.index("info")
#: Words of trouble in a line that says no level.
_TROUBLE: Final = re.compile(
    r"\b(?:fail(?:ed|ure|s)?|errors?|exception|fatal|panic(?:ked)?|killed|crash(?:ed)?|refused|denied|timed? ?out"
    r"|timeout|unable|cannot|can't|unreachable|exceeded|exhausted|rejected|abort(?:ed)?|out of memory|OOM\w*)\b",
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
_FILTERS: Final = ("level", "search")


class _Event(NamedTuple):
    """A line with those that go on with it."""

    position: int
    text: str
    level: str | None


@dataclass
class _Group:
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
    current = _frame(lines, "lines")
    before = None if quiet is None else _frame(quiet, "quiet")
    if before is not None:
        _check_filters(current, before)
    groups = _Groups()
    events = _events(current)
    for event in events:
        groups.of(event).positions.append(event.position)
    quiet_events = [] if before is None else _events(before)
    for event in quiet_events:
        groups.of(event).quiet += 1
    numbers = [number for number, group in groups.by_number.items() if group.positions]
    has_quiet = bool(quiet_events)
    order = _Order(len(current), len(events), len(quiet_events))
    numbers.sort(key=lambda number: order.key(groups.by_number[number]))
    rows = [groups.by_number[number] for number in numbers]
    frame = pd.DataFrame(
        {
            "pattern": pd.Series([groups.miner.template(number) for number in numbers], dtype=TEXT),
            "level": pd.Series([group.level for group in rows], dtype=TEXT),
            "count": pd.array([len(group.positions) for group in rows], dtype="Int64"),
            **_ends(current, rows),
            "quiet_count": pd.array([pd.NA if before is None else group.quiet for group in rows], dtype="Int64"),
            "is_new": pd.array([not group.quiet if has_quiet else pd.NA for group in rows], dtype="boolean"),
            "example": pd.Series([group.example for group in rows], dtype=TEXT),
        }
    )
    frame.attrs = {"lines": len(current), "events": len(events), **_completeness(current, before)}
    return frame


# --- what is read -----------------------------------------------------------------------------------------------------


def _frame(lines: Any, name: str) -> pd.DataFrame:
    """The lines as time, level and text, numbered from 0; rows without a text are left out."""
    if isinstance(lines, pd.DataFrame):
        frame = lines
        if "text" not in frame.columns:
            columns = ", ".join(map(str, frame.columns[:8])) or "none"
            raise FrameError(f"{name}: a log has a column text; this frame has {columns}: give what `logs` returns")
    elif isinstance(lines, str | bytes | Mapping) or not isinstance(lines, Iterable):
        raise FrameError(f"{name} can't be a {type(lines).__name__}: give a log, a column of texts, or a list of lines")
    else:
        frame = pd.DataFrame({"text": pd.Series(list(lines), dtype=object)})
    texts = frame["text"]
    wrong = next((value for value in texts if not isinstance(value, str) and not pd.isna(value)), None)
    if wrong is not None:
        raise FrameError(f"{name}: a line is text, not {type(wrong).__name__}: {str(wrong)[:40]!r}")
    attrs, frame = frame.attrs, frame[texts.notna().to_numpy()]
    if "gap" in frame.columns:  # a row that stands where lines may be missing is none
        frame = frame[~frame["gap"].fillna(value=False).astype(bool)]
    parts = [[text] if text.isprintable() else text.splitlines() or [""] for text in frame["text"]]
    frame = frame.iloc[np.repeat(np.arange(len(frame)), [len(lines_of) for lines_of in parts])].reset_index(drop=True)
    written = [part for lines_of in parts for part in lines_of]
    frame["text"] = [part if part.isprintable() else strip_control_chars(part) for part in written]
    if "level" not in frame.columns:
        frame["level"] = pd.Series([level_of(text) for text in frame["text"]], dtype=TEXT)
    if "time" not in frame.columns:
        frame["time"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    elif not isinstance(frame["time"].dtype, pd.DatetimeTZDtype):
        raise FrameError(f"{name}: the column time is {frame['time'].dtype}, and holds times in UTC")
    frame.attrs = attrs
    return frame


def _check_filters(lines: pd.DataFrame, quiet: pd.DataFrame) -> None:
    """Refuse a quiet log that lacks lines only because it was searched for something else."""
    asked, known = (frame.attrs.get("asked") or {} for frame in (lines, quiet))
    for name in _FILTERS:
        if known.get(name) is not None and known.get(name) != asked.get(name):
            raise FrameError(
                f"the quiet log was read with {name}={known[name]!r}, and the other was not: what is missing there "
                f"would look new; read both with the same {name}="
            )


def _events(frame: pd.DataFrame) -> list[_Event]:
    texts = frame["text"].tolist()
    levels = [level if isinstance(level, str) else None for level in frame["level"]]
    first = first_lines(texts, frame["time"].notna(), [level is not None for level in levels])
    events: list[_Event] = []
    for position, own in enumerate(first):
        text = texts[position]
        if own == position:
            if text.strip():
                events.append(_Event(position, without_level(text).strip(), levels[position]))
        elif events and (tail := _names_error(texts, position, own)):
            head = events[-1]
            events[-1] = head._replace(text=f"{head.text[: MOST_READ // 2]} … {tail}", level=head.level or "error")
    return events


def _names_error(texts: list[str], position: int, own: int) -> str:
    """What a line of a trace adds to the line that began it: the exception of a traceback, the message of a panic."""
    line, previous = without_level(texts[position]), without_level(texts[position - 1])
    if line[:1] in ("", " ", "\t"):
        return ""
    if previous.startswith("thread ") and position == own + 1:
        return line.strip()
    ends = previous[:1] in (" ", "\t") and re.match(r"[A-Za-z_][\w.]*(?::|$)", line) is not None
    traceback = any(without_level(text).startswith("Traceback (") for text in texts[own:position])
    return line.strip() if ends and traceback else ""


class _Groups:
    """The patterns of lines, by the number of their template."""

    def __init__(self) -> None:
        self.miner = TemplateMiner()
        self.by_number: dict[int, _Group] = {}
        self._known: dict[tuple[str | None, Masked], _Group] = {}

    def of(self, event: _Event) -> _Group:
        """Return the group of an event, a new one for what is unlike all before."""
        sample = masked(event.text)
        key = (event.level, sample)
        group = self._known.get(key)
        if group is None:
            number = self.miner.add(redacted(sample.text), (event.level, sample.method, sample.status))
            group = self.by_number.get(number)
            if group is None:
                group = self.by_number[number] = _Group(event.level, sample, _example(event.text))
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

    def key(self, group: _Group) -> tuple[int, bool, int, bool, int, int]:
        """The place of a pattern; smaller stands first."""
        count, severity = len(group.positions), _severity(group)
        lone = not self._is_massive(group.positions)
        return self._tier(group, severity), bool(group.sample.status), -severity, lone, count, group.positions[0]

    def _tier(self, group: _Group, severity: int) -> int:
        loud = severity >= _LOUD
        new = bool(self._quiet_events) and not group.quiet
        if new:
            return 0 if loud else 2
        if not loud:
            return 5
        if self._has_surged(group):
            return 1
        return 3 if self._is_rare(group.positions) or self._is_massive(group.positions) else 4

    def _has_surged(self, group: _Group) -> bool:
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


def _severity(group: _Group) -> int:
    if group.sample.status:
        return LEVELS.index("error") if group.sample.status >= 500 else _QUIET
    if group.level in LEVELS:
        return LEVELS.index(group.level)
    return _LOUD if _TROUBLE.search(group.example) else _QUIET


def _ends(frame: pd.DataFrame, groups: list[_Group]) -> dict[str, Any]:
    times = frame["time"].astype("datetime64[us, UTC]")
    micros = times.astype("int64").to_numpy()
    missing = times.isna().to_numpy()
    ends: dict[str, list[int]] = {"first": [], "last": []}
    nat = np.iinfo(np.int64).min
    for group in groups:
        positions = np.asarray(group.positions)
        known = micros[positions[~missing[positions]]]
        ends["first"].append(int(known.min()) if len(known) else nat)
        ends["last"].append(int(known.max()) if len(known) else nat)
    return {
        name: pd.DatetimeIndex(np.asarray(values, dtype=np.int64).view("M8[us]"), tz="UTC")
        for name, values in ends.items()
    }


def _completeness(lines: pd.DataFrame, quiet: pd.DataFrame | None) -> dict[str, Any]:
    logs = [lines] if quiet is None else [lines, quiet]
    cut = {
        name: str(log.attrs["cut"]) for name, log in zip(("lines", "quiet"), logs, strict=False) if log.attrs.get("cut")
    }
    complete = all(log.attrs.get("complete", True) for log in logs)
    return {"complete": complete, **({"cut": cut} if cut else {})}
