"""What lies at a signed address, on the disk: whole, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pandas as pd

from createos_nb.archive import placed_file, placed_folder, unpacked
from createos_nb.archive.unpacking import Unsafe
from createos_nb.errors import Unreadable
from createos_nb.nouns.asking import Asking
from createos_nb.operation import Operation
from createos_nb.secret import Secret
from createos_nb.wire import files

#: Bytes of a download, and of what is unpacked from it.
MOST_BYTES: Final = 1_000_000_000

_UNSAFE: Final = "Nothing was written. The archive comes from whoever made the upload: look at it with other tools."


def to_folder(
    asking: Asking,
    operation: Operation,
    arguments: dict[str, Any],
    folder: str | os.PathLike[str],
    *,
    replace: bool,
    max_bytes: int,
) -> pd.DataFrame:
    """The archive that an operation gives the address of, unpacked: its files as path (str) and bytes (Int64)."""
    with placed_folder(folder, replace=replace) as made:
        archive = made.with_name("archive.zip")
        files.save(asking.transport, operation, _address(asking, operation, arguments), archive, most=max_bytes)
        try:
            written = unpacked(archive, made, most=max_bytes)
        except Unsafe as error:
            raise Unreadable(str(error), operation=operation.name, hint=_UNSAFE) from None
        archive.unlink()
    frame = pd.DataFrame(
        {"path": pd.array(list(written), dtype="str"), "bytes": pd.array(list(written.values()), dtype="Int64")}
    )
    asking.noted(frame, operation, arguments, more={"folder": str(Path(folder).expanduser().absolute())})
    return frame


def to_file(
    asking: Asking,
    operation: Operation,
    arguments: dict[str, Any],
    file: str | os.PathLike[str],
    *,
    replace: bool,
    max_bytes: int,
) -> Path:
    """The file that an operation gives the address of, on the disk; gives its path."""
    with placed_file(file, replace=replace) as made:
        files.save(asking.transport, operation, _address(asking, operation, arguments), made, most=max_bytes)
    return Path(file).expanduser()


def _address(asking: Asking, operation: Operation, arguments: dict[str, Any]) -> Secret:
    address = asking.perform(operation, arguments)["download_uri"]
    if not isinstance(address, Secret) or not address:
        raise Unreadable("the answer holds no address", operation=operation.name, method=operation.method)
    return address
