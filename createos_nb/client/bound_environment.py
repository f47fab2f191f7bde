"""One environment of a client: the calls of `client.environments` with its names filled in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.html import code, html_table
from createos_nb.naming import nearest
from createos_nb.process import ProcessBound

if TYPE_CHECKING:
    from createos_nb.contract.resource import Resource

_NAMES: Final = ("project", "environment")


class BoundEnvironment(ProcessBound):
    """An environment by its names: each call of `client.environments` that is about one, without them.

    `client.environments["storefront/production"]` makes one; nothing is asked for it.

    Attributes:
        project: Name or id of the project.
        environment: Name or id of the environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> production = client.environments["storefront/production"]
        >>> production.get()["branch"], list(production.logs().columns)[0]
        ('main', 'time')
    """

    def __init__(self, resource: Resource, project: str, environment: str) -> None:
        self._resource = resource
        self.project, self.environment = project, environment

    def __getattr__(self, name: str) -> Callable[..., Any]:
        calls = [] if name.startswith("_") else _calls(self._resource)
        if name not in calls:
            raise AttributeError(f"an environment has no call {name!r}{nearest(name, calls)}", name=name)
        call = getattr(self._resource, name)
        bound = partial(call, self.project, self.environment)
        update_wrapper(bound, call)
        parameters = list(inspect.signature(call).parameters.values())[len(_NAMES) :]
        bound.__signature__ = inspect.signature(call).replace(parameters=parameters)  # type: ignore[attr-defined]
        return bound

    def __dir__(self) -> list[str]:
        return sorted({"environment", "project", *_calls(self._resource)})

    def __repr__(self) -> str:
        calls = _calls(self._resource)
        width = max(map(len, calls))
        lines = [f"  .{name:<{width}}  {_summary(self._resource, name)}" for name in calls]
        return "\n".join([f"environment {self.project}/{self.environment}: its calls", *lines])

    def _repr_html_(self) -> str:
        rows = ((code(name), _summary(self._resource, name)) for name in _calls(self._resource))
        table = html_table(rows, ("call", "what it does"))
        return f"<p>{code(f'{self.project}/{self.environment}')}: its calls</p>{table}"


def bound_environment(resource: Resource, key: object) -> BoundEnvironment:
    """Return the environment that a key names.

    Args:
        resource: What has its calls.
        key: "project/environment", or both as a pair.

    Raises:
        InvalidInput: It is neither.
    """
    parts = key.split("/") if isinstance(key, str) else list(key) if isinstance(key, tuple) else []
    if len(parts) != len(_NAMES) or not all(isinstance(part, str) and part for part in parts):
        raise InvalidInput(
            f'an environment is named with its project, as in client.environments["storefront/production"], not {key!r}'
        )
    return BoundEnvironment(resource, *parts)


def _calls(resource: Resource) -> list[str]:
    """Return the names of the calls whose first two arguments are a project and an environment."""
    found = []
    for name in dir(resource):
        if not name.startswith("_"):
            call = getattr(resource, name)
            if callable(call) and tuple(inspect.signature(call).parameters)[: len(_NAMES)] == _NAMES:
                found.append(name)
    return found


def _summary(resource: Resource, name: str) -> str:
    return (inspect.getdoc(getattr(resource, name)) or "").split("\n", 1)[0]
