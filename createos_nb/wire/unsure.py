"""What to tell somebody whose write may or may not have been applied. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from createos_nb.errors import RequestError, Unreadable
from createos_nb.operation import Operation

#: What shows the state that a write would have changed: a call, and how many ids of the write's path it takes.
SHOWS: Final[Mapping[str, tuple[str, int]]] = {
    "api_keys": ("api_keys.list", 0),
    "apps": ("apps.list", 0),
    "apps.add_projects": ("apps.projects", 1),
    "apps.add_services": ("apps.services", 1),
    "apps.remove_projects": ("apps.projects", 1),
    "apps.remove_services": ("apps.services", 1),
    "cronjobs": ("cronjobs.list", 1),
    "deployments": ("deployments.list", 1),
    "domains": ("domains.list", 1),
    "environments": ("environments.list", 1),
    "github": ("github.accounts", 0),
    "projects": ("projects.list", 0),
    "security": ("security.scan", 2),
    "templates": ("templates.list_my", 0),
    "templates.buy": ("templates.purchases", 0),
    "templates.deploy_via_github": ("projects.list", 0),
}


def advised(error: RequestError, operation: Operation, path: str) -> RequestError:
    """The same error; of a write it says whether something may have changed, and what shows it."""
    if operation.effect == "read":
        return error
    if error.applied is not None:
        error.hint = f"Nothing was applied. {error.hint}".rstrip()
        return error
    shows = reading(operation, path)
    said = f"It may have been applied all the same. Before you send it again, look: {shows}"
    # what a read would be told, that it may simply be tried again, is wrong here; who answered is worth knowing
    own = error.hint if isinstance(error, Unreadable) else ""
    error.hint = f"{said}. {own}" if own else said
    return error


def reading(operation: Operation, path: str) -> str:
    """The call that shows what a write did, as it is typed, with ids of the path in it where it takes some."""
    call, ids = SHOWS.get(operation.call) or SHOWS[operation.noun]
    given = [
        segment
        for name, segment in zip(operation.path.split("/"), path.split("/"), strict=False)
        if name.startswith("{")
    ]
    return f"client.{call}({', '.join(repr(one) for one in given[:ids])})"
