"""CreateOS in a notebook: resources and metrics as DataFrames, safe changes, runbooks, and a simulated platform.

client = createos_nb.simulate()  # or createos_nb.connect(), for the platform
client.projects.list()
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

import lazy_loader

from createos_nb.data_files import sample
from createos_nb.errors import (
    AmbiguousName,
    ConfigurationError,
    Conflict,
    CreateOSError,
    CreationWarning,
    Forbidden,
    IncompleteWarning,
    Invalid,
    InvalidInput,
    InvalidResponse,
    NotFound,
    PatternWarning,
    QuotaExceeded,
    RateLimited,
    RateLimitWarning,
    ReadOnlyError,
    ReplacedWarning,
    RequestError,
    RequestRefused,
    RequestTimeout,
    ResponseTooLarge,
    SecretWarning,
    ServerError,
    TransportError,
    Unauthorized,
    UnknownField,
    UnknownName,
    UnneededExceptionWarning,
    Unreachable,
)
from createos_nb.naming import unknown_attribute
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import PLATFORM_URL, Client
    from createos_nb.client.connect.connect import connect
    from createos_nb.client.connect.connect_world import connect_world
    from createos_nb.client.connect.open_account import open_account
    from createos_nb.client.connect.simulate import simulate
    from createos_nb.frames.export import export, read_export
    from createos_nb.frames.reference import columns
    from createos_nb.http.rate_limit import RateLimit
    from createos_nb.http.retry import RetryPolicy
    from createos_nb.simulator.scenario.catalog import scenarios
    from createos_nb.simulator.scenario.check import check_scenario

__version__ = "0.1.0"

__all__ = [
    "PLATFORM_URL",
    "AmbiguousName",
    "Client",
    "ConfigurationError",
    "Conflict",
    "CreateOSError",
    "CreationWarning",
    "Forbidden",
    "IncompleteWarning",
    "Invalid",
    "InvalidInput",
    "InvalidResponse",
    "NotFound",
    "PatternWarning",
    "QuotaExceeded",
    "RateLimit",
    "RateLimitWarning",
    "RateLimited",
    "ReadOnlyError",
    "ReplacedWarning",
    "RequestError",
    "RequestRefused",
    "RequestTimeout",
    "ResponseTooLarge",
    "RetryPolicy",
    "Secret",
    "SecretWarning",
    "ServerError",
    "TransportError",
    "Unauthorized",
    "UnknownField",
    "UnknownName",
    "UnneededExceptionWarning",
    "Unreachable",
    "check_scenario",
    "columns",
    "connect",
    "connect_world",
    "export",
    "open_account",
    "read_export",
    "sample",
    "scenarios",
    "simulate",
]

_PACKAGES = [
    "agents",
    "analysis",
    "checks",
    "contract",
    "diagnostics",
    "history",
    "notify",
    "panels",
    "plans",
    "plots",
    "recipes",
    "runbooks",
    "simulator",
    "training",
    "webhooks",
]

# Public names that are loaded when they are first asked for: a command line that only prints its help, or a notebook
# that only plots, waits for no client.
_lazy, _, _ = lazy_loader.attach(
    __name__,
    _PACKAGES,
    {
        "client.client": ["PLATFORM_URL", "Client"],
        "client.connect.connect": ["connect"],
        "client.connect.connect_world": ["connect_world"],
        "client.connect.open_account": ["open_account"],
        "client.connect.simulate": ["simulate"],
        "frames.export": ["export", "read_export"],
        "frames.reference": ["columns"],
        "http.rate_limit": ["RateLimit"],
        "http.retry": ["RetryPolicy"],
        "simulator": ["check_scenario", "scenarios"],
    },
)


def load_ipython_extension(shell: Any) -> None:
    """Complete names by Tab, and add `%createos`: `%load_ext createos_nb`. IPython calls it with its shell."""
    from createos_nb.notebooks import completion

    completion.register(shell)
    _hook("load")(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take back what `%load_ext createos_nb` did: `%unload_ext createos_nb`. IPython calls it with its shell."""
    from createos_nb.notebooks import completion

    completion.unregister(shell)
    _hook("unload")(shell)


def _hook(name: str) -> Any:
    """What the command line adds to IPython: by its entry point, for it lies above this."""
    (point,) = metadata.entry_points(group="createos_nb.ipython", name=name)
    return point.load()


def __getattr__(name: str) -> Any:
    if name in __dir__():
        return _lazy(name)
    raise unknown_attribute(__name__, name, __dir__())


def __dir__() -> list[str]:
    return sorted({*__all__, *_PACKAGES, "__version__"})
