"""Recipes that packages add: a pattern each, launched as the built-in ones are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from createos_nb import extensions
from createos_nb.recipes.patterns import Pattern
from createos_nb.recipes.single import launch_pattern
from createos_nb.runbooks.catalog import built_in, find_added

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.plan import Plan
    from createos_nb.recipes.single import Variables

#: A function of the client, and of what is launched, that returns a plan.
Recipe: TypeAlias = "Callable[..., Plan]"


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
        client: Client,
        name: str,
        *,
        source: Any = None,
        image: str | None = None,
        repository: str | None = None,
        settings: Mapping[str, Any] | None = None,
        variables: Variables | None = None,
        environment: str = "production",
        cpu: int = 200,
        memory: int = 500,
        replicas: int = 1,
        domain: str | None = None,
        app: str | None = None,
    ) -> Plan:
        return launch_pattern(
            client,
            pattern,
            app,
            variables,
            name=name,
            source=source,
            image=image,
            repository=repository,
            settings=settings,
            environment=environment,
            cpu=cpu,
            memory=memory,
            replicas=replicas,
            domain=domain,
        )

    launch.__name__ = pattern.name
    launch.__doc__ = f"Launch the pattern {pattern.name}, as `createos_nb.recipes.agent` does its own."
    return launch


def _called(found: extensions.Extension) -> Pattern:
    """Return a pattern under the name of its entry point, so that catalog and journals say the same."""
    pattern: Pattern = replace(found.value, name=found.name)
    return pattern
