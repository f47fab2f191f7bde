"""The runbooks that the command line offers, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from createos_nb.plans.plan import Plan


def find_runbooks() -> dict[str, Callable[..., Plan]]:
    """Return all runbooks and recipes: functions of a client that return a plan.

    Returns:
        The functions by their names.

    Examples:
        >>> from createos_nb.cli.runbook_catalog import find_runbooks
        >>> sorted(find_runbooks())[:3]
        ['add_domain', 'agent', 'assign']
    """
    from createos_nb import recipes, runbooks

    found: dict[str, Callable[..., Plan]] = {}
    for module in (runbooks, recipes):
        for name in module.__all__:
            function = getattr(module, name)
            if inspect.isfunction(function) and str(inspect.signature(function).return_annotation) == "Plan":
                found[name] = function
    return found
