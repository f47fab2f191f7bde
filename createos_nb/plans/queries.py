"""What a snapshot can read beside other things, named beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

REQUESTS: Final = "GetProjectEnvironmentAnalyticsOverallRequests"

#: What of a project can be read beside other things.
Part = Literal["project", "environments", "domains", "cronjobs", "deployments", "deployment", "requests"]
_OPERATIONS: Final[Mapping[Part, str]] = {
    "project": "GetProject",
    "environments": "ListProjectEnvironments",
    "domains": "ListDomains",
    "cronjobs": "ListCronjobs",
    "deployments": "ListDeployments",
    "deployment": "GetDeployment",
    "requests": REQUESTS,
}


class Query(NamedTuple):
    """Something to read: what, and the ids of what, the project's first; of requests also the window."""

    part: Part
    of: tuple[str | int, ...]


def key_of(query: Query) -> tuple[str, ...]:
    """Return the key under which a snapshot keeps what it has read."""
    return (_OPERATIONS[query.part], *map(str, query.of))
