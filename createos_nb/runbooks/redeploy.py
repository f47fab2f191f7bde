"""Redeploying what was deployed already, by the project's type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.contract.deployments import DeploymentSource
from createos_nb.errors import InvalidInput
from createos_nb.plans.snapshot import id_of, name_of, version_of
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.deployments import DeployImage, Redeploy
from createos_nb.plans.steps.upload import Upload

if TYPE_CHECKING:
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.deployments import CreateDeployment


def redeploy_step(project: Project, deployment: Deployment, why: str) -> CreateDeployment:
    """Return the step that creates a new deployment of the same source.

    vcs: the commit is built again, with the project's settings; image: the image is deployed again; upload: its files
    are downloaded and uploaded again.
    """
    name = version_of(deployment)
    target = Target(
        project=id_of(project),
        project_name=name_of(project),
        deployment=id_of(deployment),
        deployment_name=name,
    )
    source = deployment.source or DeploymentSource()
    kind = project.type
    if kind == "vcs":
        return Redeploy(target=target, why=why, commit=source.commit or "")
    if kind == "image":
        if not source.image:
            raise InvalidInput(f"{name} of {name_of(project)} names no image: it can't be redeployed")
        return DeployImage(target=target, why=why, image=source.image)
    if kind == "upload":
        return Upload(target=target, why=why, again=True)
    raise InvalidInput(f"project {name_of(project)} is of an unknown type, {kind!r}: it can't be redeployed")
