"""Loose files of a history: joined into one, and folded into a file for each project, environment and month.

What a synchronization adds is small beside what is there: folding writes the months of all environments anew, so it
waits until that is worth it, and joins loose files until then.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from createos_nb.history.datasets import DATASETS
from createos_nb.history.manifest import NEW, DataFile, Manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.history.store import Store

#: So many loose files of a dataset may lie there before something is done about them.
LOOSE: Final = 48
#: Rows for each environment that are worth a file: the minutes of a day.
WORTH: Final = 1440
#: Rows that are held in memory at a time.
AT_ONCE: Final = 2_000_000


def fold(store: Store, manifest: Manifest) -> bool:
    """Join or fold the loose files of each dataset that has too many of them.

    Args:
        store: The files.
        manifest: To be changed.

    Returns:
        Whether something is to be committed.
    """
    environments = max(1, sum(file.rows for file in manifest.unsettled.get("environments", ())))
    changed = False
    for dataset, files in manifest.files.items():
        loose = [file for file in files if is_loose(file)]
        if len(loose) <= LOOSE:
            continue
        if sum(file.rows for file in loose) >= WORTH * environments:
            kept = [file for file in files if file not in loose]
            manifest.files[dataset] = _folded(store, manifest, dataset, loose, kept)
            changed = True
        elif joined := _smallest(loose):
            rows = _sorted(dataset, store.table(dataset, joined))
            kept = [file for file in files if file not in joined]
            manifest.files[dataset] = [*kept, store.write(manifest, dataset, rows)]
            changed = True
    return changed


def is_loose(file: DataFile) -> bool:
    """Return whether a file is as a synchronization wrote it, and may hold rows of many environments."""
    return f"/{NEW}/" in f"/{file.path}"


def _smallest(loose: Sequence[DataFile]) -> list[DataFile]:
    """The smallest files, as many as are held in memory at a time; none where there is nothing to join."""
    chosen: list[DataFile] = []
    rows = 0
    for file in sorted(loose, key=lambda file: file.rows):
        rows += file.rows
        if rows > AT_ONCE:
            break
        chosen.append(file)
    return chosen if len(chosen) > 1 else []


def _folded(
    store: Store, manifest: Manifest, dataset: str, loose: Sequence[DataFile], kept: Sequence[DataFile]
) -> list[DataFile]:
    """The files of the months, with the rows of the loose ones in them."""
    by_folder = of_folders(kept)
    for environments in _groups(store, dataset, loose):
        into_months(store, manifest, dataset, store.table(dataset, loose, environments=environments), by_folder)
    return list(by_folder.values())


def of_folders(files: Sequence[DataFile]) -> dict[str, DataFile]:
    """Return the files of a dataset by the folder that each lies in; loose ones are to be left out."""
    return {file.path.rpartition("/")[0].partition("/")[2]: file for file in files}


def into_months(
    store: Store, manifest: Manifest, dataset: str, table: pa.Table, by_folder: dict[str, DataFile]
) -> None:
    """Write rows into the files of their months, with what is there already.

    Args:
        store: The files.
        manifest: Of the next commit.
        dataset: Its name.
        table: Rows that are not there yet, in any order.
        by_folder: The file of each folder, as `of_folders` gives them; changed.
    """
    import pyarrow as pa

    for folder, environment, rows in _months(dataset, table):
        if (before := by_folder.get(folder)) is not None:
            rows = _sorted(dataset, pa.concat_tables([store.table(dataset, [before]), rows]))
        by_folder[folder] = store.write(manifest, dataset, rows, folder=folder, environment=environment)


def _groups(store: Store, dataset: str, loose: Sequence[DataFile]) -> Iterator[list[str] | None]:
    """Environments whose rows are held in memory together; None for all of them."""
    if "environment_id" not in DATASETS[dataset].columns or sum(file.rows for file in loose) <= AT_ONCE:
        yield None
        return
    counts: dict[str, int] = {}
    for file in loose:
        found = store.table(dataset, [file], columns=["environment_id"])["environment_id"].value_counts()
        for each in found.to_pylist():
            counts[each["values"]] = counts.get(each["values"], 0) + each["counts"]
    group: list[str] = []
    rows = 0
    for environment, count in sorted(counts.items()):
        if group and rows + count > AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(environment)
        rows += count
    yield group


def _months(dataset: str, table: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
    """Each folder of a project, an environment and a month, that environment, and its rows in order."""
    table = _sorted(dataset, table)
    if not table.num_rows:
        return
    month = _month(dataset, table)
    keys = [name for name in ("project_id", "environment_id") if name in table.column_names]
    starts = month[1:] != month[:-1]
    for name in keys:
        codes = table[name].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
        starts |= codes[1:] != codes[:-1]
    edges = [0, *(int(at) + 1 for at in np.flatnonzero(starts)), table.num_rows]
    for start, end in itertools.pairwise(edges):
        values = {name.removesuffix("_id"): str(table[name][start].as_py()) for name in keys}
        parts = [f"{name}={_safe(value)}" for name, value in (values | {"month": str(month[start])}).items()]
        yield "/".join(parts), values.get("environment", ""), table.slice(start, end - start)


def _month(dataset: str, table: pa.Table) -> Any:
    """The month of each row, such as "2026-03"."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times = pc.fill_null(table[DATASETS[dataset].time], pa.scalar(0, pa.timestamp("us", "UTC")))
    microseconds = times.cast("int64").to_numpy().astype("datetime64[us]")
    return microseconds.astype("datetime64[M]")


def _sorted(dataset: str, table: pa.Table) -> pa.Table:
    """The rows of each project and environment together, each in the order of time."""
    columns = DATASETS[dataset].columns
    order = ("project_id", "environment_id", DATASETS[dataset].time, "number", "key", "id")
    if dataset == "requests" and _is_sorted(table):
        return table
    return table.sort_by([(name, "ascending") for name in order if name in columns])


def _is_sorted(table: pa.Table) -> bool:
    """Whether requests are of one environment and in the order of time: to see that is quicker than to sort them."""
    import pyarrow.compute as pc

    limits = pc.min_max(table["environment_id"])
    times = table["time"].cast("int64").to_numpy()
    return limits["min"] == limits["max"] and bool((times[1:] >= times[:-1]).all())


def _safe(value: str) -> str:
    """A value as the name of a folder: an id is one already, and nothing else leads out of the history."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in value)
    return kept or "_"
