"""Paired counts of baseline and candidate in a watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Bools, Floats


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Counts of n watches of T buckets: requests and errors, shape `(n, T)`. No data is 0 requests and 0 errors."""

    old_requests: Floats
    new_requests: Floats
    old_errors: Floats
    new_errors: Floats
    bucket_seconds: float = 60.0

    def rows(self, part: slice | Bools) -> PairedCounts:
        """Some of the watches."""
        return self._each(lambda counts: counts[part])

    def within(self, judged: Bools) -> PairedCounts:
        """The same with nothing in the buckets that are not judged, `(n, T)` or `(T,)`."""
        return self._each(lambda counts: np.where(judged, counts, 0.0))

    def until(self, bucket: int) -> PairedCounts:
        """The same up to a bucket."""
        return self._each(lambda counts: counts[:, : bucket + 1])

    def _each(self, change: Callable[[Floats], Floats]) -> PairedCounts:
        old, new = change(self.old_requests), change(self.new_requests)
        return PairedCounts(old, new, change(self.old_errors), change(self.new_errors), self.bucket_seconds)
