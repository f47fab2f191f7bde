"""Incidents of an environment, inferred from its traffic: more errors than usual, or fewer requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import pandas as pd

#: What of `analysis.anomalies` is an incident: more requests than usual are none.
_KINDS: Final = ("more errors", "fewer requests")
#: Rows from which `analysis.anomalies` has learned what is usual.
_LEARNED: Final = 60
#: Seconds within which the same is one incident.
_SAME: Final = 3600


class Incident(NamedTuple):
    """An incident: when it could first be known, in Unix seconds, and what was unusual."""

    time: float
    text: str


def incidents(traffic: pd.DataFrame) -> Iterator[Incident]:
    """Yield the incidents in the traffic of one environment.

    Args:
        traffic: Requests over time, with what comes before the window that is asked about: it says what is usual.
    """
    from createos_nb.analysis import anomalies

    if traffic["count"].notna().sum() <= _LEARNED:
        return
    found = anomalies(traffic)
    width = int(traffic.attrs.get("bucket_seconds") or 60)
    last: dict[str, float] = {}
    for time, row in found[found["anomaly"]].iterrows():
        what = str(row["what"])
        seconds = pd.Timestamp(time).timestamp()  # type: ignore[arg-type]  # the index holds times
        kinds = [kind for kind in _KINDS if kind in what]
        new = [kind for kind in kinds if seconds - last.get(kind, -_SAME) >= _SAME]
        last |= dict.fromkeys(kinds, seconds)
        if not new:  # it has grown worse
            continue
        told = [
            f"{row['errors']:.0f} of {row['count']:.0f} requests failed, {row['errors_expected']:.1f} were expected"
            if "more errors" in new
            else "",
            f"{row['count']:.0f} requests, {row['expected']:.0f} were expected" if "fewer requests" in new else "",
        ]
        yield Incident(seconds + width, f"{' and '.join(new)}: {'; '.join(filter(None, told))}")
