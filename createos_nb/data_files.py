"""Paths of `data/`, `notebooks/` and `docs/`: bundled in an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return a folder of the project.

    Args:
        name: "data", "notebooks" or "docs" (of which an installed package has some pages).

    Returns:
        The one in the installed package, or beside it in a checkout.

    Raises:
        FileNotFoundError: It is missing.

    Examples:
        >>> from createos_nb.data_files import folder
        >>> (folder("data") / "scenarios" / "storefront.toml").is_file()
        True
    """
    for path in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if path.is_dir():
            return path
    raise FileNotFoundError(f"createos_nb was installed without its folder {name!r}; install it again")


def sample(name: str) -> Path:
    """Return the path of a file of the project's `data/`, such as "access.log".

    Args:
        name: The file's name.

    Returns:
        The path of the file.

    Raises:
        InvalidInput: There is no such file; the message names those that there are.

    Examples:
        >>> createos_nb.sample("access.log").name
        'access.log'
    """
    names = sorted(path.name for path in folder("data").iterdir() if path.is_file())
    if name not in names:
        raise InvalidInput(f"there is no sample {name!r}; there is: {', '.join(names)}{nearest(name, names)}")
    return folder("data") / name
