"""The notebooks there are: those of `./notebooks`, then those of the package, or any file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from createos_nb.errors import InvalidInput
from createos_nb.data_files import folder
from createos_nb.notebooks.parameters import Parameter, parameters_of
from createos_nb.naming import nearest

_NUMBER = re.compile(r"^\d+[_-]")


@dataclass(frozen=True)
class NotebookFile:
    """A notebook on the disk.

    Attributes:
        path: Its file.
    """

    path: Path

    @property
    def name(self) -> str:
        """Its file's name without the ending, such as "42_rollback"."""
        return self.path.stem

    @cached_property
    def content(self) -> Any:
        """The notebook, as nbformat reads it. Raises `InvalidInput` for what is no notebook."""
        import nbformat

        try:
            text = self.path.read_text(encoding="utf-8")
            return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]  # has no types
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{self.path} can't be read: {error}") from error
        except Exception as error:  # nbformat and its validators raise whatever they meet
            raise InvalidInput(f"{self.path} is no notebook: {str(error).splitlines()[0]}") from error

    @property
    def title(self) -> str:
        """Its first heading; "" without one."""
        for cell in self.content.cells:
            for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
                if line.startswith("#"):
                    return str(line.lstrip("#").strip())
        return ""

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Its parameters by name; empty without a cell that is tagged `parameters`. Raises `InvalidInput`."""
        return parameters_of(self.content, self.path.name)


def list_notebooks(directory: Path = Path("notebooks")) -> list[NotebookFile]:
    """Return the notebooks of a folder, and those of the package that the folder does not have.

    Args:
        directory: The folder; it need not exist.

    Returns:
        The notebooks, by name.

    Examples:
        >>> from createos_nb.notebooks.catalog import list_notebooks
        >>> tour = list_notebooks()[0]
        >>> tour.name, tour.title, tour.parameters
        ('00_tour', '...', {...})
    """
    paths: dict[str, Path] = {}
    for candidate in _places(directory):
        for path in sorted(candidate.glob("*.ipynb")):
            paths.setdefault(path.name, path)
    return [NotebookFile(paths[name]) for name in sorted(paths)]


def find_notebook(name: str, directory: Path = Path("notebooks")) -> NotebookFile:
    """Return a notebook by its name or its path.

    Args:
        name: "42_rollback", "rollback", or the path of a file that ends in .ipynb.
        directory: A folder that is looked through before the package's notebooks.

    Returns:
        The notebook, not read yet.

    Raises:
        InvalidInput: There is none of that name; the error lists those that there are.

    Examples:
        >>> from createos_nb.notebooks.catalog import find_notebook
        >>> find_notebook("rollback").parameters["project"]
        Parameter(name='project', default='storefront', ...)
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return NotebookFile(path)
    known = list_notebooks(directory)
    stem = name.removesuffix(".ipynb")
    for file in known:
        if file.name == stem:
            return file
    matches = [file for file in known if _NUMBER.sub("", file.name) == stem]
    if len(matches) == 1:
        return matches[0]
    names = [file.name for file in known]
    suggestion = nearest(stem, names) or nearest(stem, [_NUMBER.sub("", known_name) for known_name in names])
    raise InvalidInput(f"there is no notebook {name!r}; there is: {', '.join(names) or 'none'}{suggestion}")


def _places(directory: Path) -> list[Path]:
    directories = [directory] if directory.is_dir() else []
    try:
        bundled = folder("notebooks")
    except FileNotFoundError:
        return directories
    return directories if any(bundled.samefile(path) for path in directories) else [*directories, bundled]
