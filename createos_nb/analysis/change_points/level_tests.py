"""Tests of one line through all rows against two levels, a jump, or a bend; for many places and ends at once.

All are F tests from sums of squares, of rows whose autocorrelation is taken out. What the noise has of skewness and
kurtosis raises the bar as Cornish and Fisher's expansion says, so that a few rows of a lopsided noise are no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from createos_nb.analysis.change_points.level_noise import Noise
from createos_nb.analysis.validation import Floats

Rows = npt.NDArray[np.int64]

LEAST = 5
"""Rows of a stretch on each side of a change."""

_WANDERS = 5.0  # a series shorter than so many memories has no level to return to, only a drift
_LEVEL_SHARE, _BEND_SHARE = 0.01, 0.03  # of the rows' variation that a change must explain
_BEND_DISCOUNT = 2.0  # a bend fits correlated noise too well
_KEPT = 0.05  # autocorrelation from which the first row of a stretch tells nothing of its level


@dataclass(frozen=True, eq=False)
class _Part:
    """Sums over the rows of a part: their number, means, and squares about the mean."""

    rows: Floats
    x: Floats
    z: Floats
    xx: Floats
    zz: Floats
    xz: Floats

    @property
    def about_line(self) -> Floats:
        """Squares about the part's own line."""
        return np.maximum(self.zz - _over(self.xz * self.xz, self.xx), 0.0)


class Sums:
    """Sums of a series' rows less `keep` times the rows before them, from which any part's lines can be told.

    Row 0 has none before it: places and ends count from the row after it. `origin` is where x is 0.
    """

    def __init__(self, values: Floats, keep: float, *, origin: int) -> None:
        z = values[1:] - keep * values[:-1]
        x = np.arange(len(z), dtype=np.float64) - origin
        self.rows = len(z)
        self.keep = keep
        self._sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (x, z, x * x, z * z, x * z)]

    @property
    def loses_first(self) -> bool:
        """Whether rows are so correlated that the first of a new level tells nothing of it."""
        return self.keep > _KEPT

    def wander(self, rows: Any) -> Any:
        """Whether so many rows are too few to be told from a random walk."""
        return ((1 - self.keep) * rows < _WANDERS) & (self.keep > 0.5)

    def without(self, first: Rows, place: Rows, last: Rows) -> tuple[_Part, _Part, _Part]:
        """The rows before `place`, those from it on, and both together; where rows are correlated, without it."""
        after = place + (1 if self.loses_first else 0)
        sums = [(each[place] - each[first], each[last] - each[after]) for each in self._sums]
        rows = ((place - first).astype(np.float64), (last - after).astype(np.float64))
        return (
            _centred(rows[0], [each[0] for each in sums]),
            _centred(rows[1], [each[1] for each in sums]),
            _centred(rows[0] + rows[1], [each[0] + each[1] for each in sums]),
        )


def _centred(rows: Floats, sums: list[Floats]) -> _Part:
    x, z, xx, zz, xz = sums
    return _Part(rows, x / rows, z / rows, xx - x * x / rows, np.maximum(zz - z * z / rows, 0.0), xz - x * z / rows)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def evidence(
    sums: Sums, place: Rows, last: Rows, noise: Noise, need: float, inflation: Floats | float
) -> tuple[Floats, Floats]:
    """Return −ln p of a level that changes at `place`, and of a bend there, for the rows before `last`.

    `inflation` is how many times more the mean of the new rows varies than that of independent ones; `need` is the
    evidence at which skewness and kurtosis are weighed.
    """
    before, after, both = sums.without(np.zeros_like(place), place, last)
    rows = both.rows
    least = 1e-10 * both.zz + 1e-300
    wanders = sums.wander(rows)
    usual = np.where(wanders, both.zz, both.about_line) + least
    variance = 1 / before.rows + 1 / after.rows
    skewness = noise.skewness * (1 / after.rows**2 - 1 / before.rows**2) / variance**1.5
    either = abs(noise.skewness) * (1 / after.rows**2 + 1 / before.rows**2) / variance**1.5
    kurtosis = noise.kurtosis * (1 / after.rows**3 + 1 / before.rows**3) / variance**2
    z = np.sqrt(2 * need)

    def ratio(rest: Floats, share: float, lean: Floats) -> Floats:
        """The fall of the squares, in units of what is left, drawn down by inflation and by the noise's shape."""
        fall = np.where(usual - rest >= share * (both.zz + least), usual - rest, 0.0)
        raised = np.maximum(1 + (lean * (z * z - 1) / 6 + kurtosis * (z**3 - 3 * z) / 24) / z, 1.0)
        return np.asarray(np.maximum(fall, 0.0) / rest / (inflation * raised * raised))

    # two levels
    rest = before.zz + after.zz + least
    levels = _one_parameter(ratio(rest, _LEVEL_SHARE, skewness * np.sign(after.z - before.z)), rows - 3)
    # a jump of a line
    together = before.xx + after.xx
    slope = _over(before.xz + after.xz, together)
    rest = np.maximum(before.zz + after.zz - slope * (before.xz + after.xz), 0.0) + least
    height = after.z - before.z - slope * (after.x - before.x)
    jump = np.where(wanders, 0.0, _one_parameter(ratio(rest, _LEVEL_SHARE, skewness * np.sign(height)), rows - 4))
    # two lines
    rest = before.about_line + after.about_line + least
    bend = np.maximum(rows - 5, 0) / 2 * np.log1p(ratio(rest, _BEND_SHARE, either)) / _BEND_DISCOUNT
    few = np.minimum(before.rows, after.rows) < LEAST - 1
    return np.maximum(levels, jump), np.where(wanders | few, 0.0, bend)


def _one_parameter(ratio: Floats, freedom: Floats) -> Floats:
    """−ln of the tail of F with 1 and `freedom` degrees of freedom, from F / freedom (about, for what is far)."""
    freedom = np.maximum(freedom, 1.0)
    return np.asarray(
        freedom / 2 * np.log1p(ratio) + 0.5 * np.log(np.pi / 2 * np.maximum(ratio * freedom, 2 / np.pi))
    ) * (ratio > 0)


def level_onset(values: Floats, onset: int) -> int:
    """The row from which on rows are nearer to the level of the last of them than to that before a rough onset."""
    known = len(values) - 1
    beside = 2 * (known - onset) + LEAST
    old = float(np.median(values[max(onset - beside, 0) : onset]))
    new = float(np.median(values[(onset + known + 1) // 2 :]))
    if new == old:
        return onset
    first = max(onset - LEAST, 1)
    closeness = np.clip((values[first:] - (old + new) / 2) / (new - old), -1, 1)
    # a few rows are new in any case
    return min(len(values) - 1 - int(np.cumsum(closeness[::-1]).argmax()), known - LEAST + 1)


def explained_by_lines(values: Floats, place: int) -> float:
    """The share of the rows' variation that two lines explain beyond one."""
    one, two = _rest(values), _rest(values[:place]) + _rest(values[place:])
    total = float(np.sum((values - values.mean()) ** 2))
    return (one - two) / total if total > 0 else 0.0


def _rest(values: Floats) -> float:
    x = np.arange(len(values)) - (len(values) - 1) / 2
    rest = values - values.mean()
    return float(rest @ rest) - float(x @ rest) ** 2 / float(x @ x)


def counted(usual: npt.NDArray[Any], place: int) -> float:
    """−ln p of so many usual rows before and behind `place`, if they are dealt out by chance (Fisher's exact test)."""
    from scipy.special import gammaln, logsumexp

    odd = ~usual
    rows, after, total = len(odd), len(odd) - place, int(odd.sum())
    behind = int(odd[place:].sum())

    def choose(of: Any, number: Any) -> Any:
        return gammaln(of + 1) - gammaln(number + 1) - gammaln(of - number + 1)

    few, many = max(0, after - (rows - total)), min(total, after)
    number = np.arange(few, many + 1)
    logs = choose(total, number) + choose(rows - total, after - number) - choose(rows, after)
    return float(max(-logsumexp(logs[number >= behind]), -logsumexp(logs[number <= behind])))
