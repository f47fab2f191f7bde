"""Rules of a diagnosis, one file each: a rule reads the evidence and returns the causes that it supports.

A module of this folder, or one that a package names under the entry point `createos_nb.diagnosis_rules`, has

    def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]

and may set `ORDER` (default 0): rules of a higher order are asked later, and see in `found` what those before them have
found, so that they need not name what a more exact word has named. A rule with `ACCOUNT = True` is asked also where
the diagnosis is about the account alone; the others need a project.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from createos_nb import extensions
from createos_nb.errors import ConfigurationError


def rules() -> Iterator[tuple[str, ModuleType | Exception]]:
    """Return the rules by name, those of this folder first; an added one that can't be loaded with the reason.

    Returns:
        Names, and modules or what went wrong.

    Examples:
        >>> from createos_nb.diagnostics.rules import rules
        >>> "bad_release" in dict(rules())
        True
    """
    own = sorted(file.name for file in pkgutil.iter_modules(__path__) if not file.name.startswith("_"))
    for name in own:
        yield name, importlib.import_module(f"{__name__}.{name}")
    for found in extensions.installed("diagnosis_rules", own, _problem):
        yield found.label, ConfigurationError(found.problem) if found.problem else found.value


def _problem(module: Any) -> str:
    return "" if callable(getattr(module, "find", None)) else "it has no function `find`"
