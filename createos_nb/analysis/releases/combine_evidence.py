"""The evidence of one watch: of every kind of errors, without each leading path, and of each path by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.decision import (
    DOUBT,
    DecisionPath,
    Terms,
    decision_path,
    down,
    enough,
    exposed,
    failing,
    negligible,
)
from createos_nb.analysis.releases.evidence import Evidence, evaluate
from createos_nb.analysis.releases.paths import Paths
from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.releases.weights import PRIOR, Weights, from_one, from_pair
from createos_nb.analysis.validation import Bools, Floats, Ints

FIRST_KIND = 0.9
"""The part of α that the first class of errors has; the others share the rest."""
PATHS = 0.2
"""The part of the evidence that single paths have, where their requests are known."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The series that are judged: each kind of errors, then without each path, then each path by itself."""

    kinds: Ints
    counts: PairedCounts
    weights: Weights
    wholes: int
    """Number of kinds of errors, K."""
    paths: int
    """Number of paths, J; there are K + 2 J rows."""

    def without(self, kind: int) -> Ints:
        """Rows without a path of that kind."""
        return self.wholes + np.flatnonzero(self.kinds[self.wholes : self.wholes + self.paths] == kind)

    @property
    def single_paths(self) -> Ints:
        """Rows of a single path."""
        return np.arange(self.wholes + self.paths, self.wholes + 2 * self.paths)


@dataclass(frozen=True, eq=False)
class CombinedEvidence:
    """The evidence of every row, and what it comes to over paths and kinds of errors."""

    rows: Rows
    rollback: Floats
    """Log-evidence of every row, `(K + 2 J, T)`, held where a bucket is not judged."""
    by_kind: Floats
    """To roll back, the mildest of all paths and without each that may be one client's, `(K, T)`."""
    by_path: Floats
    """To roll back, of single paths together, `(T,)`; -∞ where their requests are not known."""
    together: Floats
    """To roll back, over kinds and paths, `(T,)`."""
    exact: Floats
    """The same, were errors independent."""
    well: Floats
    """To promote, the least over the kinds that have errors, `(T,)`."""
    rare: Bools
    """Where a kind is shown to be negligible, though not to be below the limit, `(T,)`."""
    regressed: Bools
    """Which path had regressed by which bucket, `(J, T)`."""
    down: Bools
    """After which bucket the new side alone is down, `(T,)`."""
    exposed: Bools
    """After which bucket the new side has served long enough to be promoted, `(T,)`."""
    doubt: Bools
    """After which bucket something speaks against a promotion, `(T,)`."""
    decision_path: DecisionPath


def combine_evidence(watch: Watch, paths: Paths | None, wholes: int, terms: Terms) -> CombinedEvidence:
    """All the evidence of a watch on `wholes` kinds of errors, and when it decided."""
    if paths is not None and not len(paths.names):
        paths = None
    rows = _rows(watch, paths, wholes)
    found = _held(evaluate(rows.counts, worse=terms.worse, weights=rows.weights), watch.judged)
    by_kind, exact_by_kind = (
        np.stack([_least(logs, rows, kind, None if paths is None else paths.weighs) for kind in range(wholes)])
        for logs in (found.rollback, found.exact)
    )
    together, exact = over_kinds(by_kind), over_kinds(exact_by_kind)
    by_path = np.full(len(watch.index), -np.inf)
    if paths is not None and paths.hits is not None:
        by_path, exact_by_path = (_over_paths(logs[rows.single_paths]) for logs in (found.rollback, found.exact))
        together, exact = (
            np.logaddexp(one + np.log1p(-PATHS), path + np.log(PATHS))
            for one, path in ((together, by_path), (exact, exact_by_path))
        )
    height = -np.log(terms.alpha)
    regressed = np.zeros((0, len(watch.index)), dtype=np.bool_)
    unseen = np.zeros(len(watch.index), dtype=np.bool_)
    if paths is not None:
        # each path may be the one, so the later it comes up, the more it takes
        hurdle = height + np.log([(number + 1.0) * (number + 2.0) for number in range(rows.paths)])
        past = found.rollback[rows.single_paths] >= hurdle[:, None]
        regressed, unseen = np.maximum.accumulate(past, axis=1) & paths.known, paths.unseen
    is_down = down(watch.new, watch.new_down, watch.old, watch.old_down, watch.bucket_seconds) & watch.known
    shown, rare, well = _well(watch, paths, rows, found.promote, terms)
    is_exposed = exposed(watch.judged, watch.new, watch.bucket_seconds, terms.exposure)
    counted = [np.where(watch.judged, counts, 0.0) for counts in (watch.new, watch.new_errors)]
    many = failing(np.cumsum(counted[0]), np.cumsum(counted[1], axis=1).max(axis=0))
    doubt = (by_kind >= np.log(DOUBT)).any(axis=0) | (by_path >= np.log(DOUBT)) | regressed.any(axis=0) | many | unseen
    path = decision_path(
        ((together >= height) & (exact >= height)) | is_down,
        shown & is_exposed & ~doubt & ~watch.uneven,
        uneven=watch.uneven,
        enough_traffic=_enough(watch, np.maximum(together, well), terms),
    )
    return CombinedEvidence(
        rows, found.rollback, by_kind, by_path, together, exact, well, rare, regressed, is_down, is_exposed, doubt, path
    )


def _weights_of(watch: Watch, rows: int) -> Weights:
    """Weights of the readings for each kind of errors, `(C, K)`, from what a history has shown."""
    history = watch.history
    pair = history.pair
    if pair is not None:
        return PRIOR.times(from_pair(pair))
    if not (history.old > 0).any():
        return PRIOR.times(np.ones((rows, len(PRIOR.feared))))
    requests = np.broadcast_to(history.old, history.old_errors.shape)
    return PRIOR.without(from_one(requests, history.old_errors, watch.bucket_seconds, share=watch.first_share))


def _rows(watch: Watch, paths: Paths | None, wholes: int) -> Rows:
    kinds = np.arange(wholes)
    weights = _weights_of(watch, wholes)
    if paths is None:
        return Rows(kinds, watch.paired(watch.old_errors, watch.new_errors), weights, wholes, 0)
    old, new = paths.without(watch)
    kinds = np.concatenate([kinds, paths.kinds, paths.kinds])
    failed = np.concatenate([watch.old_errors, old, paths.old]), np.concatenate([watch.new_errors, new, paths.new])
    counts = watch.paired(*failed)
    if paths.hits is not None:
        requests = [counts.old_requests, counts.new_requests]
        for side, hits in zip(requests, paths.hits, strict=True):
            side[wholes + len(paths.names) :] = np.where(watch.judged, hits, 0.0)
    own = np.arange(len(kinds)) < wholes + len(paths.names)
    per_row = [np.where(own[:, None], one[kinds], prior) for one, prior in zip(weights.all, PRIOR.all, strict=True)]
    return Rows(kinds, counts, Weights(*per_row), wholes, len(paths.names))


def _held(found: Evidence, judged: Bools) -> Evidence:
    """Evidence changes only where a bucket is judged; before the first it is 1, and after the last it stays."""
    last = np.maximum.accumulate(np.where(judged, np.arange(len(judged)), -1))
    parts = [
        np.where(last >= 0, logs[:, np.maximum(last, 0)], 0.0) for logs in (found.rollback, found.exact, found.promote)
    ]
    return Evidence(*parts)


def _least(logs: Floats, rows: Rows, kind: int, counts: Bools | None) -> Floats:
    """The least evidence of all errors of a kind, and of those without each path that counts by then."""
    least = logs[kind]
    if counts is not None:
        for row in rows.without(kind):
            least = np.where(counts[row - rows.wholes], np.minimum(least, logs[row]), least)
    return np.asarray(least)


def _well(watch: Watch, paths: Paths | None, rows: Rows, promote: Floats, terms: Terms) -> tuple[Bools, Bools, Floats]:
    """Whether every kind with errors is shown to be below the limit or negligible, which is the second, and by what."""
    least = np.stack(
        [_least(promote, rows, kind, None if paths is None else paths.lopsided) for kind in range(rows.wholes)]
    )
    requests, failed = (
        np.cumsum(np.where(watch.judged, counts, 0.0), axis=-1) for counts in (watch.new, watch.new_errors)
    )
    rare = negligible(np.broadcast_to(requests, failed.shape), failed, terms)
    seen = (np.cumsum(watch.old_errors + watch.new_errors, axis=1) > 0) | (
        watch.history.old_errors.sum(axis=1, keepdims=True) > 0
    )
    seen[0] |= ~seen.any(axis=0)
    below = least >= -np.log(terms.beta)
    shown = (below | rare | ~seen).all(axis=0)
    return shown, (rare & seen & ~below).any(axis=0), np.where(seen, least, np.inf).min(axis=0)


def _over_paths(logs: Floats) -> Floats:
    """The evidence of single paths together: the earlier one came up, the more it weighs."""
    at = np.arange(1.0, len(logs) + 1)[:, None]
    rest = np.log(1 / (len(logs) + 1))
    return np.asarray(np.logaddexp(np.logaddexp.reduce(logs - np.log(at * (at + 1)), axis=0), rest))


def over_kinds(by_kind: Floats) -> Floats:
    """The evidence of all kinds together: their weighted mean over the first axis, as a logarithm."""
    weights = np.log(shares(len(by_kind))).reshape(-1, *[1] * (by_kind.ndim - 1))
    return np.asarray(np.logaddexp.reduce(by_kind + weights, axis=0))


def shares(kinds: int) -> Floats:
    """The part of α of each kind of errors."""
    if kinds == 1:
        return np.ones(1)
    return np.array([FIRST_KIND, *[(1 - FIRST_KIND) / (kinds - 1)] * (kinds - 1)])


def _enough(watch: Watch, evidence: Floats, terms: Terms) -> Bools:
    served = watch.judged & (watch.old > 0) & (watch.new > 0)
    requests = watch.history.old.sum() + np.cumsum(watch.old)
    failed = watch.history.old_errors[0].sum() + np.cumsum(watch.old_errors[0])
    return enough(
        np.cumsum(watch.old * served),
        np.cumsum(watch.new * served),
        np.asarray((failed + 0.5) / (requests + 1.0)),
        evidence,
        terms,
    )
