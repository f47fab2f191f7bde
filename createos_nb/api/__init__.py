"""The contract: all operations of the platform, each declared once as a typed method; one file a noun."""

from __future__ import annotations

from createos_nb.api.account import Account
from createos_nb.api.analytics import Analytics
from createos_nb.api.api_keys import ApiKeys
from createos_nb.api.apps import Apps
from createos_nb.api.cronjobs import Cronjobs
from createos_nb.api.deployments import Deployments
from createos_nb.api.domains import Domains
from createos_nb.api.environments import Environments
from createos_nb.api.github import Github
from createos_nb.api.projects import Projects
from createos_nb.api.security import Security
from createos_nb.api.templates import Templates
from createos_nb.errors import InvalidInput
from createos_nb.operation import OPERATIONS, Operation
from createos_nb.words import OPERATION_ALIASES, nearest

__all__ = [
    "OPERATIONS",
    "Account",
    "Analytics",
    "ApiKeys",
    "Apps",
    "Cronjobs",
    "Deployments",
    "Domains",
    "Environments",
    "Github",
    "Projects",
    "Security",
    "Templates",
    "find",
]


def find(name: str) -> Operation:
    """The operation of that name: the platform's name, or the documentation's where it says another.

    Raises `InvalidInput`, naming those that look alike.
    """
    try:
        return OPERATIONS[OPERATION_ALIASES.get(name, name)]
    except KeyError:
        near = nearest(name, OPERATIONS) or ";"
        raise InvalidInput(f"there is no operation {name!r}{near} client.operations() lists all") from None
