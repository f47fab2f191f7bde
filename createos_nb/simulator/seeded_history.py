"""The history of a project of a fleet: worked out from the seed when somebody looks, and not before."""

from __future__ import annotations

from typing import Final

from createos_nb.simulator.ids import digest, uuid_of
from createos_nb.simulator.state import Deployment, Project
from createos_nb.simulator.times import HOUR, MINUTE, SECOND

_MESSAGES: Final = (
    "Mend the time zone of reports",
    "Cache the price list",
    "Raise the timeout of the mail queue",
    "Show the stock of a size",
    "Drop an unused table",
    "Log the id of each request",
    "Accept a second address",
    "Speed up the first page",
)
RUNNING: Final = 3
"""How many of a project's newest good deployments still run."""
_FAILED: Final = 14
"""One deployment in so many failed to build."""
BROKEN: Final = "broken"
"""The source of a scenario that a failed deployment was built from."""


def deployment_id(seed: int, project: Project, version: int) -> str:
    """Return the id of a version of a project."""
    return uuid_of(seed, "deployment", project.id, version)


def build_failed(seed: int, project: Project, version: int) -> bool:
    """Return whether the build of a version failed."""
    return digest(seed, "fate", project.id, version, size=1)[0] % _FAILED == 0


def created_at(project: Project, version: int) -> int:
    """Return when a version was made: evenly over the project's life, the last one an hour before its end."""
    if project.seeded is None:
        return project.created
    span = project.seeded.until - HOUR - project.created
    moment = project.created + span * version // project.seeded.deployments
    return moment // SECOND * SECOND


def expand_history(seed: int, project: Project) -> None:
    """Put the deployments of a seeded project into it."""
    seeded = project.seeded
    if seeded is None:
        return
    running = 0
    deployments: list[Deployment] = []
    for version in range(seeded.deployments, 0, -1):
        created = created_at(project, version)
        failed = build_failed(seed, project, version)
        commit = digest(seed, "commit", project.id, version, size=20)
        running += not failed
        done = created + 3 * MINUTE
        deployment = Deployment(
            id=deployment_id(seed, project, version),
            version=version,
            status="build_error" if failed else "deployed" if running <= RUNNING else "sleeping",
            created=created,
            updated=done,
            settings=project.settings,
            branch="main" if commit[0] % 3 else "staging",
            commit=commit.hex(),
            message=_MESSAGES[commit[1] % len(_MESSAGES)],
            source=BROKEN if failed else "",
        )
        if failed:
            deployment.ended_at = done
        else:
            deployment.launched_at, deployment.live_at = done - 20 * SECOND, done
        deployments.append(deployment)
    later = project.deployments
    project.deployments = {deployment.id: deployment for deployment in reversed(deployments)} | later
    project.seeded = None
