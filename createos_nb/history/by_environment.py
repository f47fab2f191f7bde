"""The requests of a history environment by environment: each is read where it is judged, in whichever process that is.

What is sent there names the files of that environment, and holds its rows of the files that several share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.parts import EnvironmentRequests, Fleet, Grid, Part, Place
from createos_nb.dtypes import TEXT
from createos_nb.frames.series import COUNTS, check_step
from createos_nb.history import buckets
from createos_nb.history.datasets import schema
from createos_nb.history.errors import HistoryDamaged
from createos_nb.history.manifest import DataFile
from createos_nb.history.requests import lacking, of_environment
from createos_nb.history.store import Store, checked_content
from createos_nb.spans import Span
from createos_nb.times import iso, whole_seconds

if TYPE_CHECKING:
    from createos_nb.history.states import State
    from createos_nb.times import DurationLike

_DAY: Final = 86_400
_MICROSECONDS: Final = 1_000_000
_NOTHING: Final = np.empty((0, 2 + len(COUNTS)), dtype=np.int64)


@dataclass(frozen=True)
class Stay:
    """The time in which one environment had its names.

    Attributes:
        id: Of the environment.
        window: What of the asked window it was there.
        files: Those that hold its rows alone.
        loose: Its rows of the files that several share, as in `buckets.Kept`.
        asked: Whether it was ever asked for.
        lost: Files that several share and that are damaged, with what is wrong: it may have rows in them.
    """

    id: str
    window: Span
    files: Sequence[DataFile]
    loose: np.ndarray
    asked: bool
    lost: Mapping[DataFile, str] = field(default_factory=dict)

    def rows(self, folder: Path, columns: Sequence[str], window: Span) -> np.ndarray:
        """Return its buckets that reach into a window, as in `buckets.Kept`; columns that are not wanted are 0.

        Raises:
            HistoryDamaged: A file is missing or is not what was written.
        """
        for file, why in self.lost.items():
            if _reaches(file, window):
                raise HistoryDamaged(f"it may have rows in a file that environments share: {why}", (file.path,))
        wanted = [file for file in self.files if _reaches(file, window)]
        parts = [_read(folder, file, columns) for file in wanted]
        rows = np.concatenate([*parts, self.loose]) if parts or len(self.loose) else _NOTHING
        if (rows[1:, 0] < rows[:-1, 0]).any():
            rows = rows[np.argsort(rows[:, 0], kind="stable")]
        return buckets.within(rows, window)


@dataclass(frozen=True)
class HistoryPart:
    """One environment in the files of a history, to be read in another process.

    Attributes:
        folder: Of the history.
        place: Its project and environment, as people call them.
        stays: Those that had these names, one after the other.
        step: Length of a bucket; None for as they are kept.
        now: When the history was written, in Unix seconds.
        generation: Of its manifest.
    """

    folder: Path
    place: Place
    stays: Sequence[Stay]
    step: DurationLike | None
    now: float
    generation: int

    @property
    def places(self) -> Sequence[Place]:
        """Return its environment."""
        return [self.place]

    @property
    def rows(self) -> int:
        """Return about how many rows it has."""
        return sum(len(stay.loose) + sum(file.rows for file in stay.files) for stay in self.stays)

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        """Yield its requests in the window, each bucket once, NA where they are not known.

        Args:
            columns: The counts to read.

        Raises:
            HistoryDamaged: A file is missing or is not what was written.
        """
        frames, unknown, widths = [], [], set()
        for stay in self.stays:
            rows = self._rows(stay, columns)
            frame = of_environment(rows, stay.window, self.step, self.now)
            widths.add(int(frame.attrs["bucket_seconds"]))
            frames.append(frame[[*columns]])
            unknown += [[iso(start), iso(end)] for start, end in lacking(stay.asked, rows, stay.window, self.now)]
            frame.attrs = frames[-1].attrs = {}
        whole = frames[0] if len(frames) == 1 else pd.concat(frames)
        yield EnvironmentRequests(self.place, whole, max(widths), unknown)

    def alone(self) -> Sequence[Part]:
        """Return the part itself."""
        return [self]

    def _rows(self, stay: Stay, columns: Sequence[str]) -> np.ndarray:
        """The rows of a stay, also where a synchronization has put other files in the place of those meanwhile."""
        try:
            return stay.rows(self.folder, columns, stay.window)
        except HistoryDamaged as error:
            store = Store(self.folder)
            same = store.manifest is None or store.manifest.generation == self.generation
            if same or any((self.folder / path).exists() for path in error.files):
                raise
        start, end = stay.window
        files = store.files("requests", start=start - _DAY, end=end, environments=[stay.id])
        rows = buckets.rows_of(store.table("requests", files, environments=[stay.id]))
        return buckets.within(rows.get(stay.id, _NOTHING), stay.window)


def by_environment(
    store: Store, places: Sequence[tuple[str, str, State, Span]], window: Span, step: DurationLike | None
) -> Fleet:
    """Return the requests of a window, one part an environment.

    Args:
        store: The files.
        places: As for `requests.frame`.
        window: First second, and the second after the last.
        step: Length of a bucket; by default as they are kept.

    A file that several environments share may be damaged: nobody knows whose rows it had, so that nothing is said of
    those whose window it reaches.
    """
    manifest = store.reload()
    asked = manifest.asked.get("requests", {})
    files = store.files("requests", start=window[0] - _DAY, end=window[1], environments=[p[2].id for p in places])
    own: dict[str, list[DataFile]] = {}
    for file in files:
        own.setdefault(file.environment, []).append(file)
    loose, lost = _shared(store, own.pop("", []))
    stays: dict[Place, list[Stay]] = {}
    for project, environment, state, there in places:
        span = max(window[0], there[0]), min(window[1], there[1])
        if span[0] < span[1]:
            rows = buckets.within(loose.get(state.id, _NOTHING), span).copy()
            stay = Stay(state.id, span, tuple(own.get(state.id, ())), rows, state.id in asked, lost)
            stays.setdefault(Place(project, environment), []).append(stay)
    parts = [
        HistoryPart(store.folder, place, tuple(each), step, manifest.written, manifest.generation)
        for place, each in stays.items()
    ]
    first = zip(("project", "environment"), parts[0].place if parts else (), strict=bool(parts))
    labels = pd.DataFrame({name: pd.array([value], dtype=TEXT) for name, value in first})
    attrs = {"where": manifest.where, "at": iso(int(manifest.written)), "window": [iso(window[0]), iso(window[1])]}
    return Fleet(parts, _grid(parts, window, step), labels, attrs)


def _shared(store: Store, files: Sequence[DataFile]) -> tuple[dict[str, np.ndarray], dict[DataFile, str]]:
    """The rows of files that several environments share, by environment id; and which are damaged, and how."""
    import pyarrow as pa

    tables = [schema("requests").empty_table()]
    lost: dict[DataFile, str] = {}
    for file in files:
        try:
            tables.append(store.table("requests", [file]))
        except HistoryDamaged as error:
            lost[file] = str(error)
    return buckets.rows_of(pa.concat_tables(tables)), lost


def _reaches(file: DataFile, window: Span) -> bool:
    """Whether a file may hold buckets that reach into a window; they are a day long at the most."""
    return file.first < window[1] and file.last >= window[0] - _DAY


def _grid(parts: Sequence[HistoryPart], window: Span, step: DurationLike | None) -> Grid:
    """The buckets that the frame of all of them would have."""
    width, phase = _width(parts)
    if step is not None:
        check_step(whole_seconds(step, "step"), width, phase)
        width, phase = whole_seconds(step, "step"), 0
    spans = [stay.window for part in parts for stay in part.stays]
    if not spans:
        return Grid(0, 0, width)
    first = min(start - (start - phase) % width for start, _ in spans)
    last = max(end + (phase - end) % width for _, end in spans)
    partial: dict[int, None] = {}
    usual = {window[0], min(window[1], int(parts[0].now))}
    for part in parts:
        for stay in part.stays:
            for edge in (stay.window[0], min(stay.window[1], int(part.now))):
                bucket = edge - (edge - phase) % width
                # what all share is known to be cut; of what one alone has, the rows say whether there is anything
                if bucket != edge and bucket not in partial and (edge in usual or _is_known(part, stay, bucket, width)):
                    partial[bucket] = None
    starts = tuple(pd.Timestamp(bucket, unit="s", tz="UTC").isoformat() for bucket in sorted(partial))
    return Grid(first, (last - first) // width, width, starts)


def _width(parts: Sequence[HistoryPart]) -> tuple[int, int]:
    """Length of a bucket in seconds, and how far after a multiple of it they begin: of the first that has any."""
    for part in parts:
        for stay in part.stays:
            try:
                rows = stay.rows(part.folder, (), stay.window)
            except HistoryDamaged:  # it is said where it is judged
                continue
            if len(rows):
                width = int(rows[:, 1].max())
                return width, int(rows[rows[:, 1] == width][0, 0] % width)
    return 60, 0


def _is_known(part: HistoryPart, stay: Stay, bucket: int, width: int) -> bool:
    """Whether a bucket that the time of an environment cuts has figures."""
    window = max(stay.window[0], bucket), min(stay.window[1], bucket + width)
    try:
        rows = stay.rows(part.folder, ("count",), window)
    except HistoryDamaged:
        return False
    frame = of_environment(rows, window, part.step, part.now)
    return bool(frame["count"].notna().any())


def _read(folder: Path, file: DataFile, columns: Sequence[str]) -> np.ndarray:
    """The rows of a file of one environment, as in `buckets.Kept`; read whole, to be held against its checksum."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = checked_content(folder, file)
    wanted = pa.schema([schema("requests").field(name) for name in ("time", "seconds", *columns)])
    table = pq.read_table(pa.BufferReader(content), columns=wanted.names, use_threads=False)
    rows = np.zeros((table.num_rows, _NOTHING.shape[1]), dtype=np.int64)
    rows[:, 0] = table["time"].cast("int64").to_numpy() // _MICROSECONDS
    rows[:, 1] = table["seconds"].to_numpy()
    for name in columns:
        rows[:, 2 + COUNTS.index(name)] = table[name].to_numpy()
    return rows
