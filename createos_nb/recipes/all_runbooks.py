"""The runbooks and recipes that commands and agents are offered, by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from createos_nb.errors import ConfigurationError, UnknownName

if TYPE_CHECKING:
    from createos_nb.plans.plan import Plan


def find_runbooks() -> dict[str, Callable[..., Plan]]:
    """Return all runbooks and recipes, those that packages add among them: functions of a client that return a plan.

    Returns:
        The functions by their names.

    Examples:
        >>> from createos_nb.recipes.all_runbooks import find_runbooks
        >>> sorted(find_runbooks())[:3]
        ['add_domain', 'agent', 'assign']
    """
    from createos_nb import recipes, runbooks

    found: dict[str, Callable[..., Plan]] = {name: runbooks.find(name) for name in runbooks.catalog()["name"]}
    for name in recipes.catalog()["recipe"].unique():
        with suppress(ConfigurationError, UnknownName):
            found.setdefault(name, recipes.find(name))
    return found
