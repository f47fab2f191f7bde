"""A thousand environments, a year of minutes each: 525 million rows; about an hour, most of it to write them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.fleets import YEAR, measured
from benchmarks.measure import Figure


def figures() -> list[Figure]:
    """The same figures as those of `fleets`, and the cost of one environment of 10, 100 and 1,000."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(Path(folder) / "fleet", 1000, YEAR, [10, 100], cluster=True)
