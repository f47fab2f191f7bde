"""The files of a history: written whole, listed in the manifest, folded into months.

A file never changes, and its name begins with the number of the commit that it belongs to. Until the manifest lists it,
it does not count; what a killed process left behind is removed by the next writer. So a reader who takes the files of
the manifest sees each row once, at every moment.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.history.datasets import DATASETS, schema
from createos_nb.history.errors import HistoryBusy, HistoryDamaged, HistoryError
from createos_nb.history.manifest import NAME, NEW, DataFile, Manifest, read_manifest, write_manifest
from createos_nb.process_lock import LockHeld, ProcessLock
from createos_nb.storage import atomic_write, private_folder

if TYPE_CHECKING:
    import pyarrow as pa


#: What to do about a damaged file.
MEND: Final = "history.repair() lets go of it and asks again for what the platform still has"


def checked_content(folder: Path, file: DataFile) -> bytes:
    """Return the bytes of a file, held against its checksum.

    Raises:
        HistoryDamaged: It is missing or is not what was written.
    """
    path = folder / file.path
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"{path} can't be read ({error.strerror}): it held {file.rows:,} rows. {MEND}"
        raise HistoryDamaged(what, (file.path,)) from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise HistoryDamaged(f"{path} is not what was written: it held {file.rows:,} rows. {MEND}", (file.path,))
    return content


class Store:
    """The files of one history.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self._seen: tuple[int, int, int] | None = None
        #: The files that count, while this one writes.
        self._listed: set[str] = set()

    # --- reading ------------------------------------------------------------------------------------------------------

    def reload(self) -> Manifest:
        """Return the manifest as it is on the disk now.

        Raises:
            HistoryError: There is none any more.
        """
        self.manifest = read_manifest(self.folder)
        if self.manifest is None:
            raise HistoryError(f"there is no history in {self.folder}: {NAME} is missing")
        return self.manifest

    def current(self) -> Manifest:
        """Return the manifest, read again only where another one was written.

        Raises:
            HistoryError: There is none any more.
        """
        try:
            status = (self.folder / NAME).stat()
        except OSError:
            return self.reload()
        seen = status.st_mtime_ns, status.st_size, status.st_ino
        if seen != self._seen or self.manifest is None:
            self.reload()
            self._seen = seen
        assert self.manifest is not None
        return self.manifest

    def files(
        self,
        dataset: str,
        *,
        start: int | None = None,
        end: int | None = None,
        environments: Iterable[str] | None = None,
    ) -> list[DataFile]:
        """Return the files that may hold rows of a window and of some environments."""
        manifest = self.reload()
        wanted = None if environments is None else set(environments)
        return [
            file
            for file in (*manifest.files.get(dataset, ()), *manifest.unsettled.get(dataset, ()))
            if (end is None or file.first < end)
            and (start is None or file.last >= start)
            and (wanted is None or not file.environment or file.environment in wanted)
        ]

    def table(
        self,
        dataset: str,
        files: Sequence[DataFile],
        *,
        environments: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the rows of files; only of some environments, or some columns, where that is asked for.

        Raises:
            HistoryDamaged: A file is missing or is not what was written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = schema(dataset) if columns is None else pa.schema([schema(dataset).field(name) for name in columns])
        chosen = None if environments is None else [("environment_id", "in", list(environments))]
        tables = []
        for file in files:
            content = pa.BufferReader(checked_content(self.folder, file))
            tables.append(pq.read_table(content, schema=wanted, filters=chosen))
        return pa.concat_tables(tables) if tables else wanted.empty_table()

    def damaged(self) -> list[DataFile]:
        """Return the files whose content is not what was written: each is read whole."""
        wrong = []
        for file in self.reload().all_files():
            try:
                checked_content(self.folder, file)
            except HistoryDamaged:
                wrong.append(file)
        return wrong

    # --- writing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self, who: str) -> Iterator[Manifest]:
        """Hold the history for one writer, and yield its manifest as it is now, to be changed and committed.

        Raises:
            HistoryBusy: Another process holds it.
            HistoryError: The folder can't be written to.
        """
        try:
            private_folder(self.folder)
            lock = ProcessLock(self.folder / "writer.lock")
            lock.acquire(f"{getpass.getuser()} on {socket.gethostname()}, process {os.getpid()} ({who})")
        except LockHeld as error:
            raise HistoryBusy(
                f"{error.holder or 'another process'} is writing to the history {self.folder}: wait until it is done; "
                "nothing was asked here"
            ) from None
        except OSError as error:
            raise HistoryError(f"the history {self.folder} can't be written to: {error}") from error
        try:
            manifest = read_manifest(self.folder) or self.manifest
            assert manifest is not None
            self.manifest = manifest
            self._remove_leftovers(manifest)
            yield manifest
        finally:
            lock.release()

    def commit(self, manifest: Manifest) -> None:
        """Make the files that were added to a manifest part of the history, and remove what it no longer lists.

        Raises:
            HistoryError: The disk takes nothing more; the history is as it was before.
        """
        manifest.generation += 1
        try:
            write_manifest(self.folder, manifest)
        except OSError as error:
            manifest.generation -= 1
            raise HistoryError(
                f"the history {self.folder} can't be written to: {error}. What was committed before stays"
            ) from error
        self.manifest = manifest
        listed = {file.path for file in manifest.all_files()}
        for path in self._listed - listed:
            _remove(self.folder / path)
        self._listed = listed

    def write(
        self, manifest: Manifest, dataset: str, rows: pa.Table, *, folder: str = NEW, environment: str = ""
    ) -> DataFile:
        """Write rows as one file of the next commit. The caller lists it in the manifest.

        Raises:
            HistoryError: The disk takes nothing more.
        """
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        rows = rows.select(schema(dataset).names).cast(schema(dataset))
        time = DATASETS[dataset].time
        path = self._free(self.folder / dataset / folder, manifest.generation + 1)
        sink = pa.BufferOutputStream()
        encodings = {
            name: "DELTA_BINARY_PACKED" for name, kind in DATASETS[dataset].columns.items() if kind in ("time", "int64")
        }
        texts = [name for name, kind in DATASETS[dataset].columns.items() if kind == "string"]
        pq.write_table(rows, sink, compression="zstd", use_dictionary=texts, column_encoding=encodings)
        content = sink.getvalue().to_pybytes()
        try:
            private_folder(path.parent)
            atomic_write(path, content)
        except OSError as error:
            raise HistoryError(
                f"the history {self.folder} can't be written to: {error}. What was committed before stays"
            ) from error
        times = pc.min_max(rows[time]).as_py() if rows.num_rows else {"min": None, "max": None}
        first, last = times["min"], times["max"]
        return DataFile(
            path=path.relative_to(self.folder).as_posix(),
            rows=rows.num_rows,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            first=int(first.timestamp() // 1) if first else 0,
            last=int(-(-last.timestamp() // 1)) if last else 0,
            environment=environment,
        )

    def _free(self, folder: Path, generation: int) -> Path:
        number = 0
        while (path := folder / f"{generation:08d}-{number}.parquet").exists():
            number += 1
        return path

    def _remove_leftovers(self, manifest: Manifest) -> None:
        """Remove files that the manifest does not list: of a process that was killed."""
        listed = self._listed = {file.path for file in manifest.all_files()}
        beside = [path for dataset in DATASETS for path in (self.folder / dataset).rglob("*.parquet*")]
        for path in [*beside, *self.folder.glob(f".{NAME}.*")]:
            if path.relative_to(self.folder).as_posix() not in listed:
                _remove(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # a reader may hold it open: the next writer removes it
        path.unlink()
