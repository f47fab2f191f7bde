"""Files of this package: private folders, and writes that are whole or absent."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

#: For the owner alone: a folder, and a file.
FOLDER: Final = 0o700
FILE: Final = 0o600


def private_folder(path: Path) -> Path:
    """Create a folder, and its missing parents, for their owner alone; one that exists is left as it is.

    Args:
        path: The folder.

    Returns:
        The same path.

    Raises:
        OSError: It can't be created.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import private_folder
        >>> private_folder(pathlib.Path("journals")).is_dir()
        True
    """
    missing = []
    parent = path
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER, exist_ok=True)
    return path


def closed_to_others(path: Path) -> None:
    """Take the rights of others from a folder that an earlier version of this package created for all to read.

    Args:
        path: The folder; one that is missing, or somebody else's, is left as it is.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import closed_to_others
        >>> pathlib.Path("journals").mkdir()
        >>> closed_to_others(pathlib.Path("journals"))
    """
    if os.name != "posix":
        return
    try:
        status = path.stat()
        if status.st_uid == os.getuid() and status.st_mode & 0o077:
            path.chmod(FOLDER)
    except OSError:
        return  # it is not there, or not ours to change


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, so that after a crash the old or the new content is there, never a part.

    Args:
        path: The file.
        content: All that it is to hold.

    Raises:
        OSError: It can't be written; the old content stays.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import atomic_write
        >>> atomic_write(pathlib.Path("profile.toml"), b"[profiles]")
        >>> pathlib.Path("profile.toml").read_text()
        '[profiles]'
    """
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        move_into_place(Path(part), path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def move_into_place(part: Path, path: Path) -> None:
    """Let a file that is written beside its place take that place, through to the disk.

    Args:
        part: The file, in the same folder.
        path: Its place; what is there is replaced.

    Raises:
        OSError: It can't take the place.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import move_into_place
        >>> part = pathlib.Path("traffic.csv.part")
        >>> _ = part.write_text("time,count")
        >>> move_into_place(part, pathlib.Path("traffic.csv"))
        >>> part.exists(), pathlib.Path("traffic.csv").read_text()
        (False, 'time,count')
    """
    # elsewhere only a file that is open for writing can be synced
    with part.open("rb" if os.name == "posix" else "r+b") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def append_line(file: int, line: bytes) -> None:
    """Append a line to an open file, through to the disk.

    Args:
        file: The descriptor of the file, opened to append.
        line: The line, with its end.

    Raises:
        OSError: It can't be written.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import append_line
        >>> with open("journal.jsonl", "ab") as file:
        ...     append_line(file.fileno(), b"started" + bytes([10]))
        >>> pathlib.Path("journal.jsonl").read_text().splitlines()
        ['started']
    """
    written = 0
    while written < len(line):
        written += os.write(file, line[written:])
    os.fsync(file)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut, where the system can.

    Args:
        folder: The folder.

    Raises:
        OSError: The folder can't be synced.

    Examples:
        >>> import pathlib
        >>> from createos_nb.storage import sync_folder
        >>> sync_folder(pathlib.Path())
    """
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
