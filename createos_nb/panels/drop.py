"""A place to drop files and folders on: their contents come by custom messages, in chunks, into a temporary folder."""

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
from createos_nb.panels.components import FRONT
from createos_nb.uploads import MOST_BYTES
from createos_nb.uploads.paths import fault, fault_on_windows, printable
from createos_nb.uploads.secret_names import by_name, folders_out

#: Files of one drop, and names in the list that the browser sends first.
MOST_FILES: Final = 5_000


class Drop(anywidget.AnyWidget):
    """Files and folders that a person drops or chooses; each drop takes the place of the one before.

    The browser first sends the list of names and sizes. What no upload ever holds by its name (secrets, installed
    packages, the history of a repository) never leaves the browser: an empty stand-in of the same name and size is
    made, so that an upload's plan can say why it stays out. All else comes in chunks by custom messages with buffers
    into a temporary folder that only this user can read; no synced trait ever holds a content. The folder goes with
    `close`, with the next drop, and when the kernel ends.

    Traits: `said` (what is here, in words), `limits` (bytes and files that are taken), `skipped` (names of folders that
    are not gone into), `disabled`. Attributes: `folder` (a `Path`; None while nothing is complete here), `refused`
    (names that were not taken, with why). `changed` is called without arguments whenever `folder` has changed.
    """

    _esm = FRONT / "drop.js"
    said = traitlets.Unicode("").tag(sync=True)
    limits: traitlets.Dict[str, int] = traitlets.Dict().tag(sync=True)
    skipped: traitlets.List[str] = traitlets.List().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
        super().__init__(limits={"bytes": most_bytes, "files": most_files}, skipped=folders_out())
        self._most_bytes, self._most_files = most_bytes, most_files
        self.folder: Path | None = None
        self.refused: dict[str, str] = {}
        self.changed: Callable[[], None] | None = None
        self._batch: Any = None
        self._kept: Path | None = None
        self._delete: Callable[[], object] | None = None
        self._wanted: dict[int, tuple[str, int]] = {}
        self._written: dict[int, int] = {}
        self._bytes = 0
        self.on_msg(self._told)

    @property
    def source(self) -> Path | None:
        """What was dropped: the one folder, the one archive, or a folder that holds it all. None where nothing is."""
        if self.folder is None:
            return None
        there = list(self.folder.iterdir())
        if len(there) == 1 and (there[0].is_dir() or there[0].suffix.lower() == ".zip"):
            return there[0]
        return self.folder

    def clear(self) -> None:
        """Forget what was dropped, and delete it."""
        self._end()
        self.said = ""
        self._tell_changed()

    def close(self) -> None:
        """Delete what was dropped, and take the widget away."""
        self._end()
        super().close()

    # --- what the browser sends ---------------------------------------------------------------------------------------

    def _told(self, _: Any, content: Any, buffers: Sequence[Any]) -> None:
        """One message; whatever is wrong with it is answered, and nothing is raised into the kernel."""
        batch = content.get("batch") if isinstance(content, dict) else None
        if self.disabled:  # what is here is in use, and stays
            self.send({"kind": "stop", "batch": batch})
            return
        try:
            kind = content["kind"]
            if kind == "begin":
                self._begin(batch, content["files"], content["left"])
            elif batch != self._batch:
                return  # of a drop that another one has replaced
            elif kind == "parts":
                self._take(content["parts"], buffers)
                self.send({"kind": "got", "batch": batch})
            elif kind == "failed":
                raise InvalidInput(f"the browser could not read {printable(str(content['path']))}")
        except (InvalidInput, OSError) as error:
            self._refuse(batch, str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            self._refuse(batch, "the browser sent what is no part of a drop")

    def _begin(self, batch: Any, files: list[Any], left: list[Any]) -> None:
        self._end()
        self._tell_changed()
        self._batch = batch
        if len(files) + len(left) > self._most_files:
            raise InvalidInput(
                f"more than {self.limits['files']:,} names: drop the folder of one project, without what it builds"
            )
        # not a TemporaryDirectory: one that nobody closes warns when the process ends
        folder = tempfile.mkdtemp(prefix="createos-drop-")
        self._kept, self._delete = Path(folder), weakref.finalize(self, _removed, folder, os.getpid())
        for path in left:
            self._stand_in(str(path) + "/", None)
        total = 0
        for number, (path, size) in enumerate(files):
            if type(path) is not str or type(size) is not int or size < 0:
                raise TypeError
            parts = path.split("/")
            if any(by_name(part, True) for part in parts[:-1]) or by_name(path, False):
                self._stand_in(path, size)
            elif self._place(path) is not None:
                self._wanted[number] = (path, size)
                total += size
        if total > self._most_bytes:
            raise InvalidInput(f"{total:,} bytes are more than the {self.limits['bytes']:,} that one upload holds")
        for number, (path, size) in list(self._wanted.items()):
            self._make(number, path)
            if size == 0:
                self._wanted.pop(number, None)
        self.said = f"receiving {len(self._wanted):,} files, {total:,} bytes …"
        self.send({"kind": "want", "batch": batch, "files": list(self._wanted)})
        self._complete_if_so()

    def _take(self, parts: list[Any], buffers: Sequence[Any]) -> None:
        for (number, offset), buffer in zip(parts, buffers, strict=True):
            path, size = self._wanted[number]
            data = bytes(buffer)
            if offset != self._written[number] or offset + len(data) > size:
                raise ValueError
            target = self._place(path)
            if target is None:
                raise ValueError
            with target.open("ab") as file:
                file.write(data)
            self._written[number] = offset + len(data)
            self._bytes += len(data)
            if self._written[number] == size:
                del self._wanted[number]
        self._complete_if_so()

    def _complete_if_so(self) -> None:
        if self._kept is None or self._wanted:
            return
        folder = self._kept
        if not any(folder.iterdir()):
            raise InvalidInput("there is nothing in it that can be uploaded")
        self.folder = folder
        count = len(self._written)
        words = f"{count:,} {'file' if count == 1 else 'files'}, {self._bytes:,} bytes"
        if self.refused:
            first = ", ".join(f"{name}: {why}" for name, why in list(self.refused.items())[:3])
            words += f"; {len(self.refused):,} not taken ({first})"
        self.said = words
        self._tell_changed()

    # --- the folder ---------------------------------------------------------------------------------------------------

    def _place(self, path: str) -> Path | None:
        """Where a file goes: always below the folder. None where its name is refused."""
        why = fault(path) or (fault_on_windows(path) if os.name == "nt" else "")
        if why or self._kept is None:
            self.refused[printable(path)] = why or "no drop is going on"
            return None
        return self._kept.joinpath(*path.split("/"))

    def _make(self, number: int, path: str) -> None:
        target = self._place(path)
        if target is None:
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.open("xb").close()
        except OSError as error:  # a name twice, a name too long, a file where a folder is to be
            self.refused[printable(path)] = error.strerror or type(error).__name__
            del self._wanted[number]
            return
        self._written[number] = 0

    def _stand_in(self, path: str, size: int | None) -> None:
        target = self._place(path.removesuffix("/"))
        if target is None:
            return
        try:
            if size is None:
                target.mkdir(parents=True, exist_ok=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.truncate(min(size, self._most_bytes))
        except OSError as error:
            self.refused[printable(path)] = error.strerror or type(error).__name__

    def _refuse(self, batch: Any, why: str) -> None:
        self._end()
        self.said = f"not taken: {why}"
        self.send({"kind": "stop", "batch": batch})
        self._tell_changed()

    def _end(self) -> None:
        delete, self._delete, self._kept = self._delete, None, None
        self.folder, self._batch, self._bytes = None, None, 0
        self.refused, self._wanted, self._written = {}, {}, {}
        if delete is not None:
            delete()

    def _tell_changed(self) -> None:
        if self.changed is not None:
            self.changed()


def _removed(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends as well, and its parent goes on
        shutil.rmtree(folder, ignore_errors=True)


def describes(source: object) -> str:
    """A source of files in a few words, without a content."""
    if source is None:
        return ""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source) if isinstance(os.fspath(source), str) else "a folder"
    if isinstance(source, Mapping):
        return f"{len(source):,} files given from code"
    return f"{type(source).__name__} given from code"
