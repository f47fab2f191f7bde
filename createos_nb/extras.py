"""The extras of this package: what each one installs beside the base, and the error that says how to get it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from createos_nb.errors import MissingExtra

_NOTEBOOKS: Final = ("ipykernel", "nbclient", "nbconvert", "nbformat", "rich")

#: The packages that this one imports of each extra.
PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "server": ("uvicorn",),
    "mcp": ("mcp",),
    "notebooks": _NOTEBOOKS,
    "dashboard": (*_NOTEBOOKS, "voila"),
    "keyring": ("keyring",),
    "parquet": ("pyarrow",),
}


def require(extra: str, purpose: str, *, instead: str = "") -> None:
    """Check that an extra is installed.

    Args:
        extra: its name in `PACKAGES`.
        purpose: what needs it, such as "createos-nb serve".
        instead: what can be done without it.

    Raises `MissingExtra`, which says how to install it.
    """
    missing = [package for package in PACKAGES[extra] if not _is_installed(package)]
    if missing:
        other = f", or {instead}" if instead else ""
        raise MissingExtra(f"{purpose} needs {', '.join(missing)}: {install_command(extra)}{other}")


def install_command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'createos-nb[{extra}]'"


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ImportError:  # a finder that refuses it
        return False
