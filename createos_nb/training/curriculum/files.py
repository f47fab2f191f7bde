"""Where the files of lessons are."""

from __future__ import annotations

from pathlib import Path

from createos_nb.data_files import folder
from createos_nb.errors import InvalidInput, UnknownName


def built_in() -> dict[str, Path]:
    """Return the project's own files by name, in their order."""
    return {path.stem: path for path in sorted((folder("data") / "lessons").glob("*.toml"))}


def lesson_path(lesson: str | Path) -> Path:
    """Return the file of a lesson.

    Args:
        lesson: its name, its number such as "5", or the path of a file.

    Raises:
        UnknownName: there is no such lesson.
        InvalidInput: there is no such file.
    """
    path = Path(lesson)
    if path.suffix == ".toml":
        if path.is_file():
            return path
        raise InvalidInput(f"there is no file {str(lesson)!r}")
    known = built_in()
    name = str(lesson)
    if name in known:
        return known[name]
    if name.isdecimal():
        of_number = [path for stem, path in known.items() if stem.startswith(f"{int(name):02}-")]
        if of_number:
            return of_number[0]
    raise UnknownName("lesson", name, known)
