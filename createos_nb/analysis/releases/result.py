"""The result of a release verdict and its representations."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.interval import Bounds, bounds
from createos_nb.analysis.releases.weights import Weights
from createos_nb.analysis.releases.wording import Story, interval, number, sentence, times
from createos_nb.analysis.validation import Bools, Floats, Ints
from createos_nb.display import text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card

_SMALL = 0.4
"""Below such a part of the traffic it is said that a history of one side tells less."""
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


@dataclass(frozen=True)
class HistoryUsed:
    """What of the history served the verdict."""

    kind: str
    """"none", "one side" or "a pair"."""
    buckets: int
    """Buckets with requests."""
    errors: int
    """Errors of the first class in them."""
    enough: bool
    """Whether that is enough to tell noise from calm: 30 buckets and 100 errors."""
    share: float
    """The new side's part of the traffic, 0 to 1: below a half the level of one side dismisses less noise."""

    @property
    def sentence(self) -> str:
        """Return it as a sentence."""
        if self.kind == "none":
            return "none: noise of one side's own is taken to be as in most services"
        size = f"{self.buckets:,} buckets with {self.errors:,} errors"
        if self.kind == "one side":
            what = "of the old side, which can dismiss noise of its own, and can't show any"
            if self.share < _SMALL:
                what += f"; less of it, as the new side has {100 * self.share:.2g} % of the traffic"
        else:
            what = "of a pair that ran the same version, whose split shows the noise of their own"
        return f"{size} {what}" + ("" if self.enough else "; too little to calibrate by")


@dataclass(frozen=True, eq=False)
class Steps:
    """The arrays behind the `path` of a verdict, over the buckets."""

    index: pd.DatetimeIndex
    decision: list[str]
    rollback: Floats
    exact: Floats
    promote: Floats
    counts: tuple[Floats, Floats, Floats, Floats]
    """Requests of the baseline and the candidate, errors of the baseline and the candidate."""
    known: Bools
    judged: Bools


@dataclass(frozen=True, eq=False, repr=False)
class ReleaseVerdict:
    """Is the candidate as healthy as the baseline? Valid at every look; see `release_verdict`."""

    decision: str
    """The last: `rollback`, `promote`, `keep watching`, `not enough traffic` or `can't be judged`."""
    reason: str
    """Why it was rolled back: `worse`, `path` (a single one) or `down`; "" otherwise."""
    evidence: float
    """The evidence to roll back (an e-value; it rolls back at 1/α), noise of one side's own allowed for: a model. As of
    the rollback, or now."""
    evidence_exact: float
    """The same where errors are independent given the rates: guaranteed by Ville's inequality, and no more than that. A
    rollback needs both."""
    decided_at: pd.Timestamp | None
    """Start of the bucket since which the decision stands, to roll back or to promote; None while there is none."""
    promoted_at: pd.Timestamp | None
    """Start of the bucket that first promoted, whatever came then; None if none did."""
    guard: Guard
    single_path: pd.DataFrame
    """Indexed by `path`: `errors` (the class), `old`, `new` (errors), `ratio`, `evidence`, `boundary` (the evidence it
    takes among so many paths), `regressed`, `since`. Empty without paths."""
    history: HistoryUsed
    errors: str
    """The class that `ratio`, `low` and `high` speak of."""
    alpha: float
    beta: float
    worse: float
    bucket_seconds: int
    _steps: Steps = field(repr=False)
    _story: Story = field(repr=False)
    _shown: PairedCounts = field(repr=False)
    """The row that ratio and bounds speak of."""
    _at: Ints = field(repr=False)
    """The bucket of which they speak, none before the first that is judged."""
    _weights: Weights = field(repr=False)
    _classes: tuple[str, ...] = field(repr=False)
    _of_classes: PairedCounts = field(repr=False)
    """One row for each class of errors."""
    _weights_of_classes: Weights = field(repr=False)
    _evidence_of_classes: Floats = field(repr=False)

    @property
    def ratio(self) -> float:
        """How many times as often requests fail in the candidate; NaN without errors.

        Pooled over the buckets (Mantel and Haenszel) and within the bounds. Like these, of the whole watch after the
        warm-up, up to the rollback or now.
        """
        return self._interval[0]

    @property
    def low(self) -> float:
        """The ratio is at least this, by a confidence sequence.

        Its error probability is α at all looks together, where the noise is in the list; see `interval`. No decision
        moves it: where a regression began late it may be below 1.
        """
        return self._interval[1]

    @property
    def high(self) -> float:
        """The ratio is at most this, likewise (error probability β)."""
        return self._interval[2]

    @cached_property
    def _interval(self) -> tuple[float, float, float]:
        # worked out when somebody reads it: it takes a quarter of the time, and a replay that only decides needs none
        if not len(self._at):
            return np.nan, 0.0, np.inf
        found = self._bounds(self._shown, self._weights, self._at)
        return float(found.ratio[0, 0]), float(found.low[0, 0]), float(found.high[0, 0])

    @cached_property
    def sentence(self) -> str:
        """Return the verdict as a sentence."""
        return sentence(self._story, self._interval)

    @cached_property
    def path(self) -> pd.DataFrame:
        """The path of the verdict, one row a bucket, indexed by `time`.

        `decision` and `evidence` (to roll back) as they were after that bucket, `evidence_exact`, `evidence_promote`,
        `old_requests`, `new_requests`, `old_errors`, `new_errors` (of the first class; Int64, NA where there is no
        data), and `judged`, which is False in the warm-up. Later buckets never change earlier rows.
        """
        steps = self._steps
        names = ("old_requests", "new_requests", "old_errors", "new_errors")
        counts = {
            name: pd.arrays.IntegerArray(values.astype(np.int64), ~steps.known)
            for name, values in zip(names, steps.counts, strict=True)
        }
        columns = {
            "decision": pd.array(steps.decision, dtype=TEXT),
            "evidence": steps.rollback,
            "evidence_exact": steps.exact,
            "evidence_promote": steps.promote,
            **counts,
            "judged": steps.judged,
        }
        return pd.DataFrame(columns, index=steps.index)

    @cached_property
    def by_class(self) -> pd.DataFrame:
        """Indexed by `errors`, such as "5xx": requests, errors after the warm-up, `ratio`, `low`, `high`, `evidence`.

        As of now, each class by itself.
        """
        paired, at = self._of_classes, np.flatnonzero(self._steps.judged)[-1:]
        frame = pd.DataFrame(
            {
                "old_requests": paired.old_requests.sum(axis=1).round(),
                "old_errors": paired.old_errors.sum(axis=1),
                "new_requests": paired.new_requests.sum(axis=1).round(),
                "new_errors": paired.new_errors.sum(axis=1),
            },
            index=pd.Index(self._classes, name="errors", dtype=TEXT),
        ).astype("Int64")
        found = self._bounds(paired, self._weights_of_classes, at) if len(at) else None
        for name in ("ratio", "low", "high"):
            frame[name] = np.nan if found is None else getattr(found, name)[:, 0]
        return frame.assign(evidence=self._evidence_of_classes)

    def _bounds(self, paired: PairedCounts, weights: Weights, at: Ints) -> Bounds:
        return bounds(paired, at, weights=weights, worse=self.worse, alpha=self.alpha, beta=self.beta)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """Ratio and bounds as they were, indexed by `time`: at every judged bucket, of long watches at some 240."""
        done = np.flatnonzero(self._steps.judged)
        at = done[np.unique(np.linspace(0, len(done) - 1, min(len(done), SHOWN)).round().astype(np.int64))]
        found = self._bounds(self._shown, self._weights, at)
        frame = {"ratio": found.ratio[0], "low": found.low[0], "high": found.high[0]}
        return pd.DataFrame(frame, index=self._steps.index[at])

    @property
    def assumptions(self) -> pd.DataFrame:
        """The two parts of the evidence, indexed by `part`: `evidence`, `bound` (on false rollbacks), `by`, `where`."""
        weight = np.atleast_2d(self._weights.feared)[0]
        bound = f"α / the weight of the noise, from {self.alpha / weight.max():.2g} on"
        rows = {
            "guaranteed": (
                self.evidence_exact,
                f"α = {self.alpha:g}",
                "Ville's inequality",
                "errors are independent given the rates, which may vary for both sides alike",
            ),
            "model": (
                self.evidence,
                bound,
                "Ville's inequality over a list of noises",
                "the noise of one side's own is in the list: restless, in clumps, or lasting",
            ),
        }
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["evidence", "bound", "by", "where"])
        frame.index = pd.Index(frame.index, name="part", dtype=TEXT)
        return frame.astype({"bound": TEXT, "by": TEXT, "where": TEXT})

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
            ("ratio of error rates", f"{interval(self.ratio, self.low, self.high)}, {self.errors}"),
            ("evidence to roll back", f"{number(self.evidence)} of {number(self.boundary)}, noise allowed for"),
            ("were errors independent", f"{number(self.evidence_exact)} of {number(self.boundary)}, guaranteed"),
        ]
        for name, moment in (("promoted at", self.promoted_at), ("decided at", self.decided_at)):
            if moment is not None:
                over = moment + pd.Timedelta(seconds=self.bucket_seconds)
                rows.append((name, f"{over:%Y-%m-%d %H:%M} UTC"))
        rows.append(("history", self.history.sentence))
        rows.append(("path guard", self.guard.sentence))
        if len(self.single_path):
            regressed = list(self.single_path.index[self.single_path["regressed"]])
            rows.append(("single path", f"look at {', '.join(regressed)}" if regressed else "none stands out"))
        return rows


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Ratios and evidence in two figures."""
    words = {"ratio": times, "low": times, "high": times, "evidence": number, "boundary": number}
    return frame.assign(**{name: frame[name].map(word) for name, word in words.items() if name in frame})
