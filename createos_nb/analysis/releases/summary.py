"""Summary of the evidence of a watch as a `ReleaseVerdict`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.combine_evidence import CombinedEvidence, shares
from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK, Terms, clumping, failing, requests_needed
from createos_nb.analysis.releases.evidence import evaluate
from createos_nb.analysis.releases.interval import Bounds, bounds, nodes, totals
from createos_nb.analysis.releases.paths import Paths
from createos_nb.analysis.releases.result import Guard, ReleaseVerdict, Steps
from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.releases.wording import number, sentence
from createos_nb.analysis.resample import to_int64
from createos_nb.analysis.validation import Floats
from createos_nb.dtypes import TEXT

_DTYPES = {"regressed": "bool", "since": "datetime64[us, UTC]"}


def summarize(
    watch: Watch, paths: Paths | None, kinds: tuple[tuple[str, ...], ...], combined: CombinedEvidence, terms: Terms
) -> ReleaseVerdict:
    """The result as of the last bucket; what was decided stays as of `decided_at`."""
    names = ["+".join(kind) for kind in kinds]
    decided, decision = combined.decision_path.decided, combined.decision_path.decision[-1]
    kind = _reported_kind(watch, combined)
    mildest = _mildest(combined, kind)
    now, rows_of_kind = _bounds(watch, combined, kind, terms)
    ratio, low, high = now.ratio[rows_of_kind.index(mildest), 0], now.low[:, 0].min(), now.high[:, 0].max()
    # what was proven when it was decided holds, unless what came since says something else
    if decision == ROLLBACK and combined.by_kind[kind, decided] >= -np.log(terms.alpha) and not ratio < 1:
        low = max(low, 1.0)
    if decision == PROMOTE and kind == 0 and not combined.decision_path.negligible and not ratio > terms.worse:
        high = min(high, terms.worse)
    needed = 0 if decided is not None else _needed(watch, combined, _mildest(combined, 0), terms)
    guard = _guard(combined, paths, names, mildest)
    single = _single_paths(watch, combined, paths, names, terms)
    last = decided if decision == ROLLBACK and decided is not None else len(watch.index) - 1
    return ReleaseVerdict(
        decision=decision,
        ratio=float(ratio),
        low=float(low),
        high=float(high),
        evidence=float(_evidence_from_log(combined.together[last])),
        decided_at=None if decided is None else watch.index[decided],
        requests_needed=needed,
        sentence=sentence(
            decision,
            ratio=(float(ratio), float(low), float(high)),
            errors=names[kind],
            counts=_counts(watch, kind),
            buckets=int(watch.judged.sum()) if decided is None else int(watch.judged[: decided + 1].sum()),
            bucket_seconds=watch.bucket_seconds,
            decided_at=None if decided is None else watch.index[decided] + pd.Timedelta(seconds=watch.bucket_seconds),
            needed=needed,
            shared=bool(((watch.old > 0) & (watch.new > 0)).any()),
            failing=bool(failing(watch.new.sum(), watch.new_errors[0].sum())),
            regressed=[paths.names[row] for row in np.flatnonzero(combined.regressed.any(axis=1))] if paths else [],
            negligible=terms.negligible if combined.decision_path.negligible else None,
            left_out=guard.left_out,
            worse=terms.worse,
            since=_since(combined, float(ratio), terms),
        ),
        guard=guard,
        single_path=single,
        errors=names[kind],
        alpha=terms.alpha,
        beta=terms.beta,
        worse=terms.worse,
        bucket_seconds=watch.bucket_seconds,
        _steps=Steps(
            watch.index,
            combined.decision_path.decision,
            _evidence_from_log(combined.together),
            _evidence_from_log(combined.well),
            (watch.old, watch.new, watch.old_errors[0], watch.new_errors[0]),
            watch.judged,
        ),
        _sides=watch.paired(
            np.array([kind]), watch.old_errors[[kind]], watch.new_errors[[kind]], with_history=np.array([True])
        ),
        _classes=tuple(names),
        _of_classes=watch.paired(
            np.arange(len(names)), watch.old_errors, watch.new_errors, with_history=np.ones(len(names), dtype=np.bool_)
        ),
        _evidence_of_classes=_evidence_from_log(combined.by_kind[:, -1]),
    )


def _since(combined: CombinedEvidence, ratio: float, terms: Terms) -> str:
    """Return what the buckets after the decision say against it; "" if nothing."""
    decision, evidence = combined.decision_path.decision[-1], float(_evidence_from_log(combined.together[-1:])[0])
    if decision == PROMOTE and (evidence >= 1 / terms.alpha or ratio > terms.worse):
        return (
            f"Mind that it has become worse since: the evidence to roll back is now {number(evidence)} of "
            f"{number(1 / terms.alpha)}."
        )
    if decision == ROLLBACK and ratio < 1:
        return "Mind that it fails less often than the baseline since."
    return ""


def _reported_kind(watch: Watch, combined: CombinedEvidence) -> int:
    """The kind of errors that rolled back, or the first; another one while the first has none on either side."""
    decided = combined.decision_path.decided
    if combined.decision_path.decision[-1] == ROLLBACK:
        return int((combined.by_kind[:, decided] + np.log(shares(len(combined.by_kind)))).argmax())
    with_errors = np.flatnonzero(watch.old_errors.any(axis=1) | watch.new_errors.any(axis=1))
    return int(with_errors[0]) if len(with_errors) else 0


def _bounds(watch: Watch, combined: CombinedEvidence, kind: int, terms: Terms) -> tuple[Bounds, list[int]]:
    """Ratio and bounds of a kind now: of all its errors, and without each path that counts; and those rows."""
    rows = combined.rows
    without_path = rows.without(kind)
    rows_of_kind = np.array(
        [kind, *without_path[rows.weighs[without_path - rows.wholes, -1] | (without_path == _mildest(combined, kind))]]
    )
    old, new = rows.old[rows_of_kind], rows.new[rows_of_kind]
    at = combined.curves.positions[-1:]
    if kind == 0:
        # the first kind's rows come in the same order there
        curves = combined.curves.at_last(np.searchsorted(np.flatnonzero(rows.main), rows_of_kind))
    else:
        paired = watch.paired(
            rows.kinds[rows_of_kind], old, new, with_history=np.ones(len(rows_of_kind), dtype=np.bool_)
        )
        requests = float(watch.old.sum()), float(watch.new.sum())
        ratio_nodes = nodes(terms.worse, (requests[0], float(old[0].sum())), (requests[1], float(new[0].sum())))
        curves = evaluate(paired, promote_at=terms.worse, nodes=ratio_nodes, positions=at).curves
    sums_at = totals(watch.old, watch.new, old, new, at)
    return bounds(curves, sums_at, alpha=terms.alpha, beta=terms.beta), rows_of_kind.tolist()


def _mildest(combined: CombinedEvidence, kind: int) -> int:
    """The row whose evidence to roll back is least: with all errors, or without a path; at the decision, or now."""
    at = -1 if combined.decision_path.decided is None else combined.decision_path.decided
    rows = combined.rows
    mildest = kind
    for row in rows.without(kind):
        if rows.weighs[row - rows.wholes, at] and combined.rollback[row, at] < combined.rollback[mildest, at]:
            mildest = int(row)
    return mildest


def _needed(watch: Watch, combined: CombinedEvidence, mildest: int, terms: Terms) -> int | None:
    """The forecast, from the errors of the row that is mildest."""
    old, new = combined.rows.old[mildest], combined.rows.new[mildest]
    return requests_needed(
        (float(watch.old.sum()), float(old.sum())),
        (float(watch.new.sum()), float(new.sum())),
        history=(float(watch.history.sum()), float(watch.history_errors[0].sum())),
        clumping=clumping(watch.old, watch.new, old, new),
        rollback=float(combined.together[-1]),
        promote=float(combined.well[-1]),
        blocked=bool(combined.regressed.any()),
        terms=terms,
    )


def _guard(combined: CombinedEvidence, paths: Paths | None, names: list[str], mildest: int) -> Guard:
    rows = combined.rows
    if paths is None:
        return Guard(False, None, _no_paths(("old", "new"), ("evidence",)).copy())
    where = np.arange(rows.wholes, rows.wholes + rows.paths)
    frame = pd.DataFrame(
        {
            "errors": pd.array([names[kind] for kind in paths.kinds], dtype=TEXT),
            "old": to_int64(paths.old.sum(axis=1)),
            "new": to_int64(paths.new.sum(axis=1)),
            "evidence": _evidence_from_log(combined.rollback[where, -1]),
        },
        index=pd.Index(list(paths.names), name="path", dtype=TEXT),
    )
    left_out = paths.names[mildest - rows.wholes] if mildest >= rows.wholes else None
    return Guard(True, left_out, frame)


def _single_paths(
    watch: Watch, combined: CombinedEvidence, paths: Paths | None, names: list[str], terms: Terms
) -> pd.DataFrame:
    if paths is None or not len(paths.names):
        return _no_paths(("old", "new"), ("ratio", "evidence", "boundary", "regressed", "since")).copy()
    old, new = paths.old.sum(axis=1), paths.new.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (new / watch.new.sum()) / (old / watch.old.sum())
    since = [watch.index[row.argmax()] if row.any() else pd.NaT for row in combined.regressed]
    rank = np.arange(len(paths.names))
    return pd.DataFrame(
        {
            "errors": pd.array([names[kind] for kind in paths.kinds], dtype=TEXT),
            "old": to_int64(old),
            "new": to_int64(new),
            "ratio": ratio,
            "evidence": _evidence_from_log(combined.rollback[combined.rows.single_paths, -1]),
            "boundary": (rank + 1.0) * (rank + 2.0) / terms.alpha,
            "regressed": combined.regressed.any(axis=1),
            "since": pd.DatetimeIndex(since, dtype=watch.index.dtype),
        },
        index=pd.Index(list(paths.names), name="path", dtype=TEXT),
    )


def _counts(watch: Watch, kind: int) -> tuple[int, int, int, int]:
    paired = (watch.old, watch.old_errors[kind]), (watch.new, watch.new_errors[kind])
    (old, old_errors), (new, new_errors) = ((round(requests.sum()), round(failed.sum())) for requests, failed in paired)
    return old, old_errors, new, new_errors


@lru_cache(maxsize=4)
def _no_paths(counts: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    dtypes = {"errors": TEXT} | dict.fromkeys(counts, "Int64") | dict.fromkeys(numbers, "float64")
    dtypes |= {name: dtype for name, dtype in _DTYPES.items() if name in numbers}
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(columns).set_index(pd.Index([], name="path", dtype=TEXT))


def _evidence_from_log(logs: Floats) -> Floats:
    """Evidence from its logarithm; beyond 1e300 it is 1e300."""
    return np.asarray(np.exp(np.clip(logs, -690.0, 690.0)))
