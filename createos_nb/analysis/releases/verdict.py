"""Is the new version as healthy as the baseline? One answer that stays valid however often one looks.

Model, assumptions and sources stand with the parts: `evidence` (how errors fall to two sides), `noise`
(what is one side's own noise), `interval` (ratio and bounds), `paths` (one noisy client, one broken
path), `decision` (when it is decided, and how far off it is).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from createos_nb.analysis.releases.combine_evidence import combine_evidence
from createos_nb.analysis.releases.decision import Terms
from createos_nb.analysis.releases.paths import read_paths
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.analysis.releases.summary import summarize
from createos_nb.analysis.releases.watch import kinds_of, watch
from createos_nb.analysis.validation import FrameError


def release_verdict(
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    history: pd.DataFrame | None = None,
    old_paths: pd.DataFrame | None = None,
    new_paths: pd.DataFrame | None = None,
    alpha: float = 0.01,
    beta: float = 0.01,
    worse: float = 2.0,
    errors: str | Sequence[str] = ("5xx", "4xx"),
    negligible: float | None = 2e-4,
) -> ReleaseVerdict:
    """Compare the error rates of two sides of a release that serve at the same time.

    Decisions: `rollback` once the evidence against "no more errors than before" reaches 1/α; `promote` once that
    against "`worse` times the errors" reaches 1/β, but not while a third of the candidate's requests have failed; once
    decided stays decided. Until then `keep watching`, or `not enough traffic` while not even a five-fold rise could
    have shown. After a decision in a watch of more than 8,192 buckets the evidence is not followed further than that
    stretch.

    A regression may begin after the release: it is looked for from every bucket on, at a small price in evidence. Three
    minutes in which a third of the candidate's requests fail, and hardly any of the baseline's, are an outage and roll
    back; one bad minute does not.

    The top error paths switch on the guard against a single noisy client or path, and the verdict on single paths; a
    path that has regressed alone holds the promotion and does not roll back.

    Measured error rates, over generators with clumps, noise of one side, autocorrelation, shared incidents, daily
    waves, uneven and moving splits, cold starts: see `benchmarks/statistics/RESULTS.md`. Drift of one side only that
    lasts half an hour or longer cannot be told from a regression: the release is then blamed for it, in 5 % of healthy
    releases where a rate drifts by 30 %, and less the longer the history. While half of the requests of both sides
    fail, a tenth more on one of them is a difference, too.

    Args:
        old: requests over time of the baseline since the release: UTC index `time`, and `count`, `status_4xx`,
            `status_5xx` per bucket; NA is no data, 0 no requests. Buckets may have any width; finer ones decide sooner.
            Rows before the first row of `new` are history.
        new: the same of the candidate, on the same grid. Buckets of only one side are not judged, nor is the last one
            while it runs (`attrs["partial"]`): its counts are true, but not all.
        history: the baseline before the release, with buckets of the same width. A day of it is best, an hour is good:
            it tells noise from trouble, which makes the verdict both quicker and safer. Without it the baseline's own
            watch has to serve, and small rises are believed later.
        old_paths: top error paths of the baseline (`path`, `status`, `count`, and `time` by bucket).
        new_paths: the same of the candidate; both, or neither.
        alpha: probability of rolling back a release that is as healthy as the baseline, at any of all looks.
        beta: probability of promoting one that fails `worse` times as often or more.
        worse: ratio of error rates that is not to be promoted.
        errors: what counts, the first with 90 % of α; ratio and promotion speak of the first, a rise of any rolls back;
            "4xx+5xx" counts both together.
        negligible: an error rate so low that it needs no comparison to be promoted, 0 to 1, or None.

    Returns:
        The decision, with its sentence, ratio, bounds, evidence and path over time.

    Raises:
        FrameError: a frame cannot be judged (a ValueError); the text names the column, dtype, gap or time.

    Examples:
        >>> times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
        >>> old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
        >>> new = old.assign(status_5xx=9)
        >>> verdict = createos_nb.analysis.release_verdict(old, new)
        >>> verdict.decision, str(verdict.decided_at)
        ('rollback', '2026-03-02 09:03:00+00:00')
    """
    terms = Terms(alpha=alpha, beta=beta, worse=worse, negligible=negligible)
    kinds = kinds_of(errors)
    aligned = watch(old, new, history, kinds)
    paths = None
    if old_paths is not None and new_paths is not None:
        paths = read_paths(old_paths, new_paths, aligned, kinds)
    elif old_paths is not None or new_paths is not None:
        missing = "new_paths" if new_paths is None else "old_paths"
        raise FrameError(f"{missing} is missing: paths are compared, so both sides are needed, or neither")
    return summarize(aligned, paths, kinds, combine_evidence(aligned, paths, len(kinds), terms), terms)
