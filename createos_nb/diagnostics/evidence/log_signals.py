"""Signals of a runtime log: how often, since when and of what its lines tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pandas as pd

from createos_nb.diagnostics.evidence.log_lines import ACCESS, Kind, classify
from createos_nb.dtypes import TEXT
from createos_nb.log_text import level_name, without_level


@dataclass(frozen=True)
class Signal:
    """Lines that say the same.

    Attributes:
        kind: what they say.
        detail: what is missing, which host, which port; "" where they don't say.
        count: how many lines.
        first: when the first was written (UTC).
        last: when the last was.
        example: one of them.
    """

    kind: Kind
    detail: str
    count: int
    first: pd.Timestamp
    last: pd.Timestamp
    example: str


class Signals:
    """What the lines of a log say, by kind.

    Args:
        lines: A frame of `time` (UTC), `level`, `text`, as the client's logs.
    """

    def __init__(self, lines: pd.DataFrame) -> None:
        self.read = len(lines)
        self.start: pd.Timestamp | None = lines["time"].min() if len(lines) else None
        self.end: pd.Timestamp | None = lines["time"].max() if len(lines) else None
        rows = _classified(lines)
        self._signals: list[Signal] = []
        for (kind, detail), group in rows.groupby(["kind", "detail"], sort=False):
            first, last = group["time"].min(), group["time"].max()
            example = str(group["text"].iloc[0]).strip()
            self._signals.append(Signal(cast(Kind, kind), str(detail), len(group), first, last, example))
        self._signals.sort(key=lambda signal: -signal.count)
        self._rows = rows

    def of(self, *kinds: Kind) -> list[Signal]:
        """Return the signals of some kinds, the most frequent first."""
        return [signal for signal in self._signals if signal.kind in kinds]

    def count(self, *kinds: Kind) -> int:
        """Return how many lines are of some kinds."""
        return sum(signal.count for signal in self.of(*kinds))

    def times(self, kind: Kind) -> pd.Series:
        """Return when the lines of a kind were written."""
        return self._rows.loc[self._rows["kind"] == kind, "time"]

    def texts(self, kind: Kind) -> pd.Series:
        """Return the lines of a kind, in the order of `times`."""
        return self._rows.loc[self._rows["kind"] == kind, "text"]

    def details(self, kind: Kind) -> pd.Series:
        """Return what the lines of a kind name, in order of time."""
        rows = self._rows[self._rows["kind"] == kind].sort_values("time", kind="stable")
        return pd.Series(rows["detail"].to_numpy(), index=pd.DatetimeIndex(rows["time"]), dtype=TEXT)

    @property
    def failures(self) -> int:
        """Return how many events of failure the log has, other than the gateway's own lines."""
        return self.count("missing_variable", "dependency", "exception", "out_of_memory")


def split_at(lines: pd.DataFrame, moment: pd.Timestamp | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lines before a moment, and those from then on."""
    if moment is None:
        return lines.iloc[:0], lines
    before = (lines["time"] < moment).fillna(False).astype(bool)
    return lines[before], lines[~before]


def _classified(lines: pd.DataFrame) -> pd.DataFrame:
    levels = lines["level"].fillna("").astype(str).map(level_name)
    texts = lines["text"].fillna("").astype(str).map(without_level).astype(TEXT)
    told = levels.isin(("warn", "error", "fatal")) | texts.str.startswith("platform:")
    rows = []
    for time, level, text in zip(lines["time"][told], levels[told], texts[told], strict=True):
        if level == "warn" and ACCESS.search(text):
            continue  # an answer with 4xx, in the words of an access log
        found = classify(text, level or "")
        if found is not None:
            rows.append((time, text, *found))
    frame = pd.DataFrame(rows, columns=["time", "text", "kind", "detail"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
    return frame.astype({"text": TEXT, "kind": TEXT, "detail": TEXT})
