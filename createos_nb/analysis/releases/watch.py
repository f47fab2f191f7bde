"""The two sides of a release on one grid of time, or an error that says why they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.validation import Bools, Floats, FrameError, Requests, requests, utc_index

CLASSES = ("4xx", "5xx")


MOST_UNEVEN = 150
"""A side with less than one request in so many is not judged: no split beyond that was measured."""

_ENOUGH_BUCKETS, _ENOUGH_ERRORS = 30, 100
"""From so much of a history on, noise is told from calm."""


@dataclass(frozen=True, eq=False)
class History:
    """What was before the watch."""

    old: Floats
    """Requests of the baseline, `(H,)`."""
    old_errors: Floats
    """Shape `(C, H)`."""
    pair: PairedCounts | None
    """One row for each kind of errors, where two sides ran the same version."""

    @property
    def used(self) -> str:
        """What there is of it: "none", "one side" or "a pair"."""
        if self.pair is not None:
            return "a pair"
        return "one side" if (self.old > 0).any() else "none"

    @property
    def enough(self) -> bool:
        """Whether it can tell noise from calm: half an hour of minutes, and a hundred errors of the first kind."""
        if self.pair is not None:
            both = (self.pair.old_requests[0] > 0) & (self.pair.new_requests[0] > 0)
            errors = (self.pair.old_errors[0] + self.pair.new_errors[0])[both].sum()
            return bool(both.sum() >= _ENOUGH_BUCKETS and errors >= _ENOUGH_ERRORS)
        return bool((self.old > 0).sum() >= _ENOUGH_BUCKETS and self.old_errors[0].sum() >= _ENOUGH_ERRORS)


@dataclass(frozen=True, eq=False)
class Watch:
    """The buckets for which both sides have rows, and what was before them."""

    index: pd.DatetimeIndex
    bucket_seconds: int
    known: Bools
    """Shape `(T,)`: both sides have data, and the bucket is over."""
    warming: Bools
    """Shape `(T,)`: the new side warms up, so that its ratio does not count yet."""
    uneven: Bools
    """Shape `(T,)`: so far the split of the traffic is too uneven to be judged."""
    old: Floats
    """Requests of the baseline, `(T,)`; 0 where the bucket is not known."""
    new: Floats
    old_errors: Floats
    """Shape `(C, T)`: one row for each kind of errors that is judged."""
    new_errors: Floats
    old_down: Floats
    """5xx, whatever kinds are judged, `(T,)`."""
    new_down: Floats
    history: History

    @cached_property
    def judged(self) -> Bools:
        """Which buckets say something of the lasting ratio, `(T,)`."""
        return self.known & ~self.warming & ~self.uneven

    @property
    def first_share(self) -> float:
        """The candidate's part of the requests up to the first bucket that says something; no evidence is older."""
        says = self.judged & (self.old > 0) & (self.new > 0)
        until = int(says.argmax()) + 1
        old, new = self.old[:until].sum(), self.new[:until].sum()
        return float(new / (old + new)) if old + new > 0 else 0.5

    def paired(self, old_errors: Floats, new_errors: Floats) -> PairedCounts:
        """Return what `evaluate` takes: a row for each row of errors."""
        shape = old_errors.shape
        counts = PairedCounts(
            np.broadcast_to(self.old, shape),
            np.broadcast_to(self.new, shape),
            old_errors,
            new_errors,
            float(self.bucket_seconds),
        )
        return counts.within(self.judged)


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
    old: pd.DataFrame,
    new: pd.DataFrame,
    history: pd.DataFrame | Sequence[pd.DataFrame] | None,
    kinds: tuple[tuple[str, ...], ...],
    warm_up: float,
) -> Watch:
    """Read and align the frames.

    Judged are the buckets that both frames have. Rows of `old` before the first of them are history, too, and rows of
    `history` from there on are left out, so that nothing counts twice. A bucket that the present or the asked window
    cuts (`attrs["partial"]`) holds true counts of a part of its time: at the beginning it is used as it is; at the end
    it is left out until it is over, since it would change what was already said about it.

    `warm_up`: seconds from the first request of the new side on; a side that served before the watch has none.
    """
    columns = ("count", *(f"status_{status_class}" for kind in kinds for status_class in kind))
    down = "status_5xx" if all("status_5xx" in getattr(one, "columns", ()) for one in (old, new)) else columns[1]
    wanted = tuple(dict.fromkeys((*columns, down)))
    before, after = (requests(frame, name=name, columns=wanted) for frame, name in ((old, "old"), (new, "new")))
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
    known = (
        ~np.isnan(common[0].count) & ~np.isnan(common[1].count) & ~_unfinished(common[0].partial | common[1].partial)
    )
    earlier, pair = _history(history, before, offsets[0].start, first, columns, kinds)
    served_by = [np.where(known, one.count, 0.0) for one in common]
    served = (pair is not None and bool(pair.new_requests.any())) or bool(
        _zero_where_missing(after.count[: offsets[1].start]).any()
    )
    so_far = np.cumsum(served_by, axis=1)
    index = utc_index((first + width * np.arange(length, dtype=np.int64)) * 1_000_000)
    return Watch(
        index=index,
        bucket_seconds=width,
        known=known,
        warming=_warming(served_by[1], 0 if served else int(np.ceil(warm_up / width))),
        uneven=(so_far.min(axis=0) > 0) & (so_far.max(axis=0) > MOST_UNEVEN * so_far.min(axis=0)),
        old=served_by[0],
        new=served_by[1],
        old_errors=np.stack([np.where(known, common[0].errors(kind), 0.0) for kind in kinds]),
        new_errors=np.stack([np.where(known, common[1].errors(kind), 0.0) for kind in kinds]),
        old_down=np.where(known, common[0].counts[down], 0.0),
        new_down=np.where(known, common[1].counts[down], 0.0),
        history=History(
            _zero_where_missing(np.concatenate([one.count for one in earlier])),
            _zero_where_missing(np.array([np.concatenate([one.errors(kind) for one in earlier]) for kind in kinds])),
            pair,
        ),
    )


def _zero_where_missing(counts: Floats) -> Floats:
    """The same with 0 where there is no data."""
    return np.where(np.isnan(counts), 0.0, counts)


def _warming(new: Floats, buckets: int) -> Bools:
    """So many buckets from the first request of the new side on."""
    at = np.arange(len(new)) - (int((new > 0).argmax()) if (new > 0).any() else len(new))
    return np.asarray((at >= 0) & (at < buckets))


def _history(
    history: pd.DataFrame | Sequence[pd.DataFrame] | None,
    before: Requests,
    overlap: int,
    first: int,
    columns: tuple[str, ...],
    kinds: tuple[tuple[str, ...], ...],
) -> tuple[list[Requests], PairedCounts | None]:
    """The baseline before the watch, from all frames, and both sides of a pair."""
    earlier = [_part(before, slice(0, overlap))]
    if history is None:
        return earlier, None
    frames = [history] if isinstance(history, pd.DataFrame) else list(history)
    if len(frames) not in (1, 2):
        raise FrameError(
            "history is one frame of the old side, or a pair: the old side's and that of an environment that ran the "
            f"same version, not {len(frames)} frames"
        )
    names = ["history"] if len(frames) == 1 else ["the first frame of history", "the second frame of history"]
    read = []
    for frame, name in zip(frames, names, strict=True):
        past = requests(frame, name=name, columns=columns)
        if not len(past.index):
            continue
        _same_width(past, name, before, "old")
        if int(past.seconds[0]) >= first:
            raise FrameError(
                f"{name} lies after the watch begins ({_span(past)}; the watch begins "
                f"{utc_index(np.array([first * 1_000_000]))[0].isoformat()}): give what was before the release"
            )
        read.append(_part(past, slice(0, int(np.searchsorted(past.seconds, min(first, int(before.seconds[0])))))))
    if not read:
        return earlier, None
    earlier.insert(0, read[0])
    if len(read) < 2:
        return earlier, None
    return earlier, _pair(read[0], read[1], kinds)


def _pair(old: Requests, new: Requests, kinds: tuple[tuple[str, ...], ...]) -> PairedCounts | None:
    """Both sides of a pair at the times that both have."""
    seconds, at_old, at_new = np.intersect1d(old.seconds, new.seconds, return_indices=True)
    if not len(seconds):
        raise FrameError(
            f"the frames of history have no bucket in common: {_span(old)}, and {_span(new)}; a pair served at the "
            "same time"
        )
    known = ~np.isnan(old.count[at_old]) & ~np.isnan(new.count[at_new])
    shape = (len(kinds), len(seconds))
    return PairedCounts(
        np.broadcast_to(old.count[at_old], shape),
        np.broadcast_to(new.count[at_new], shape),
        np.stack([old.errors(kind)[at_old] for kind in kinds]),
        np.stack([new.errors(kind)[at_new] for kind in kinds]),
        float(old.bucket_seconds),
    ).within(known)


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
