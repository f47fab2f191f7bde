"""Summary of the evidence of a watch as a `ReleaseVerdict`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.combine_evidence import CombinedEvidence, shares
from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.decision import (
    DOUBT,
    DOWN,
    PATH,
    PROMOTE,
    ROLLBACK,
    WORSE,
    Terms,
    failing,
)
from createos_nb.analysis.releases.paths import Paths
from createos_nb.analysis.releases.result import Guard, HistoryUsed, ReleaseVerdict, Steps
from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.releases.wording import Story
from createos_nb.analysis.resample import to_int64
from createos_nb.analysis.validation import Bools, Floats
from createos_nb.display import human_duration
from createos_nb.dtypes import TEXT

_DTYPES = {"regressed": "bool", "since": "datetime64[us, UTC]"}


def summarize(
    watch: Watch, paths: Paths | None, kinds: tuple[tuple[str, ...], ...], combined: CombinedEvidence, terms: Terms
) -> ReleaseVerdict:
    """The result as of the last bucket, or as of the rollback: that is final, and what it rests on is told."""
    names = ["+".join(kind) for kind in kinds]
    path = combined.decision_path
    decision = path.decision[-1]
    at = path.rolled if path.rolled is not None else len(watch.index) - 1
    reason = _reason(combined, at, terms) if decision == ROLLBACK else ""
    kind = _reported_kind(watch, combined, at, reason)
    reported = _reported_row(combined, paths, kind, at, reason)
    shown = combined.rows.counts.rows(slice(reported, reported + 1))
    weights = combined.rows.weights.rows(slice(reported, reported + 1))
    position = np.flatnonzero(watch.judged[: at + 1])[-1:]
    guard = _guard(combined, paths, names, reported, at)
    story = Story(
        decision=decision,
        reason=reason,
        errors=names[kind],
        counts=_counts(watch, kind, at),
        seconds=int(watch.known[: at + 1].sum()) * watch.bucket_seconds,
        promoted=_end(watch, path.promoted),
        decided=_end(watch, path.decided),
        warm_up=_human(watch.warming[: at + 1] & watch.known[: at + 1], watch),
        shared=bool(((watch.old > 0) & (watch.new > 0)).any()),
        warming=bool(watch.known.any() and not watch.judged.any() and watch.warming[watch.known].all()),
        failing=bool(failing(watch.new.sum(), watch.new_errors.sum(axis=1).max())),
        regressed=[paths.names[row] for row in np.flatnonzero(combined.regressed[:, at])] if paths is not None else [],
        broken=_broken(combined, paths, at) if reason == PATH else None,
        negligible=terms.negligible if decision == PROMOTE and combined.rare[-1] else None,
        left_out=guard.left_out,
        worse=terms.worse,
        onset=_onset(watch, shown.until(at), reason),
        exposure=terms.exposure,
        exposed=bool(combined.exposed[at]),
        doubt=[names[row] for row in np.flatnonzero(combined.by_kind[:, at] >= np.log(DOUBT))],
    )
    return ReleaseVerdict(
        decision=decision,
        reason=reason,
        evidence=float(_evidence_from_log(combined.together[at])),
        evidence_exact=float(_evidence_from_log(combined.exact[at])),
        decided_at=None if path.decided is None else watch.index[path.decided],
        promoted_at=None if path.promoted is None else watch.index[path.promoted],
        guard=guard,
        single_path=_single_paths(watch, combined, paths, names, terms),
        history=_history(watch),
        errors=names[kind],
        alpha=terms.alpha,
        beta=terms.beta,
        worse=terms.worse,
        bucket_seconds=watch.bucket_seconds,
        _steps=Steps(
            watch.index,
            path.decision,
            _evidence_from_log(combined.together),
            _evidence_from_log(combined.exact),
            _evidence_from_log(combined.well),
            (watch.old, watch.new, watch.old_errors[0], watch.new_errors[0]),
            watch.known,
            watch.judged,
        ),
        _story=story,
        _shown=shown,
        _at=position,
        _weights=weights,
        _classes=tuple(names),
        _of_classes=combined.rows.counts.rows(slice(0, len(names))),
        _weights_of_classes=combined.rows.weights.rows(slice(0, len(names))),
        _evidence_of_classes=_evidence_from_log(combined.by_kind[:, -1]),
    )


def _end(watch: Watch, bucket: int | None) -> pd.Timestamp | None:
    return None if bucket is None else watch.index[bucket] + pd.Timedelta(seconds=watch.bucket_seconds)


def _human(buckets: Bools, watch: Watch) -> str:
    """How long some buckets last together, in words; "" for none."""
    return human_duration(int(buckets.sum()) * watch.bucket_seconds) if buckets.any() else ""


def _reason(combined: CombinedEvidence, at: int, terms: Terms) -> str:
    """Down; a path, where the others would not have rolled back without it; or worse."""
    if combined.down[at]:
        return DOWN
    if combined.by_path[at] < np.log(DOUBT):
        return WORSE
    rows = combined.rows
    number = _strongest_path(combined, at) - int(rows.single_paths[0])
    without = combined.rollback[rows.wholes + number, at] < -np.log(terms.alpha)
    return PATH if without else WORSE


def _reported_kind(watch: Watch, combined: CombinedEvidence, at: int, reason: str) -> int:
    """The kind of errors that rolled back, or the first; another one while the first has none on either side."""
    if reason == PATH:
        return int(combined.rows.kinds[_strongest_path(combined, at)])
    if reason == WORSE:
        return int((combined.by_kind[:, at] + np.log(shares(len(combined.by_kind)))).argmax())
    with_errors = np.flatnonzero(watch.old_errors.any(axis=1) | watch.new_errors.any(axis=1))
    return int(with_errors[0]) if len(with_errors) else 0


def _reported_row(combined: CombinedEvidence, paths: Paths | None, kind: int, at: int, reason: str) -> int:
    """The row that ratio and bounds speak of: that of the path, or the one whose evidence to roll back is least."""
    rows = combined.rows
    if reason == PATH:
        return _strongest_path(combined, at)
    least = kind
    for row in rows.without(kind):
        weighs = paths is not None and paths.weighs[row - rows.wholes, at]
        if weighs and combined.rollback[row, at] < combined.rollback[least, at]:
            least = int(row)
    return least


def _strongest_path(combined: CombinedEvidence, at: int) -> int:
    single = combined.rows.single_paths
    return int(single[combined.rollback[single, at].argmax()])


def _broken(combined: CombinedEvidence, paths: Paths | None, at: int) -> str | None:
    return None if paths is None else paths.names[_strongest_path(combined, at) - int(combined.rows.single_paths[0])]


def _onset(watch: Watch, shown: PairedCounts, reason: str) -> tuple[pd.Timestamp, float] | None:
    """Since when it is worse, and how many times as often it has failed since, where that is not the whole watch.

    The likeliest bucket, errors being independent; an estimate after the fact, with no bound.
    """
    if reason not in (WORSE, PATH):
        return None
    old, new, b, g = (getattr(shown, name)[0] for name in _COUNTED)
    tails = [np.cumsum(counts[::-1])[::-1] for counts in (old, new, b, g)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (tails[3] + 0.5) / (tails[1] + 1.0) / ((tails[2] + 0.5) / (tails[0] + 1.0))
        share, alike = ratio * tails[1] / (tails[0] + ratio * tails[1]), tails[1] / (tails[0] + tails[1])
        gain = tails[3] * np.log(share / alike) + tails[2] * np.log((1 - share) / (1 - alike))
    gain = np.where((ratio > 1) & (new > 0) & (old > 0), np.nan_to_num(gain), 0.0)
    start = int(gain.argmax())
    if not gain[start] > 0 or start <= int(watch.judged.argmax()):
        return None
    return watch.index[start], float(ratio[start])


_COUNTED = ("old_requests", "new_requests", "old_errors", "new_errors")


def _history(watch: Watch) -> HistoryUsed:
    history = watch.history
    pair = history.pair
    requests = history.old if pair is None else pair.old_requests[0] + pair.new_requests[0]
    failed = history.old_errors[0] if pair is None else pair.old_errors[0] + pair.new_errors[0]
    return HistoryUsed(
        history.used, int((requests > 0).sum()), round(float(failed.sum())), history.enough, watch.first_share
    )


def _guard(combined: CombinedEvidence, paths: Paths | None, names: list[str], reported: int, at: int) -> Guard:
    rows = combined.rows
    if paths is None:
        return Guard(False, None, _no_paths(("old", "new"), ("evidence",)))
    where = np.arange(rows.wholes, rows.wholes + rows.paths)
    frame = pd.DataFrame(
        {
            "errors": pd.array([names[kind] for kind in paths.kinds], dtype=TEXT),
            "old": to_int64(paths.old.sum(axis=1)),
            "new": to_int64(paths.new.sum(axis=1)),
            "evidence": _evidence_from_log(combined.rollback[where, at]),
        },
        index=pd.Index(list(paths.names), name="path", dtype=TEXT),
    )
    is_left_out = rows.wholes <= reported < rows.wholes + rows.paths
    return Guard(True, paths.names[reported - rows.wholes] if is_left_out else None, frame)


def _single_paths(
    watch: Watch, combined: CombinedEvidence, paths: Paths | None, names: list[str], terms: Terms
) -> pd.DataFrame:
    if paths is None or not len(paths.names):
        return _no_paths(("old", "new"), ("ratio", "evidence", "boundary", "regressed", "since"))
    old, new = paths.old.sum(axis=1), paths.new.sum(axis=1)
    asked = (watch.old.sum(), watch.new.sum()) if paths.hits is None else tuple(hits.sum(axis=1) for hits in paths.hits)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (new / asked[1]) / (old / asked[0])
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


def _counts(watch: Watch, kind: int, at: int) -> tuple[int, int, int, int]:
    """Requests and errors of the baseline, and of the candidate, in the buckets that count."""
    counts = (watch.old, watch.old_errors[kind], watch.new, watch.new_errors[kind])
    old, old_errors, new, new_errors = (round(float((one * watch.judged)[: at + 1].sum())) for one in counts)
    return old, old_errors, new, new_errors


def _no_paths(counts: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    # without rows there is nothing that two of them could share
    return _empty(counts, numbers).copy(deep=False)


@lru_cache(maxsize=4)
def _empty(counts: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    dtypes = {"errors": TEXT} | dict.fromkeys(counts, "Int64") | dict.fromkeys(numbers, "float64")
    dtypes |= {name: dtype for name, dtype in _DTYPES.items() if name in numbers}
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(columns).set_index(pd.Index([], name="path", dtype=TEXT))


def _evidence_from_log(logs: Floats) -> Floats:
    """Evidence from its logarithm; beyond 1e300 it is 1e300."""
    return np.asarray(np.exp(np.minimum(np.maximum(logs, -690.0), 690.0)))
