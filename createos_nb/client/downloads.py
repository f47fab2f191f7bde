"""Downloads from signed addresses: complete on the disk, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pandas as pd

from createos_nb.client.session import Session
from createos_nb.contract.operation import Operation
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidResponse
from createos_nb.http import download
from createos_nb.redaction import Secret
from createos_nb.uploads import atomic_file, atomic_folder, unpack
from createos_nb.uploads.unpacking import UnsafeArchive

#: Bytes of a download, and of what is unpacked from it.
MOST_BYTES: Final = 1_000_000_000

_UNSAFE: Final = "Nothing was written. The archive comes from the author of the upload: inspect it with other tools."


def to_folder(
    session: Session,
    operation: Operation,
    arguments: dict[str, Any],
    folder: str | os.PathLike[str],
    *,
    replace: bool,
    max_bytes: int,
) -> pd.DataFrame:
    """The archive that an operation gives the address of, unpacked: its files as path (str) and bytes (Int64)."""
    with atomic_folder(folder, replace=replace) as temporary:
        archive = temporary.with_name("archive.zip")
        download.save(
            session.transport, operation, _address(session, operation, arguments), archive, max_bytes=max_bytes
        )
        try:
            written = unpack(archive, temporary, max_bytes=max_bytes)
        except UnsafeArchive as error:
            raise InvalidResponse(str(error), operation=operation.name, hint=_UNSAFE) from None
        archive.unlink()
    frame = pd.DataFrame(
        {"path": pd.array(list(written), dtype=TEXT), "bytes": pd.array(list(written.values()), dtype="Int64")}
    )
    session.with_attrs(frame, operation, arguments, more={"folder": str(Path(folder).expanduser().absolute())})
    return frame


def to_file(
    session: Session,
    operation: Operation,
    arguments: dict[str, Any],
    file: str | os.PathLike[str],
    *,
    replace: bool,
    max_bytes: int,
) -> Path:
    """The file that an operation gives the address of, on the disk; gives its path."""
    with atomic_file(file, replace=replace) as temporary:
        download.save(
            session.transport, operation, _address(session, operation, arguments), temporary, max_bytes=max_bytes
        )
    return Path(file).expanduser()


def _address(session: Session, operation: Operation, arguments: dict[str, Any]) -> Secret:
    address = session.execute(operation, arguments)["download_uri"]
    if not isinstance(address, Secret) or not address:
        raise InvalidResponse("the answer holds no address", operation=operation.name, method=operation.method)
    return address
