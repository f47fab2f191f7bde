"""The contract: all operations of the platform, each declared once as a typed method; one file a resource."""

from __future__ import annotations

from createos_nb.contract.account import Account
from createos_nb.contract.analytics import Analytics
from createos_nb.contract.api_keys import ApiKeys
from createos_nb.contract.apps import Apps
from createos_nb.contract.cronjobs import Cronjobs
from createos_nb.contract.deployments import Deployments
from createos_nb.contract.domains import Domains
from createos_nb.contract.environments import Environments
from createos_nb.contract.github import Github
from createos_nb.contract.operation import OPERATIONS, Operation
from createos_nb.contract.projects import Projects
from createos_nb.contract.security import Security
from createos_nb.contract.templates import Templates
from createos_nb.contract.webhooks import Webhooks
from createos_nb.errors import InvalidInput
from createos_nb.naming import OPERATION_ALIASES, nearest

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
    "Webhooks",
    "find",
]


def find(name: str) -> Operation:
    """Return the operation of a name: the platform's, or the documentation's where it says another.

    Args:
        name: A name such as "ListProjects".

    Returns:
        The declaration: HTTP line, parameters, effect, answer.

    Raises:
        InvalidInput: There is no such operation; the message names those that look alike.

    Examples:
        >>> createos_nb.contract.find("ListProjects").path
        '/v1/projects'
    """
    try:
        return OPERATIONS[OPERATION_ALIASES.get(name, name)]
    except KeyError:
        suggestion = nearest(name, OPERATIONS) or ";"
        raise InvalidInput(f"there is no operation {name!r}{suggestion} client.operations() lists all") from None
