"""Deploying, redeploying what failed, waking."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from createos_nb.contract.deployments import DeploymentSource
from createos_nb.errors import InvalidInput
from createos_nb.naming import text_for
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.gates import ScanGate, gate_json
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.deployments import DeployBranch, DeployImage
from createos_nb.plans.steps.environments import assign_step, target_of, wake_step
from createos_nb.plans.steps.upload import Upload, digest_of
from createos_nb.plans.waiting import ENDS
from createos_nb.runbooks.images import image_of
from createos_nb.runbooks.redeploy import redeploy_step
from createos_nb.runbooks.scan import branch_of, scan_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.naming import DeploymentStatus
    from createos_nb.plans.steps.base import Step
    from createos_nb.plans.steps.deployments import CreateDeployment

_FAILED: Final[tuple[DeploymentStatus, ...]] = ("build_error", "error", "crashing", "cancelled")


def deploy(
    client: Client,
    project: str,
    *,
    image: str | None = None,
    source: Any = None,
    branch: str | None = None,
    environment: str | None = None,
    gate: ScanGate | None = None,
) -> Plan:
    """Deploy by the project's type, wait until it is deployed, and with `environment` assign it to that.

    With `gate=gates.scan(max_severity="medium")` the new deployment is scanned first, and assigned only if the scan
    succeeds and finds nothing worse. An environment that promotes the branch by itself would not wait for that: the
    plan refuses that, and `runbooks.hold` stops it.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        image: the image to deploy, for an image project.
        source: the files to deploy, for an upload project: anything that `client.deployments.upload` takes.
        branch: the branch whose newest commit is deployed, for a repository's project (default: that of the
            environment, or of the repository's environments if they follow one).
        environment: name or id of the environment that the new deployment is assigned to; None for none.
        gate: `gates.scan()`: what its vulnerability scan may find at worst. Gates of traffic are for `blue_green` and
            `canary`.

    Returns:
        A plan of one or two steps (deploy, assign), with a gate two more between them (scan, check). Nothing is changed
        before `apply`.

    Raises:
        InvalidInput: what is given does not fit the type of the project.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.deploy(client, "storefront", branch="main", environment="staging")
        >>> plan.frame()["what"].drop_duplicates().tolist()
        ['deploy the newest commit of main', 'assign the new deployment to staging (nothing is built)']
        >>> plan.apply(confirm=plan.digest, reason="what is on main").checks.result
        'PASS'
    """
    if not isinstance(gate, ScanGate | None):
        raise InvalidInput("deploy: gate= is gates.scan(): blue_green and canary have traffic to judge, this has none")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    row = None if environment is None else snapshot.find_environment(owner, environment)
    step, inputs, arguments = deploy_step(snapshot, owner, row, image, source, branch)
    steps: list[Step] = [step]
    steps += scan_steps(
        snapshot, owner, f"{CREATED}0", "the new deployment", gate, branch_of(snapshot, owner, f"{CREATED}0", steps)
    )
    warnings: list[str] = []
    if row is not None:
        running = snapshot.live_deployment(id_of(owner), row)
        steps.append(assign_step(owner, row, running, f"{CREATED}0", "the new deployment", "asked for"))
    elif owner.type != "vcs":
        warnings.append("it is assigned to no environment: environment= does that, or runbooks.assign")
    where = f" and assign it to {name_of(row)}" if row is not None else ""
    return make_plan(
        snapshot,
        f"{step.what} in {name_of(owner)}{where}",
        steps,
        runbook="deploy",
        arguments={"project": id_of(owner), "environment": None if row is None else id_of(row), **arguments}
        | ({} if gate is None else {"gate": gate_json(gate)}),
        inputs=inputs,
        warnings=warnings,
    )


def deploy_step(
    snapshot: Snapshot, owner: Project, row: Environment | None, image: str | None, source: Any, branch: str | None
) -> tuple[CreateDeployment, dict[int, TransientInputs], dict[str, Any]]:
    """Return the step that deploys by the project's type, its transient inputs, and what identifies it."""
    kind, project_name = owner.type, name_of(owner)
    contents = {"image": image, "source": source, "branch": branch}
    takes = {"vcs": "branch", "image": "image", "upload": "source"}.get(str(kind))
    wrong = [name for name, value in contents.items() if value is not None and name != takes]
    if wrong:
        raise InvalidInput(
            f"deploy: {wrong[0]}= is not for a project of type {kind}, such as {project_name}: give {takes}="
        )
    target = target_of(owner)
    if kind == "vcs":
        newest_of = branch or _branch_of(snapshot, owner, row)
        return DeployBranch(target=target, why="asked for", branch=newest_of), {}, {"branch": newest_of}
    if kind == "image":
        if not isinstance(image, str) or not image.strip():
            raise InvalidInput(f"deploy: {project_name} deploys images: give image=")
        reference = image_of(image, "deploy: image")
        return DeployImage(target=target, why="asked for", image=reference), {}, {"image": reference}
    if source is None:
        raise InvalidInput(
            f"deploy: {project_name} deploys files: give source=, a folder, a zip, or a mapping of files"
        )
    digest, files = digest_of(source)
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    absolute = os.path.abspath(path) if isinstance(path, str) and path else ""
    step = Upload(target=target, why="asked for", path=absolute, digest=digest, files=files)
    content = dict(source) if isinstance(source, Mapping) else source
    return step, {0: TransientInputs(source=content)}, {"digest": digest}


def _branch_of(snapshot: Snapshot, owner: Project, row: Environment | None) -> str:
    if row is not None and row.branch:
        return row.branch
    branches = {environment.branch for environment in snapshot.environments(id_of(owner)) if environment.branch}
    if len(branches) == 1:
        return branches.pop()
    raise InvalidInput(f"deploy: which branch of {name_of(owner)}? Its environments follow: {_list(branches)}")


def retry_failed(client: Client, project: str, deployment: str | int | None = None) -> Plan:
    """Redeploy what has failed: the newest failed deployment, or a given one; as a new deployment.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        deployment: version of the failed deployment, such as 11 or "v11", or its id (default: the newest that failed).

    Returns:
        A plan of one step. Nothing is changed before `apply`.

    Raises:
        InvalidInput: the given deployment has not failed, or none of the project has.
        UnknownName: there is no such project or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.retry_failed(client, "storefront", "v11")
        >>> plan.title
        'redeploy v11: build its commit as a new deployment in storefront'
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    if deployment is not None:
        failed = snapshot.find_deployment(owner, deployment)
        if not in_status(failed, *_FAILED):
            raise InvalidInput(f"{version_of(failed)} of {name_of(owner)} has not failed: it is {failed.status}")
    else:
        rows = snapshot.deployments(id_of(owner))
        newest = next((row for row in rows if in_status(row, *_FAILED)), None)
        if newest is None:
            raise InvalidInput(f"no deployment of {name_of(owner)} has failed")
        failed = newest
    newer = [row for row in snapshot.deployments(id_of(owner)) if _replaces(row, failed)]
    warnings = []
    if newer:
        warnings.append(f"{version_of(newer[0])} of the same branch came after it, and is {newer[0].status}")
    hint = text_for(ENDS, failed.status)
    if hint:
        warnings.append(f"it ended as {failed.status}: {hint}")
    step = redeploy_step(owner, failed, f"it ended as {failed.status}")
    return make_plan(
        snapshot,
        f"{step.what} in {name_of(owner)}",
        [step],
        runbook="retry_failed",
        arguments={"project": id_of(owner), "deployment": id_of(failed)},
        warnings=warnings,
    )


def _replaces(row: Deployment, failed: Deployment) -> bool:
    newer = (row.version_number or 0) > (failed.version_number or 0)
    return newer and (row.source or DeploymentSource()).branch == (failed.source or DeploymentSource()).branch


def wake(client: Client, project: str, deployment: str | int | None = None, *, environment: str | None = None) -> Plan:
    """Wake a sleeping deployment: a given one, or the live one of an environment (by default, of all).

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        deployment: version of the deployment, such as 5 or "v5", or its id.
        environment: name or id of the environment whose live deployment is woken.

    Returns:
        A plan of one step for each deployment that sleeps. Nothing is changed before `apply`.

    Raises:
        InvalidInput: the given deployment does not sleep, or both a deployment and an environment are given.
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.wake(client, "chat-bot")
        >>> list(plan.frame()["what"])
        ['wake v1']
        >>> plan.apply(confirm=plan.confirmation, reason="the shop opens").checks.result
        'PASS'
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    if deployment is not None:
        if environment is not None:
            raise InvalidInput("wake: give a deployment or environment=, not both")
        rows = [snapshot.find_deployment(owner, deployment)]
    else:
        environments = snapshot.environments(id_of(owner))
        if environment is not None:
            environments = [snapshot.find_environment(owner, environment)]
        ids = dict.fromkeys(row.project_deployment_id for row in environments if row.project_deployment_id)
        rows = [row for live in ids if (row := snapshot.deployment(id_of(owner), live)) is not None]
    for row in rows:
        if deployment is not None and not in_status(row, "sleeping", "deployed", "deploying"):
            raise InvalidInput(f"{version_of(row)} does not sleep: it is {row.status}")
    asleep = [row for row in rows if in_status(row, "sleeping")]
    steps: list[Step] = [wake_step(id_of(owner), name_of(owner), row, "it sleeps") for row in asleep]
    return make_plan(
        snapshot,
        f"wake {_list(version_of(row) for row in asleep) or 'nothing'} of {name_of(owner)}",
        steps,
        runbook="wake",
        arguments={"project": id_of(owner), "deployments": [id_of(row) for row in rows]},
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
