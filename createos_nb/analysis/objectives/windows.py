"""Trailing windows over a regular grid, by differences of cumulative sums: exact for counts and linear in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from createos_nb.analysis.validation import Bools, Floats, Ints, Requests

_Sums = TypeVar("_Sums", Floats, Ints)


@dataclass(frozen=True, eq=False)
class Trailing:
    """Sums over the last buckets of requests, errors and buckets with data.

    Window ends are the ends of buckets: position t covers the buckets `t − width + 1 … t`. Where the series begins
    within the window, the sum is over what there is.
    """

    requests: Floats
    errors: Floats
    observed: Ints | None
    """Cumulative number of buckets with data; None where every bucket has some."""
    first: Ints
    """Position of the first bucket with data, shape `()` or `(E,)`; the length of the grid where there is none."""
    has_data: Bools | None
    """Where there is data; None where it is everywhere."""

    def sums(self, width: int) -> tuple[Floats, Floats]:
        """Requests and errors of the last `width` buckets, for every bucket."""
        return _last(self.requests, width), _last(self.errors, width)

    def observed_buckets(self, width: int) -> Ints:
        """Buckets with data among the last `width`."""
        if self.observed is None:
            return np.minimum(np.arange(1, self.requests.shape[-1]), width)
        return _last(self.observed, width)

    def is_covered(self, width: int, *, share: float) -> Bools:
        """Return where the last `width` buckets lie within the data and at least `share` of them have some."""
        length = self.requests.shape[-1] - 1
        inside = np.arange(length) - (width - 1) >= self.first[..., None]
        if self.observed is None:
            return np.asarray(inside & np.ones((*self.requests.shape[:-1], length), dtype=np.bool_))
        return np.asarray(inside & (_last(self.observed, width) >= share * width))

    def at(self, environment: Ints, position: Ints, width: int) -> tuple[Floats, Floats]:
        """Requests and errors of the last `width` buckets at single positions."""
        rows, bad = np.atleast_2d(self.requests), np.atleast_2d(self.errors)
        begin = np.maximum(position + 1 - width, 0)
        return (
            rows[environment, position + 1] - rows[environment, begin],
            bad[environment, position + 1] - bad[environment, begin],
        )

    def is_covered_at(self, environment: Ints, position: Ints, width: int, *, share: float) -> Bools:
        """`is_covered` at single positions."""
        inside = position - (width - 1) >= np.atleast_1d(self.first)[environment]
        if self.observed is None:
            return np.asarray(inside)
        observed = np.atleast_2d(self.observed)
        seen = observed[environment, position + 1] - observed[environment, np.maximum(position + 1 - width, 0)]
        return np.asarray(inside & (seen >= share * width))

    def over_limit(self, width: int, limit: float, spare: float) -> tuple[Ints, Ints]:
        """Positions that may have more than `limit × requests − spare` errors in their last `width` buckets.

        Environments and positions in order. All that do are among them, and hardly any others: rounding is allowed for.
        """
        excess = np.atleast_2d(self.errors - limit * self.requests)
        if width >= excess.shape[-1]:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        rounding = 1e-12 * (np.abs(excess[..., -1]).max(initial=0.0) + limit * self.requests.max(initial=0.0)) + 1e-9
        environment, position = np.nonzero(excess[:, width:] - excess[:, :-width] > -spare - rounding)
        return environment, position + width - 1


def trailing(counts: Requests, statuses: tuple[str, ...], *, with_partial: bool = False) -> Trailing:
    """Cumulative sums of a requests frame; buckets that the asked window cuts are left out unless told otherwise."""
    errors = counts.errors(statuses)
    has_data = ~np.isnan(counts.count) if with_partial else counts.observed
    if has_data.all():
        return Trailing(
            requests=_cumulative(counts.count),
            errors=_cumulative(errors),
            observed=None,
            first=np.zeros(has_data.shape[:-1], dtype=np.int64),
            has_data=None,
        )
    return Trailing(
        requests=_cumulative(np.where(has_data, counts.count, 0.0)),
        errors=_cumulative(np.where(has_data, errors, 0.0)),
        observed=_cumulative(has_data.astype(np.int64)),
        first=np.where(has_data.any(axis=-1), has_data.argmax(axis=-1), has_data.shape[-1]),
        has_data=has_data,
    )


def _cumulative(values: _Sums) -> _Sums:
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), dtype=values.dtype)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    return sums


def _last(sums: _Sums, width: int) -> _Sums:
    length = sums.shape[-1] - 1
    totals = sums[..., 1:].copy()
    if width < length:
        totals[..., width:] -= sums[..., 1 : length - width + 1]
    return totals
