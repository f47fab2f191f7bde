"""Files that `.gitignore` excludes, decided entry by entry as git itself walks a folder."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: git knows the classes of POSIX in brackets, Python's patterns do not.
_CLASSES: Final = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9a-fA-F",
    "[:space:]": " \t",
    "[:blank:]": " \t",
}
#: No name holds it: a pattern that ends in it fits an entry, and no folder on the way to the entry.
_END: Final = "\0"
_SPACES: Final = re.compile(r"(?<!\\) +$")


@dataclass(frozen=True)
class Line:
    """One line of a `.gitignore`: where it stands, what it says, and whether it takes back what others say."""

    where: str
    text: str
    negated: bool
    folders_only: bool
    spec: GitIgnoreSpec
    #: Stands behind the pattern, and so behind the path: "" where the pattern takes whatever lies in a folder.
    end: str

    def fits(self, path: str, is_folder: bool) -> bool:
        """Return whether the line names this very entry. An entry of a folder that it names is not named itself."""
        return (is_folder or not self.folders_only) and self.spec.check_file(path + self.end).include is not None

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class Ignore:
    """The lines of one `.gitignore`.

    `below`: the folder of the upload that it lies in ("" for the top). `beyond`: for one that lies above the upload,
    the way from its own folder down to the top of the upload.
    """

    def __init__(self, lines: Iterable[str], where: str, *, below: str = "", beyond: str = "") -> None:
        self._below = below + "/" if below else ""
        self._beyond = beyond + "/" if beyond else ""
        read = (_line(text, f"{where}:{number}") for number, text in enumerate(lines, start=1))
        self._lines = [line for line in read if line is not None]
        self._lines.reverse()

    def line_for(self, path: str, is_folder: bool) -> Line | None:
        """The line that decides about an entry of the upload: the last one that names it."""
        own = self._beyond + path.removeprefix(self._below)
        return next((line for line in self._lines if line.fits(own, is_folder)), None)


def parse(content: bytes, where: str, *, below: str = "", beyond: str = "") -> Ignore:
    """The rules of a file's content; names in it that are no UTF-8 fit the names on the disk all the same."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return Ignore((line.removesuffix("\r") for line in text.split("\n")), where, below=below, beyond=beyond)


def deciding_line(stack: Sequence[Ignore], path: str, is_folder: bool) -> Line | None:
    """The line that decides about an entry: the innermost file that names it has the say."""
    for ignore in reversed(stack):
        if (line := ignore.line_for(path, is_folder)) is not None:
            return line
    return None


def compile_patterns(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    """Patterns that people give, each written as in a `.gitignore`; None where there are none.

    Unlike a line of a file, one that can't be read is an error: `ValueError`.
    """
    return _spec(patterns) if patterns else None


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # a fiftieth of a second, spent only where something is uploaded

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # about brackets within brackets, which mean nothing special
        return GitIgnoreSpec.from_lines(patterns)


def _line(text: str, where: str) -> Line | None:
    trimmed = _SPACES.sub("", text)
    folders_only = trimmed.endswith("/")
    glob = trimmed[:-1] if folders_only else trimmed
    if not glob or glob.startswith("#"):
        return None
    for name, letters in _CLASSES.items():
        glob = glob.replace(name, letters)
    end = "" if glob.endswith("/**") else _END
    try:
        _spec([glob])
        spec = _spec([glob + end])
    except ValueError:  # git ignores a line that it can't read
        return None
    return Line(where, trimmed, glob.startswith("!"), folders_only, spec, end)
