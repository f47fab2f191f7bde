"""A lock on a file that ends with its process, and says who holds it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import IO, Any

from createos_nb.plans.errors import JournalBusy


class FileLock:
    """Held from `acquire` to `release`, or to the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self, since: str) -> None:
        """Take it at once. Raises `JournalBusy`, naming the holder."""
        file = self._path.open("a+b")
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            holder = file.read(500).decode("utf-8", "replace").strip() or "another process"
            file.close()
            raise JournalBusy(self._path.with_suffix(""), holder) from None
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {since}".encode())
        file.flush()
        self._file = file

    def taken(self) -> bool:
        """Somebody holds it. Looks only: no file is made for that."""
        if self._file is not None:
            return True
        try:
            file = self._path.open("r+b")
        except OSError:
            return False  # it was never taken, or nobody may write here
        with file:
            try:
                _lock(file)
            except OSError:
                return True
        return False

    def release(self) -> None:
        """Give it up; without effect where it is not held."""
        if self._file is not None:
            # the file stays: to remove it would let two others lock two files of one name
            with contextlib.suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: Any) -> None:
        # far behind the text, which others have to be able to read
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: Any) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
