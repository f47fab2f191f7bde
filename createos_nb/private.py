"""Folders that only their owner may look into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

#: For the owner alone: a folder, and a file.
FOLDER: Final = 0o700
FILE: Final = 0o600


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for their owner alone; one that is there is left as it is.

    Raises `OSError`.
    """
    missing = []
    place = path
    while not place.exists():
        missing.append(place)
        place = place.parent
    for one in reversed(missing):
        one.mkdir(mode=FOLDER, exist_ok=True)
    return path


def closed_to_others(path: Path) -> None:
    """Take the rights of others from a folder of this package that an earlier version has made for all to read."""
    if os.name != "posix":
        return
    try:
        status = path.stat()
        if status.st_uid == os.getuid() and status.st_mode & 0o077:
            path.chmod(FOLDER)
    except OSError:
        return  # it is not there, or not ours to change
