"""Folders and files that are whole or absent: made beside their place, and moved there when they are done."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from createos_nb.errors import InvalidInput
from createos_nb.storage import move_into_place, sync_folder


@contextmanager
def atomic_folder(target: str | os.PathLike[str], *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes the target where the block ends well, and is gone where it does not.

    Args:
        target: Where the folder is to be.
        replace: Let it take the place of one that holds something, which is refused otherwise.

    Yields:
        The folder to fill.

    Raises:
        InvalidInput: The target exists, or can't be written.

    Examples:
        >>> from createos_nb.uploads import atomic_folder
        >>> with atomic_folder("pages") as folder:
        ...     _ = (folder / "index.html").write_text("<h1>Hi</h1>")
        >>> import pathlib
        >>> [file.name for file in pathlib.Path("pages").iterdir()]
        ['index.html']
    """
    path = _target_path(target)
    with _writing(path), _work_folder(path) as folder:
        _refuse_folder(path, replace)
        new = folder / "new"
        new.mkdir()
        yield new
        _refuse_folder(path, replace)  # something may have come there meanwhile
        path.parent.mkdir(parents=True, exist_ok=True)
        old = folder / "old"
        if path.exists():
            path.rename(old)
        try:
            new.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
        sync_folder(path.parent)


@contextmanager
def atomic_file(target: str | os.PathLike[str], *, replace: bool = False) -> Iterator[Path]:
    """Yield a path to write a file to; it becomes the target where the block ends well.

    Args:
        target: Where the file is to be.
        replace: Let it take the place of one that exists, which is refused otherwise.

    Yields:
        The path to write to.

    Raises:
        InvalidInput: The target exists, or can't be written.

    Examples:
        >>> from createos_nb.uploads import atomic_file
        >>> with atomic_file("page.html") as file:
        ...     _ = file.write_text("<h1>Hi</h1>")
        >>> import pathlib
        >>> pathlib.Path("page.html").read_text()
        '<h1>Hi</h1>'
    """
    path = _target_path(target)
    with _writing(path), _work_folder(path) as folder:
        _refuse_file(path, replace)
        new = folder / "new"
        yield new
        _refuse_file(path, replace)
        path.parent.mkdir(parents=True, exist_ok=True)
        move_into_place(new, path)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise an `OSError` of the block as `InvalidInput`."""
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"{path} can't be written: {error.strerror or error}") from None


def _target_path(target: str | os.PathLike[str]) -> Path:
    if not isinstance(target, str | os.PathLike) or not os.fspath(target):
        raise InvalidInput(f"{target!r} is no path")
    # a link on the way is followed, one that stands at the goal itself is not
    path = Path(os.path.abspath(Path(target).expanduser()))
    return path.parent.resolve() / path.name


def _refuse_folder(path: Path, replace: bool) -> None:
    if path.is_symlink():
        raise InvalidInput(f"{path} is a symbolic link: name the folder itself")
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"{path} is a file")
    if path in (Path.cwd(), Path.home(), *Path.cwd().parents):
        raise InvalidInput(f"{path} is where you are, or above it: name a folder of its own")
    if path.is_dir() and not replace and any(path.iterdir()):
        raise InvalidInput(f"{path} exists and is not empty; replace=True puts the new folder in its place")


def _refuse_file(path: Path, replace: bool) -> None:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder: name the file that is to be written")
    if os.path.lexists(path) and not replace:
        raise InvalidInput(f"{path} exists already; replace=True writes over it")


@contextmanager
def _work_folder(path: Path) -> Iterator[Path]:
    """A folder for work in progress on the same file system as the goal; always gone in the end."""
    existing = next(parent for parent in path.parents if parent.is_dir())
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=existing))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
