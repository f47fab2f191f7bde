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
from importlib.metadata import entry_points
from types import ModuleType
from typing import Final

#: The group of entry points under which a package adds a rule: a module with `find`.
ENTRY_POINTS: Final = "createos_nb.diagnosis_rules"


def rules() -> Iterator[tuple[str, ModuleType | Exception]]:
    """Return the rules by name, those of this folder first; an added one that can't be loaded with the reason.

    Returns:
        Names, and modules or what went wrong.

    Examples:
        >>> from createos_nb.diagnostics.rules import rules
        >>> "bad_release" in dict(rules())
        True
    """
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not module.name.startswith("_"):
            yield module.name, importlib.import_module(f"{__name__}.{module.name}")
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            yield point.name, point.load()
        except Exception as error:  # noqa: BLE001  # whatever somebody else's module raises on import
            yield point.name, error
