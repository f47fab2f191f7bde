"""The one sentence that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.decision import DOWN, PATH, PROMOTE, ROLLBACK, TRAFFIC, UNJUDGED
from createos_nb.display import format_percent_up, format_target, human_duration

Counts = tuple[int, int, int, int]
"""Requests and errors of the baseline, then of the candidate."""
Ratio = tuple[float, float, float]
"""The ratio of the error rates and its bounds."""


@dataclass(frozen=True)
class Story:
    """What the sentence tells of; moments are ends of buckets, when a thing could be known."""

    decision: str
    reason: str
    errors: str
    counts: Counts
    seconds: int
    """How long was watched."""
    promoted: pd.Timestamp | None
    decided: pd.Timestamp | None
    warm_up: str
    """How long the new side has warmed up; "" for not at all."""
    shared: bool
    """Both served in the same buckets."""
    warming: bool
    """There was nothing but the warm-up yet."""
    failing: bool
    """Too many requests of the candidate fail for a promotion."""
    regressed: Sequence[str]
    broken: str | None
    """The path that rolled back."""
    negligible: float | None
    """The rate by which it is promoted, if it is."""
    left_out: str | None
    worse: float
    onset: tuple[pd.Timestamp, float] | None
    """Since when it is worse and how many times as often it has failed since; told where the whole watch shows less."""
    exposure: float
    exposed: bool
    doubt: Sequence[str]
    """Classes of errors with evidence to roll back."""


def sentence(story: Story, ratio: Ratio) -> str:
    """Return decision, ratio with bounds, counts, and when it was decided."""
    if story.decision == ROLLBACK:
        text = _rollback(story, ratio)
    elif story.decision == PROMOTE:
        text = _promote(story, ratio)
    else:
        text = _undecided(story, ratio)
    if story.warm_up and not story.warming and story.reason != DOWN and any(story.counts):
        text += f" The first {story.warm_up} of the candidate, its warm-up, don't count."
    return text


def _rollback(story: Story, ratio: Ratio) -> str:
    counts = _counts(story.counts, story.errors)
    when = f"Decided after {human_duration(story.seconds)}, at {story.decided:%H:%M} UTC."
    if story.promoted is not None:
        when += f" It had been promoted at {story.promoted:%H:%M} UTC."
    if story.reason == DOWN:
        return f"Roll back: the candidate is down, at least half of its requests fail with 5xx. {when}"
    who = f"the candidate's {story.broken}" if story.reason == PATH else "the candidate"
    if story.onset is not None and ratio[1] <= 1:
        since, times_since = story.onset
        whole = interval(*ratio)
        return (
            f"Roll back: since about {since:%H:%M} UTC {who} fails {times(times_since)} times as often as the baseline"
            f"{_exclusion(story)} (over the whole watch {whole}); {counts}. {when}"
        )
    return f"Roll back: {who} fails {_as_often(ratio)}{_exclusion(story)}; {counts}. {when}"


def _promote(story: Story, ratio: Ratio) -> str:
    counts = _counts(story.counts, story.errors)
    assert story.decided is not None, "a promotion has its time"
    when = f"Promoted after {human_duration(story.seconds)}, at {story.decided:%H:%M} UTC; the watch goes on."
    if story.promoted is not None and story.promoted < story.decided:
        when = (
            f"Promoted at {story.promoted:%H:%M} UTC, taken back since, and again at {story.decided:%H:%M} UTC; the "
            "watch goes on."
        )
    if story.negligible is not None:
        text = f"the candidate's error rate is shown to be below {format_target(story.negligible)}, too low to matter"
    else:
        text = f"the candidate is shown to fail less than {story.worse:g} times as often as the baseline"
        text += f" ({interval(*ratio)})" if not np.isnan(ratio[0]) else ""
    return f"Promote: {text}{_exclusion(story)}; {counts}. {when}{_look_at(story, PROMOTE)}"


def _undecided(story: Story, ratio: Ratio) -> str:
    requests = story.counts[0], story.counts[2]
    if story.decision == UNJUDGED:
        return (
            f"Can't be judged at this split: {requests[0]:,} requests of the baseline against {requests[1]:,} of the "
            "candidate are too uneven; give the smaller side at least one request in 150."
        )
    if story.warming:
        return "Not enough traffic: the candidate is in its warm-up, in which only a side that is down is rolled back."
    if not any(requests):
        return "Not enough traffic: there is no bucket for which baseline and candidate have data and requests."
    for name, asked in zip(("baseline", "candidate"), requests, strict=True):
        if not asked:
            return f"Not enough traffic: the {name} had no requests that could be compared."
    if not story.shared:
        return "Not enough traffic: baseline and candidate never served in the same bucket: nothing can be compared."
    counts = _counts(story.counts, story.errors)
    if np.isnan(ratio[0]):
        exclusion = "" if story.left_out is None else f" but for those of {story.left_out}"
        text = f"{_titled(story.decision)}: no errors in baseline or candidate{exclusion}; {counts}."
    elif story.decision == TRAFFIC:
        text = f"Not enough traffic yet to show even a five-fold rise; {counts}."
    else:
        text = f"Keep watching: the candidate fails {_as_often(ratio)}{_exclusion(story)}; {counts}."
    if story.promoted is not None:
        text += f" It had been promoted at {story.promoted:%H:%M} UTC, which no longer holds."
    elif story.decision != TRAFFIC and not story.exposed:
        text += f" It is promoted after {human_duration(story.exposure)} beside the baseline at the earliest."
    if story.doubt:
        text += f" {' and '.join(story.doubt)} may have risen, so it is not promoted meanwhile."
    if story.failing and story.counts[2]:
        share = format_percent_up(story.counts[3] / story.counts[2], digits=1)
        text += f" It is not promoted while so much fails, {share} so far."
    return text + _look_at(story, story.decision)


def _look_at(story: Story, decision: str) -> str:
    if not story.regressed:
        return ""
    paths = ", ".join(story.regressed[:3])
    text = f" Look at {paths}: it fails more often in the candidate, which one client or a broken path can do"
    return text + ("." if decision == PROMOTE else "; it is not promoted meanwhile.")


def _exclusion(story: Story) -> str:
    return f" (judged without {story.left_out})" if story.left_out is not None else ""


def _as_often(ratio: Ratio) -> str:
    """How often the candidate fails beside the baseline, with no bound that says nothing."""
    value, low, high = ratio
    if low <= 0 and np.isinf(high):
        return "too seldom to say how many times as often as the baseline"
    if np.isinf(value) or np.isinf(high):
        return f"at least {times(low)} times as often as the baseline"
    if value == 0 or low <= 0:
        return f"at most {times(high)} times as often as the baseline"
    return f"{times(value)} times as often ({times(low)} to {times(high)}) as the baseline"


def interval(value: float, low: float, high: float) -> str:
    """A ratio with its bounds: "4.9 (3.1 to 7.2)", "at least 3.1"."""
    if np.isnan(value) or (low <= 0 and np.isinf(high)):
        return "unknown"
    if np.isinf(high):
        return f"at least {times(low)}"
    if low <= 0:
        return f"at most {times(high)}"
    return f"{times(value)} ({times(low)} to {times(high)})"


def _counts(counts: Counts, errors: str) -> str:
    old, old_errors, new, new_errors = counts
    return f"{errors} errors: {new_errors:,} of {new:,} requests against {old_errors:,} of {old:,}"


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
