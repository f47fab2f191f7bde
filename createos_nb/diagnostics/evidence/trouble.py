"""Trouble that no stretch of 5xx shows: errors older than what was read, and visitors who are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.onset import Stretch, ratio_of, stretches

#: From this share on, lasting errors are trouble; of fewer requests than these nothing is said.
_LASTING: Final = 0.02
_FEW: Final = 30
#: The share of 4xx has to rise by so much; by a third of it where the environment was changed just then.
_REFUSED: Final = 0.03
#: The logarithm of the likelihood ratio of a rise at a moment that is known beforehand.
_SPLIT: Final = 8.0
#: A path that was asked for less often before is not known to have been there.
_HITS: Final = 10
#: Rows of a full list of paths.
_LISTED: Final = 10
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


def risen_at(traffic: pd.DataFrame, moment: pd.Timestamp | None, column: str, least: float) -> Stretch | None:
    """Return the stretch since a change, where more requests fail than in the two hours before it.

    The moment is known beforehand, so that a smaller rise is believed than where it has to be found.

    Args:
        traffic: The requests that were read.
        moment: When something was changed; None for nothing.
        column: What is counted, such as "status_5xx".
        least: By so much the share has to rise.

    Returns:
        The stretch; None where the share did not rise, or too few requests came to tell.
    """
    if moment is None:
        return None
    rows = traffic[["count", column]].dropna().astype(float)
    before = rows[(rows.index < moment.floor("min")) & (rows.index >= moment - _LEAD)]
    after = rows[rows.index >= moment.floor("min")]
    trials = before["count"].sum(), after["count"].sum()
    hits = before[column].sum(), after[column].sum()
    if min(trials) < _FEW or hits[1] < _HITS / 2:
        return None
    was, became = hits[0] / trials[0], hits[1] / trials[1]
    evidence = ratio_of(hits, trials)
    if became - was < least or became < 1.5 * was or evidence < _SPLIT:
        return None
    return Stretch(moment.floor("min"), None, float(was), float(became), int(hits[1]), int(trials[1]), evidence, column)


def refused_visitors(traffic: pd.DataFrame, moment: pd.Timestamp | None) -> Stretch | None:
    """Return a stretch that goes on now in which more requests are answered 4xx than before.

    It says nothing of who is refused: crawlers that ask for what was never there look the same. `refused_paths` tells.

    Args:
        traffic: The requests that were read.
        moment: When the environment was changed last, if in that time.

    Returns:
        The stretch; None if there is none.
    """
    for stretch in stretches(traffic, "status_4xx", most=1):
        if stretch.ongoing and stretch.within - stretch.before >= _REFUSED:
            return stretch
    return risen_at(traffic, moment, "status_4xx", _REFUSED / 3)


def refused_paths(errors: pd.DataFrame, before: pd.DataFrame, hits: pd.DataFrame) -> pd.DataFrame:
    """Return the paths that visitors asked for before, too, and on which they are refused now.

    Args:
        errors: Top error paths of the stretch: `path`, `status`, `count`.
        before: Top error paths of the time before it.
        hits: Most requested paths of the time before it: `path`, `count`.

    Returns:
        Those of `errors` with a 4xx that were served before: their counts, largest first.
    """
    status = pd.to_numeric(errors["status"], errors="coerce")
    refused = errors[(status // 100 == 4).fillna(False)]
    asked = dict(zip(hits["path"], hits["count"].fillna(0).astype(int), strict=True))
    failed = before.groupby("path")["count"].sum().to_dict()
    served = [asked.get(path, 0) >= max(_HITS, 5 * failed.get(path, 0)) for path in refused["path"]]
    return refused[pd.Series(served, index=refused.index, dtype=bool)].reset_index(drop=True)


def refused_since(
    traffic: pd.DataFrame, moment: pd.Timestamp, refused: pd.DataFrame, before: pd.DataFrame
) -> Stretch | None:
    """Return the stretch since a change in which visitors are refused on paths that were served before it.

    All requests with 4xx need not have risen for it: crawlers that came before the change may hide it.

    Args:
        traffic: The requests that were read.
        moment: When something was changed.
        refused: What `refused_paths` returns for the time since then.
        before: Top error paths of the two hours before it.

    Returns:
        The stretch; None where too few were refused to tell.
    """
    rows = traffic[["count", "status_4xx"]].dropna().astype(float)
    start = moment.floor("min")
    earlier, later = rows[(rows.index < start) & (rows.index >= moment - _LEAD)], rows[rows.index >= start]
    trials = earlier["count"].sum(), later["count"].sum()
    if min(trials) < _FEW or not len(refused):
        return None
    status = pd.to_numeric(before["status"], errors="coerce")
    known = before[(status // 100 == 4).fillna(False)].groupby("path")["count"].sum().astype(float).to_dict()
    # what a full list of ten leaves out may be as many as its last
    unlisted = float(before["count"].min()) if len(before) >= _LISTED else 0.0
    hits = sum(known.get(path, unlisted) for path in refused["path"]), float(refused["count"].sum())
    was, became = hits[0] / trials[0], hits[1] / trials[1]
    evidence = ratio_of(hits, trials)
    if hits[1] < _HITS or became - was < _REFUSED / 3 or became < 1.5 * was or evidence < _SPLIT:
        return None
    total, failed = int(trials[1]), int(later["status_4xx"].sum())
    return Stretch(
        start,
        None,
        float(earlier["status_4xx"].sum() / trials[0]),
        failed / total,
        failed,
        total,
        evidence,
        "status_4xx",
    )
