"""Which path the errors come from: the guard against a single noisy client, and regressions on a single path.

One client that asks for one missing file again and again can make a quarter of all errors, and whichever side it
happens to be sent to looks broken: on a real access log split by client every judge condemned 6 to 49 % of healthy
releases. So the evidence is weighed again without each of the paths with the most errors, and the mildest answer
counts, both to roll back and to promote. What this hides, a regression that really is confined to one path, is judged
on its own; from the paths alone it cannot be told from a noisy client, so it asks a person to look and holds the
promotion, and does not roll back.

Two kinds of paths are never left out, since they are no client among others but what a side is there for, such as the
one endpoint of an API: one whose errors are a tenth of all requests of a side, and one with most errors of baseline and
candidate.

The platform lists ten rows of a path and a status for each stretch of time. A path that is not listed is taken to have
none, which errs by no more than the smallest row of a full list. How often a path is asked for is not known by bucket:
both sides are taken to be asked for it alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.watch import Watch
from createos_nb.analysis.validation import Bools, Floats, FrameError, Ints, numbers
from createos_nb.dtypes import TEXT

WEIGHED, MATERIAL = 5, 0.1
"""Left out in turn are the paths with the most errors so far, if they have a tenth of all: fewer cannot mislead."""
_BULK, _AT_LEAST = 0.1, 30
"""The part of a side's requests from which on a path's errors are the side's and not one client's; so many errors."""
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
    """Shape `(J, T)`: whether the answer without it counts after the bucket: it leads, and is not the side's bulk."""
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
    old_paths: pd.DataFrame, new_paths: pd.DataFrame, watch: Watch, kinds: tuple[tuple[str, ...], ...]
) -> Paths:
    """Top error paths of both sides on the grid of the watch.

    Frames with the columns `path`, `status`, `count`, and `time` (a column or the index) where they were asked for by
    bucket. Without `time` a frame is one total for the whole watch; its counts are spread over the buckets like the
    errors of its side, so that what was said before may change with a later total.
    """
    tables = [_table(paths, name, watch) for paths, name in ((old_paths, "old_paths"), (new_paths, "new_paths"))]
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
    return _leading(errors_by_path, watch, timed)


def _leading(errors_by_path: dict[tuple[int, str], Floats], watch: Watch, timed: bool) -> Paths:
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
    bulk, main = np.zeros_like(leads), np.ones_like(leads)
    for failed, requests, errors in ((old, watch.old, watch.old_errors), (new, watch.new, watch.new_errors)):
        so_far = np.cumsum(failed, axis=1)
        bulk |= so_far >= np.maximum(_BULK * np.cumsum(requests), _AT_LEAST)
        main &= so_far >= np.maximum(_MAIN * np.cumsum(errors, axis=1)[kinds], _EACH)
    bulk = np.logical_or.accumulate(bulk | main, axis=1)
    return Paths(
        names=tuple(path[2] for path in leading),
        kinds=kinds,
        old=old,
        new=new,
        leads=leads,
        weighs=leads & ~bulk,
        timed=timed,
    )


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
