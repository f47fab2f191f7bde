"""Locks between processes: each ends with its process, and says who holds it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.storage import FILE

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: Seconds that whoever takes or releases a lock may need to write, or remove, who holds it.
_CHANGING_HANDS: Final = 2.0
#: Kinds of file systems on which a lock may not reach other machines, or not hold at all.
_REMOTE: Final = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "glusterfs", "fuse", "ncpfs", "davfs")


class LockHeld(Exception):
    """A lock that somebody else holds.

    Attributes:
        holder: Who holds it.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class ProcessLock:
    """A lock on a file that ends with its process, however it ends, and says who holds it.

    The lock is `filelock`'s; beside it, in a file that ends in `.holder`, stand who holds it and a `note`: a line that
    stays when the lock is released.

    Args:
        path: The file that is locked; its folder exists.

    Examples:
        >>> import pathlib
        >>> from createos_nb.process_lock import ProcessLock
        >>> lock = ProcessLock(pathlib.Path("intent.lock"))
        >>> lock.acquire("the deployment of v3")
        >>> ProcessLock(pathlib.Path("intent.lock")).acquire("another one")
        Traceback (most recent call last):
        createos_nb.process_lock.LockHeld: the deployment of v3
        >>> lock.release()
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        self._holder = ""
        self._card = path.with_name(f"{path.name}.holder")
        self._lock: BaseFileLock | None = None

    @property
    def held_here(self) -> bool:
        """Return whether this object holds it."""
        return self._lock is not None and self._lock.is_locked

    def acquire(self, holder: str, timeout: float = 0.0) -> None:
        """Acquire it.

        Args:
            holder: Who holds it then, as others are told.
            timeout: How long to wait for whoever holds it, in seconds.

        Raises:
            LockHeld: Another process has it.
            OSError: The file system has no locks.

        Examples:
            >>> import pathlib
            >>> from createos_nb.process_lock import ProcessLock
            >>> lock = ProcessLock(pathlib.Path("intent.lock"))
            >>> lock.acquire("the deployment of v3")
            >>> lock.held_here
            True
            >>> lock.release()
        """
        from filelock import Timeout

        self._lock = self._lock or _lock(self.path)
        ends = time.monotonic() + timeout + _CHANGING_HANDS
        while True:
            try:
                self._lock.acquire(timeout=timeout, poll_interval=0.02)
                break
            except Timeout:
                other = self._read()[0]
                # without a name it is changing hands just now: who holds it is known in a moment, or nobody does
                if other or time.monotonic() > ends:
                    raise LockHeld(other or "another process") from None
            timeout = 0.02
        self.note = self._read()[1]
        self._holder = holder.replace("\n", " ")
        self.write()

    def write(self) -> None:
        """Write holder and note, while it is held.

        Raises:
            OSError: It can't be written.

        Examples:
            >>> import pathlib
            >>> from createos_nb.process_lock import ProcessLock
            >>> lock = ProcessLock(pathlib.Path("intent.lock"))
            >>> lock.acquire("the deployment of v3")
            >>> lock.note = "v2 was live"
            >>> lock.write()
            >>> lock.release()
            >>> lock.read_note()
            'v2 was live'
        """
        if not self.held_here:
            return
        content = f"{self._holder}\n{self.note}".encode("utf-8", "backslashreplace")
        # not synced: it is for those who wait now, and they wait for this
        file = os.open(self._card, os.O_WRONLY | os.O_CREAT, FILE)
        try:
            os.write(file, content)
            os.ftruncate(file, len(content))
        finally:
            os.close(file)

    def is_held(self) -> bool:
        """Return whether somebody holds it. Reads only: no file is created for that.

        Returns:
            True for this process and for any other.

        Examples:
            >>> import pathlib
            >>> from createos_nb.process_lock import ProcessLock
            >>> lock = ProcessLock(pathlib.Path("intent.lock"))
            >>> lock.is_held(), pathlib.Path("intent.lock").exists()
            (False, False)
        """
        if self.held_here:
            return True
        if not self.path.exists():
            return False
        from filelock import Timeout

        try:
            with _lock(self.path):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # nobody may write here, or there are no locks

    def read_note(self) -> str:
        """Return the note of whoever held it last.

        Returns:
            The note; "" without one.

        Examples:
            >>> import pathlib
            >>> from createos_nb.process_lock import ProcessLock
            >>> lock = ProcessLock(pathlib.Path("intent.lock"))
            >>> lock.read_note()
            ''
        """
        return self._read()[1]

    def release(self) -> None:
        """Release it; without effect where it is not held.

        Examples:
            >>> import pathlib
            >>> from createos_nb.process_lock import ProcessLock
            >>> lock = ProcessLock(pathlib.Path("intent.lock"))
            >>> lock.acquire("the deployment of v3")
            >>> lock.release()
            >>> lock.is_held()
            False
        """
        if self._lock is not None and self._lock.is_locked:
            # the files stay: removing the lock's would let two others lock two files of one name
            self._holder = ""
            with contextlib.suppress(OSError):
                self.write()
            self._lock.release(force=True)

    def _read(self) -> tuple[str, str]:
        """Holder and note as they are written."""
        try:
            lines = self._card.read_bytes()[:10_000].decode("utf-8", "replace").split("\n")
        except OSError:
            return "", ""
        return lines[0].strip(), lines[1] if len(lines) > 1 else ""


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock  # slow to import, and most sessions lock nothing

    # where the system has no locks that is told, and not made up for by a file that outlives its process
    return FileLock(path, timeout=0, mode=FILE, thread_local=False, fallback_to_soft=False)


def unreliable_locks(folder: Path) -> str:
    """Return the kind of a folder's file system where locks may not hold there.

    Args:
        folder: The folder; it need not exist yet.

    Returns:
        The kind, such as "nfs4"; "" where locks hold, and where the system does not tell.

    Examples:
        >>> import pathlib
        >>> from createos_nb.process_lock import unreliable_locks
        >>> unreliable_locks(pathlib.Path("/proc"))
        ''
    """
    kind = _file_system(folder)
    return kind if kind.startswith(_REMOTE) else ""


def _file_system(folder: Path) -> str:
    """The kind of file system that a folder is on, or will be; "" where the system does not tell."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        path = str(folder.resolve())
    except (OSError, RuntimeError):
        return ""
    best, kind = "", ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        words = head.split(" ")
        if len(words) < 5 or not tail:
            continue
        mount = words[4].replace("\\040", " ")
        inside = path == mount or path.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, tail.split(" ")[0]
    return kind
