"""Sources of the files of an upload: a folder, a list of files, a mapping or a zip, all as one tree of entries."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from createos_nb.errors import InvalidInput
from createos_nb.uploads.paths import fault, printable
from createos_nb.uploads.zips import DAMAGED

Kind = Literal["file", "folder", "link", "other"]

#: What an upload can be made of.
Source: TypeAlias = (
    "str | os.PathLike[str] | Mapping[str, str | bytes] | bytes | Iterable[str | os.PathLike[str]] | BinaryIO"
)

_ZIP_LINK: Final = stat.S_IFLNK >> 12


class InvalidResponse(Exception):
    """A file or folder that can't be read; says why."""


@dataclass
class Entry:
    """One name in a folder of the source. `fault`: why it can be no part of an upload, whatever the rules say.

    `target`: the path that a given link leads to; its name counts as well.
    """

    name: str
    kind: Kind
    size: int | None = None
    executable: bool = False
    fault: str = ""
    target: str = ""
    read: Callable[[int], bytes] = field(default=lambda max_bytes: b"", repr=False)
    children: Callable[[], list[Entry]] = field(default=list, repr=False)


@dataclass
class Tree:
    """A source: its entries; of a folder, where it is; of a zip, its bytes as they came, where they may go so."""

    top: Entry
    label: str
    folder: Path | None = None
    is_zip: bool = False
    original: bytes | None = field(default=None, repr=False)


def tree_of(source: Source, root: str | os.PathLike[str] | None = None, *, max_bytes: int) -> Tree:
    """The tree of a source; a zip of more than `max_bytes` bytes is none.

    Raises:
        InvalidInput: It can't be gone through.
    """
    if isinstance(source, Mapping):
        return _of_mapping(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _of_zip(bytes(source), "the zip")
    if isinstance(source, str | os.PathLike):
        return _of_path(Path(source).expanduser(), max_bytes)
    read = getattr(source, "read", None)
    if callable(read) and not isinstance(source, zipfile.ZipFile):
        content = read()
        if not isinstance(content, bytes):
            raise InvalidInput("an open file must be opened for bytes, as in open(path, 'rb')")
        return _of_zip(content, "the zip")
    if isinstance(source, Iterable) and not isinstance(source, zipfile.ZipFile):
        return _of_list(source, Path(root).expanduser() if root is not None else Path())
    raise InvalidInput(
        "files to upload are a folder, a list of files, a mapping from path to content, or a zip (path or bytes), "
        f"not {type(source).__name__}"
    )


# --- the disk ---------------------------------------------------------------------------------------------------------


def _of_path(path: Path, max_bytes: int) -> Tree:
    if path.is_dir():
        resolved = path.resolve()
        if resolved == Path(resolved.anchor) or resolved == Path.home().resolve():
            raise InvalidInput(f"{path} is not a folder of one project: name the one that is to be deployed")
        return Tree(_on_disk(path.name, resolved), str(path), folder=resolved)
    if not path.exists():
        raise InvalidInput(f"there is no file or folder {str(path)!r}")
    if path.suffix.lower() == ".zip":
        return _of_zip(_zip_at(path, max_bytes), path.name)
    real = path.resolve()
    entry = _on_disk(path.name, real)
    entry.target = real.as_posix().lstrip("/") if path.is_symlink() else ""
    return Tree(_branch([(path.name, entry)]), str(path))


def _of_list(paths: Iterable[Any], root: Path) -> Tree:
    top = Path(os.path.abspath(root))
    real = top.resolve()
    entries: list[tuple[str, Entry]] = []
    for item in paths:
        if not isinstance(item, str | os.PathLike):
            raise InvalidInput(f"a list of files holds paths, not {type(item).__name__}")
        path = Path(item).expanduser()
        where = Path(os.path.abspath(path if path.is_absolute() else top / path))
        if not where.is_relative_to(top):
            raise InvalidInput(f"{str(item)!r} is not in {top}: root= names the folder that the paths are relative to")
        if not os.path.lexists(where):
            raise InvalidInput(f"there is no file {str(item)!r} in {top}")
        inside = where.relative_to(top).as_posix()
        if inside == ".":
            raise InvalidInput(f"{str(item)!r} is the folder itself: give it alone, not in a list")
        entry = _on_disk(where.name, where)
        if not where.parent.resolve().is_relative_to(real):
            entry.fault = "it lies behind a symbolic link that leaves the folder"
        entries.append((inside, entry))
    return Tree(_branch(entries), f"{len(entries)} files in {top}")


def _on_disk(name: str, path: Path) -> Entry:
    try:
        info = path.lstat()
    except OSError as error:
        return Entry(name, "other", fault=f"it can't be read: {error.strerror or error}")
    if stat.S_ISLNK(info.st_mode) or (hasattr(path, "is_junction") and path.is_junction()):
        return Entry(name, "link")
    if stat.S_ISDIR(info.st_mode):
        return Entry(name, "folder", children=lambda: _listed(path))
    if not stat.S_ISREG(info.st_mode):
        return Entry(name, "other")
    return Entry(
        name,
        "file",
        info.st_size,
        bool(info.st_mode & stat.S_IXUSR) and os.name == "posix",
        read=lambda max_bytes: _content_of(path, max_bytes),
    )


def _listed(path: Path) -> list[Entry]:
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries]
    except OSError as error:
        raise InvalidResponse(f"it can't be read: {error.strerror or error}") from None
    return [_on_disk(name, path / name) for name in names]


def _content_of(path: Path, max_bytes: int) -> bytes:
    """Read at most one byte more than `max_bytes`: a file that grows is noticed. No link is followed, nothing hangs."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidResponse("it is no regular file any more")
            return file.read(max_bytes + 1)
    except OSError as error:
        raise InvalidResponse(f"it can't be read: {error.strerror or error}") from None


# --- what is given as names and contents ------------------------------------------------------------------------------


def _of_mapping(files: Mapping[Any, Any]) -> Tree:
    entries: list[tuple[str, Entry]] = []
    for path, data in files.items():
        if not isinstance(path, str | os.PathLike):
            raise InvalidInput(f"a path of the mapping must be text, not {type(path).__name__}")
        name = path if isinstance(path, str) else os.fspath(path).replace(os.sep, "/")
        if isinstance(data, str):
            content = data.encode("utf-8", "surrogatepass")
        elif isinstance(data, bytes | bytearray | memoryview):
            content = bytes(data)
        else:
            raise InvalidInput(f"the content of {printable(name)!r} must be bytes or text, not {type(data).__name__}")
        entries.append((name, _in_memory(name, content)))
    return Tree(_branch(entries), f"{len(entries)} files")


def _in_memory(name: str, content: bytes) -> Entry:
    return Entry(name.rsplit("/", 1)[-1], "file", len(content), read=lambda max_bytes: content[: max_bytes + 1])


# --- zips -------------------------------------------------------------------------------------------------------------


def _zip_at(path: Path, max_bytes: int) -> bytes:
    try:
        content = _content_of(path.resolve(), max_bytes)
    except InvalidResponse as error:
        raise InvalidInput(f"{path}: {error}") from None
    if len(content) > max_bytes:
        raise InvalidInput(f"{path} has more than {max_bytes:,} bytes; max_bytes= allows more")
    return content


def _of_zip(content: bytes, label: str) -> Tree:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except DAMAGED:
        raise InvalidInput(
            f"{label} is no zip archive; single files are given as a mapping from path to content"
        ) from None
    entries: list[tuple[str, Entry]] = []
    is_unchanged = True
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        is_unchanged &= name == info.filename
        kind = info.external_attr >> 28
        entry = Entry(name.rstrip("/").rsplit("/", 1)[-1], "folder" if info.is_dir() or name.endswith("/") else "file")
        if kind == _ZIP_LINK:
            entry.kind = "link"
        elif kind not in (0, stat.S_IFREG >> 12, stat.S_IFDIR >> 12):
            entry.kind = "other"
        if entry.kind == "folder":
            name = name.rstrip("/")
        elif info.flag_bits & 1:
            entry.fault = "it is encrypted"
        entry.size = info.file_size if entry.kind == "file" else None
        entry.executable = bool(info.external_attr >> 16 & stat.S_IXUSR)
        entry.read = _member(archive, info)
        entries.append((name, entry))
    return Tree(
        _branch(entries, twice="is in the zip twice"), label, is_zip=True, original=content if is_unchanged else None
    )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(max_bytes: int) -> bytes:
        try:
            with archive.open(info) as file:
                return file.read(max_bytes + 1)
        except DAMAGED as error:
            raise InvalidResponse(f"the zip is damaged: {error}") from None

    return read


# --- a tree out of paths ----------------------------------------------------------------------------------------------


def _branch(entries: Iterable[tuple[str, Entry]], twice: str = "") -> Entry:
    """The folder that holds entries at their paths; what has no proper path stands at the top, under its whole path.

    `twice`: what a second entry with the same path is; where it says nothing, that is the same file again.
    """
    tree: dict[str, Any] = {}
    top = Entry("", "folder", children=lambda: _entries(tree))
    for path, entry in entries:
        problem = fault(path)
        if problem:
            entry.fault = entry.fault or problem
            entry.name = path
            tree[path if "/" not in path else f"\0{path}"] = entry
            continue
        *folders, name = path.split("/")
        node = tree
        for folder in folders:
            child = node.setdefault(folder, {})
            if isinstance(child, Entry):
                if child.kind == "folder":  # a folder that was named itself: what it holds comes with it
                    node = {}
                    break
                raise InvalidInput(f"{printable(path)!r} lies in {folder!r}, which is a file")
            node = child
        existing = node.get(name)
        if isinstance(existing, dict):
            if entry.kind != "folder":
                raise InvalidInput(f"{printable(path)!r} is a file and a folder")
            if not twice:
                node[name] = entry
        elif existing is not None and twice and existing.kind != "folder":
            raise InvalidInput(f"{printable(path)!r} {twice}")
        elif entry.kind == "folder" and twice:
            node.setdefault(name, {})
        else:
            node[name] = entry
    return top


def _entries(tree: dict[str, Any]) -> list[Entry]:
    return [
        one if isinstance(one, Entry) else Entry(name, "folder", children=partial(_entries, one))
        for name, one in tree.items()
    ]
