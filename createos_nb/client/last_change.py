"""What changed last in an environment, from the times that it and the project's deployments carry.

Who assigned what, and when, the platform does not say: an environment carries the time of its last change, whatever was
changed. Times are compared as texts of one format, and what is no such time is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from createos_nb.naming import DEPLOYMENT_STATES
from createos_nb.times import iso, unix

#: Statuses of deployments that are not up yet.
_ON_THEIR_WAY: Final = ("queue", "building", "deploying")
#: A resource as decoded JSON.
Resource = Mapping[str, Any]


def moment(resource: Resource, name: str) -> float | None:
    """Return a time of a resource in Unix seconds; None where there is none, or it can't be read."""
    value = resource.get(name)
    if not isinstance(value, str):
        return None
    try:
        return unix(value, 0.0)
    except ValueError:
        return None


def last_change(environment: Resource, live: Resource, newer: Iterable[Resource]) -> tuple[str, str] | None:
    """Return when an environment, its live deployment, or one that would go live there changed last, and what it was.

    Args:
        environment: As decoded JSON.
        live: Its live deployment; empty where there is none.
        newer: Those that would go live after it, as `newer_than` gives them.

    Returns:
        The time as RFC 3339 text, and such as "environment changed", "version 4 made" or "version 5 failed"; None where
        no time is known.
    """
    changes = [
        (moment(environment, "createdAt"), "environment made"),
        (moment(environment, "updatedAt"), "environment changed"),
    ]
    for deployment in {id(row): row for row in (live, *newer)}.values():
        name = f"version {deployment.get('versionNumber')}"
        status = deployment.get("status")
        word = DEPLOYMENT_STATES.get(status, status) if isinstance(status, str) else "changed"
        changes += [
            (moment(deployment, "createdAt"), f"{name} made"),
            (moment(deployment, "updatedAt"), f"{name} {word}"),
        ]
    known = [(at, text) for at, text in changes if at is not None]
    if not known:
        return None
    at, text = max(known, key=lambda change: change[0])
    return iso(at), text


def failure_of(newer: Collection[Resource]) -> str:
    """Return what became of the newest deployment that would have gone live in an environment, if it failed.

    Args:
        newer: Those that would go live after the live one, as `newer_than` gives them.

    Returns:
        Such as "version 4 failed (build_error)"; "" where it did not fail, or there is none.
    """
    if not newer:
        return ""
    newest = max(newer, key=lambda row: row["versionNumber"])
    status = newest.get("status")
    if not isinstance(status, str) or DEPLOYMENT_STATES.get(status) != "failed":
        return ""
    return f"version {newest['versionNumber']} failed ({status})"


def pending(environment: Resource, live: Resource, deployments: Iterable[Resource]) -> str | None:
    """Return what is on its way into an environment.

    Args:
        environment: As decoded JSON.
        live: Its live deployment; empty where there is none, or nothing is known of it.
        deployments: The newest of the project, as far as they were read.

    Returns:
        Such as "version 5 building", "promoting", or "nothing is deployed"; None where nothing is.
    """
    branch, deployed = environment.get("branch"), bool(environment.get("projectDeploymentId"))
    numbered = [row for row in deployments if isinstance(row.get("versionNumber"), int)]
    begun = [row for row in numbered if row.get("status") in _ON_THEIR_WAY]
    if deployed:
        promoted = environment.get("isAutoPromoteEnabled") is not False
        coming = newer_than(environment, live, begun) if promoted else []
        coming = coming or [row for row in begun if row is live]
    else:
        coming = [row for row in begun if branch not in (None, "") and branch == branch_of(row)]
    if coming:
        newest = max(coming, key=lambda row: row["versionNumber"])
        return f"version {newest['versionNumber']} {DEPLOYMENT_STATES.get(newest['status'], newest['status'])}"
    if environment.get("status") == "promoting":
        return "promoting"
    return None if deployed else "nothing is deployed"


def newer_than(environment: Resource, live: Resource, deployments: Iterable[Resource]) -> list[Resource]:
    """Return the deployments that would go live in an environment after the live one.

    Args:
        environment: As decoded JSON.
        live: Its live deployment; empty where there is none.
        deployments: The newest of the project.

    Returns:
        Those with a higher version, of the environment's branch where it has one.
    """
    number, branch = live.get("versionNumber"), environment.get("branch")
    if not isinstance(number, int):
        return []
    newer = [row for row in deployments if isinstance(at := row.get("versionNumber"), int) and at > number]
    return [row for row in newer if branch in (None, "", branch_of(row))]


def branch_of(deployment: Resource) -> str | None:
    """Return the branch of a deployment; None where it has none."""
    source = deployment.get("source")
    branch = source.get("branch") if isinstance(source, Mapping) else None
    return branch if isinstance(branch, str) else None
