"""A lock on a file that ends with its process, and says who holds it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
import weakref
from pathlib import Path
from typing import IO, Any, Final

from createos_nb.private import FILE

#: Kinds of file systems on which a lock may not reach other machines, or not hold at all.
_REMOTE: Final = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "glusterfs", "fuse", "ncpfs", "davfs")
#: What `flock` says where another holds it; all else says that there are no locks.
_TAKEN: Final = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_held: Final[weakref.WeakSet[FileLock]] = weakref.WeakSet()


class Taken(Exception):
    """Another holds it; `holder` says who."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class FileLock:
    """Held from `acquire` to `release`, or to the end of the process, however it ends.

    `note`: a line that stays in the file when it is given up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        self._file: IO[bytes] | None = None
        self._holder = ""

    def acquire(self, holder: str) -> None:
        """Take it at once. Raises `Taken`, `OSError` where it can't be made or the file system has no locks."""
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, FILE), "r+b")
        try:
            _lock(file)
        except OSError as error:
            with file:
                if error.errno in _TAKEN:
                    raise Taken(_holder(file) or "another process") from None
            raise
        file.seek(0)
        lines = file.read(10_000).decode("utf-8", "replace").split("\n")
        self.note = lines[1] if len(lines) > 1 else ""
        self._file, self._holder = file, holder.replace("\n", " ")
        _held.add(self)
        self.write()

    def write(self) -> None:
        """Write the holder and the note down; while it is held."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(f"{self._holder}\n{self.note}".encode("utf-8", "backslashreplace"))
            self._file.flush()

    def taken(self) -> bool:
        """Somebody holds it. Looks only: no file is made for that."""
        if self._file is not None:
            return True
        try:
            file = self.path.open("r+b")
        except OSError:
            return False  # it was never taken, or nobody may write here
        with file:
            try:
                _lock(file)
            except OSError as error:
                return error.errno in _TAKEN
        return False

    def release(self) -> None:
        """Give it up; without effect where it is not held."""
        if self._file is not None:
            # the file stays: to remove it would let two others lock two files of one name
            self._holder = ""
            with contextlib.suppress(OSError):
                self.write()
            self.drop()

    def drop(self) -> None:
        """Close the file. What a forked child closes is still held by its parent."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
        _held.discard(self)


def _holder(file: Any) -> str:
    """What the holder has written; it locks first and writes then, so that the first look can be too early."""
    for pause in (0.01, 0.02, 0.04, 0.08, 0.0):
        file.seek(0)
        if said := file.read(2000).decode("utf-8", "replace").split("\n")[0].strip():
            return str(said)
        time.sleep(pause)
    return ""


def unprotected(folder: Path) -> str:
    """What to know of a folder where no lock can be trusted; "" where one can."""
    kind = _kind(folder)
    if not kind.startswith(_REMOTE):
        return ""
    return (
        f"the journals are on a file system ({kind}) where locks may not hold: against another process with the same "
        "plan only the re-read before each write protects"
    )


def _kind(folder: Path) -> str:
    """The kind of file system that a folder is on, or will be; "" where the system does not tell."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        place = str(folder.resolve())
    except (OSError, RuntimeError):
        return ""
    best, kind = "", ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        words = left.split(" ")
        if len(words) < 5 or not right:
            continue
        mount = words[4].replace("\\040", " ")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, right.split(" ")[0]
    return kind


def _forked() -> None:
    """A child does not keep its parent's locks: they would outlive the process that holds them."""
    for one in list(_held):
        one.drop()


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: Any) -> None:
        # far behind the text, which others have to be able to read
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)

else:
    import fcntl

    def _lock(file: Any) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    os.register_at_fork(after_in_child=_forked)
