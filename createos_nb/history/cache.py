"""Requests of a window in memory, for a client that asks about one environment after the other."""

from __future__ import annotations

from typing import Final

import numpy as np

from createos_nb.client.memory import Remembered
from createos_nb.history import buckets
from createos_nb.history.manifest import Manifest
from createos_nb.history.store import Store
from createos_nb.spans import Span, intersection

_DAY: Final = 86_400


class Cache:
    """The requests of a window, of all environments.

    Args:
        manifest: What the window is read from.
        window: The window.
        rows: By environment id.
    """

    def __init__(self, manifest: Manifest, window: Span, rows: dict[str, np.ndarray]) -> None:
        self.generation, self.window = manifest.generation, window
        self._asked, self._rows = manifest.asked.get("requests", {}), rows

    def remembered(self, environment: str, window: Span) -> list[Remembered]:
        """Return the spans that are known for good and whose buckets have one width, and their buckets."""
        asked, rows = self._asked.get(environment), self._rows.get(environment)
        if asked is None or rows is None:
            return []
        found = []
        for span in intersection(asked.known, window):
            inside = rows[(rows[:, 0] >= span[0]) & (rows[:, 0] + rows[:, 1] <= span[1])]
            if not len(inside) or (inside[:, 1] != inside[0, 1]).any():
                continue
            # a bucket that the window cuts is asked for, as it is without a history
            whole = int(inside[0, 0]), int(inside[-1, 0] + inside[-1, 1])
            if [whole] == buckets.spans_of(inside):
                counts = np.column_stack([inside[:, 0], inside[:, 2:]])
                found.append(Remembered(whole, counts, int(inside[0, 1])))
        return found


def cached_requests(store: Store, cached: Cache | None, window: Span) -> Cache:
    """Return the requests of a window; those that are there already, unless something was written since."""
    manifest = store.current()
    fresh = cached is not None and cached.generation == manifest.generation
    if fresh and cached is not None and cached.window[0] <= window[0] and window[1] <= cached.window[1]:
        return cached
    # whole days: the next question is often about a little more
    wanted = window[0] // _DAY * _DAY, -(-window[1] // _DAY) * _DAY
    if fresh and cached is not None:
        wanted = min(wanted[0], cached.window[0]), max(wanted[1], cached.window[1])
    files = [file for file in manifest.files.get("requests", ()) if file.first < wanted[1] and file.last >= wanted[0]]
    rows = buckets.rows_of(store.table("requests", files))
    return Cache(manifest, wanted, {id: buckets.within(each, wanted).copy() for id, each in rows.items()})
