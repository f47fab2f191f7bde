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
from importlib.metadata import entry_points
from typing import Any, Final

from createos_nb.diagnostics.practices._practice import Outcome as Outcome
from createos_nb.diagnostics.practices._practice import Practice as Practice

#: The group of entry points under which a package adds a practice.
ENTRY_POINTS: Final = "createos_nb.practices"


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
    for file in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not file.name.startswith("_"):
            yield file.name, _practice(file.name, importlib.import_module(f"{__name__}.{file.name}"))
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            yield point.name, _practice(point.name, point.load())
        except Exception as error:  # noqa: BLE001  # whatever somebody else's module raises on import
            yield point.name, error


def _practice(code: str, module: Any) -> Practice:
    return Practice(code, module.GROUP, module.SEVERITY, module.SCOPE, module.ASKS, module.look)
