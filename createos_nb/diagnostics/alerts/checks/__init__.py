"""The kinds of checks: every file of this folder is found, none is listed."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

from createos_nb.diagnostics.alerts.check import Check


def check_types() -> list[type[Check]]:
    """Return the kinds of checks, the most urgent first.

    Returns:
        Their classes, each of which can be made without an argument.

    Examples:
        >>> from createos_nb.diagnostics.alerts.checks import check_types
        >>> [kind.kind for kind in check_types()][:2]
        ['burn_rate', 'anomaly']
    """
    kinds: set[type[Check]] = set()
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        members = vars(import_module(f"{__name__}.{module.name}")).values()
        kinds |= {one for one in members if inspect.isclass(one) and issubclass(one, Check) and one is not Check}
    return sorted(kinds, key=lambda kind: (kind.every, kind.rank, kind.kind))
