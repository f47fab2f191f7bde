"""An e-process against "the level of a series stays the same", on the rank of every row among the rows before it.

The rank, from −1 (below all) to 1 (above all), ties in the middle, is 0 on average while nothing changes, whatever the
distribution: neither scale nor spikes nor lean nor a handful of distinct values decide. Rows are ranked among up to
2,000 that are 120 and more before them (at first: among the first half of the stretch), so that a change is not held
against itself. Its logarithm is divided by the variance inflation that the ranks so far show (their autocorrelation).
"""

from __future__ import annotations

import numpy as np

from createos_nb.analysis.validation import Floats, Ints

LEARN = 30
"""Rows before a stretch that follows another is judged."""
FIRST = 150
"""Rows before the first stretch is judged: nothing is known of its autocorrelation."""

_FRACTIONS = np.array([0.1, 0.2, 0.35, 0.6])
_BIAS_ALLOWANCE = 0.03
_MEMORY = 2000
_BEHIND = 120  # rows that a change may take to be found before it passes for usual
_BLOCK = 30  # rows whose mean tells the autocorrelation
_EVERY = 60
_TRUST = 500  # rows of its own that weigh as much as the autocorrelation of the stretch before


def level_e_process(values: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Return ln of every row's e-value, upwards and downwards, of shape (betting fractions, rows); 0 while learning.

    `before` are the rows of the stretch before this one, empty for the first.
    """
    rows = np.arange(len(values))
    ranks = _ranks(values)
    ends = _reference(rows)
    inflation = _variance_inflation(ranks, ends)
    if len(before):
        weight = ends / (ends + _TRUST)
        inflation = weight * inflation + (1 - weight) * _variance_inflation_of(before)
    # the middle of few rows may be so far off; more would leave no evidence
    reference_size = np.clip(ends, 1, _MEMORY)
    bias_allowance = np.minimum(_BIAS_ALLOWANCE + 2.5 * np.sqrt(inflation / (3 * reference_size)), 0.45)
    learned = rows >= (LEARN if len(before) else FIRST)
    up = np.log1p(_FRACTIONS[:, None] * (ranks - bias_allowance)) / inflation
    down = np.log1p(_FRACTIONS[:, None] * (-ranks - bias_allowance)) / inflation
    return np.where(learned, up, 0.0), np.where(learned, down, 0.0)


def level_onset(values: Floats, onset: int, known: int) -> int:
    """The most likely first row of the new level, given a rough one and the row at which the change was known.

    The rows are nearer to the level before or to the level after; the onset is where the second begin to prevail.
    """
    for _ in range(2):
        if onset < 1:
            return onset
        old = float(np.median(values[max(onset - _MEMORY, 0) : onset]))
        new = float(np.median(values[(onset + known + 1) // 2 : known + 1]))
        if new == old:
            return onset
        closeness = np.clip((values[: known + 1] - (old + new) / 2) / (new - old), -1, 1)
        # the last row counts as new in any case
        onset = known - int(np.cumsum(closeness[known:0:-1]).argmax()) if known else 0
    return onset


def _reference(rows: Ints) -> Ints:
    """Up to where the rows before are what a row is compared with."""
    return np.maximum(rows - _BEHIND, rows // 2)


def _ranks(values: Floats) -> Floats:
    ranks = np.zeros(len(values))
    start = LEARN
    while start < len(values):
        end = min(start + min(max(start // 10, 10), _EVERY), len(values))
        last = int(_reference(np.array(start)))
        past = np.sort(values[max(last - _MEMORY, 0) : last])
        chunk = values[start:end]
        smaller = np.searchsorted(past, chunk, side="left") + np.searchsorted(past, chunk, side="right")
        ranks[start:end] = smaller / len(past) - 1
        start = end
    return ranks


def _variance_inflation(ranks: Floats, ends: Ints) -> Floats:
    """Return how much more the means of blocks vary than those of independent rows, over the rows before `ends`."""
    sums = np.concatenate([[0.0], np.cumsum(ranks)])
    blocks = np.zeros(len(ranks))
    blocks[_BLOCK - 1 :] = (sums[_BLOCK:] - sums[:-_BLOCK]) ** 2 / _BLOCK
    joint, single = (np.concatenate([[0.0], np.cumsum(terms)]) for terms in (blocks, ranks * ranks))
    begins = np.maximum(ends - _MEMORY, 0)
    total = single[ends] - single[begins]
    with np.errstate(divide="ignore", invalid="ignore"):
        inflation = (joint[ends] - joint[begins]) / total
    return np.where(total > 0, np.maximum(inflation, 1.0), 1.0)


def _variance_inflation_of(values: Floats) -> float:
    """The same for a stretch that is over, up to its last rows, which may be of the next."""
    ranks = _ranks(values)
    return float(_variance_inflation(ranks, np.array([len(ranks)]))[0])
