"""The evidence of one watch: of every kind of errors, without each leading path, and of each path single_paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.releases.decision import DecisionPath, Terms, decision_path, enough, failing, negligible
from createos_nb.analysis.releases.evidence import STRETCH, Curves, Evidence, follow, joined
from createos_nb.analysis.releases.interval import nodes
from createos_nb.analysis.releases.paths import Paths
from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.validation import Bools, Floats, Ints

FIRST_KIND = 0.9
"""The part of α that the first class of errors has; the others share the rest."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The series that are judged: each kind of errors, then without each path, then each path single_paths."""

    kinds: Ints
    old: Floats
    new: Floats
    wholes: int
    """Number of kinds of errors, K."""
    paths: int
    """Number of paths, J; there are K + 2 J rows."""
    weighs: Bools
    """Shape `(J, T)`: whether the answer without a path counts after that bucket."""
    known: Bools
    """Shape `(J, T)`: whether the path has weighed by then."""

    def without(self, kind: int) -> Ints:
        """Rows without a path of that kind."""
        return self.wholes + np.flatnonzero(self.kinds[self.wholes : self.wholes + self.paths] == kind)

    @property
    def main(self) -> Bools:
        """Rows of the first kind, but for those of a single path."""
        rows = np.asarray(self.kinds == 0)
        rows[self.wholes + self.paths :] = False
        return rows

    @property
    def single_paths(self) -> Ints:
        """Rows of a single path."""
        return np.arange(self.wholes + self.paths, self.wholes + 2 * self.paths)


@dataclass(frozen=True, eq=False)
class CombinedEvidence:
    """The evidence of every row, and what it comes to over paths and kinds of errors."""

    rows: Rows
    rollback: Floats
    """Log-evidence of every row, `(K + 2 J, T)`, as far as it was followed, then held."""
    promote: Floats
    by_kind: Floats
    """To roll back, the mildest of all paths and without each, `(K, T)`."""
    together: Floats
    """To roll back, over the kinds, `(T,)`."""
    well: Floats
    """To promote, the least of all paths and without each, `(T,)`."""
    regressed: Bools
    """Which path single_paths had regressed by which bucket, `(J, T)`."""
    decision_path: DecisionPath
    curves: Curves
    """Of the rows of the first kind without those of a single path, after the last bucket of each stretch."""


def combine_evidence(watch: Watch, paths: Paths | None, wholes: int, terms: Terms) -> CombinedEvidence:
    """All the evidence of a watch on `wholes` kinds of errors, and when it decided."""
    rows = _rows(watch, paths, wholes)
    buckets = len(watch.index)
    with_history = np.arange(len(rows.kinds)) < rows.wholes + rows.paths
    paired = watch.paired(rows.kinds, rows.old, rows.new, with_history=with_history)
    done = np.flatnonzero(watch.judged)
    last = int(done[-1]) if len(done) else buckets - 1
    ends = np.append(np.arange(STRETCH - 1, last, STRETCH), last)
    # only the first kind is promoted by, and is what the ratio speaks of, unless another one rolls back
    main = rows.main
    ratio_nodes = nodes(
        terms.worse, *((float(requests.sum()), float(failed[0].sum())) for requests, failed in _both(watch))
    )
    streams = [follow(paired.rows(main), promote_at=terms.worse, nodes=ratio_nodes, positions=ends)]
    if not main.all():
        streams.append(follow(paired.rows(~main), promote_at=None))
    parts: list[tuple[Evidence, ...]] = []
    combined: CombinedEvidence | None = None
    for part in zip(*streams, strict=True):
        parts.append(part)
        first, *others = (
            joined(list(stretches)) if len(stretches) > 1 else stretches[0] for stretches in zip(*parts, strict=True)
        )
        logs = np.zeros((2, len(main), first.rollback.shape[1]))
        logs[:, main] = first.rollback, first.promote
        for other in others:
            logs[0, ~main] = other.rollback
        rollback, promote = (_at_judged_buckets(log_evidence, watch.judged, buckets) for log_evidence in logs)
        by_kind = np.stack([_mildest(rollback, rows, kind) for kind in range(rows.wholes)])
        together = over_kinds(by_kind)
        well = _mildest(promote, rows, 0)
        # each path may be the one, so the later it comes up, the more it takes
        hurdle = -np.log(terms.alpha) + np.log([(number + 1.0) * (number + 2.0) for number in range(rows.paths)])
        regressed = np.maximum.accumulate(rollback[rows.single_paths] >= hurdle[:, None], axis=1) & rows.known
        both_serve = (watch.old > 0) & (watch.new > 0)
        requests, failed = np.cumsum(watch.new), np.cumsum(watch.new_errors[0])
        path = decision_path(
            together,
            well,
            rare=negligible(requests, failed, together, terms) & watch.judged,
            blocked=np.asarray(regressed.any(axis=0)) | failing(requests, failed),
            enough_traffic=enough(
                np.cumsum(watch.old * both_serve),
                np.cumsum(watch.new * both_serve),
                _base_rate(watch),
                np.maximum(together, well),
                terms,
            ),
            terms=terms,
        )
        combined = CombinedEvidence(rows, rollback, promote, by_kind, together, well, regressed, path, first.curves)
        if path.decided is not None and path.decided < first.rollback.shape[1]:
            break
    assert combined is not None, "a watch has at least one stretch"
    return combined


def _rows(watch: Watch, paths: Paths | None, wholes: int) -> Rows:
    kinds = np.arange(wholes)
    if paths is None or not len(paths.names):
        nothing = np.zeros((0, len(watch.index)), dtype=np.bool_)
        return Rows(kinds, watch.old_errors, watch.new_errors, wholes, 0, nothing, nothing)
    old, new = paths.without(watch)
    return Rows(
        np.concatenate([kinds, paths.kinds, paths.kinds]),
        np.concatenate([watch.old_errors, old, np.where(watch.judged, paths.old, 0.0)]),
        np.concatenate([watch.new_errors, new, np.where(watch.judged, paths.new, 0.0)]),
        wholes,
        len(paths.names),
        paths.weighs,
        paths.known,
    )


def _both(watch: Watch) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return requests and errors of the baseline, and those of the candidate."""
    return (watch.old, watch.old_errors), (watch.new, watch.new_errors)


def _at_judged_buckets(log_evidence: Floats, judged: Bools, buckets: int) -> Floats:
    """Evidence changes only where a bucket is judged; before the first it is 1, and after the last it stays."""
    followed = log_evidence.shape[1]
    last = np.maximum.accumulate(np.where(judged[:followed], np.arange(followed), -1))
    at = np.concatenate([last, np.full(buckets - followed, last[-1])])
    return np.where(at >= 0, log_evidence[:, np.maximum(at, 0)], 0.0)


def _mildest(logs: Floats, rows: Rows, kind: int) -> Floats:
    """The least evidence of all errors of a kind, and of those without each path that counts by then."""
    mildest = logs[kind]
    for row in rows.without(kind):
        mildest = np.where(rows.weighs[row - rows.wholes], np.minimum(mildest, logs[row]), mildest)
    return np.asarray(mildest)


def over_kinds(by_kind: Floats) -> Floats:
    """The evidence of all kinds together: their weighted mean over the first axis, as a logarithm."""
    weights = np.log(shares(len(by_kind))).reshape(-1, *[1] * (by_kind.ndim - 1))
    return np.asarray(np.logaddexp.reduce(by_kind + weights, axis=0))


def shares(kinds: int) -> Floats:
    """The part of α of each kind of errors."""
    if kinds == 1:
        return np.ones(1)
    return np.array([FIRST_KIND, *[(1 - FIRST_KIND) / (kinds - 1)] * (kinds - 1)])


def _base_rate(watch: Watch) -> Floats:
    """Errors per request of the baseline, of the first kind, as far as they were known after each bucket."""
    requests = watch.history.sum() + np.cumsum(watch.old)
    failed = watch.history_errors[0].sum() + np.cumsum(watch.old_errors[0])
    return np.asarray((failed + 0.5) / (requests + 1.0))
