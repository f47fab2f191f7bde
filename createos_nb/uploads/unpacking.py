"""Archives unpacked into a folder that nothing of them may leave."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from createos_nb.uploads.paths import fault, fault_on_windows, fault_unpacked, folded, printable
from createos_nb.uploads.zips import DAMAGED

#: Entries of an archive.
MOST_ENTRIES: Final = 100_000
#: Bytes of an entry before its name.
_HEADER: Final = 30
_CHUNK: Final = 1 << 20
_REGULAR: Final = (0, stat.S_IFREG, stat.S_IFDIR)


class UnsafeArchive(Exception):
    """An archive that is damaged, or that would write where or what it must not; says why."""


def unpack(archive: Path, folder: Path, *, max_bytes: int) -> dict[str, int]:
    """Unpack a zip into an empty folder, all of it or nothing.

    Args:
        archive: The path of the zip.
        folder: An empty folder.
        max_bytes: Of all that is unpacked.

    Returns:
        Paths and bytes of the files, in the order of their paths.

    Raises:
        UnsafeArchive: Paths that are absolute or lead out, links, devices, encrypted or damaged entries, names that
            come twice (also where the case of letters does not count), entries that overlap, more than `max_bytes`
            bytes once unpacked.
        OSError: The disk does not take it.

    Examples:
        >>> from createos_nb.uploads import unpack
        >>> import pathlib, zipfile
        >>> with zipfile.ZipFile("pages.zip", "w") as archive:
        ...     archive.writestr("index.html", "<h1>Hi</h1>")
        >>> pathlib.Path("pages").mkdir()
        >>> unpack(pathlib.Path("pages.zip"), pathlib.Path("pages"), max_bytes=1_000_000)
        {'index.html': 11}
    """
    written: dict[str, int] = {}
    remaining = max_bytes
    with _reading():
        opened = zipfile.ZipFile(archive)
    with opened:
        _check_places(opened.infolist(), opened.start_dir)
        for path, info in _checked(opened.infolist(), max_bytes):
            target = folder.joinpath(*path.split("/"))
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            written[path] = _extracted(opened, info, target, remaining, max_bytes)
            remaining -= written[path]
    return dict(sorted(written.items()))


@contextmanager
def _reading() -> Iterator[None]:
    """Return what damage makes `zipfile` raise, as `UnsafeArchive`."""
    try:
        yield
    except DAMAGED as error:
        raise UnsafeArchive(f"the archive is damaged: {printable(str(error))}") from None


def _check_places(entries: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Refuse entries that share bytes, as those of a zip bomb do: not every version of Python does."""
    in_order = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in zip(in_order, [*(entry.header_offset for entry in in_order[1:]), end], strict=False):
        if entry.header_offset + _HEADER + entry.compress_size > following:
            raise UnsafeArchive(f"{printable(entry.filename)!r} of the archive overlaps with what follows it")


def _checked(entries: Sequence[zipfile.ZipInfo], max_bytes: int) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """All entries with their paths, once it is sure that each of them may be written."""
    if len(entries) > MOST_ENTRIES:
        raise UnsafeArchive(f"the archive has {len(entries):,} entries, more than {MOST_ENTRIES:,}")
    if (total := sum(entry.file_size for entry in entries)) > max_bytes:
        raise UnsafeArchive(f"the archive unpacks to {total:,} bytes, more than {max_bytes:,}")
    files: set[str] = set()
    folders: set[str] = set()
    pairs = [(_path(entry), entry) for entry in entries]
    for path, info in pairs:
        parts = folded(path).split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
        if info.is_dir():
            folders.add("/".join(parts))
            continue
        if "/".join(parts) in files:
            raise UnsafeArchive(
                f"{printable(path)!r} is in the archive twice, or differs from another name in case only"
            )
        files.add("/".join(parts))
    if both := files & folders:
        raise UnsafeArchive(f"{printable(min(both))!r} is a file and a folder of the archive")
    yield from pairs


def _path(info: zipfile.ZipInfo) -> str:
    """Return where an entry goes.

    Raises:
        UnsafeArchive: It must go nowhere.
    """
    path = info.filename
    while path.startswith("./"):
        path = path[2:]
    path = path.removesuffix("/")
    wrong = fault(path) or fault_unpacked(path)
    if not wrong and os.name == "nt":
        wrong = fault_on_windows(path)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        wrong = wrong or "a symbolic link"
    elif kind not in _REGULAR:
        wrong = wrong or "no regular file"
    if info.flag_bits & 1:
        wrong = wrong or "it is encrypted"
    if wrong:
        raise UnsafeArchive(f"{printable(info.filename)!r} of the archive can't be unpacked: {wrong}")
    return path


def _extracted(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, remaining: int, max_bytes: int) -> int:
    """Write one file; how many bytes it has, whatever the archive says that it has."""
    size = 0
    with _reading():
        entry = archive.open(info)
    with entry, open(target, "xb") as file:
        while True:
            with _reading():
                chunk = entry.read(_CHUNK)
            if not chunk:
                break
            size += len(chunk)
            if size > remaining:
                raise UnsafeArchive(f"the archive unpacks to more than {max_bytes:,} bytes")
            file.write(chunk)
        if os.name == "posix" and info.external_attr >> 16 & stat.S_IXUSR:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            os.fchmod(file.fileno(), mode | (mode & 0o444) >> 2)
    return size
