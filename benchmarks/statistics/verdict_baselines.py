"""The judges that the field uses, on the same releases as ours; see `createos_nb.analysis.releases.baselines`."""

from __future__ import annotations

from collections.abc import Callable

from createos_nb.analysis.releases.baselines import Bools, exact, mann_whitney, threshold, z_test
from createos_nb.analysis.releases.counts import PairedCounts

__all__ = ["RIVALS", "exact", "mann_whitney", "threshold", "z_test"]

RIVALS: dict[str, Callable[[PairedCounts], Bools]] = {
    "Mann-Whitney": mann_whitney,
    "z, peeked": z_test,
    "≥ 99 %, 10 checks": lambda paired: threshold(paired, target=0.99, failures=10),
    "≥ 95 %, 4 checks": lambda paired: threshold(paired, target=0.95, failures=4),
    "exact": exact,
}
