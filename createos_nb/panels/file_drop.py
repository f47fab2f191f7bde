"""A drop zone for files and folders: their contents arrive as custom messages, in chunks, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from createos_nb.errors import InvalidInput
from createos_nb.panels.components import front_text
from createos_nb.uploads import MOST_BYTES
from createos_nb.uploads.paths import fault, fault_on_windows, printable
from createos_nb.uploads.secret_names import by_name, folders_out

#: The most files of one drop.
MAX_FILES: Final = 5_000


class FileDropZone(anywidget.AnyWidget):
    """A drop zone for files and folders, or a choice of them; each drop replaces the one before.

    The browser first sends a list of names and sizes. Files that no upload includes because of their names (secrets,
    installed packages, the history of a repository) never leave the browser: an empty placeholder of the same name and
    size is created, so that the plan of the upload can say why they are excluded. All others are sent in chunks, as
    buffers of custom messages, to a temporary folder that only this user can read; no synced trait holds content. The
    folder is deleted by `close`, by the next drop, and when the kernel ends.

    Traits: `status` (what was received), `limits` (bytes and files of one drop), `skipped` (names of folders that are
    not read), `disabled`. Attributes: `folder` (a `Path`; None until a drop is complete), `rejected` (names of files
    that were not received, with the reason). `on_change` is called without arguments whenever `folder` has changed.
    """

    _esm = front_text("file_drop.js")
    status = traitlets.Unicode("").tag(sync=True)
    limits: traitlets.Dict[str, int] = traitlets.Dict().tag(sync=True)
    skipped: traitlets.List[str] = traitlets.List().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, max_bytes: int = MOST_BYTES, max_files: int = MAX_FILES) -> None:
        super().__init__(limits={"bytes": max_bytes, "files": max_files}, skipped=folders_out())
        self._max_bytes, self._max_files = max_bytes, max_files
        self.folder: Path | None = None
        self.rejected: dict[str, str] = {}
        self.on_change: Callable[[], None] | None = None
        self._batch: Any = None
        self._target: Path | None = None
        self._delete: Callable[[], object] | None = None
        self._missing: dict[int, tuple[str, int]] = {}
        self._written: dict[int, int] = {}
        self._bytes = 0
        self.on_msg(self._on_message)

    @property
    def source(self) -> Path | None:
        """The dropped folder or archive, or a folder that holds all dropped files. None before a drop."""
        if self.folder is None:
            return None
        entries = list(self.folder.iterdir())
        if len(entries) == 1 and (entries[0].is_dir() or entries[0].suffix.lower() == ".zip"):
            return entries[0]
        return self.folder

    def clear(self) -> None:
        """Delete the dropped files."""
        self._discard()
        self.status = ""
        self._notify()

    def close(self) -> None:
        """Delete the dropped files, and close the widget."""
        self._discard()
        super().close()

    # --- messages of the browser --------------------------------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, buffers: Sequence[Any]) -> None:
        """Handle a message; an error is answered with "cancel", and nothing is raised in the kernel."""
        batch = content.get("batch") if isinstance(content, dict) else None
        if self.disabled:  # the files that were dropped before are in use
            self.send({"kind": "cancel", "batch": batch})
            return
        try:
            kind = content["kind"]
            if kind == "begin":
                self._begin(batch, content["files"], content["skipped"])
            elif batch != self._batch:
                return  # of a drop that was replaced by another one
            elif kind == "chunks":
                self._write_chunks(content["chunks"], buffers)
                self.send({"kind": "ack", "batch": batch})
            elif kind == "read_error":
                raise InvalidInput(f"the browser could not read {printable(str(content['path']))}")
        except (InvalidInput, OSError) as error:
            self._reject(batch, str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            self._reject(batch, "the browser sent an invalid message")

    def _begin(self, batch: Any, files: list[Any], skipped: list[Any]) -> None:
        self._discard()
        self._notify()
        self._batch = batch
        if len(files) + len(skipped) > self._max_files:
            raise InvalidInput(
                f"more than {self.limits['files']:,} names: drop the folder of one project, without what it builds"
            )
        # not a TemporaryDirectory, which warns where it is not closed before the process ends
        folder = tempfile.mkdtemp(prefix="createos-drop-")
        self._target, self._delete = Path(folder), weakref.finalize(self, _delete_folder, folder, os.getpid())
        for path in skipped:
            self._create_placeholder(str(path) + "/", None)
        total = 0
        for number, (path, size) in enumerate(files):
            if type(path) is not str or type(size) is not int or size < 0:
                raise TypeError
            parts = path.split("/")
            if any(by_name(part, True) for part in parts[:-1]) or by_name(path, False):
                self._create_placeholder(path, size)
            elif self._path_in_target(path) is not None:
                self._missing[number] = (path, size)
                total += size
        if total > self._max_bytes:
            raise InvalidInput(f"{total:,} bytes are more than the {self.limits['bytes']:,} that one upload holds")
        for number, (path, size) in list(self._missing.items()):
            self._create_file(number, path)
            if size == 0:
                self._missing.pop(number, None)
        self.status = f"receiving {len(self._missing):,} files, {total:,} bytes …"
        self.send({"kind": "request", "batch": batch, "files": list(self._missing)})
        self._finish_if_complete()

    def _write_chunks(self, chunks: list[Any], buffers: Sequence[Any]) -> None:
        for (number, offset), buffer in zip(chunks, buffers, strict=True):
            path, size = self._missing[number]
            data = bytes(buffer)
            if offset != self._written[number] or offset + len(data) > size:
                raise ValueError
            target = self._path_in_target(path)
            if target is None:
                raise ValueError
            with target.open("ab") as file:
                file.write(data)
            self._written[number] = offset + len(data)
            self._bytes += len(data)
            if self._written[number] == size:
                del self._missing[number]
        self._finish_if_complete()

    def _finish_if_complete(self) -> None:
        if self._target is None or self._missing:
            return
        folder = self._target
        if not any(folder.iterdir()):
            raise InvalidInput("it holds no file that can be uploaded")
        self.folder = folder
        count = len(self._written)
        summary = f"{count:,} {'file' if count == 1 else 'files'}, {self._bytes:,} bytes"
        if self.rejected:
            first = ", ".join(f"{name}: {why}" for name, why in list(self.rejected.items())[:3])
            summary += f"; {len(self.rejected):,} rejected ({first})"
        self.status = summary
        self._notify()

    # --- the folder ---------------------------------------------------------------------------------------------------

    def _path_in_target(self, path: str) -> Path | None:
        """Return the path of a file, always inside the folder; None where its name is rejected."""
        why = fault(path) or (fault_on_windows(path) if os.name == "nt" else "")
        if why or self._target is None:
            self.rejected[printable(path)] = why or "there is no drop"
            return None
        return self._target.joinpath(*path.split("/"))

    def _create_file(self, number: int, path: str) -> None:
        target = self._path_in_target(path)
        if target is None:
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.open("xb").close()
        except OSError as error:  # the same name twice, a name too long, a file in place of a folder
            self.rejected[printable(path)] = error.strerror or type(error).__name__
            del self._missing[number]
            return
        self._written[number] = 0

    def _create_placeholder(self, path: str, size: int | None) -> None:
        target = self._path_in_target(path.removesuffix("/"))
        if target is None:
            return
        try:
            if size is None:
                target.mkdir(parents=True, exist_ok=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.truncate(min(size, self._max_bytes))
        except OSError as error:
            self.rejected[printable(path)] = error.strerror or type(error).__name__

    def _reject(self, batch: Any, why: str) -> None:
        self._discard()
        self.status = f"rejected: {why}"
        self.send({"kind": "cancel", "batch": batch})
        self._notify()

    def _discard(self) -> None:
        delete, self._delete, self._target = self._delete, None, None
        self.folder, self._batch, self._bytes = None, None, 0
        self.rejected, self._missing, self._written = {}, {}, {}
        if delete is not None:
            delete()

    def _notify(self) -> None:
        if self.on_change is not None:
            self.on_change()


def _delete_folder(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends as well, and its parent goes on
        shutil.rmtree(folder, ignore_errors=True)


def describe_source(source: object) -> str:
    """Describe a source of files in a few words, without its content."""
    if source is None:
        return ""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source) if isinstance(os.fspath(source), str) else "a folder"
    if isinstance(source, Mapping):
        return f"{len(source):,} files given from code"
    return f"{type(source).__name__} given from code"
