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
def placed_folder(target: str | os.PathLike[str], *, replace: bool = False) -> Iterator[Path]:
    """An empty folder to fill; it becomes `target` where the block ends well, and is gone where it does not.

    A folder that is there already and holds something is refused, or with `replace` gives way at the end.
    Raises `InvalidInput`.
    """
    goal = _goal(target)
    with _writing(goal), _beside(goal) as workshop:
        _refuse_folder(goal, replace)
        made = workshop / "new"
        made.mkdir()
        yield made
        _refuse_folder(goal, replace)  # something may have come there meanwhile
        goal.parent.mkdir(parents=True, exist_ok=True)
        old = workshop / "old"
        if goal.exists():
            goal.rename(old)
        try:
            made.rename(goal)
        except OSError:
            if old.exists():
                old.rename(goal)
            raise
        sync_folder(goal.parent)


@contextmanager
def placed_file(target: str | os.PathLike[str], *, replace: bool = False) -> Iterator[Path]:
    """A path to write a file to; it becomes `target` where the block ends well. Raises `InvalidInput`."""
    goal = _goal(target)
    with _writing(goal), _beside(goal) as workshop:
        _refuse_file(goal, replace)
        made = workshop / "new"
        yield made
        _refuse_file(goal, replace)
        goal.parent.mkdir(parents=True, exist_ok=True)
        move_into_place(made, goal)


@contextmanager
def _writing(goal: Path) -> Iterator[None]:
    """What the disk refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        raise InvalidInput(f"{goal} can't be written: {error.strerror or error}") from None


def _goal(target: str | os.PathLike[str]) -> Path:
    if not isinstance(target, str | os.PathLike) or not os.fspath(target):
        raise InvalidInput(f"{target!r} is no path")
    # a link on the way is followed, one that stands at the goal itself is not
    goal = Path(os.path.abspath(Path(target).expanduser()))
    return goal.parent.resolve() / goal.name


def _refuse_folder(goal: Path, replace: bool) -> None:
    if goal.is_symlink():
        raise InvalidInput(f"{goal} is a symbolic link: name the folder itself")
    if goal.exists() and not goal.is_dir():
        raise InvalidInput(f"{goal} is a file")
    if goal in (Path.cwd(), Path.home(), *Path.cwd().parents):
        raise InvalidInput(f"{goal} is where you are, or above it: name a folder of its own")
    if goal.is_dir() and not replace and any(goal.iterdir()):
        raise InvalidInput(f"{goal} exists and is not empty; replace=True puts the new folder in its place")


def _refuse_file(goal: Path, replace: bool) -> None:
    if goal.is_dir():
        raise InvalidInput(f"{goal} is a folder: name the file that is to be written")
    if os.path.lexists(goal) and not replace:
        raise InvalidInput(f"{goal} exists already; replace=True writes over it")


@contextmanager
def _beside(goal: Path) -> Iterator[Path]:
    """A folder for work in progress on the same file system as the goal; always gone in the end."""
    near = next(one for one in goal.parents if one.is_dir())
    workshop = Path(tempfile.mkdtemp(prefix=f".{goal.name[:40]}.", dir=near))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
