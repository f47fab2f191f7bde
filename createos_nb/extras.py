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
    "agents": ("mcp", "uvicorn"),
    "notebooks": _NOTEBOOKS,
    "dashboard": ("starlette", "uvicorn", "websockets"),
    "lab": ("jupyterlab",),
    "keyring": ("keyring",),
    "parquet": ("pyarrow",),
    "notify": ("apprise",),
    "dns": ("dnspython",),
    "history": ("pyarrow", "duckdb"),
    "metrics": ("prometheus-client",),
    "dask": ("dask", "distributed", "bokeh"),
    "otlp": ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"),
}
#: Packages whose module has another name.
_MODULES: Final[Mapping[str, str]] = {
    "dnspython": "dns",
    "prometheus-client": "prometheus_client",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter.otlp.proto.http",
}


def require(extra: str, purpose: str, *, instead: str = "") -> None:
    """Check that an extra is installed.

    Args:
        extra: Its name in `PACKAGES`.
        purpose: What needs it, such as "createos-nb serve".
        instead: What can be done without it.

    Raises:
        MissingExtra: It is not installed; the error says how to install it.

    Examples:
        >>> from createos_nb import extras
        >>> extras.require("parquet", "Parquet", instead="write .csv")
    """
    missing = [package for package in PACKAGES[extra] if not _is_installed(package)]
    if missing:
        other = f", or {instead}" if instead else ""
        raise MissingExtra(f"{purpose} needs {', '.join(missing)}: {install_command(extra)}{other}")


def install_command(extra: str) -> str:
    """Return the command that installs an extra.

    Args:
        extra: Its name in `PACKAGES`.

    Returns:
        The command, as a shell takes it.

    Examples:
        >>> from createos_nb import extras
        >>> extras.install_command("server")
        "pip install 'createos-nb[server]'"
    """
    return f"pip install 'createos-nb[{extra}]'"


def _is_installed(package: str) -> bool:
    try:
        return find_spec(_MODULES.get(package, package)) is not None
    except ImportError:  # a finder that refuses it
        return False
