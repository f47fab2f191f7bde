"""What decides between going on and stopping: from two frames of traffic to a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from createos_nb.errors import InvalidInput


@dataclass(frozen=True)
class Verdict:
    """`passed`: go on; `reason`: why, or why not; `decided`: more traffic would change nothing."""

    passed: bool
    reason: str
    decided: bool = True


#: Takes the traffic of what serves today and of what is to serve, as `analytics.requests_over_time` gives it, and gives
#: a `Verdict`, or something with `passed` (and perhaps `reason` and `decided`), or a bool. It is asked at the end of
#: the watch. One with a number `every` watches live: it is asked after each so many seconds too, with the traffic so
#: far, and the watch ends as soon as its verdict is `decided`. The first frame begins at least an hour before the
#: second one, which begins with the watch.
Gate: TypeAlias = Callable[[pd.DataFrame, pd.DataFrame], Any]


@dataclass(frozen=True)
class SuccessRate:
    """Passes what has had enough requests and does not succeed less often than what serves today.

    A request succeeds unless it ends in a server error (5xx). It does not pass with fewer than `minimum` requests of
    the new one, nor where the Wilson interval of its success rate at `confidence` lies wholly below that of the other.
    Clumps of errors are not allowed for: `createos_nb.analysis` judges more closely.
    """

    minimum: int = 20
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.minimum < 1 or not 0 < self.confidence < 1:
            raise InvalidInput("a gate needs minimum= of at least 1 request and confidence= between 0 and 1")

    def __call__(self, baseline: pd.DataFrame, candidate: pd.DataFrame) -> Verdict:
        """The verdict on two frames with columns count and status_5xx; buckets without data do not count."""
        from createos_nb.analysis.intervals import wilson, z_of

        good, total = (np.array(one, dtype=float) for one in zip(_good(baseline), _good(candidate), strict=True))
        if total[1] < self.minimum:
            return Verdict(False, f"{total[1]:.0f} requests are too few to judge: {self.minimum} are needed")
        low, high = wilson(good, total, z_of(self.confidence))
        share = f"{100 * good[1] / total[1]:.2f} % of {total[1]:.0f} requests succeeded"
        if total[0] == 0:
            worse = bool(good[1] < total[1] and high[1] < 0.99)
            return Verdict(not worse, f"{share}; what serves today has had none to compare with")
        then = f"{100 * good[0] / total[0]:.2f} % of {total[0]:.0f} for what serves today"
        if high[1] < low[0]:
            return Verdict(False, f"it is worse: {share}, {then}")
        return Verdict(True, f"{share}, {then}")


def _good(frame: pd.DataFrame) -> tuple[float, float]:
    """Requests that succeeded, and all of them."""
    known = frame.dropna(subset=["count", "status_5xx"])
    total = float(known["count"].sum())
    return total - float(known["status_5xx"].sum()), total


def verdict_of(said: Any) -> Verdict:
    """What a gate has said as a `Verdict`."""
    if isinstance(said, Verdict):
        return said
    passed = getattr(said, "passed", said)
    if not isinstance(passed, bool | np.bool_):
        raise InvalidInput(f"a gate gives a Verdict, something with passed, or a bool, not a {type(said).__name__}")
    reason = str(getattr(said, "reason", "") or ("passed" if passed else "not passed"))
    return Verdict(bool(passed), reason, bool(getattr(said, "decided", True)))


def every_of(gate: Gate) -> float | None:
    """Seconds between two looks of a gate that watches live; None of one that is asked at the end. `InvalidInput`."""
    every = getattr(gate, "every", None)
    if every is None:
        return None
    if isinstance(every, bool) or not isinstance(every, int | float) or not every > 0:
        raise InvalidInput(f"a gate that watches live has every= of more than 0 seconds, not {every!r}")
    return float(every)
