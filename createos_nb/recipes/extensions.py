"""Recipes that packages add: a pattern each, launched as the built-in ones are."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from createos_nb import extensions
from createos_nb.recipes.patterns import Pattern
from createos_nb.recipes.single import agent, launch_pattern
from createos_nb.runbooks.catalog import built_in, find_added

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.plan import Plan
    from createos_nb.recipes.single import Variables

#: A function of the client, and of what is launched, that returns a plan.
Recipe: TypeAlias = "Callable[..., Plan]"
#: What each such function takes: as of an agent, with the memory that a launch has by itself.
_SIGNATURE: Final = inspect.signature(agent).replace(
    parameters=[
        one.replace(default=500) if one.name == "memory" else one
        for one in inspect.signature(agent).parameters.values()
    ]
)


def added() -> tuple[extensions.Extension, ...]:
    """Return what packages add, each a pattern, and what can't be used."""
    return extensions.installed("recipes", built_in(__package__), problem_of)


def find(name: str) -> Recipe:
    """Return a recipe by its name.

    Args:
        name: its name, as `catalog` lists it.

    Returns:
        The function. That of a pattern which a package adds takes what `recipes.agent` takes, with 500 MB.

    Raises:
        UnknownName: there is no such recipe.
        ConfigurationError: a package adds it, and it can't be used; the message says why.

    Examples:
        >>> client = createos_nb.simulate()
        >>> recipe = createos_nb.recipes.find("mcp_server")
        >>> recipe(client, "stock-tools", image="ghcr.io/juniper-goods/stock-tools:v1").runbook
        'mcp_server'
    """
    own = built_in(__package__)
    function: Recipe | None = own.get(extensions.key_of(name))
    return function or _launcher(_called(find_added("recipes", "recipe", name, own, problem_of)))


def problem_of(value: object) -> str:
    """Return why a recipe can't be what a package names; "" where it can."""
    if not isinstance(value, Pattern):
        return f"it has to name a createos_nb.recipes.Pattern, not {type(value).__name__}"
    return "" if "port" in value.settings else "its settings lack a port"


def _launcher(pattern: Pattern) -> Recipe:
    def launch(
        client: Client, name: str, *, app: str | None = None, variables: Variables | None = None, **asked: Any
    ) -> Plan:
        given = _SIGNATURE.bind(client, name, app=app, variables=variables, **asked)
        given.apply_defaults()
        return launch_pattern(**{"pattern": pattern, **given.arguments})

    launch.__name__ = pattern.name
    launch.__doc__ = f"Launch the pattern {pattern.name}, as `createos_nb.recipes.agent` does its own."
    launch.__signature__ = _SIGNATURE  # type: ignore[attr-defined]  # what inspect.signature looks for
    return launch


def _called(found: extensions.Extension) -> Pattern:
    """Return a pattern under the name of its entry point, so that catalog and journals say the same."""
    pattern: Pattern = replace(found.value, name=found.name)
    return pattern
