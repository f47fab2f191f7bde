"""Which path the errors come from: regressions of single paths, and the guard against a single noisy client.

One client that asks for one missing file again and again can make a quarter of all errors, and whichever side it
happens to be sent to looks broken: on a real access log split by client every judge condemned 6 to 49 % of healthy
releases. What tells it from a dead endpoint is how often the path was asked for.

*With the requests of the paths* (`hits`) each path is judged by itself, its errors against its own requests: an e-value
for each, which `combine_evidence` mixes with that of all. A file that only one side was asked for says nothing.

*Without them* the evidence of all errors is weighed again without each of the paths with the most errors, and the
mildest answer counts to roll back, for as long as one client can have made the errors of the path left out: up to
`client_share` of a side's requests, an assumption. More than that, a tenth of a side's requests, or most errors of both
sides are no client's, and the path stays in. A path that has regressed alone and could be one client's doing holds the
promotion and asks a person to look.

To promote, a path is left out if its errors fell to the sides so unevenly that it might hide what the others do.

The platform lists ten rows of a path and a status for each stretch of time. A path that is not listed is taken to have
none, which errs by no more than the smallest row of a full list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.validation import Bools, Floats, FrameError, Ints, numbers
from createos_nb.dtypes import TEXT

WEIGHED, MATERIAL = 5, 0.1
"""Left out in turn are the paths with the most errors so far, if they have a tenth of all: fewer cannot mislead."""
_AT_LEAST = 30
"""So many errors of a path at least are more than one client's."""
_WINDOWS = (5, 15, 60)
"""Buckets over which they are counted, beside all so far."""
_SURE = 2.33
"""By so many standard deviations they exceed what one client may make."""
_LOPSIDED, _CLUMPED = 3.0, 3.0
"""Standard deviations from an even share at which a path might hide the others, errors varying three times as much as
independent ones."""
_MAIN_HITS, _SEEN = 0.05, 20
"""The part of the baseline's requests that makes a path a main one; so many requests of it must the candidate have had
before it is promoted."""
_MAIN, _EACH = 0.5, 5
"""The part of all errors from which on a path is the main one; so many errors on each side."""
_MOST = 64
"""Paths that are looked at in one watch, those with the most errors; more than a watch has in practice."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Errors of the paths that led at any time, the earliest to do so first; J paths on T buckets."""

    names: tuple[str, ...]
    kinds: Ints
    """Shape `(J,)`: which kind of errors."""
    old: Floats
    """Errors of the baseline by bucket, shape `(J, T)`."""
    new: Floats
    leads: Bools
    """Shape `(J, T)`: whether, after the bucket, the path is one of the five and has a tenth of the errors so far."""
    weighs: Bools
    """Shape `(J, T)`: whether the answer without it counts to roll back: it leads, and may be one client's."""
    lopsided: Bools
    """Shape `(J, T)`: whether the answer without it counts to promote: it leads, and fell to the sides unevenly."""
    hits: tuple[Floats, Floats] | None
    """Requests of each path by bucket on both sides, `(J, T)` each, where they are known."""
    unseen: Bools
    """Shape `(T,)`: the candidate has hardly been asked for a main path yet."""
    timed: bool
    """Whether the counts came by bucket; otherwise one total was spread like the side's errors."""

    def without(self, watch: Watch) -> tuple[Floats, Floats]:
        """Errors of both sides without each path in turn, shape `(J, T)`."""
        old, new = watch.old_errors[self.kinds], watch.new_errors[self.kinds]
        return np.maximum(old - self.old, 0.0), np.maximum(new - self.new, 0.0)

    @property
    def known(self) -> Bools:
        """Return whether the path has led by then; shape `(J, T)`."""
        return np.asarray(np.logical_or.accumulate(self.leads, axis=1))


def read_paths(
    paths: tuple[pd.DataFrame, pd.DataFrame],
    hits: tuple[pd.DataFrame, pd.DataFrame] | None,
    watch: Watch,
    kinds: tuple[tuple[str, ...], ...],
    client_share: float,
) -> Paths:
    """Top error paths of both sides on the grid of the watch, and requests of paths where they are known.

    Frames with the columns `path`, `status`, `count`, and `time` (a column or the index) where they were asked for by
    bucket. Without `time` a frame is one total for the whole watch; its counts are spread over the buckets like the
    errors of its side, so that what was said before may change with a later total.
    """
    tables = [_table(one, name, watch) for one, name in zip(paths, ("old_paths", "new_paths"), strict=True)]
    timed = all(at is not None for _, at in tables)
    errors_by_path: dict[tuple[int, str], Floats] = {}
    buckets = len(watch.index)
    for side, (table, at) in enumerate(tables):
        errors = watch.old_errors if side == 0 else watch.new_errors
        for number, kind in enumerate(kinds):
            of_kind = table["status"].str[:1].isin([status_class[0] for status_class in kind]).to_numpy(dtype=bool)
            codes, names = pd.factorize(table["path"].to_numpy()[of_kind])
            count = table["count"].to_numpy()[of_kind]
            grid = np.zeros((len(names), buckets))
            if at is None:
                total = errors[number].sum()
                share = np.bincount(codes, count, minlength=len(names)) / max(total, 1.0) if len(names) else []
                grid = np.minimum(np.asarray(share)[:, None], 1.0) * errors[number]
            else:
                np.add.at(grid, (codes, at[of_kind]), count)
                grid = np.minimum(grid, errors[number])
            for name, row in zip(names, grid, strict=True):
                errors_by_path.setdefault((number, str(name)), np.zeros((2, buckets)))[side] = row
    requests = None
    if hits is not None:
        requests = [
            _hits(one, name, watch, total)
            for one, name, total in zip(hits, ("old_hits", "new_hits"), (watch.old, watch.new), strict=True)
        ]
    return _leading(errors_by_path, requests, watch, timed, client_share)


def _hits(frame: pd.DataFrame, name: str, watch: Watch, requests: Floats) -> dict[str, Floats]:
    """Requests of each path by bucket; a total is spread like the requests of its side."""
    if isinstance(frame, pd.DataFrame) and "status" not in frame.columns:
        frame = frame.assign(status="200")
    table, at = _table(frame, name, watch)
    codes, names = pd.factorize(table["path"].to_numpy())
    count = table["count"].to_numpy()
    grid = np.zeros((len(names), len(watch.index)))
    if at is None:
        grid += np.bincount(codes, count, minlength=len(names))[:, None] * (requests / max(requests.sum(), 1.0))
    else:
        np.add.at(grid, (codes, at), count)
    return dict(zip(map(str, names), grid, strict=True))


def _unseen(requests: Sequence[dict[str, Floats]], watch: Watch) -> Bools:
    """After which buckets the candidate has hardly been asked for a path that the baseline mainly serves."""
    old, new = requests
    so_far = np.cumsum(watch.old)
    unseen = np.zeros(len(watch.index), dtype=np.bool_)
    for name, counts in old.items():
        main = np.cumsum(counts) >= np.maximum(_MAIN_HITS * so_far, _SEEN)
        unseen |= main & (np.cumsum(new.get(name, np.zeros_like(counts))) < _SEEN)
    return unseen


def _no_client(failed: Floats, requests: Floats, share: float) -> Bools:
    """After which buckets a path has more errors than one client may make, `(J, T)`."""
    found = np.zeros(failed.shape, dtype=np.bool_)
    for window in (*_WINDOWS, failed.shape[1]):
        sums = [np.cumsum(counts, axis=-1) for counts in (failed, requests)]
        for total in sums:
            total[..., window:] -= total[..., :-window].copy()
        most = share * sums[1]
        found |= sums[0] >= np.maximum(most + _SURE * np.sqrt(most), _AT_LEAST)
    return found


def _leading(
    errors_by_path: dict[tuple[int, str], Floats],
    requests: list[dict[str, Floats]] | None,
    watch: Watch,
    timed: bool,
    client_share: float,
) -> Paths:
    """Of each kind of errors the paths that led after some bucket."""
    leading: list[tuple[int, int, str, Bools]] = []
    buckets = len(watch.index)
    for kind in sorted({number for number, _ in errors_by_path}):
        names = [name for number, name in errors_by_path if number == kind]
        sums = np.cumsum(np.stack([errors_by_path[kind, name].sum(axis=0) for name in names]), axis=1)
        # ranks by errors so far, ties by name, so that later buckets change nothing earlier
        order = np.argsort(np.array(names, dtype=object), kind="stable")
        rank = np.empty_like(sums, dtype=np.int64)
        by_errors = np.argsort(-sums[order], axis=0, kind="stable")
        np.put_along_axis(rank, order[by_errors], np.arange(len(names))[:, None], axis=0)
        every = np.cumsum(watch.old_errors[kind] + watch.new_errors[kind])
        among = (rank < WEIGHED) & (sums > 0) & (sums >= MATERIAL * every)
        for row, name in enumerate(names):
            if among[row].any():
                leading.append((int(among[row].argmax()), kind, name, among[row]))
    # the earliest come first, and stay where they are when others follow
    leading = sorted(leading, key=lambda path: path[:3])[:_MOST]
    old, new = np.zeros((2, len(leading), buckets))
    for row, (_, kind, name, _) in enumerate(leading):
        old[row], new[row] = errors_by_path[kind, name]
    leads = np.array([path[3] for path in leading], dtype=np.bool_).reshape(len(leading), buckets)
    kinds = np.array([path[1] for path in leading], dtype=np.int64)
    no_client, main = np.zeros_like(leads), np.ones_like(leads)
    for failed, total, errors in ((old, watch.old, watch.old_errors), (new, watch.new, watch.new_errors)):
        no_client |= _no_client(failed, total, client_share)
        main &= np.cumsum(failed, axis=1) >= np.maximum(_MAIN * np.cumsum(errors, axis=1)[kinds], _EACH)
    kept = np.logical_or.accumulate(no_client | main, axis=1)
    known = None
    if requests is not None:
        nothing = np.zeros(buckets)
        by_side = [np.array([side.get(path[2], nothing) for path in leading]) for side in requests]
        # a path can't have failed more often than it was asked for
        old_hits, new_hits = (
            np.maximum(hits.reshape(len(leading), buckets), failed)
            for hits, failed in zip(by_side, (old, new), strict=True)
        )
        known = old_hits, new_hits
    return Paths(
        names=tuple(path[2] for path in leading),
        kinds=kinds,
        old=old,
        new=new,
        leads=leads,
        weighs=leads & ~kept,
        lopsided=np.logical_or.accumulate(leads & _lopsided(old, new, watch), axis=1),
        hits=known,
        unseen=np.zeros(buckets, dtype=np.bool_) if requests is None else _unseen(requests, watch),
        timed=timed,
    )


def _lopsided(old: Floats, new: Floats, watch: Watch) -> Bools:
    both = old + new
    share = watch.new / np.maximum(watch.old + watch.new, 1.0)
    apart = np.cumsum(new - both * share, axis=1)
    spread = np.sqrt(np.cumsum(both * share * (1 - share), axis=1) * _CLUMPED)
    return np.asarray(np.abs(apart) >= _LOPSIDED * np.maximum(spread, 1.0))


def _table(frame: pd.DataFrame, name: str, watch: Watch) -> tuple[pd.DataFrame, Ints | None]:
    """`path`, `status` and `count` of the rows within the watch, and the bucket of each row where times are known."""
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(f"{name} must be a DataFrame of paths with errors, not {type(frame).__name__}")
    if "time" in frame.index.names and "time" not in frame.columns:
        frame = frame.reset_index()
    absent = [column for column in ("path", "status", "count") if column not in frame.columns]
    if absent:
        have = ", ".join(map(str, frame.columns)) or "none"
        raise FrameError(f"{name} has no column {', '.join(map(repr, absent))} (its columns: {have})")
    frame = frame[frame["path"].notna() & frame["status"].notna()]
    count = numbers(frame["count"], name=f"column 'count' of {name}")
    wrong = (count < 0) | np.isinf(count)
    if wrong.any():
        raise FrameError(f"column 'count' of {name} counts errors, but holds {count[wrong][0]:g}")
    table = pd.DataFrame(
        {
            "path": frame["path"].astype(TEXT).to_numpy(),
            "status": frame["status"].astype(TEXT).to_numpy(),
            "count": np.nan_to_num(count),
        }
    ).astype({"path": TEXT, "status": TEXT})
    if "time" not in frame.columns:
        return table, None if len(table) else np.zeros(0, dtype=np.int64)
    time = frame["time"]
    if not isinstance(time.dtype, pd.DatetimeTZDtype):
        if not len(time):
            return table, np.zeros(0, dtype=np.int64)
        raise FrameError(f"column 'time' of {name} must be datetime64 in UTC, but its dtype is {time.dtype}")
    stamps = pd.DatetimeIndex(time).tz_convert("UTC").as_unit("us")
    if stamps.hasnans:
        raise FrameError(f"column 'time' of {name} has NaT at row {int(np.argmax(stamps.isna()))}")
    at = (stamps.asi8 - watch.index.asi8[0]) // (watch.bucket_seconds * 1_000_000)
    within = (at >= 0) & (at < len(watch.index))
    return table[within], at[within]
