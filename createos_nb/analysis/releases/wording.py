"""The one sentence that a person reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK, TRAFFIC
from createos_nb.display import format_percent_up, format_target, human_duration

_WEEK = 7 * 86_400
Counts = tuple[int, int, int, int]
"""Requests and errors of the baseline, then of the candidate."""


def sentence(
    decision: str,
    *,
    ratio: tuple[float, float, float],
    errors: str,
    counts: Counts,
    buckets: int,
    bucket_seconds: int,
    decided_at: pd.Timestamp | None,
    needed: int | None,
    regressed: Sequence[str],
    negligible: float | None,
    left_out: str | None,
    worse: float,
    shared: bool,
    failing: bool,
    since: str,
) -> str:
    """Return decision, ratio with bounds, counts, and when it was or will be decided.

    `ratio`: the ratio and its bounds; `counts`: requests and errors of the baseline, then of the candidate; `buckets`:
    how many were compared until the decision, or until now; `decided_at`: when it could be known; `negligible`: the
    rate by which it was promoted, if it was; `regressed`: single paths; `shared`: both served in the same buckets;
    `failing`: too many requests of the candidate fail for a promotion; `since`: what came after the decision.
    """
    counts_text = _counts(counts, errors)
    when = (
        f" after {human_duration(buckets * bucket_seconds)}, at {decided_at:%H:%M} UTC"
        if decided_at is not None
        else ""
    )
    exclusion = _exclusion(left_out)
    if decision == ROLLBACK:
        text = (
            f"Roll back: the candidate fails {_times(ratio)} as the baseline{exclusion}; {counts_text}. Decided{when}."
        )
    elif decision == PROMOTE and negligible is not None:
        text = (
            f"Promote: the candidate's error rate is proven to be below {format_target(negligible)}, too low to "
            f"matter; {counts_text}. Decided{when}."
        )
    elif decision == PROMOTE:
        text = (
            f"Promote: the candidate is proven to fail less than {worse:g} times as often as the baseline "
            f"({_times(ratio)}{' over all' if since else ''}){exclusion}; {counts_text}. Decided{when}."
        )
    else:
        text = _undecided(decision, ratio, counts_text, counts, left_out, needed, bucket_seconds, buckets, shared)
        if failing and counts[2]:
            share = format_percent_up(counts[3] / counts[2], digits=1)
            text += f" It is not promoted while so much fails, {share} so far."
    if regressed and decision != ROLLBACK:
        paths = ", ".join(regressed[:3])
        text += f" Look at {paths}: it fails more often in the candidate, which one client or a broken path can do"
        text += "." if decision == PROMOTE else "; it is not promoted meanwhile."
    return f"{text} {since}".rstrip()


def _undecided(
    decision: str,
    ratio: tuple[float, float, float],
    counts_text: str,
    counts: Counts,
    left_out: str | None,
    needed: int | None,
    bucket_seconds: int,
    buckets: int,
    shared: bool,
) -> str:
    requests_per_side = counts[0], counts[2]
    if not any(requests_per_side):
        return "Not enough traffic: there is no bucket for which baseline and candidate have data and requests."
    for name, requests in zip(("baseline", "candidate"), requests_per_side, strict=True):
        if not requests:
            return f"Not enough traffic: the {name} had no requests that could be compared."
    if not shared:
        return "Not enough traffic: baseline and candidate never served in the same bucket: nothing can be compared."
    if np.isnan(ratio[0]):
        exclusion = "" if left_out is None else f" but for those of {left_out}"
        text = f"{_titled(decision)}: no errors in baseline or candidate{exclusion}; {counts_text}"
    elif decision == TRAFFIC:
        text = f"Not enough traffic yet to show even a five-fold rise; {counts_text}"
    else:
        text = (
            f"Keep watching: the candidate fails {_times(ratio)} as the baseline{_exclusion(left_out)}; {counts_text}"
        )
    if needed is None:
        return text + "."
    requests_per_second = sum(requests_per_side) / max(buckets * bucket_seconds, 1)
    if needed / requests_per_second > _WEEK:
        return f"{text}; at this pace it would take more than a week to decide."
    duration = human_duration(needed / requests_per_second)
    return f"{text}; about {needed:,} more requests ({duration} at this pace) to decide."


def _exclusion(left_out: str | None) -> str:
    return f" (judged without {left_out})" if left_out is not None else ""


def _times(ratio: tuple[float, float, float]) -> str:
    return f"{times(ratio[0])} times as often ({times(ratio[1])} to {times(ratio[2])})"


def _counts(counts: Counts, errors: str) -> str:
    old, old_errors, new, new_errors = counts
    return f"{errors} errors so far: {new_errors:,} of {new:,} requests against {old_errors:,} of {old:,}"


def _titled(decision: str) -> str:
    return decision[:1].upper() + decision[1:]


def times(value: float) -> str:
    """A ratio in two figures: 4.9, 0.31, 12, ∞."""
    if np.isnan(value):
        return "unknown"
    if np.isinf(value):
        return "∞"
    if value == 0 or value >= 9.95:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def number(value: float) -> str:
    """Evidence in two figures, huge evidence as a power of ten."""
    if value >= 1e6:
        return f"10^{np.log10(value):.0f}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
