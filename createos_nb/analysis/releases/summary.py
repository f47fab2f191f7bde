"""From the evidence of a watch to the result that a person reads."""

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
from createos_nb.analysis.resample import whole
from createos_nb.analysis.validation import Floats

_DTYPES = {"regressed": "bool", "since": "datetime64[us, UTC]"}


def summarize(
    seen: Watch, paths: Paths | None, kinds: tuple[tuple[str, ...], ...], combined: CombinedEvidence, terms: Terms
) -> ReleaseVerdict:
    """The result as of the last bucket; what was decided stays as of `decided_at`."""
    names = ["+".join(kind) for kind in kinds]
    decided, decision = combined.decision_path.decided, combined.decision_path.decision[-1]
    kind = _speaks(seen, combined)
    mildest = _mildest(combined, kind)
    now, around = _bounds(seen, combined, kind, terms)
    ratio, low, high = now.ratio[around.index(mildest), 0], now.low[:, 0].min(), now.high[:, 0].max()
    # what was proven when it was decided holds, unless what came since says something else
    if decision == ROLLBACK and combined.by_kind[kind, decided] >= -np.log(terms.alpha) and not ratio < 1:
        low = max(low, 1.0)
    if decision == PROMOTE and kind == 0 and not combined.decision_path.negligible and not ratio > terms.worse:
        high = min(high, terms.worse)
    needed = 0 if decided is not None else _needed(seen, combined, _mildest(combined, 0), terms)
    guard = _guard(combined, paths, names, mildest)
    single = _single_paths(seen, combined, paths, names, terms)
    last = decided if decision == ROLLBACK and decided is not None else len(seen.index) - 1
    return ReleaseVerdict(
        decision=decision,
        ratio=float(ratio),
        low=float(low),
        high=float(high),
        evidence=float(plain(combined.together[last])),
        decided_at=None if decided is None else seen.index[decided],
        requests_needed=needed,
        sentence=sentence(
            decision,
            ratio=(float(ratio), float(low), float(high)),
            errors=names[kind],
            counts=_counts(seen, kind),
            buckets=int(seen.judged.sum()) if decided is None else int(seen.judged[: decided + 1].sum()),
            bucket_seconds=seen.bucket_seconds,
            decided_at=None if decided is None else seen.index[decided] + pd.Timedelta(seconds=seen.bucket_seconds),
            needed=needed,
            shared=bool(((seen.old > 0) & (seen.new > 0)).any()),
            failing=bool(failing(seen.new.sum(), seen.new_errors[0].sum())),
            regressed=[paths.names[place] for place in np.flatnonzero(combined.regressed.any(axis=1))] if paths else [],
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
        bucket_seconds=seen.bucket_seconds,
        _steps=Steps(
            seen.index,
            combined.decision_path.decision,
            plain(combined.together),
            plain(combined.well),
            (seen.old, seen.new, seen.old_errors[0], seen.new_errors[0]),
            seen.judged,
        ),
        _sides=seen.paired(
            np.array([kind]), seen.old_errors[[kind]], seen.new_errors[[kind]], with_history=np.array([True])
        ),
        _classes=tuple(names),
        _of_classes=seen.paired(
            np.arange(len(names)), seen.old_errors, seen.new_errors, with_history=np.ones(len(names), dtype=np.bool_)
        ),
        _evidence_of_classes=plain(combined.by_kind[:, -1]),
    )


def _since(combined: CombinedEvidence, ratio: float, terms: Terms) -> str:
    """What the buckets after the decision say against it; "" if nothing."""
    decision, evidence = combined.decision_path.decision[-1], float(plain(combined.together[-1:])[0])
    if decision == PROMOTE and (evidence >= 1 / terms.alpha or ratio > terms.worse):
        return (
            f"Mind that it has become worse since: the evidence to roll back is now {number(evidence)} of "
            f"{number(1 / terms.alpha)}."
        )
    if decision == ROLLBACK and ratio < 1:
        return "Mind that it fails less often than the baseline since."
    return ""


def _speaks(seen: Watch, combined: CombinedEvidence) -> int:
    """The kind of errors that rolled back, or the first; another one while the first has none on either side."""
    decided = combined.decision_path.decided
    if combined.decision_path.decision[-1] == ROLLBACK:
        return int((combined.by_kind[:, decided] + np.log(shares(len(combined.by_kind)))).argmax())
    some = np.flatnonzero(seen.old_errors.any(axis=1) | seen.new_errors.any(axis=1))
    return int(some[0]) if len(some) else 0


def _bounds(seen: Watch, combined: CombinedEvidence, kind: int, terms: Terms) -> tuple[Bounds, list[int]]:
    """Ratio and bounds of a kind now: of all its errors, and without each path that counts; and those rows."""
    rows = combined.rows
    without = rows.without(kind)
    around = np.array([kind, *without[rows.weighs[without - rows.wholes, -1] | (without == _mildest(combined, kind))]])
    old, new = rows.old[around], rows.new[around]
    at = combined.curves.positions[-1:]
    if kind == 0:
        # the first kind's rows come in the same order there
        curves = combined.curves.at_last(np.searchsorted(np.flatnonzero(rows.main), around))
    else:
        paired = seen.paired(rows.kinds[around], old, new, with_history=np.ones(len(around), dtype=np.bool_))
        asked = float(seen.old.sum()), float(seen.new.sum())
        crowd = nodes(terms.worse, (asked[0], float(old[0].sum())), (asked[1], float(new[0].sum())))
        curves = evaluate(paired, promote_at=terms.worse, nodes=crowd, positions=at).curves
    reached = totals(seen.old, seen.new, old, new, at)
    return bounds(curves, reached, alpha=terms.alpha, beta=terms.beta), around.tolist()


def _mildest(combined: CombinedEvidence, kind: int) -> int:
    """The row whose evidence to roll back is least: with all errors, or without a path; at the decision, or now."""
    at = -1 if combined.decision_path.decided is None else combined.decision_path.decided
    rows = combined.rows
    found = kind
    for row in rows.without(kind):
        if rows.weighs[row - rows.wholes, at] and combined.rollback[row, at] < combined.rollback[found, at]:
            found = int(row)
    return found


def _needed(seen: Watch, combined: CombinedEvidence, mildest: int, terms: Terms) -> int | None:
    """The forecast, from the errors of the row that is mildest."""
    old, new = combined.rows.old[mildest], combined.rows.new[mildest]
    return requests_needed(
        (float(seen.old.sum()), float(old.sum())),
        (float(seen.new.sum()), float(new.sum())),
        history=(float(seen.history.sum()), float(seen.history_errors[0].sum())),
        clumping=clumping(seen.old, seen.new, old, new),
        rollback=float(combined.together[-1]),
        promote=float(combined.well[-1]),
        held=bool(combined.regressed.any()),
        terms=terms,
    )


def _guard(combined: CombinedEvidence, paths: Paths | None, names: list[str], mildest: int) -> Guard:
    rows = combined.rows
    if paths is None:
        return Guard(False, None, _no_paths(("old", "new"), ("evidence",)).copy())
    where = np.arange(rows.wholes, rows.wholes + rows.paths)
    frame = pd.DataFrame(
        {
            "errors": pd.array([names[kind] for kind in paths.kinds], dtype="str"),
            "old": whole(paths.old.sum(axis=1)),
            "new": whole(paths.new.sum(axis=1)),
            "evidence": plain(combined.rollback[where, -1]),
        },
        index=pd.Index(list(paths.names), name="path", dtype="str"),
    )
    left_out = paths.names[mildest - rows.wholes] if mildest >= rows.wholes else None
    return Guard(True, left_out, frame)


def _single_paths(
    seen: Watch, combined: CombinedEvidence, paths: Paths | None, names: list[str], terms: Terms
) -> pd.DataFrame:
    if paths is None or not len(paths.names):
        return _no_paths(("old", "new"), ("ratio", "evidence", "boundary", "regressed", "since")).copy()
    old, new = paths.old.sum(axis=1), paths.new.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (new / seen.new.sum()) / (old / seen.old.sum())
    since = [seen.index[row.argmax()] if row.any() else pd.NaT for row in combined.regressed]
    place = np.arange(len(paths.names))
    return pd.DataFrame(
        {
            "errors": pd.array([names[kind] for kind in paths.kinds], dtype="str"),
            "old": whole(old),
            "new": whole(new),
            "ratio": ratio,
            "evidence": plain(combined.rollback[combined.rows.alone, -1]),
            "boundary": (place + 1.0) * (place + 2.0) / terms.alpha,
            "regressed": combined.regressed.any(axis=1),
            "since": pd.DatetimeIndex(since, dtype=seen.index.dtype),
        },
        index=pd.Index(list(paths.names), name="path", dtype="str"),
    )


def _counts(seen: Watch, kind: int) -> tuple[int, int, int, int]:
    paired = (seen.old, seen.old_errors[kind]), (seen.new, seen.new_errors[kind])
    (old, old_errors), (new, new_errors) = ((round(asked.sum()), round(failed.sum())) for asked, failed in paired)
    return old, old_errors, new, new_errors


@lru_cache(maxsize=4)
def _no_paths(counts: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    dtypes = {"errors": "str"} | dict.fromkeys(counts, "Int64") | dict.fromkeys(numbers, "float64")
    dtypes |= {name: dtype for name, dtype in _DTYPES.items() if name in numbers}
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(columns).set_index(pd.Index([], name="path", dtype="str"))


def plain(logs: Floats) -> Floats:
    """Evidence from its logarithm; beyond 1e300 it is 1e300."""
    return np.asarray(np.exp(np.clip(logs, -690.0, 690.0)))
