"""Requests over time from the disk, as `fleet.requests_over_time` gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from createos_nb.contract.analytics import RequestsBucket
from createos_nb.dtypes import TEXT
from createos_nb.errors import IncompleteWarning, warn
from createos_nb.frames import Buckets, frame_of, requests_frame, sum_steps
from createos_nb.history import buckets
from createos_nb.spans import Span, difference, seconds
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.history.states import State
    from createos_nb.history.store import Store
    from createos_nb.times import DurationLike

#: Environments that a warning names.
_NAMED = 5


def frame(
    store: Store,
    places: Sequence[tuple[str, str, State, Span]],
    window: Span,
    step: DurationLike | None,
) -> pd.DataFrame:
    """Return the requests of a window, one environment below the other.

    Args:
        store: The files.
        places: Project and environment as people call them, the environment's state, and from when until when it was
            there.
        window: First second, and the second after the last.
        step: Length of a bucket; by default as they are kept.
    """
    manifest = store.reload()
    asked = manifest.asked.get("requests", {})
    ids = [state.id for _, _, state, _ in places]
    files = store.files("requests", start=window[0] - 86_400, end=window[1], environments=ids)
    rows = buckets.rows_of(store.table("requests", files))
    frames: list[pd.DataFrame] = []
    names: list[tuple[str, str]] = []
    unknown: dict[str, list[list[str]]] = {}
    widths: set[int] = set()
    partial: set[str] = set()
    on_disk = 0
    for project, environment, state, there in places:
        own = max(window[0], there[0]), min(window[1], there[1])
        if own[0] >= own[1]:
            continue
        found = buckets.within(rows.get(state.id, np.empty((0, 7), dtype=np.int64)), own)
        one = of_environment(found, own, step, manifest.written)
        if missing := lacking(state.id in asked, found, own, manifest.written):
            unknown[f"{project}/{environment}"] = [[iso(start), iso(end)] for start, end in missing]
        widths.add(one.attrs["bucket_seconds"])
        partial.update(one.attrs["partial"])
        on_disk += len(found)
        one.attrs.clear()
        frames.append(one)
        names.append((project, environment))
    joined = pd.concat(frames).reset_index() if frames else _empty()
    lengths = [len(one) for one in frames]
    for at, column in enumerate(("project", "environment") if frames else ()):
        texts = pd.array([pair[at] for pair in names], dtype=TEXT)
        joined.insert(at, column, pd.Series(texts.take(np.repeat(np.arange(len(names)), lengths))))
    joined.attrs = {
        "operation": "history.requests",
        "where": manifest.where,
        "at": iso(int(manifest.written)),
        "window": [iso(window[0]), iso(window[1])],
        "complete": not unknown,
        "unknown": unknown,
        "from_history": on_disk,
        "requests": 0,
        "bucket_seconds": widths.pop() if len(widths) == 1 else None,
        "partial": sorted(partial),
    }
    if unknown:
        few = ", ".join(list(unknown)[:_NAMED]) + (
            f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        )
        warn(
            f"history.requests: not all of the window is known for {few}: NA there; history.sync() asks for it, and "
            'attrs["unknown"] says what is missing',
            IncompleteWarning,
        )
    return joined


def of_environment(rows: np.ndarray, window: Span, step: DurationLike | None, now: float) -> pd.DataFrame:
    """Return the requests of one environment, indexed by time.

    Args:
        rows: Its buckets in the window, as in `buckets.Kept`.
        window: First second, and the second after the last.
        step: Length of a bucket; by default as they are kept.
        now: When the history was written, in Unix seconds.
    """
    width = int(rows[:, 1].max()) if len(rows) else 60
    phase = int(rows[rows[:, 1] == width][0, 0] % width) if len(rows) else 0
    counts = np.column_stack([rows[:, 0], rows[:, 2:]])
    if len(rows) and (rows[:, 1] != width).any():
        counts = _regridded(rows, width, phase)
    frame = requests_frame(Buckets(counts, width, phase), start=window[0], end=window[1], now=now)
    return frame if step is None else sum_steps(frame, step, start=window[0], end=window[1], now=now)


def _regridded(rows: np.ndarray, width: int, phase: int) -> np.ndarray:
    """Sums in buckets of the widest width: only of those whose every part is there."""
    begins = rows[:, 0] - (rows[:, 0] - phase) % width
    grid, positions = np.unique(begins, return_inverse=True)
    sums = np.zeros((len(grid), rows.shape[1] - 1), dtype=np.int64)
    np.add.at(sums, positions, rows[:, 1:])
    whole = sums[:, 0] == width
    sums[:, 0] = grid
    chosen: np.ndarray = sums[whole]
    return chosen


def lacking(asked: bool, rows: np.ndarray, window: Span, now: float) -> list[Span]:
    """Return what of a window is neither here nor still to come; where nothing was asked, also what is short."""
    here = buckets.spans_of(rows)
    spans = difference([(window[0], min(window[1], int(now) // 60 * 60))], here)
    return [span for span in spans if seconds([span]) >= 60 or not asked]


def _empty() -> pd.DataFrame:
    empty = frame_of(RequestsBucket).rename(columns={"timestamp": "time"})
    empty["time"] = pd.Series([], dtype="datetime64[us, UTC]")
    for name in ("environment", "project"):
        empty.insert(0, name, pd.Series([], dtype=TEXT))
    return empty
