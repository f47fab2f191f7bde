"""Selection of the files of a source that are sent or left out, and why, before anything leaves the machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.uploads import secret_names, secrets
from createos_nb.uploads.gitignore import Ignore, compile_patterns, deciding_line, parse
from createos_nb.uploads.paths import fault, folded, printable
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
        """The files that are sent."""
        return [row for row in self.rows if row.included]

    def frame(self) -> pd.DataFrame:
        """Return one row a name.

        Returns:
            path (str), bytes (Int64, NA for folders), included (boolean), content (text, binary), reason (str).

        Examples:
            >>> from createos_nb.uploads import select
            >>> select({"index.html": "<h1>Hi</h1>"}).frame()[["path", "bytes"]]
                     path  bytes
            0  index.html     11
        """
        return pd.DataFrame(
            {
                "path": pd.array([printable(row.path) for row in self.rows], dtype="str"),
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
    """Go through a source, and decide for every name in it whether it is sent.

    Args:
        source: A folder, a list of files, a mapping from path to content, or a zip.
        include: Patterns, as `.gitignore` writes them, of what is sent whatever the rules say.
        exclude: Patterns of what is left out.
        gitignore: Whether `.gitignore` files count.
        root: The folder that the paths of a list are relative to; by default the current one.
        max_bytes: Of all files together.

    Returns:
        Every name with the reason why it is sent or not, and what is wrong.

    Raises:
        InvalidInput: The source itself can't be gone through.

    Examples:
        >>> from createos_nb.uploads import select
        >>> selection = select({"index.html": "<h1>Hi</h1>", ".env": "TOKEN=secret"})
        >>> [row.path for row in selection.included]
        ['index.html']
    """
    tree = tree_of(source, root, max_bytes=max_bytes)
    include_spec, include_patterns = _patterns("include", include)
    walk = _Walk(tree, include_spec, _patterns("exclude", exclude)[0], gitignore, max_bytes)
    walk.include_patterns = tuple(pattern.lstrip("/") for pattern in include_patterns)
    return walk.done()


def _patterns(name: str, value: str | Sequence[str]) -> tuple[GitIgnoreSpec | None, list[str]]:
    """Patterns made ready, and as they are written: one alone stands for itself."""
    try:
        patterns = [value] if isinstance(value, str) else list(value)
        return compile_patterns(patterns), patterns
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(f"{name}= takes patterns as .gitignore writes them, not {value!r}") from None


class _Walk:
    """One way through a tree, top down: what a folder's rule leaves out is not looked into."""

    def __init__(
        self,
        tree: Tree,
        include: GitIgnoreSpec | None,
        exclude: GitIgnoreSpec | None,
        gitignore: bool,
        max_bytes: int,
    ) -> None:
        self._tree, self._include, self._exclude, self._gitignore, self._max_bytes = (
            tree,
            include,
            exclude,
            gitignore,
            max_bytes,
        )
        #: Patterns of `include` as they are written: those that lead into a folder have it looked into.
        self.include_patterns: tuple[str, ...] = ()
        self._rows: list[Row] = []
        self._problems: list[str] = []
        self._bytes = self._files = self._names = 0

    def done(self) -> Selection:
        ignores = _parent_ignores(self._tree.folder) if self._gitignore and self._tree.folder else []
        try:
            self._folder("", self._tree.top.children(), ignores, "")
        except InvalidResponse as error:
            raise InvalidInput(f"{self._tree.label}: {error}") from None
        self._rows.sort(key=lambda row: row.path)
        if self._bytes > self._max_bytes:
            self._problems.append(f"{self._bytes:,} bytes are more than {self._max_bytes:,}{self._largest()}")
        if not self._files:
            self._problems.append(self._nothing_message())
        self._note_clashes()
        is_complete = all(row.included for row in self._rows)
        tree = self._tree
        return Selection(tree.label, self._rows, self._problems, tree.is_zip, tree.original if is_complete else None)

    # --- on the way down ----------------------------------------------------------------------------------------------

    def _folder(self, path: str, entries: list[Entry], stack: list[Ignore], out: str) -> None:
        """Go through a folder. `out`: why it stays here, but for what is asked for by name."""
        if self._gitignore and not out:
            rules = next((entry for entry in entries if entry.name == _IGNORE and entry.kind == "file"), None)
            if rules is not None:
                stack = [*stack, self._rules(path, rules)]
        for entry in entries:
            self._names += 1
            if self._names > _MOST_NAMES:
                raise InvalidInput(f"{self._tree.label}: more than {_MOST_NAMES:,} names: is this the right folder?")
            self._entry(f"{path}/{entry.name}" if path else entry.name, entry, stack, out)

    def _entry(self, path: str, entry: Entry, stack: list[Ignore], out: str) -> None:
        is_folder = entry.kind == "folder"
        is_included = self._is_included(path, is_folder)
        why = "" if is_included else out or self._ruled(path, entry, stack)
        if entry.fault or (wrong := fault(path)):
            if not why:
                self._problem(path, entry.fault or wrong)
            elif not out:
                self._rows.append(Row(path, entry.size, why))
        elif is_folder:
            self._subfolder(path, entry, stack, why, out, is_included)
        elif why:
            if not out:
                self._rows.append(Row(path, entry.size, why))
        elif entry.kind == "link":
            self._rows.append(Row(path, None, "symbolic link: it is not followed; upload what it leads to"))
        elif entry.kind == "other":
            self._rows.append(Row(path, None, "no regular file"))
        else:
            self._file(path, entry, is_included)

    def _subfolder(self, path: str, entry: Entry, stack: list[Ignore], why: str, out: str, is_included: bool) -> None:
        if why:
            if not out:
                self._rows.append(Row(path + "/", None, why))
            if not any(pattern.startswith(path + "/") for pattern in self.include_patterns):
                return
        try:
            entries = entry.children()
        except InvalidResponse as error:
            if not why:
                self._problem(path + "/", str(error))
            return
        if not why and not is_included and any(child.name == secrets.VIRTUAL_ENVIRONMENT for child in entries):
            self._rows.append(Row(path + "/", None, "installed packages: the build installs them"))
        elif entries or why:
            self._folder(path, entries, stack, why)
        else:
            self._rows.append(Row(path + "/", None, "empty folder: only files are sent"))

    def _file(self, path: str, entry: Entry, is_included: bool) -> None:
        row = Row(path, entry.size, executable=entry.executable)
        self._rows.append(row)
        try:
            if entry.size is not None and entry.size > self._max_bytes:
                raise InvalidResponse(f"it has {entry.size:,} bytes, more than {self._max_bytes:,}")
            data = entry.read(self._max_bytes)
        except InvalidResponse as error:
            self._rows.pop()
            self._problem(path, str(error), entry.size)
            return
        row.size = len(data)
        stays, row.why, row.secret = (False, "", False) if is_included else secrets.by_content(path, data)
        if stays:
            return
        row.included, row.content = True, "text" if _is_text(data) else "binary"
        self._bytes += len(data)
        self._files += 1
        if self._bytes <= self._max_bytes:
            row.data = data
        if self._files > MOST_FILES:
            raise InvalidInput(f"{self._tree.label}: more than {MOST_FILES:,} files, which no upload takes")

    # --- what the rules say -------------------------------------------------------------------------------------------

    def _is_included(self, path: str, is_folder: bool) -> bool:
        return self._include is not None and self._include.match_file(path + "/" if is_folder else path)

    def _ruled(self, path: str, entry: Entry, stack: list[Ignore]) -> str:
        is_folder = entry.kind == "folder"
        if self._exclude is not None and self._exclude.match_file(path + "/" if is_folder else path):
            return "exclude="
        if why := secret_names.by_name(path, is_folder) or (
            entry.target and secret_names.by_name(entry.target, is_folder)
        ):
            return why
        line = deciding_line(stack, path, is_folder)
        return f"ignored by {line}" if line is not None and not line.negated else ""

    def _rules(self, path: str, entry: Entry) -> Ignore:
        where = f"{path}/{_IGNORE}" if path else _IGNORE
        try:
            content = entry.read(_MOST_RULES)
            if len(content) > _MOST_RULES:
                raise InvalidResponse(f"it has more than {_MOST_RULES:,} bytes")
            return parse(content, where, below=path)
        except InvalidResponse as error:
            raise InvalidInput(f"{where} says what must not be sent, and {error}") from None

    # --- what is wrong ------------------------------------------------------------------------------------------------

    def _problem(self, path: str, why: str, size: int | None = None) -> None:
        self._rows.append(Row(path, size, why))
        self._problems.append(f"{printable(path)}: {why}")

    def _largest(self) -> str:
        largest = sorted(self._rows, key=lambda row: -(row.size or 0) * row.included)[:3]
        return "; the largest files: " + ", ".join(f"{printable(row.path)} ({row.size:,})" for row in largest)

    def _nothing_message(self) -> str:
        reasons = {row.why.split(":", 1)[0]: printable(row.path) for row in reversed(self._rows) if row.why}
        if not reasons:
            return f"{self._tree.label} holds no file"
        listed = "; ".join(f"{path}: {why}" for why, path in reversed(reasons.items()))
        return f"nothing of {self._tree.label} is left to send ({listed}); include= sends what it names all the same"

    def _note_clashes(self) -> None:
        """Names that differ only in case or in how accents are spelled: not every system keeps them apart."""
        first: dict[str, Row] = {}
        for row in self._rows:
            if row.included and (other := first.setdefault(folded(row.path), row)) is not row:
                clash = f"differs from {printable(other.path)!r} in case or accents only: some systems keep one of them"
                row.why = f"{row.why}; {clash}" if row.why else clash


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parent_ignores(folder: Path) -> list[Ignore]:
    """The `.gitignore` files between the top of the repository that a folder lies in and the folder itself."""
    top = next((parent for parent in folder.parents if (parent / ".git").exists()), None)
    if top is None or (folder / ".git").exists():
        return []
    ignores: list[Ignore] = []
    for parent in [
        top,
        *(parent for parent in reversed(folder.parents) if parent.is_relative_to(top) and parent != top),
    ]:
        file = parent / _IGNORE
        if file.is_file() and not file.is_symlink():
            where = f"{'../' * len(folder.relative_to(parent).parts)}{_IGNORE}"
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InvalidInput(f"{file} says what must not be sent, and can't be read: {error.strerror}") from None
            ignores.append(parse(content, where, beyond=folder.relative_to(parent).as_posix()))
    return ignores
