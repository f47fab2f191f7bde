"""Where `data/` and `notebooks/` are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The project's folder of that name: `data` or `notebooks`. Raises `FileNotFoundError` when it is not there."""
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"createos_nb was installed without its folder {name!r}; install it again")
