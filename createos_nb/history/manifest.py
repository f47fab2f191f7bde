"""The manifest of a history: which files belong to it, and what has been asked. Replacing it is the commit."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from createos_nb.history.errors import HistoryDamaged, HistoryError, HistoryTooNew
from createos_nb.spans import Span
from createos_nb.storage import atomic_write

#: The format that this version writes. 1: the first.
FORMAT: Final = 1
#: Format → what makes the manifest of the next one of it. In memory only: what writes next makes it last, whole.
MIGRATIONS: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
NAME: Final = "manifest.json"
#: The folder of files of a dataset that are not folded yet.
NEW: Final = "new"


class DataFile(Struct, frozen=True, omit_defaults=True):
    """A Parquet file of a dataset.

    Attributes:
        path: Within the history, with "/".
        rows: How many rows it holds.
        bytes: Its size.
        sha256: Of its content.
        first: The earliest time in it, in Unix seconds.
        last: The latest.
        environment: Of one environment only; "" where it holds several.
    """

    path: str
    rows: int
    bytes: int
    sha256: str
    first: int = 0
    last: int = 0
    environment: str = ""


class Asked(Struct):
    """What was asked of one environment.

    Attributes:
        known: Spans whose figures are final: they are not asked for again.
        gaps: Spans that were asked for and of which the platform gave nothing.
    """

    known: list[Span] = field(default_factory=list)
    gaps: list[Span] = field(default_factory=list)


class Manifest(Struct):
    """The manifest.

    Attributes:
        format: Of the whole history; a newer one than `FORMAT` is refused.
        id: Of this history.
        where: The account and the platform, as `client.where` names them.
        base_url: The platform's address.
        lineage: The world, as text; "" for the platform.
        generation: Counts the commits; the names of new files begin with it.
        written: When it was written, in Unix seconds of the other side.
        files: By dataset: the files that count. Others in the folder are leftovers of a process that was killed.
        unsettled: By dataset: files whose rows may still change; each commit replaces them.
        asked: By dataset, then by environment id.
        read: When lists were read, in Unix seconds: "environments/PROJECT_ID" and so on.
    """

    format: int = FORMAT
    id: str = ""
    where: str = ""
    base_url: str = ""
    lineage: str = ""
    generation: int = 0
    written: float = 0.0
    files: dict[str, list[DataFile]] = field(default_factory=dict)
    unsettled: dict[str, list[DataFile]] = field(default_factory=dict)
    asked: dict[str, dict[str, Asked]] = field(default_factory=dict)
    read: dict[str, float] = field(default_factory=dict)

    def all_files(self) -> list[DataFile]:
        """Return the files of all datasets."""
        return [file for files in (*self.files.values(), *self.unsettled.values()) for file in files]


def new_manifest(where: str, base_url: str, lineage: str) -> Manifest:
    """Return the manifest of an empty history."""
    return Manifest(id=secrets.token_hex(8), where=where, base_url=base_url, lineage=lineage)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None where there is none.

    Raises:
        HistoryTooNew: A newer version wrote it.
        HistoryDamaged: It can't be read as a manifest.
        HistoryError: The folder can't be read, or its format is too old.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HistoryError(f"the history {folder} can't be read: {error}") from error
    try:
        plain = msgspec.json.decode(content)
        written = plain["format"] if isinstance(plain, dict) and "format" in plain else FORMAT
        if isinstance(written, int) and written > FORMAT:
            raise HistoryTooNew(
                f"the history {folder} has format {written}, and this version of createos-nb reads up to {FORMAT}: "
                "install a newer one; nothing was changed"
            )
        if isinstance(written, int) and written < FORMAT:
            plain = _migrated(folder, plain, written)
        return msgspec.convert(plain, Manifest)
    except msgspec.MsgspecError as error:
        raise HistoryDamaged(
            f"{path} is damaged ({error}): put it back from a backup, or open a new history in another folder", (NAME,)
        ) from None


def _migrated(folder: Path, plain: dict[str, Any], written: int) -> dict[str, Any]:
    """The manifest of an older format as this version writes it."""
    for version in range(written, FORMAT):
        if version not in MIGRATIONS:
            raise HistoryError(
                f"the history {folder} has format {written}, which this version of createos-nb no longer reads: open "
                f"it with an older one that knows format {version + 1} first; nothing was changed"
            )
        plain = MIGRATIONS[version](plain)
    return {**plain, "format": FORMAT}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest: from here on its files are the history. Raises OSError, and the old one stays."""
    atomic_write(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
