"""Changes of the level of a series, told while its rows come: at every row, from it and the rows before it.

A stretch is a line with noise about it. At each row the last stretch is held against every place at which it may have
ended, 5 and more rows ago: two levels, a jump of the line, or a bend (`level_tests`). Where the evidence is enough, the
noise of all rows so far is told once more with that change taken out (`level_noise`), and it must still be enough.
A series that is shorter than a few memories of its noise can't be told from a random walk: there it is the drift that
changes, and it must show in the series itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from createos_nb.analysis.change_points.level_noise import (
    OUTLIER,
    noise_about_lines,
    noise_of,
    season_of,
    without_outliers,
)
from createos_nb.analysis.change_points.level_tests import (
    LEAST,
    Sums,
    counted,
    evidence,
    explained_by_lines,
    level_onset,
)
from createos_nb.analysis.validation import Floats, Ints

MEMORY = 2_000
"""Rows that are looked back on."""
FIRST = 2 * LEAST + OUTLIER
"""Rows of a stretch before it can have ended."""

_ALLOWANCE = 10.0  # many places are looked at in each row
_DRIFT_SHARE = 0.03
_SURE = 3.0  # standard errors (about) of an autocorrelation that differences tell
_LATER = 1.5  # so much more evidence of a later place is waited for
_LONGEST = 500  # rows for which the noise that was told last may serve


@dataclass(frozen=True)
class LevelChange:
    """The first row of the new stretch, and the row with which it was known."""

    onset: int
    known: int
    log_evidence: float
    """−ln p."""


def level_changes(values: Floats, run: float) -> list[LevelChange]:
    """All changes of the level of finite rows, in turn; false ones are to come once in `run` rows or more seldom.

    Where that holds, and where not, is measured and told by `change_points`. What is known at a row does not depend on
    the rows behind it.
    """
    values = _scaled(values)
    need = float(np.log(_ALLOWANCE * run))
    changes: list[LevelChange] = []
    begin, row = 0, FIRST
    while row < len(values):
        until = min(row + int(np.clip((row - begin) // 10, 1, _LONGEST)), len(values))
        change = _Look(values, begin, row, until, need, [change.onset for change in changes]).first_change()
        if change is None:
            row = until
            continue
        changes.append(change)
        begin, row = change.onset, max(change.known + 1, change.onset + FIRST)
    return changes


def _scaled(values: Floats) -> Floats:
    """The rows times a power of two, so that their squares are numbers."""
    largest = float(np.abs(values).max()) if len(values) else 0.0
    return np.ldexp(values, -int(np.frexp(largest)[1])) if largest > 0 else values


class _Look:
    """The rows from `row` to before `until`, for which the noise and the season of the rows before serve."""

    def __init__(self, values: Floats, begin: int, row: int, until: int, need: float, onsets: list[int]) -> None:
        first = max(row - MEMORY, 0)
        rows = values[first:until]
        season = season_of(rows[: row - first])
        if season is not None:
            rows = rows - np.resize(season, len(rows))
        self._first, self._row, self._until, self._need = first, row, until, need
        self._rows = rows
        self._noise = noise_of(rows[: row - first])
        self._begin = max(begin - first, 0)  # positions count from `first`
        self._edges = [onset - first for onset in onsets if onset > first]

    def first_change(self) -> LevelChange | None:
        noise, begin, row = self._noise, self._begin, self._row - self._first
        stretch = without_outliers(self._rows[begin:], noise.spread)
        stretch = stretch - np.median(stretch[: max(row - begin - OUTLIER, 1)])
        sums = Sums(stretch, noise.keep, origin=row - begin)
        # the last rows may be outliers; the first of the stretch has none before it
        ends = np.arange(row, self._until - self._first) + 1 - OUTLIER - begin - 1
        widths = _widths(min(int(ends[-1]) - LEAST, MEMORY // 2))
        if not len(widths):
            return None
        last = np.broadcast_to(ends[:, None], (len(ends), len(widths)))
        place = last - widths
        possible = place >= LEAST
        place = np.where(possible, place, LEAST)
        last = np.maximum(last, place + LEAST)
        last = np.minimum(last, sums.rows)
        found = evidence(sums, place, last, noise, self._need, 1.0)
        level, bend = (np.where(possible, each, 0.0).max(axis=1) for each in found)
        retry = 0
        for at in np.flatnonzero(np.maximum(level, bend) >= self._need).tolist():
            if at < retry:
                continue
            end, bent = int(ends[at]), bool(bend[at] > level[at])
            onset = self._onset(sums, end, bent)
            if onset is None:
                continue
            proved = self._proved(row + at, onset, bent)
            if proved >= self._need:
                return LevelChange(self._first + onset, self._row + at, proved)
            # hardly anything will have changed so soon
            retry = at + max((begin + 1 + end - onset) // 8, 1)
        return None

    def _onset(self, sums: Sums, end: int, bent: bool) -> int | None:
        """The most likely place of a change that the rows before `end` show; None if too few rows are of the new."""
        places = np.arange(LEAST, end - (1 if sums.loses_first else 0))
        likely = replace(self._noise, skewness=0.0, kurtosis=0.0)
        level, bend = evidence(sums, places, np.full_like(places, end), likely, self._need, 1.0)
        found = bend if bent else level
        enough = places <= end - LEAST
        best = int(np.where(enough, found, 0.0).argmax())
        too_soon = level[~enough].max() > _LATER * found[best]
        if too_soon:
            return None
        onset = self._begin + 1 + int(places[best])
        known = self._begin + end + OUTLIER
        return onset if bent else self._begin + level_onset(self._rows[self._begin : known + 1], onset - self._begin)

    def _proved(self, row: int, onset: int, bent: bool) -> float:
        """The evidence of a change at `onset`, known at `row`, with the noise about all lines up to it."""
        begin = self._begin
        raw = self._rows[begin : row + 1 - OUTLIER]
        usual = raw == self._noise.usual
        exact = np.inf
        if usual.any():
            # rows of a few values are counted
            exact = 0.0 if bent else counted(usual, onset - begin)
        rows = without_outliers(self._rows[: row + 1], self._noise.spread)[:-OUTLIER]
        keep, widths, factors = noise_about_lines(rows, [*self._edges, onset], bent=bent)
        # differences don't know of changes that were missed
        keep = min(max(keep, self._noise.keep), self._noise.keep + _SURE / np.sqrt(len(rows)))
        rows = rows[begin:]
        sums = Sums(rows - np.median(rows), keep, origin=onset - begin)
        place, last = np.array([onset - begin - 1]), np.array([sums.rows])
        inflation = float(np.interp(np.log(last[0] - place[0]), np.log(widths), factors))
        if sums.wander(sums.rows) and explained_by_lines(rows, onset - begin) < _DRIFT_SHARE:
            return 0.0
        level, bend = evidence(sums, place, last, self._noise, self._need, inflation)
        return min(float(max(level[0], bend[0])), exact)


def _widths(longest: int) -> Ints:
    """Numbers of new rows that are looked at: each about a fifth larger than the one before."""
    widths = []
    width = LEAST
    while width <= longest:
        widths.append(width)
        width = max(width + 1, int(1.2 * width))
    return np.array(widths, dtype=np.int64)
