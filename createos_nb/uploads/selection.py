"""What of a source is sent, what is left out, and why; decided before anything leaves the machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.uploads import secret_names, secrets
from createos_nb.uploads.gitignore import Ignore, chosen, deciding, parsed
from createos_nb.uploads.paths import fault, folded, shown
from createos_nb.uploads.sources import Entry, InvalidResponse, Source, Tree, tree_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Bytes of one upload. The platform documents no limit; this one keeps a mistaken folder from being read whole.
MOST_BYTES: Final = 50_000_000
#: Files of one upload, and names that are looked at.
MOST_FILES: Final = 20_000
_MOST_NAMES: Final = 200_000
_MOST_RULES: Final = 1_000_000
_IGNORE: Final = ".gitignore"

Content = Literal["text", "binary"]


@dataclass
class Row:
    """One name of a source. `path` ends in a slash for a folder that stays here as a whole."""

    path: str
    size: int | None
    why: str = ""
    included: bool = False
    content: Content | None = None
    data: bytes = field(default=b"", repr=False)
    executable: bool = False
    #: It is sent, though something in it looks like a token.
    secret: bool = False


@dataclass
class Selection:
    """The rows of a source in the order of their paths. `problems`: why it can't be sent as it is; empty if it can."""

    label: str
    rows: list[Row]
    problems: list[str]
    is_zip: bool = False
    original: bytes | None = field(default=None, repr=False)

    @property
    def included(self) -> list[Row]:
        return [row for row in self.rows if row.included]

    def frame(self) -> pd.DataFrame:
        """path (str), bytes (Int64, NA for folders), included (boolean), content (text, binary), reason (str)."""
        return pd.DataFrame(
            {
                "path": pd.array([shown(row.path) for row in self.rows], dtype="str"),
                "bytes": pd.array([row.size for row in self.rows], dtype="Int64"),
                "included": pd.array([row.included for row in self.rows], dtype="boolean"),
                "content": pd.array([row.content for row in self.rows], dtype="str"),
                "reason": pd.array([row.why or None for row in self.rows], dtype="str"),
            }
        )


def select(
    source: Source,
    *,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    gitignore: bool = True,
    root: str | os.PathLike[str] | None = None,
    max_bytes: int = MOST_BYTES,
) -> Selection:
    """Go through a source. Raises `InvalidInput` where the source itself can't be gone through."""
    tree = tree_of(source, root, most=max_bytes)
    included, asked = _patterns("include", include)
    walk = _Walk(tree, included, _patterns("exclude", exclude)[0], gitignore, max_bytes)
    walk.ways = tuple(pattern.lstrip("/") for pattern in asked)
    return walk.done()


def _patterns(name: str, given: str | Sequence[str]) -> tuple[GitIgnoreSpec | None, list[str]]:
    """Patterns made ready, and as they are written: one alone stands for itself."""
    try:
        patterns = [given] if isinstance(given, str) else list(given)
        return chosen(patterns), patterns
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(f"{name}= takes patterns as .gitignore writes them, not {given!r}") from None


class _Walk:
    """One way through a tree, top down: what a folder's rule leaves out is not looked into."""

    def __init__(
        self,
        tree: Tree,
        include: GitIgnoreSpec | None,
        exclude: GitIgnoreSpec | None,
        gitignore: bool,
        most: int,
    ) -> None:
        self._tree, self._include, self._exclude, self._gitignore, self._most = tree, include, exclude, gitignore, most
        #: Patterns of `include` as they are written: those that lead into a folder have it looked into.
        self.ways: tuple[str, ...] = ()
        self._rows: list[Row] = []
        self._problems: list[str] = []
        self._bytes = self._files = self._names = 0

    def done(self) -> Selection:
        above = _above(self._tree.folder) if self._gitignore and self._tree.folder else []
        try:
            self._folder("", self._tree.top.children(), above, "")
        except InvalidResponse as error:
            raise InvalidInput(f"{self._tree.label}: {error}") from None
        self._rows.sort(key=lambda row: row.path)
        if self._bytes > self._most:
            self._problems.append(f"{self._bytes:,} bytes are more than {self._most:,}{self._largest()}")
        if not self._files:
            self._problems.append(self._nothing())
        self._note_clashes()
        whole = all(row.included for row in self._rows)
        tree = self._tree
        return Selection(tree.label, self._rows, self._problems, tree.is_zip, tree.original if whole else None)

    # --- on the way down ----------------------------------------------------------------------------------------------

    def _folder(self, path: str, entries: list[Entry], stack: list[Ignore], out: str) -> None:
        """Go through a folder. `out`: why it stays here, but for what is asked for by name."""
        if self._gitignore and not out:
            rules = next((one for one in entries if one.name == _IGNORE and one.kind == "file"), None)
            if rules is not None:
                stack = [*stack, self._rules(path, rules)]
        for one in entries:
            self._names += 1
            if self._names > _MOST_NAMES:
                raise InvalidInput(f"{self._tree.label}: more than {_MOST_NAMES:,} names: is this the right folder?")
            self._entry(f"{path}/{one.name}" if path else one.name, one, stack, out)

    def _entry(self, path: str, entry: Entry, stack: list[Ignore], out: str) -> None:
        is_folder = entry.kind == "folder"
        asked = self._asked(path, is_folder)
        why = "" if asked else out or self._ruled(path, entry, stack)
        if entry.fault or (wrong := fault(path)):
            if not why:
                self._problem(path, entry.fault or wrong)
            elif not out:
                self._rows.append(Row(path, entry.size, why))
        elif is_folder:
            self._below(path, entry, stack, why, out, asked)
        elif why:
            if not out:
                self._rows.append(Row(path, entry.size, why))
        elif entry.kind == "link":
            self._rows.append(Row(path, None, "symbolic link: it is not followed; upload what it leads to"))
        elif entry.kind == "other":
            self._rows.append(Row(path, None, "no regular file"))
        else:
            self._file(path, entry, asked)

    def _below(self, path: str, entry: Entry, stack: list[Ignore], why: str, out: str, asked: bool) -> None:
        if why:
            if not out:
                self._rows.append(Row(path + "/", None, why))
            if not any(way.startswith(path + "/") for way in self.ways):
                return
        try:
            entries = entry.children()
        except InvalidResponse as error:
            if not why:
                self._problem(path + "/", str(error))
            return
        if not why and not asked and any(one.name == secrets.VIRTUAL_ENVIRONMENT for one in entries):
            self._rows.append(Row(path + "/", None, "installed packages: the build installs them"))
        elif entries or why:
            self._folder(path, entries, stack, why)
        else:
            self._rows.append(Row(path + "/", None, "empty folder: only files are sent"))

    def _file(self, path: str, entry: Entry, asked: bool) -> None:
        row = Row(path, entry.size, executable=entry.executable)
        self._rows.append(row)
        try:
            if entry.size is not None and entry.size > self._most:
                raise InvalidResponse(f"it has {entry.size:,} bytes, more than {self._most:,}")
            data = entry.read(self._most)
        except InvalidResponse as error:
            self._rows.pop()
            self._problem(path, str(error), entry.size)
            return
        row.size = len(data)
        stays, row.why, row.secret = (False, "", False) if asked else secrets.by_content(path, data)
        if stays:
            return
        row.included, row.content = True, "text" if _is_text(data) else "binary"
        self._bytes += len(data)
        self._files += 1
        if self._bytes <= self._most:
            row.data = data
        if self._files > MOST_FILES:
            raise InvalidInput(f"{self._tree.label}: more than {MOST_FILES:,} files, which no upload takes")

    # --- what the rules say -------------------------------------------------------------------------------------------

    def _asked(self, path: str, is_folder: bool) -> bool:
        return self._include is not None and self._include.match_file(path + "/" if is_folder else path)

    def _ruled(self, path: str, entry: Entry, stack: list[Ignore]) -> str:
        is_folder = entry.kind == "folder"
        if self._exclude is not None and self._exclude.match_file(path + "/" if is_folder else path):
            return "exclude="
        if why := secret_names.by_name(path, is_folder) or (
            entry.target and secret_names.by_name(entry.target, is_folder)
        ):
            return why
        line = deciding(stack, path, is_folder)
        return f"ignored by {line}" if line is not None and not line.negated else ""

    def _rules(self, path: str, entry: Entry) -> Ignore:
        where = f"{path}/{_IGNORE}" if path else _IGNORE
        try:
            content = entry.read(_MOST_RULES)
            if len(content) > _MOST_RULES:
                raise InvalidResponse(f"it has more than {_MOST_RULES:,} bytes")
            return parsed(content, where, below=path)
        except InvalidResponse as error:
            raise InvalidInput(f"{where} says what must not be sent, and {error}") from None

    # --- what is wrong ------------------------------------------------------------------------------------------------

    def _problem(self, path: str, why: str, size: int | None = None) -> None:
        self._rows.append(Row(path, size, why))
        self._problems.append(f"{shown(path)}: {why}")

    def _largest(self) -> str:
        largest = sorted(self._rows, key=lambda row: -(row.size or 0) * row.included)[:3]
        return "; the largest files: " + ", ".join(f"{shown(row.path)} ({row.size:,})" for row in largest)

    def _nothing(self) -> str:
        reasons = {row.why.split(":", 1)[0]: shown(row.path) for row in reversed(self._rows) if row.why}
        if not reasons:
            return f"{self._tree.label} holds no file"
        told = "; ".join(f"{path}: {why}" for why, path in reversed(reasons.items()))
        return f"nothing of {self._tree.label} is left to send ({told}); include= sends what it names all the same"

    def _note_clashes(self) -> None:
        """Names that differ only in case or in how accents are spelled: not every system keeps them apart."""
        first: dict[str, Row] = {}
        for row in self._rows:
            if row.included and (there := first.setdefault(folded(row.path), row)) is not row:
                clash = f"differs from {shown(there.path)!r} in case or accents only: some systems keep one of them"
                row.why = f"{row.why}; {clash}" if row.why else clash


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _above(folder: Path) -> list[Ignore]:
    """The `.gitignore` files between the top of the repository that a folder lies in and the folder itself."""
    top = next((one for one in folder.parents if (one / ".git").exists()), None)
    if top is None or (folder / ".git").exists():
        return []
    found: list[Ignore] = []
    for one in [top, *(one for one in reversed(folder.parents) if one.is_relative_to(top) and one != top)]:
        rules = one / _IGNORE
        if rules.is_file() and not rules.is_symlink():
            where = f"{'../' * len(folder.relative_to(one).parts)}{_IGNORE}"
            try:
                content = rules.read_bytes()
            except OSError as error:
                raise InvalidInput(f"{rules} says what must not be sent, and can't be read: {error.strerror}") from None
            found.append(parsed(content, where, beyond=folder.relative_to(one).as_posix()))
    return found
