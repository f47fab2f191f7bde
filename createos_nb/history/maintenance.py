"""The maintenance of a history: what there is, what is damaged, what is old."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.history import buckets
from createos_nb.history.datasets import DAILY, DATASETS, RESOURCES
from createos_nb.history.manifest import DataFile, Manifest
from createos_nb.spans import Span, difference, intersection, union

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.history.store import Store

_DAY: Final = 86_400
_MICROSECONDS: Final = 1_000_000


def inventory(manifest: Manifest) -> pd.DataFrame:
    """Return one row a dataset: its meaning, its rows, files and bytes, its first and last time."""
    rows = [_row(manifest, name) for name in DATASETS]
    frame = pd.DataFrame(rows).astype(dict.fromkeys(("rows", "files", "bytes"), "Int64"))
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[name].astype("Int64"), unit="s", utc=True).astype("datetime64[us, UTC]")
    return frame


def _row(manifest: Manifest, name: str) -> dict[str, Any]:
    files = [*manifest.files.get(name, ()), *manifest.unsettled.get(name, ())]
    return {
        "dataset": name,
        "meaning": DATASETS[name].meaning,
        "rows": sum(file.rows for file in files),
        "files": len(files),
        "bytes": sum(file.bytes for file in files),
        "first": min((file.first for file in files), default=None),
        "last": max((file.last for file in files), default=None),
    }


def repair(store: Store) -> list[str]:
    """Let go of damaged files, and enter that what they held is not known. Returns their paths."""
    with store.writing("repair") as manifest:
        wrong = {file.path for file in store.damaged()}
        if not wrong:
            return []
        lost: dict[str, list[DataFile]] = {}
        for group in (manifest.files, manifest.unsettled):
            for dataset, files in group.items():
                lost.setdefault(dataset, []).extend(file for file in files if file.path in wrong)
                group[dataset] = [file for file in files if file.path not in wrong]
        for dataset, files in lost.items():
            if files:
                _forget(store, manifest, dataset, files)
        store.commit(manifest)
        return sorted(wrong)


def _forget(store: Store, manifest: Manifest, dataset: str, lost: Sequence[DataFile]) -> None:
    """Enter what is not known any more, so that it is asked for again, and nothing is there twice then."""
    for key in [key for key in manifest.read if key.startswith(f"{dataset}/")]:
        del manifest.read[key]  # a list that was never read
    span = min(file.first for file in lost), max(file.last for file in lost) + 1
    if dataset == "requests":
        rows = buckets.rows_of(store.table(dataset, manifest.files.get(dataset, [])))
        for environment, asked in manifest.asked.get(dataset, {}).items():
            asked.known = buckets.spans_of(rows.get(environment, np.empty((0, 7), dtype=np.int64)))
    elif dataset in DAILY:
        days = (span[0] // _DAY * _DAY, -(-span[1] // _DAY) * _DAY)
        for asked in manifest.asked.get("paths", {}).values():
            asked.known = difference(asked.known, [days])
        for name in DAILY:  # one answer gives all three
            _without(store, manifest, name, days)
    elif dataset == "logs":  # the platform gives the newest lines only
        for asked in manifest.asked.get(dataset, {}).values():
            asked.gaps = union([*asked.gaps, *intersection(asked.known, span)])


def _without(store: Store, manifest: Manifest, dataset: str, span: Span) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    start, end = (pa.scalar(moment * _MICROSECONDS, pa.timestamp("us", "UTC")) for moment in span)
    kept = []
    for file in manifest.files.get(dataset, []):
        rows = store.table(dataset, [file])
        inside = pc.and_(pc.greater_equal(rows["start"], start), pc.less(rows["start"], end))
        kept += _rewritten(store, manifest, dataset, file, rows.filter(pc.invert(inside)))
    manifest.files[dataset] = kept


def _rewritten(store: Store, manifest: Manifest, dataset: str, file: DataFile, rows: pa.Table) -> list[DataFile]:
    """Return the file where it has the same rows, one that is written anew, or none."""
    if rows.num_rows == file.rows:
        return [file]
    if not rows.num_rows:
        return []
    folder = file.path.rpartition("/")[0].partition("/")[2]
    return [store.write(manifest, dataset, rows, folder=folder, environment=file.environment)]


def prune(store: Store, length: float) -> int:
    """Delete what is older than so many seconds. Returns how many rows that were."""
    with store.writing("prune") as manifest:
        limit = int(manifest.written - length) // 60 * 60
        deleted = sum(_pruned(store, manifest, dataset, limit) for dataset in list(manifest.files))
        for environments in manifest.asked.values():
            for asked in environments.values():
                asked.known = difference(asked.known, [(0, limit)])
                asked.gaps = difference(asked.gaps, [(0, limit)])
        store.commit(manifest)
    return deleted


def _pruned(store: Store, manifest: Manifest, dataset: str, limit: int) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns, time = DATASETS[dataset].columns, DATASETS[dataset].time
    column = "valid_to" if dataset in RESOURCES else "end" if "end" in columns else time
    moment = pa.scalar(limit * _MICROSECONDS, pa.timestamp("us", "UTC"))
    kept: list[DataFile] = []
    deleted = 0
    for file in manifest.files[dataset]:
        if file.first >= limit and column == time:
            kept.append(file)
            continue
        rows = store.table(dataset, [file])
        young = rows.filter(pc.greater_equal(rows[column], moment))
        deleted += rows.num_rows - young.num_rows
        kept += _rewritten(store, manifest, dataset, file, young)
    manifest.files[dataset] = kept
    return deleted
