"""The record of a run: the executed notebook beside its journals."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from createos_nb.plans import default_folder
from createos_nb.storage import atomic_write, private_folder
from createos_nb.redaction import Secret
from createos_nb.redactor import Redactor


class Record:
    """The folder of a run, and the executed notebook in it.

    Runs on the platform share one folder of journals, so that a run that was cut off is found and goes on. A simulated
    world ends with its run: each of those has a folder of its own, in `simulated`.

    Args:
        name: The name of the notebook, which the file's name has too.
        words: What else the file's name says, such as the project.
        live: Whether the run is on the platform.
        secrets: What the record never shows.

    Examples:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> from createos_nb.notebooks.record import Record
        >>> from createos_nb.redaction import Secret
        >>> record = Record("20_traffic", ["storefront"], live=False, secrets=[Secret("sk_live_0123456789")])
        >>> record.notebook.name
        '...Z-20_traffic-storefront.ipynb'
        >>> record.save(new_notebook(cells=[new_code_cell("key = 'sk_live_0123456789'")]))
        >>> "sk_live" in record.notebook.read_text(encoding="utf-8")
        False
    """

    def __init__(self, name: str, words: Iterable[str], *, live: bool, secrets: Iterable[Secret] = ()) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        parts = [re.sub(r"[^A-Za-z0-9_]+", "-", word).strip("-")[:40] for word in words if word]
        stem = "-".join([stamp, name, *parts])
        self.folder = default_folder() if live else _new(default_folder() / "simulated" / stem)
        private_folder(self.folder)
        self.notebook = _new(self.folder / f"{stem}.ipynb")
        self.redactor = Redactor(secrets)
        self._before = self._journal_sizes()

    def save(self, notebook: Any) -> None:
        """Write the notebook as it is now, whole or not at all. Secrets that were given to the run are dots in it.

        Args:
            notebook: The notebook, as nbformat has it.

        Examples:
            >>> from nbformat.v4 import new_notebook
            >>> from createos_nb.notebooks.record import Record
            >>> record = Record("20_traffic", [], live=False)
            >>> record.save(new_notebook())
            >>> record.notebook.is_file()
            True
        """
        import nbformat

        text = self.redactor.redact(str(nbformat.writes(notebook)))  # type: ignore[no-untyped-call]  # has no types
        atomic_write(self.notebook, f"{text}\n".encode())

    def journals(self) -> list[Path]:
        """Return the journals that this run has written to.

        Returns:
            Their files, oldest first.

        Examples:
            >>> from createos_nb.notebooks.record import Record
            >>> Record("20_traffic", [], live=False).journals()
            []
        """
        now = self._journal_sizes()
        return sorted(path for path, size in now.items() if self._before.get(path) != size)

    def changed(self) -> bool:
        """Return whether a journal that this run has written to holds a write.

        Returns:
            True where something was changed, or may have been.

        Examples:
            >>> from createos_nb.notebooks.record import Record
            >>> Record("20_traffic", [], live=False).changed()
            False
        """
        from createos_nb.plans import Journal

        return any(Journal(path).started for path in self.journals())

    def _journal_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in self.folder.glob("*.jsonl")}


def _new(path: Path) -> Path:
    """Return the path, or one with a number where there is something already."""
    free, number = path, 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
