"""The two sides of a release on one grid of time, or an error that says why they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.validation import Bools, Floats, FrameError, Ints, Requests, requests, utc_index

CLASSES = ("4xx", "5xx")


@dataclass(frozen=True, eq=False)
class Watch:
    """The buckets for which both sides have rows, and the baseline's buckets before them."""

    index: pd.DatetimeIndex
    bucket_seconds: int
    judged: Bools
    """Shape `(T,)`: both sides have data, and the bucket is over."""
    old: Floats
    """Requests of the baseline, `(T,)`; 0 where the bucket is not judged."""
    new: Floats
    old_errors: Floats
    """Shape `(C, T)`: one row for each kind of errors that is judged."""
    new_errors: Floats
    history: Floats
    """Requests of the baseline before the watch, `(H,)`."""
    history_errors: Floats
    """Shape `(C, H)`."""

    def paired(self, kinds: Ints, old_errors: Floats, new_errors: Floats, *, with_history: Bools) -> PairedCounts:
        """Return what `evaluate` takes: a row for each row of errors, with its history where it is to have one."""
        rows = len(kinds)
        return PairedCounts(
            np.broadcast_to(self.old, (rows, len(self.old))),
            np.broadcast_to(self.new, (rows, len(self.new))),
            old_errors,
            new_errors,
            np.where(with_history[:, None], self.history, 0.0),
            np.where(with_history[:, None], self.history_errors[kinds], 0.0),
            float(self.bucket_seconds),
        )


def kinds_of(errors: str | Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """`("5xx", "4xx")` as the classes of each kind, `(("5xx",), ("4xx",))`; `"4xx+5xx"` is one kind of two classes."""
    if not isinstance(errors, str | Sequence):
        raise ValueError(f"errors={errors!r} must name '5xx', '4xx' or '4xx+5xx', each class once")
    texts = (errors,) if isinstance(errors, str) else tuple(errors)
    kinds = tuple(tuple(str(kind).split("+")) for kind in texts)
    known = [status_class for kind in kinds for status_class in kind]
    if not known or any(status_class not in CLASSES for status_class in known) or len(set(known)) < len(known):
        raise ValueError(f"errors={errors!r} must name '5xx', '4xx' or '4xx+5xx', each class once")
    return kinds


def watch(
    old: pd.DataFrame, new: pd.DataFrame, history: pd.DataFrame | None, kinds: tuple[tuple[str, ...], ...]
) -> Watch:
    """Read and align the frames.

    Judged are the buckets that both frames have. Rows of `old` before the first of them are history, too, and rows of
    `history` from there on are left out, so that nothing counts twice. A bucket that the present or the asked window
    cuts (`attrs["partial"]`) holds true counts of a part of its time: at the beginning it is used as it is; at the end
    it is left out until it is over, since it would change what was already said about it.
    """
    columns = ("count", *(f"status_{status_class}" for kind in kinds for status_class in kind))
    before, after = (requests(frame, name=name, columns=columns) for frame, name in ((old, "old"), (new, "new")))
    for counts, name in ((before, "old"), (after, "new")):
        if not len(counts.index):
            raise FrameError(f"{name} has no rows")
    _same_width(before, "old", after, "new")
    width = before.bucket_seconds
    if (before.seconds[0] - after.seconds[0]) % width:
        raise FrameError(
            f"the buckets of old and new do not begin at the same times: old has {before.index[0].isoformat()}, "
            f"new has {after.index[0].isoformat()}, and buckets are {width} s wide"
        )
    first = max(int(before.seconds[0]), int(after.seconds[0]))
    last = min(int(before.seconds[-1]), int(after.seconds[-1]))
    if first > last:
        raise FrameError(
            f"old and new have no bucket in common: old is {_span(before)}, new is {_span(after)}; "
            "they are judged minute by minute, at the same time. Of one environment before and after a release: "
            "analysis.compare(before, after)"
        )
    length = (last - first) // width + 1
    offsets = [slice((first - int(counts.seconds[0])) // width, None) for counts in (before, after)]
    common = [
        _part(counts, slice(part.start, part.start + length))
        for counts, part in zip((before, after), offsets, strict=True)
    ]
    judged = (
        ~np.isnan(common[0].count) & ~np.isnan(common[1].count) & ~_unfinished(common[0].partial | common[1].partial)
    )
    earlier = [_part(before, slice(0, offsets[0].start))]
    if history is not None:
        past = requests(history, name="history", columns=columns)
        if len(past.index):
            _same_width(past, "history", before, "old")
            end = min(first, int(before.seconds[0]))
            earlier.insert(0, _part(past, slice(0, int(np.searchsorted(past.seconds, end)))))
    return Watch(
        index=utc_index((first + width * np.arange(length, dtype=np.int64)) * 1_000_000),
        bucket_seconds=width,
        judged=judged,
        old=np.where(judged, common[0].count, 0.0),
        new=np.where(judged, common[1].count, 0.0),
        old_errors=np.stack([np.where(judged, common[0].errors(kind), 0.0) for kind in kinds]),
        new_errors=np.stack([np.where(judged, common[1].errors(kind), 0.0) for kind in kinds]),
        history=np.concatenate([np.nan_to_num(counts.count) for counts in earlier]),
        history_errors=np.stack(
            [np.concatenate([np.nan_to_num(counts.errors(kind)) for counts in earlier]) for kind in kinds]
        ),
    )


def _part(requests: Requests, rows: slice) -> Requests:
    counts = {name: values[rows] for name, values in requests.counts.items()}
    return Requests(requests.index[rows], requests.bucket_seconds, counts, requests.partial[rows], None)


def _unfinished(partial: Bools) -> Bools:
    """The partial buckets after which nothing whole comes; but the first of several is cut at its beginning."""
    complete = np.flatnonzero(~partial)
    begins = int(complete[-1]) + 1 if len(complete) else min(len(partial) - 1, 1)
    unfinished = np.zeros(len(partial), dtype=np.bool_)
    unfinished[begins:] = True
    return unfinished


def _same_width(one: Requests, name: str, other: Requests, other_name: str) -> None:
    if one.bucket_seconds != other.bucket_seconds:
        raise FrameError(
            f"buckets of {name} are {one.bucket_seconds} s wide, those of {other_name} {other.bucket_seconds} s: "
            "ask for both with the same width"
        )


def _span(requests: Requests) -> str:
    return f"{requests.index[0].isoformat()} to {requests.index[-1].isoformat()}"
