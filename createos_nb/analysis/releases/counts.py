"""Paired counts of baseline and candidate in a watch, and of the time before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from createos_nb.analysis.validation import Bools, Floats

CALIBRATED_BUCKETS: Final = 30
CALIBRATED_ERRORS: Final = 100


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Counts of n watches of T buckets: requests and errors, shape `(n, T)`, and those of the history `(n, H)`.

    No data is 0 requests and 0 errors. The history is the baseline before the release, with the same width of buckets.
    """

    old_requests: Floats
    new_requests: Floats
    old_errors: Floats
    new_errors: Floats
    history_requests: Floats
    history_errors: Floats
    bucket_seconds: float = 60.0

    def rows(self, part: slice | Bools) -> PairedCounts:
        """Some of the watches."""
        return PairedCounts(
            self.old_requests[part],
            self.new_requests[part],
            self.old_errors[part],
            self.new_errors[part],
            self.history_requests[part],
            self.history_errors[part],
            self.bucket_seconds,
        )

    @property
    def calibrated(self) -> Bools:
        """Return where the history is long enough to tell lasting noise from calm; shape `(n,)`."""
        buckets = (self.history_requests > 0).sum(axis=1)
        return np.asarray((buckets >= CALIBRATED_BUCKETS) & (self.history_errors.sum(axis=1) >= CALIBRATED_ERRORS))
