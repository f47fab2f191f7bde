"""A history of a simulated world, filled from its traffic: months of minutes, without a request for each day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from createos_nb.frames import Buckets
from createos_nb.history import buckets
from createos_nb.history.folding import into_months, is_loose, of_folders
from createos_nb.history.identity import lineage_text
from createos_nb.history.manifest import Asked, Manifest
from createos_nb.history.states import State
from createos_nb.spans import Span

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.history.store import Store

_HOUR: Final = 3600
#: Environments that are committed together: each commit writes the manifest anew.
_BATCH: Final = 50


def fill(client: Client, store: Store, manifest: Manifest, environments: list[State], since: float) -> int:
    """Write the minutes of environments of a world in this process, as synchronizations would have kept them.

    Args:
        client: Of the world.
        store: The files.
        manifest: As the store has it, to be changed; the caller holds the history for writing.
        environments: As they are.
        since: From where on, in Unix seconds.

    Returns:
        How many rows were written.
    """
    now = int(client.session.transport.now())
    before = store.table("requests", manifest.unsettled.get("requests", []))
    tails = buckets.rows_of(before)
    project_of = dict(zip(before["environment_id"].to_pylist(), before["project_id"].to_pylist(), strict=True))
    written = 0
    for at in range(0, len(environments), _BATCH):
        files = manifest.files.get("requests", [])
        loose, by_folder = [file for file in files if is_loose(file)], of_folders([f for f in files if not is_loose(f)])
        for state in environments[at : at + _BATCH]:
            tails.pop(state.id, None)  # of what is missing, the newest comes again
            for found in _missing(client.world, manifest, state, since, now):
                rows = buckets.table_of({(state.project_id, state.id): found.settled}, now)
                into_months(store, manifest, "requests", rows, by_folder)
                written += len(found.settled)
                if len(found.unsettled):
                    tails[state.id], project_of[state.id] = found.unsettled, state.project_id
        manifest.files["requests"] = [*loose, *by_folder.values()]
        tail = buckets.table_of({(project_of[id], id): rows for id, rows in tails.items()}, now)
        manifest.unsettled["requests"] = [store.write(manifest, "requests", tail)] if tail.num_rows else []
        manifest.written, manifest.lineage = float(now), lineage_text(client)
        store.commit(manifest)
    return written


def _missing(world: Any, manifest: Manifest, state: State, since: float, now: int) -> Iterator[buckets.Kept]:
    """What of an environment's time is not there yet, worked out from its traffic."""
    width = int(world.state.settings.bucket)
    window: Span = int(max(since, state.made) // _HOUR) * _HOUR, now // 60 * 60
    if window[0] >= window[1]:
        return
    asked = manifest.asked.setdefault("requests", {}).setdefault(state.id, Asked())
    traffic = world.traffic_of(world.state.projects[state.project_id].environments[state.id])
    for span in _by_month(buckets.missing_of(asked, window)):
        series = traffic.series(*span, width)
        rows = np.column_stack([series.time, series.total, series.counts])
        found = buckets.kept(Buckets(rows, width), span, [span], now)
        buckets.note(asked, found)
        yield found


def _by_month(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans cut where a month begins in UTC: what lies in one is worked out at once, and in one file."""
    for start, end in spans:
        while start < end:
            month = np.datetime64(start, "s").astype("datetime64[M]") + np.timedelta64(1, "M")
            until = min(end, int(month.astype("datetime64[s]").astype(np.int64)))
            yield start, until
            start = until
