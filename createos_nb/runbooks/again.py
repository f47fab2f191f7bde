"""Deploying once more what was deployed already, by the way of the project's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.present import Row, version_of
from createos_nb.plans.steps.deployments import DeployAgain, DeployImage, Upload
from createos_nb.plans.steps.step import Target

if TYPE_CHECKING:
    from createos_nb.plans.steps.deployments import Making


def again(project: Row, deployment: Row, why: str) -> Making:
    """The step that makes a new deployment of the same source.

    vcs: the commit is built again, with the project's settings; image: the image is deployed again; upload: its files
    are downloaded and uploaded again.
    """
    name = version_of(deployment)
    target = Target(
        project=project["id"],
        project_name=project["uniqueName"],
        deployment=deployment["id"],
        deployment_name=name,
    )
    source = deployment.get("source") or {}
    kind = project.get("type")
    if kind == "vcs":
        return DeployAgain(target=target, why=why, commit=str(source.get("commit") or ""))
    if kind == "image":
        if not source.get("image"):
            raise InvalidInput(f"{name} of {project['uniqueName']} names no image: it can't be deployed again")
        return DeployImage(target=target, why=why, image=str(source["image"]))
    if kind == "upload":
        return Upload(target=target, why=why, again=True)
    raise InvalidInput(f"project {project['uniqueName']} is of an unknown type, {kind!r}: how to deploy again?")
