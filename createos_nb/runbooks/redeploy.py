"""Redeploying what was deployed already, by the project's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.snapshot import Row, version_of
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.deployments import DeployImage, Redeploy
from createos_nb.plans.steps.upload import Upload

if TYPE_CHECKING:
    from createos_nb.plans.steps.deployments import CreateDeployment


def redeploy_step(project: Row, deployment: Row, why: str) -> CreateDeployment:
    """Return the step that creates a new deployment of the same source.

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
        return Redeploy(target=target, why=why, commit=str(source.get("commit") or ""))
    if kind == "image":
        if not source.get("image"):
            raise InvalidInput(f"{name} of {project['uniqueName']} names no image: it can't be redeployed")
        return DeployImage(target=target, why=why, image=str(source["image"]))
    if kind == "upload":
        return Upload(target=target, why=why, again=True)
    raise InvalidInput(f"project {project['uniqueName']} is of an unknown type, {kind!r}: it can't be redeployed")
