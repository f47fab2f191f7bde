"""Is the new version as healthy as the baseline? One answer that stays valid however often one looks.

Model, assumptions and sources stand with the parts: `likelihood` (how errors fall to two sides, and the noise of a
side's own), `weights` (which noise is feared, and what a history changes), `evidence` (the theorem, and what it takes),
`interval` (ratio and bounds), `paths` (one noisy client, one broken path), `decision` (when it is decided).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from createos_nb.analysis.releases.combine_evidence import combine_evidence
from createos_nb.analysis.releases.decision import Terms
from createos_nb.analysis.releases.paths import read_paths
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.analysis.releases.summary import summarize
from createos_nb.analysis.releases.watch import kinds_of, watch
from createos_nb.analysis.validation import FrameError
from createos_nb.times import parse_duration


def release_verdict(
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    history: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
    old_paths: pd.DataFrame | None = None,
    new_paths: pd.DataFrame | None = None,
    old_hits: pd.DataFrame | None = None,
    new_hits: pd.DataFrame | None = None,
    alpha: float = 0.01,
    beta: float = 0.01,
    worse: float = 2.0,
    errors: str | Sequence[str] = ("5xx", "4xx"),
    negligible: float | None = 2e-4,
    warm_up: Any = "3min",
    exposure: Any = "20min",
    client_share: float = 0.02,
) -> ReleaseVerdict:
    """Compare the error rates of two sides of a release that serve at the same time.

    `rollback`, which is final, once the evidence against "no more errors than before" reaches 1/α; `promote` while,
    after the exposure, each class of errors is shown to be less than `worse` times the baseline's and nothing speaks
    against it. The watch goes on after a promotion, and what comes then may take it back or roll back. Until then `keep
    watching`, or `not enough traffic` while not even a five-fold rise could have shown; `can't be judged` where one
    side has less than one request in 150.

    The hypothesis is the lasting ratio: in the warm-up any ratio will do. A side on which at least half of the requests
    fail with 5xx in two minutes running, and not a quarter of the other side's, is down and rolled back, in its warm-up
    too; α does not cover that rule.

    What is guaranteed: where errors are independent given the rates, however these vary for both sides alike, a release
    that is as healthy as the baseline is rolled back by its evidence with a probability of at most α over the whole
    path, at whatever look (Ville's inequality; see `evidence`). What rests on a model: that noise of one side's own
    does not roll back either. Each noise of the list (see `likelihood`) does with at most α over its weight, and what
    is in no list has been measured: `benchmarks/statistics/RESULTS.md`. Noise of one side that lasts for minutes is
    taken to be rare unless a pair as history shows it. An incident of the new side alone can't be told from a
    regression while it lasts.

    Args:
        old: requests over time of the baseline since the release: UTC index `time`, and `count`, `status_4xx`,
            `status_5xx` per bucket; NA is no data, 0 no requests. Buckets may have any width; finer ones decide sooner.
            Rows before the first row of `new` are history.
        new: the same of the candidate, on the same grid. Buckets of only one side are not judged, nor is the last one
            while it runs (`attrs["partial"]`): its counts are true, but not all.
        history: what was before the release, with buckets of the same width. One frame of the baseline: a calm one
            dismisses noise, which makes the verdict quicker, and less of it where the new side has less of the traffic.
            Or a pair of frames, of the baseline and of an environment that ran the same version beside it: how the
            errors fell to the two shows the noise of their own, which makes it safer too. An hour is good, a day is
            best.
        old_paths: top error paths of the baseline (`path`, `status`, `count`, and `time` by bucket).
        new_paths: the same of the candidate; both, or neither.
        old_hits: requests of the baseline's paths, failed or not (`path`, `count`, and `time` by bucket), such as
            `analytics.top_hit_paths` gives: with them each path is judged by itself.
        new_hits: the same of the candidate; both, or neither, and with the error paths.
        alpha: probability of rolling back a release that is as healthy as the baseline, at any of all looks.
        beta: probability that one which fails `worse` times as often or more from its start is ever promoted, and so
            that it stands at `promote` at the end. One that gets worse later may have been promoted before.
        worse: ratio of error rates that is not to be promoted.
        errors: what counts, the first with 90 % of α; the ratio speaks of the first, or of the one that rolled back;
            "4xx+5xx" counts both together. All that the baseline or the candidate shows must be well to promote.
        negligible: an error rate so low that it needs no comparison to be promoted, 0 to 1, or None.
        warm_up: how long from the new side's first request on its ratio does not count, such as "3min", or seconds; 0
            for none. A side that served before the watch (in rows before it, or in a pair as history) has none.
        exposure: how long both sides must have served after that before it is promoted, such as "20min", or seconds;
            100 requests of the new side are needed, too.
        client_share: the largest part of a side's requests that one client may make: where the requests of paths are
            not known, a path that fails no more often is left out as one client's doing.

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
        ('rollback', '2026-03-02 09:07:00+00:00')
    """
    terms = Terms(
        alpha=alpha,
        beta=beta,
        worse=worse,
        negligible=negligible,
        warm_up=parse_duration(warm_up, "warm_up"),
        exposure=parse_duration(exposure, "exposure"),
        client_share=client_share,
    )
    kinds = kinds_of(errors)
    aligned = watch(old, new, history, kinds, terms.warm_up)
    paths = None
    error_paths, hits = _both(old_paths, new_paths, "paths"), _both(old_hits, new_hits, "hits")
    if hits is not None and error_paths is None:
        raise FrameError("old_paths and new_paths are missing: requests of paths are needed beside their errors")
    if error_paths is not None:
        paths = read_paths(error_paths, hits, aligned, kinds, terms.client_share)
    return summarize(aligned, paths, kinds, combine_evidence(aligned, paths, len(kinds), terms), terms)


def _both(old: pd.DataFrame | None, new: pd.DataFrame | None, what: str) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    if old is not None and new is not None:
        return old, new
    if old is not None or new is not None:
        missing = f"{'new' if new is None else 'old'}_{what}"
        raise FrameError(f"{missing} is missing: paths are compared, so both sides are needed, or neither")
    return None
