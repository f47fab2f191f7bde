"""Practices, one file each: each looks at a place and says whether it is held there, or that the API can't tell.

A module of this folder, or one that a package names under the entry point `createos_nb.practices`, has

    GROUP = "security"       # or "performance", "reliability", "order"
    SEVERITY = "high"        # or "medium", "low"
    SCOPE = "environment"    # or "project", "account"
    ASKS = "what it asks, in a sentence"

    def look(place: EnvironmentEvidence) -> Iterable[Outcome]

Its code is the name of the file. `place` is an `EnvironmentEvidence`, a `ProjectEvidence` or an `AccountEvidence`, as
the scope says; what several practices need of it is read there, once. Nothing is yielded where a practice does not
apply.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from createos_nb import extensions
from createos_nb.diagnostics.practices._practice import Outcome as Outcome
from createos_nb.diagnostics.practices._practice import Practice as Practice
from createos_nb.errors import ConfigurationError


def practices() -> Iterator[tuple[str, Practice | Exception]]:
    """Return the practices by code, those of this folder first; an added one that can't be loaded with the reason.

    Returns:
        Codes, and practices or what went wrong.

    Examples:
        >>> from createos_nb.diagnostics.practices import practices
        >>> found = dict(practices())
        >>> len(found), found["two_replicas"].asks
        (16, 'at least two replicas in production')
    """
    own = sorted(file.name for file in pkgutil.iter_modules(__path__) if not file.name.startswith("_"))
    for name in own:
        yield name, _practice(name, importlib.import_module(f"{__name__}.{name}"))
    for found in extensions.installed("practices", own, _problem):
        yield found.label, ConfigurationError(found.problem) if found.problem else _practice(found.name, found.value)


def _problem(module: Any) -> str:
    lacks = [name for name in ("GROUP", "SEVERITY", "SCOPE", "ASKS", "look") if not hasattr(module, name)]
    return f"it lacks {', '.join(lacks)}" if lacks else ""


def _practice(code: str, module: Any) -> Practice:
    return Practice(code, module.GROUP, module.SEVERITY, module.SCOPE, module.ASKS, module.look)
