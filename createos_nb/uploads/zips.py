"""Creation of zips, and the errors of damaged ones."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import Final

#: Whatever `zipfile` raises for a damaged archive. An `OSError` comes of an offset that leads nowhere.
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    IndexError,
)

_WHEN: Final = (1980, 1, 1, 0, 0, 0)


def zipped(files: Iterable[tuple[str, bytes, bool]]) -> bytes:
    """A zip of files (path, content, whether it may be run), the same for the same files, whenever and wherever."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content, executable in files:
            info = zipfile.ZipInfo(path, _WHEN)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
