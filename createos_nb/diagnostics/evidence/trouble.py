"""Trouble that no stretch of 5xx shows: errors older than what was read, and visitors who are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.onset import Stretch, stretches

#: From this share on, lasting errors are trouble; of fewer requests than these nothing is said.
_LASTING: Final = 0.02
_FEW: Final = 30
#: The share of 4xx has to rise by so much, and not because so many more visitors came, as a part of those refused.
_REFUSED: Final = 0.03
_VISITORS: Final = 0.5
_LEAD: Final = pd.Timedelta("2h")
_HOUR: Final = pd.Timedelta("1h")


def lasting_errors(
    traffic: pd.DataFrame,
    failing: float,
    changes: Iterable[Any],
    share: Callable[[pd.Timestamp, pd.Timestamp], float | None],
) -> Stretch | None:
    """Return errors that have lasted for all the time that was read, dated by the change that they began with.

    Args:
        traffic: The requests that were read.
        failing: The share of the newest requests that failed.
        changes: When something was changed, or NA.
        share: Reads the share of failing requests between two moments; None where there were none.

    Returns:
        The stretch; its `before` is NaN where it is not known when it began.
    """
    rows = traffic[["count", "status_5xx"]].dropna()
    total, failed = int(rows["count"].sum()), int(rows["status_5xx"].sum())
    if total < _FEW or failed < 5 or failed / total < _LASTING or failing < _LASTING:
        return None
    within = failed / total
    for moment in changes:
        if moment is None or pd.isna(moment) or moment > rows.index[0]:
            continue
        before, after = share(moment - _HOUR, moment), share(moment, moment + _HOUR)
        if before is not None and after is not None and after > max(2 * before, before + _LASTING / 4):
            return Stretch(moment, None, before, within, failed, total, float(failed))
    return Stretch(rows.index[0], None, float("nan"), within, failed, total, float(failed))


def refused_visitors(traffic: pd.DataFrame, now: pd.Timestamp) -> Stretch | None:
    """Return the stretch in which visitors who were served before are answered 4xx.

    Crawlers that ask for what was never there come beside the others: where about as many more requests came as were
    refused, nobody who was served before is.

    Args:
        traffic: The requests that were read.
        now: The present.

    Returns:
        The stretch that goes on now; None if there is none.
    """
    for stretch in stretches(traffic, "status_4xx", most=1):
        if not stretch.ongoing or stretch.within - stretch.before < _REFUSED:
            continue
        start = max(stretch.start - _LEAD, traffic.index[0])
        lead = traffic[(traffic.index >= start) & (traffic.index < stretch.start)].sum(numeric_only=True)
        seconds = max((stretch.start - start).total_seconds(), 60.0)
        lasted = max((now - stretch.start).total_seconds(), 60.0)
        refused = stretch.hits / lasted - float(lead["status_4xx"]) / seconds
        more = stretch.trials / lasted - float(lead["count"]) / seconds
        if more < _VISITORS * refused:
            return stretch
    return None
