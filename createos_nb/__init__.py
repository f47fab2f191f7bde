"""CreateOS in a notebook: resources and metrics as DataFrames, safe changes, runbooks, and a simulated platform.

client = createos_nb.simulate()  # or createos_nb.connect(), for the platform
client.projects.list()
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.errors import (
    AmbiguousName,
    ConfigurationError,
    Conflict,
    CostWarning,
    CreateOSError,
    Forbidden,
    IncompleteWarning,
    Invalid,
    InvalidInput,
    NoAnswer,
    NotFound,
    PatternWarning,
    PlatformFault,
    QuotaExceeded,
    RateLimited,
    ReadOnlyError,
    ReplacedWarning,
    RequestError,
    RequestRefused,
    SecretWarning,
    TimedOut,
    TooLarge,
    Unauthorized,
    UnknownName,
    Unreachable,
    Unreadable,
)
from createos_nb.files import folder
from createos_nb.secret import Secret
from createos_nb.words import nearest

if TYPE_CHECKING:
    import httpx
    import pandas as pd

    from createos_nb.client import PLATFORM_URL, Client
    from createos_nb.exports import export, read_export
    from createos_nb.opening import open_account
    from createos_nb.reference import columns
    from createos_nb.simulator import World
    from createos_nb.wire.limiter import RateLimit
    from createos_nb.wire.retry import RetryPolicy

__version__ = "0.1.0"

__all__ = [
    "PLATFORM_URL",
    "AmbiguousName",
    "Client",
    "ConfigurationError",
    "Conflict",
    "CostWarning",
    "CreateOSError",
    "Forbidden",
    "IncompleteWarning",
    "Invalid",
    "InvalidInput",
    "NoAnswer",
    "NotFound",
    "PatternWarning",
    "PlatformFault",
    "QuotaExceeded",
    "RateLimit",
    "RateLimited",
    "ReadOnlyError",
    "ReplacedWarning",
    "RequestError",
    "RequestRefused",
    "RetryPolicy",
    "Secret",
    "SecretWarning",
    "TimedOut",
    "TooLarge",
    "Unauthorized",
    "UnknownName",
    "Unreachable",
    "Unreadable",
    "check_scenario",
    "columns",
    "connect",
    "export",
    "open_account",
    "read_export",
    "sample",
    "scenarios",
    "simulate",
]

_ROOMS = frozenset({"analysis", "api", "checks", "insight", "panels", "plans", "plots", "runbooks", "simulator"})

#: Public names and the modules that they are loaded from when they are first asked for: a command line that only
#: prints its help, or a notebook that only plots, waits for no client.
_LATER = {
    "PLATFORM_URL": "client",
    "Client": "client",
    "RateLimit": "wire.limiter",
    "RetryPolicy": "wire.retry",
    "columns": "reference",
    "export": "exports",
    "open_account": "opening",
    "read_export": "exports",
}


def connect(
    profile: str | None = None,
    *,
    api_key: str | Secret | None = None,
    access_token: str | Secret | None = None,
    base_url: str | None = None,
    read_only: bool = False,
    timeout: float | httpx.Timeout | None = 30.0,
    transfer_timeout: float | None = 3600.0,
    max_answer_bytes: int | None = 64_000_000,
    verify: Any = True,
    rate_limit: RateLimit | bool | None = None,
) -> Client:
    """A client of the platform. Nothing is sent yet.

    The key is the first of: `api_key` or `access_token`; the environment variable `CREATEOS_API_KEY`; the named (or the
    default) profile of the config file; the system's keyring, if the package `keyring` is installed; the token that the
    official command line has saved. The base URL: `base_url`, `CREATEOS_API_URL`, the profile's, the platform's.
    `read_only=True` refuses every operation that changes something. Proxies and certificates: as httpx reads them from
    the environment, and `verify` (True, False, the path of certificates, or an `ssl.SSLContext`). `timeout`,
    `transfer_timeout`, `max_answer_bytes`: how long a request, a file and how large an answer may be; see `Client`.

    Raises `ConfigurationError`, which says every way to give a key.
    """
    from createos_nb import credentials
    from createos_nb.client import Client

    # so that a traceback that shows variables shows dots
    api_key = Secret(api_key) if api_key else None
    access_token = Secret(access_token) if access_token else None
    found = credentials.find(profile, api_key=api_key, access_token=access_token, base_url=base_url)
    return Client(
        api_key=found.api_key,
        access_token=found.access_token,
        base_url=found.base_url,
        read_only=read_only,
        timeout=timeout,
        transfer_timeout=transfer_timeout,
        max_answer_bytes=max_answer_bytes,
        verify=verify,
        rate_limit=rate_limit,
    )


def simulate(
    scenario: str | Path | World = "storefront",
    *,
    seed: int = 7,
    dialect: str = "production",
    read_only: bool = False,
    **settings: Any,
) -> Client:
    """The same client over a simulated platform: no account, no network, no waiting.

    `scenario`: the name of a scenario (`scenarios` lists them), the path of a file like those in `data/scenarios` or of
    a saved world, or a world, such as `client.world.fork()`: then the rest is the world's own. The same scenario and
    seed give the same answers, byte for byte. `dialect`: "production" (as the official clients read it) or
    "documented" (as the platform's schemas say). `settings` override the scenario's. `client.world` is the simulated
    world: its clock, its control.
    """
    from createos_nb.client import Client
    from createos_nb.simulator import World, open_world
    from createos_nb.wire.retry import RetryPolicy

    world = scenario if isinstance(scenario, World) else open_world(scenario, seed=seed, dialect=dialect, **settings)
    return Client(
        api_key=world.key,
        base_url=world.base_url,
        transport=world.transport(),
        clock=world.clock,
        world=world,
        account=world.account,
        read_only=read_only,
        rate_limit=False,
        retry=RetryPolicy(random=world.jitter()),
    )


def scenarios(*files: str | Path) -> pd.DataFrame:
    """The scenarios that `simulate` opens, and the given files: what each shows, and what the truth of it is.

    One row each: `name`, `title`, `shows`, `start`, `healthy`, `kind`, `where`, `version`, `good`, `began`, `ended`,
    `cause`, `mend`, `seen`, `path`; see `createos_nb.simulator.scenarios`.
    """
    from createos_nb import simulator

    return simulator.scenarios(*files)


def check_scenario(scenario: str | Path, *, seed: int = 7, **settings: Any) -> pd.DataFrame:
    """Whether a scenario shows what its file claims: one row for each claim, with what the API shows then.

    Columns: `time`, `what`, `where`, `claim`, `expected`, `found`, `holds`; see `createos_nb.simulator.check_scenario`.
    """
    from createos_nb import simulator

    return simulator.check_scenario(scenario, seed=seed, **settings)


def sample(name: str) -> Path:
    """The path of a file of the project's `data/`, such as "access.log". Raises `InvalidInput` for another."""
    there = sorted(path.name for path in folder("data").iterdir() if path.is_file())
    if name not in there:
        raise InvalidInput(f"there is no sample {name!r}; there is: {', '.join(there)}{nearest(name, there)}")
    return folder("data") / name


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"createos_nb.{name}")
    if name in _LATER:
        return getattr(importlib.import_module(f"createos_nb.{_LATER[name]}"), name)
    raise AttributeError(f"module 'createos_nb' has no attribute {name!r}{nearest(name, __dir__())}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "__version__"})
