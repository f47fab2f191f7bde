"""The result of a release verdict and its representations."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.evidence import evaluate
from createos_nb.analysis.releases.interval import Bounds, bounds, nodes, totals
from createos_nb.analysis.releases.wording import number, times
from createos_nb.analysis.validation import Bools, Floats, Ints
from createos_nb.display import text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card

SHOWN = 240
"""Buckets of a watch at which `intervals` are worked out."""


@dataclass(frozen=True, eq=False, repr=False)
class Guard:
    """The guard against a single client or path that makes most of the errors."""

    on: bool
    """Whether it could be used: it needs the top error paths of both sides."""
    left_out: str | None
    """The path without which the evidence is mildest, if it is milder without one than with all."""
    paths: pd.DataFrame
    """Indexed by `path`: `errors` (the class), `old`, `new` (errors), `evidence` to roll back without that path."""

    @property
    def sentence(self) -> str:
        """Return the verdict as a sentence."""
        if not self.on:
            return "off: without the top error paths of both sides, one noisy client or path can pass for a bad release"
        if self.left_out is None:
            return "on: no single path makes the difference"
        return f"on: judged without {self.left_out}, which is the milder answer"

    def __bool__(self) -> bool:
        return self.on

    def __repr__(self) -> str:
        return text_card("Path guard", self.sentence)


@dataclass(frozen=True, eq=False)
class Steps:
    """The arrays behind the `path` of a verdict, over the buckets."""

    index: pd.DatetimeIndex
    decision: list[str]
    rollback: Floats
    promote: Floats
    counts: tuple[Floats, Floats, Floats, Floats]
    """Requests of the baseline and the candidate, errors of the baseline and the candidate."""
    judged: Bools


@dataclass(frozen=True, eq=False, repr=False)
class ReleaseVerdict:
    """Is the candidate as healthy as the baseline? Valid at every look; see `release_verdict`."""

    decision: str
    """`rollback`, `promote`, `keep watching` or `not enough traffic`."""
    ratio: float
    """How many times as often requests fail in the candidate, pooled over the buckets (Mantel and Haenszel) and within
    the bounds; NaN without errors."""
    low: float
    """The ratio is at least this: ruled out below it by the same evidence that rolls back (error probability α). As of
    now, like `ratio` and `high`; at least 1 after a rollback that one class of errors has proven, unless what came
    since says otherwise."""
    high: float
    """The ratio is at most this, by the same evidence that promotes (error probability β)."""
    evidence: float
    """The evidence to roll back (an e-value; it rolls back at 1/α): at `decided_at` where it rolled back, else now."""
    decided_at: pd.Timestamp | None
    """Start of the bucket that decided, which is when it was over that it could be known; None while it is open. Later
    buckets change nothing."""
    requests_needed: int | None
    """About how many more requests, of both sides together, until it is decided: a rough forecast, mostly within a
    factor of three. 0 once decided, None where no number can be given (a side without requests)."""
    sentence: str
    """Return the verdict as a sentence."""
    guard: Guard
    single_path: pd.DataFrame
    """Indexed by `path`: `errors` (the class), `old`, `new` (errors), `ratio`, `evidence`, `boundary` (the evidence it
    takes among so many paths), `regressed`, `since`. Empty without paths."""
    errors: str
    """The class that `ratio`, `low` and `high` speak of."""
    alpha: float
    beta: float
    worse: float
    bucket_seconds: int
    _steps: Steps = field(repr=False)
    _sides: PairedCounts = field(repr=False)
    _classes: tuple[str, ...] = field(repr=False)
    _of_classes: PairedCounts = field(repr=False)
    """One row for each class of errors."""
    _evidence_of_classes: Floats = field(repr=False)

    @cached_property
    def path(self) -> pd.DataFrame:
        """The path of the verdict, one row a bucket, indexed by `time`.

        `decision` and `evidence` (to roll back) as they were after that bucket, `evidence_promote`, `old_requests`,
        `new_requests`, `old_errors`, `new_errors` (of the first class; Int64, NA where it was not judged), and
        `judged`. Later buckets never change earlier rows.
        """
        steps = self._steps
        names = ("old_requests", "new_requests", "old_errors", "new_errors")
        counts = {
            name: pd.arrays.IntegerArray(values.astype(np.int64), ~steps.judged)
            for name, values in zip(names, steps.counts, strict=True)
        }
        columns = {
            "decision": pd.array(steps.decision, dtype=TEXT),
            "evidence": steps.rollback,
            "evidence_promote": steps.promote,
            **counts,
            "judged": steps.judged,
        }
        return pd.DataFrame(columns, index=steps.index)

    @cached_property
    def by_class(self) -> pd.DataFrame:
        """Indexed by `errors`, such as "5xx": requests and errors, `ratio`, `low`, `high`, `evidence`."""
        paired, at = self._of_classes, np.flatnonzero(self._steps.judged)[-1:]
        old, new = paired.old_requests[0], paired.new_requests[0]
        frame = pd.DataFrame(
            {
                "old_requests": round(old.sum()),
                "old_errors": paired.old_errors.sum(axis=1),
                "new_requests": round(new.sum()),
                "new_errors": paired.new_errors.sum(axis=1),
            },
            index=pd.Index(self._classes, name="errors", dtype=TEXT),
        ).astype("Int64")
        class_bounds = [self._bounds(paired.rows(slice(row, row + 1)), at) for row in range(len(self._classes))]
        for name in ("ratio", "low", "high"):
            values = [float(getattr(bounds, name)[0, 0]) if len(at) else np.nan for bounds in class_bounds]
            frame[name] = np.array(values, dtype=np.float64)
        return frame.assign(evidence=self._evidence_of_classes)

    def _bounds(self, paired: PairedCounts, at: Ints) -> Bounds:
        """Ratio and bounds of one row of sides after the buckets `at`."""
        old, new = paired.old_requests[0], paired.new_requests[0]
        sums = ((float(old.sum()), float(paired.old_errors.sum())), (float(new.sum()), float(paired.new_errors.sum())))
        curves = evaluate(paired, promote_at=self.worse, nodes=nodes(self.worse, *sums), positions=at).curves
        sums_at = totals(old, new, paired.old_errors, paired.new_errors, at)
        return bounds(curves, sums_at, alpha=self.alpha, beta=self.beta)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """Ratio and bounds as they were, indexed by `time`: at every bucket, of long watches at some 240 of them.

        Of all paths together, whatever the guard left out.
        """
        done = np.flatnonzero(self._steps.judged)
        at = done[np.unique(np.linspace(0, len(done) - 1, min(len(done), SHOWN)).round().astype(np.int64))]
        bounds = self._bounds(self._sides, at)
        frame = {"ratio": bounds.ratio[0], "low": bounds.low[0], "high": bounds.high[0]}
        return pd.DataFrame(frame, index=self._steps.index[at])

    @property
    def boundary(self) -> float:
        """The evidence at which it rolls back, 1/α."""
        return 1 / self.alpha

    def __repr__(self) -> str:
        return text_card("Release verdict", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        frames = [("By class of errors", _rounded(self.by_class))] if len(self._classes) > 1 else []
        if len(self.single_path) and self.single_path["regressed"].any():
            frames.append(("Paths that fail more often in the candidate", _rounded(self.single_path)))
        return html_card("Release verdict", self.sentence, self._rows(), frames=frames)

    def _rows(self) -> list[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = [
            ("ratio of error rates", f"{times(self.ratio)} ({times(self.low)} to {times(self.high)}), {self.errors}"),
            ("evidence to roll back", f"{number(self.evidence)} of {number(self.boundary)}"),
        ]
        if self.decided_at is not None:
            over = self.decided_at + pd.Timedelta(seconds=self.bucket_seconds)
            rows.append(("decided at", f"{over:%Y-%m-%d %H:%M} UTC"))
        elif self.requests_needed is not None:
            rows.append(("requests needed", f"about {self.requests_needed:,}"))
        rows.append(("path guard", self.guard.sentence))
        if len(self.single_path):
            regressed = list(self.single_path.index[self.single_path["regressed"]])
            rows.append(("single path", f"look at {', '.join(regressed)}" if regressed else "none stands out"))
        return rows


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Ratios and evidence in two figures."""
    words = {"ratio": times, "low": times, "high": times, "evidence": number, "boundary": number}
    return frame.assign(**{name: frame[name].map(word) for name, word in words.items() if name in frame})
