"""Since when a share has been higher than usual, and until when: one stretch of a series, by likelihood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

#: Natural logarithm of how many times likelier the data are with the stretch than without. A stretch is chosen among
#: some 10⁶ of a day, so that 18 leaves about one false stretch in seventy days of pure chance.
_LEAST: Final = 18.0
#: A share has to rise by so much, and by that factor, to matter to anybody.
_RISE, _FACTOR = 0.004, 2.0
#: More buckets than these are added up in pairs, fours, ...: each pair of ends is looked at.
_MOST: Final = 720
#: A change so near to the likeliest beginning may be it, where the evidence is less by no more than this.
_NEAR: Final = pd.Timedelta("30min")
_LITTLE: Final = 3.0
#: A stretch that ends within so many seconds of the present is still going on.
_STILL: Final = 360.0
#: Unless so many would have failed since then.
_OVER: Final = 8.0


@dataclass(frozen=True)
class Stretch:
    """A stretch of time in which a share was higher than outside of it.

    Attributes:
        start: its first moment (UTC), to the width of a bucket.
        end: the moment after its last; None while it goes on.
        before: the share outside, 0 to 1.
        within: the share inside.
        hits: how many inside.
        trials: of how many.
        evidence: the logarithm of the likelihood ratio, corrected for overdispersion.
        column: what was counted, such as "status_5xx".
    """

    start: pd.Timestamp
    end: pd.Timestamp | None
    before: float
    within: float
    hits: int
    trials: int
    evidence: float
    column: str = "status_5xx"

    @property
    def ongoing(self) -> bool:
        """Return whether it goes on."""
        return self.end is None


def stretches(series: pd.DataFrame, hits: str, *, most: int = 3) -> list[Stretch]:
    """Return the stretches in which a share was higher than outside of them, the clearest first.

    Model: each request is a hit with a probability that is one inside the stretch and another outside; counts vary more
    than that by a factor that is estimated outside (quasi-likelihood). A stretch counts where it explains the data
    `exp(18)` times better than none, and the share rises by 0.4 percentage points and to the double. Measured false
    alarms: docs/diagnosis.md.

    Args:
        series: Index `time` (UTC, regular), `count` and the column of hits (Int64); NA is no data.
        hits: Name of that column.
        most: At most so many.

    Returns:
        The stretches, none where there is none.

    Examples:
        >>> from createos_nb.diagnostics.evidence.onset import stretches
        >>> times = pd.date_range("2026-03-02 09:00", periods=60, freq="1min", tz="UTC", name="time")
        >>> series = pd.DataFrame({"count": 100, "status_5xx": [0] * 40 + [9] * 20}, index=times)
        >>> found, = stretches(series, "status_5xx")
        >>> str(found.start), found.ongoing
        ('2026-03-02 09:40:00+00:00', True)
    """
    known = series[series["count"].notna() & series[hits].notna()]
    if len(known) < 2:
        return []
    edges = known.index.append(pd.DatetimeIndex([known.index[-1] + (known.index[-1] - known.index[-2])]))
    trials = known["count"].to_numpy(dtype=float)
    counts = known[hits].to_numpy(dtype=float)
    free = np.ones(len(trials), dtype=bool)
    found: list[Stretch] = []
    while len(found) < most:
        best = _best(np.where(free, trials, 0.0), np.where(free, counts, 0.0))
        if best is None:
            break
        first, last, evidence, outside, inside = best
        since = float((trials * free)[last:].sum())
        ongoing = (edges[-1] - edges[last]).total_seconds() <= _STILL and since * inside < _OVER
        found.append(
            Stretch(
                start=edges[first],
                end=None if ongoing else edges[last],
                before=outside,
                within=inside,
                hits=int((counts * free)[first:last].sum()),
                trials=int((trials * free)[first:last].sum()),
                evidence=evidence,
                column=hits,
            )
        )
        free[first:last] = False
    return found


def snapped(series: pd.DataFrame, stretch: Stretch, moments: Iterable[Any]) -> Stretch:
    """Return a stretch that begins at a change, where that explains the data nearly as well.

    Where counts are small, the likeliest beginning is minutes off; a change that was made just then is a better guess.

    Args:
        series: What the stretch was found in.
        stretch: The stretch, which goes on.
        moments: When something was changed, or NA.

    Returns:
        The stretch, with the nearest such moment as its start; as it was where there is none.
    """
    known = series[series["count"].notna() & series[stretch.column].notna()]
    trials = known["count"].to_numpy(dtype=float)
    counts = known[stretch.column].to_numpy(dtype=float)

    def evidence(start: pd.Timestamp) -> float:
        first = int(known.index.searchsorted(start))
        return _ratio(trials, counts, first, len(known)) if 0 < first < len(known) else 0.0

    best = evidence(stretch.start)
    near = [
        moment.floor("min")
        for moment in moments
        if moment is not None and not pd.isna(moment) and abs(moment - stretch.start) <= _NEAR
    ]
    good = [moment for moment in near if best - evidence(moment) <= _LITTLE]
    if not good:
        return stretch
    return replace(stretch, start=min(good, key=lambda moment: abs(moment - stretch.start)))


def _best(trials: np.ndarray, counts: np.ndarray) -> tuple[int, int, float, float, float] | None:
    """Return the clearest stretch: its ends, its evidence, and the shares outside and inside."""
    width = -(-len(trials) // _MOST)
    coarse = _scan(_added(trials, width), _added(counts, width))
    if coarse is None:
        return None
    first, last = coarse[0] * width, min(coarse[1] * width, len(trials))
    if width > 1:
        first, last = _refined(trials, counts, first, last, width)
    return _judged(trials, counts, first, last)


def _added(values: np.ndarray, width: int) -> np.ndarray:
    padded = np.concatenate([values, np.zeros(-len(values) % width)])
    return np.asarray(padded.reshape(-1, width).sum(axis=1))


def _scan(trials: np.ndarray, counts: np.ndarray) -> tuple[int, int] | None:
    sums_n = np.concatenate([[0.0], np.cumsum(trials)])
    sums_k = np.concatenate([[0.0], np.cumsum(counts)])
    inside_n = sums_n[None, :] - sums_n[:, None]
    inside_k = sums_k[None, :] - sums_k[:, None]
    total_n, total_k = sums_n[-1], sums_k[-1]
    if total_k < 3:
        return None
    ratio = _log_likelihood(inside_k, inside_n) + _log_likelihood(total_k - inside_k, total_n - inside_n)
    ratio -= _log_likelihood(np.array(total_k), np.array(total_n))
    outside_n = total_n - inside_n
    with np.errstate(divide="ignore", invalid="ignore"):
        risen = inside_k / inside_n > (total_k - inside_k) / outside_n
    # nothing outside is no comparison, but for a series that fails from its first bucket on
    ratio = np.where((inside_n > 0) & (outside_n > 0) & risen, ratio, 0.0)
    place = int(np.argmax(ratio))
    first, last = divmod(place, ratio.shape[1])
    return (first, last) if ratio[first, last] > _LEAST else None


def _refined(trials: np.ndarray, counts: np.ndarray, first: int, last: int, width: int) -> tuple[int, int]:
    """Move the ends of a stretch by single buckets to where it is likeliest."""
    firsts = range(max(0, first - width), min(first + width, last - 1) + 1)
    lasts = range(max(first + 1, last - width), min(last + width, len(trials)) + 1)
    pairs = [(one, other) for one in firsts for other in lasts if one < other]
    return max(pairs, key=lambda pair: _ratio(trials, counts, *pair))


def ratio_of(hits: tuple[float, float], trials: tuple[float, float]) -> float:
    """Return the logarithm of how many times likelier two counts are with a share each than with one for both."""
    both = np.array([*hits, sum(hits)], dtype=float), np.array([*trials, sum(trials)], dtype=float)
    parts = _log_likelihood(*both)
    return float(parts[0] + parts[1] - parts[2])


def _ratio(trials: np.ndarray, counts: np.ndarray, first: int, last: int) -> float:
    n, k = trials[first:last].sum(), counts[first:last].sum()
    total_n, total_k = trials.sum(), counts.sum()
    parts = _log_likelihood(np.array([k, total_k - k, total_k]), np.array([n, total_n - n, total_n]))
    return float(parts[0] + parts[1] - parts[2])


def _judged(
    trials: np.ndarray, counts: np.ndarray, first: int, last: int
) -> tuple[int, int, float, float, float] | None:
    n, k = trials[first:last].sum(), counts[first:last].sum()
    outside_n, outside_k = trials.sum() - n, counts.sum() - k
    inside, outside = k / n, (outside_k / outside_n if outside_n else 0.0)
    if inside - outside < _RISE or inside < _FACTOR * outside:
        return None
    evidence = _ratio(trials, counts, first, last) / _overdispersion(
        np.delete(trials, slice(first, last)), np.delete(counts, slice(first, last)), outside
    )
    return (first, last, evidence, float(outside), float(inside)) if evidence > _LEAST else None


def _overdispersion(trials: np.ndarray, counts: np.ndarray, share: float) -> float:
    """Return how many times as much counts vary as by chance alone, at least 1 (Pearson)."""
    used = trials * share * (1 - share) > 0
    if used.sum() < 20:
        return 1.0
    expected = trials[used] * share
    return max(1.0, float(np.mean((counts[used] - expected) ** 2 / (expected * (1 - share)))))


def _log_likelihood(hits: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """Return the binomial log likelihood at its best share, without the constant."""
    misses = trials - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        value = hits * np.log(hits / trials) + misses * np.log(misses / trials)
        value = np.where(hits <= 0, 0.0, np.where(misses <= 0, 0.0, value))
    return np.asarray(value)
