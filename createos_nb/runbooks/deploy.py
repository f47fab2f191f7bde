"""Deploying, promoting, redeploying what failed, waking."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Row, Snapshot, version_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.deployments import DeployBranch, DeployImage
from createos_nb.plans.steps.environments import assign_step, target_of, wake_step
from createos_nb.plans.steps.upload import Upload, digest_of
from createos_nb.plans.waiting import ENDS
from createos_nb.runbooks.images import image_of
from createos_nb.runbooks.redeploy import redeploy_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step
    from createos_nb.plans.steps.deployments import CreateDeployment

_FAILED = ("build_error", "error", "crashing", "cancelled")


def deploy(
    client: Client,
    project: str,
    *,
    image: str | None = None,
    source: Any = None,
    branch: str | None = None,
    environment: str | None = None,
) -> Plan:
    """Deploy by the project's type, wait until it is deployed, and with `environment` make it live there.

    vcs: the newest commit of `branch` (default: that of the environment, or of the repository's environments if they
    follow one). image: `image`. upload: `source`, anything that `client.deployments.upload` takes.
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    row = None if environment is None else snapshot.find_environment(owner, environment)
    step, inputs, arguments = deploy_step(snapshot, owner, row, image, source, branch)
    steps: list[Step] = [step]
    warnings: list[str] = []
    if row is not None:
        live = row.get("projectDeploymentId")
        running = snapshot.deployment(owner["id"], live) if live else None
        steps.append(assign_step(owner, row, running, f"{CREATED}0", "the new deployment", "asked for"))
    elif owner.get("type") != "vcs":
        warnings.append("it is made live nowhere: environment= does that, or runbooks.promote")
    where = f" and make it live in {row['uniqueName']}" if row is not None else ""
    return make_plan(
        snapshot,
        f"{step.what} in {owner['uniqueName']}{where}",
        steps,
        runbook="deploy",
        arguments={"project": owner["id"], "environment": row and row["id"], **arguments},
        inputs=inputs,
        warnings=warnings,
    )


def deploy_step(
    snapshot: Snapshot, owner: Row, row: Row | None, image: str | None, source: Any, branch: str | None
) -> tuple[CreateDeployment, dict[int, TransientInputs], dict[str, Any]]:
    """Return the step that deploys by the project's type, its transient inputs, and what identifies it."""
    kind, project_name = owner.get("type"), owner["uniqueName"]
    given = {"image": image, "source": source, "branch": branch}
    takes = {"vcs": "branch", "image": "image", "upload": "source"}.get(str(kind))
    wrong = [name for name, value in given.items() if value is not None and name != takes]
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


def _branch_of(snapshot: Snapshot, owner: Row, row: Row | None) -> str:
    if row is not None and row.get("branch"):
        return str(row["branch"])
    branches = {str(found["branch"]) for found in snapshot.environments(owner["id"]) if found.get("branch")}
    if len(branches) == 1:
        return branches.pop()
    raise InvalidInput(f"deploy: which branch of {owner['uniqueName']}? Its environments follow: {_list(branches)}")


def promote(client: Client, project: str, deployment: str | int, environment: str) -> Plan:
    """Make a deployed version the live one of an environment; nothing is built. One that sleeps is woken first."""
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    row = snapshot.find_environment(owner, environment)
    version = snapshot.find_deployment(owner, deployment)
    live = row.get("projectDeploymentId")
    running = snapshot.deployment(owner["id"], live) if live else None
    steps: list[Step] = []
    warnings: list[str] = []
    if live != version["id"]:
        if version.get("status") == "sleeping":
            why = "it has to run before it can be made live"
            steps.append(wake_step(owner["id"], owner["uniqueName"], version, why))
        steps.append(assign_step(owner, row, running, version["id"], version_of(version), "asked for"))
        if row.get("isAutoPromoteEnabled"):
            warnings.append(f"the next push to {row.get('branch')} replaces it: runbooks.hold stops that")
    return make_plan(
        snapshot,
        f"make {version_of(version)} live in {owner['uniqueName']} / {row['uniqueName']} (nothing is built)",
        steps,
        runbook="promote",
        arguments={"project": owner["id"], "environment": row["id"], "deployment": version["id"]},
        warnings=warnings,
    )


def retry_failed(client: Client, project: str, deployment: str | int | None = None) -> Plan:
    """Redeploy what has failed: the newest failed deployment, or a given one; as a new deployment."""
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    if deployment is not None:
        failed = snapshot.find_deployment(owner, deployment)
        if failed.get("status") not in _FAILED:
            raise InvalidInput(
                f"{version_of(failed)} of {owner['uniqueName']} has not failed: it is {failed['status']}"
            )
    else:
        rows = snapshot.deployments(owner["id"])
        newest = next((row for row in rows if row.get("status") in _FAILED), None)
        if newest is None:
            raise InvalidInput(f"no deployment of {owner['uniqueName']} has failed")
        failed = newest
    newer = [row for row in snapshot.deployments(owner["id"]) if _replaces(row, failed)]
    warnings = []
    if newer:
        warnings.append(f"{version_of(newer[0])} of the same branch came after it, and is {newer[0]['status']}")
    hint = ENDS.get(str(failed.get("status")))
    if hint:
        warnings.append(f"it ended as {failed['status']}: {hint}")
    step = redeploy_step(owner, failed, f"it ended as {failed['status']}")
    return make_plan(
        snapshot,
        f"{step.what} in {owner['uniqueName']}",
        [step],
        runbook="retry_failed",
        arguments={"project": owner["id"], "deployment": failed["id"]},
        warnings=warnings,
    )


def _replaces(row: Row, failed: Row) -> bool:
    newer = (row.get("versionNumber") or 0) > (failed.get("versionNumber") or 0)
    return newer and (row.get("source") or {}).get("branch") == (failed.get("source") or {}).get("branch")


def wake(client: Client, project: str, deployment: str | int | None = None, *, environment: str | None = None) -> Plan:
    """Wake a sleeping deployment: a given one, or the live one of an environment (by default, of all)."""
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    if deployment is not None:
        if environment is not None:
            raise InvalidInput("wake: give a deployment or environment=, not both")
        rows = [snapshot.find_deployment(owner, deployment)]
    else:
        environments = snapshot.environments(owner["id"])
        if environment is not None:
            environments = [snapshot.find_environment(owner, environment)]
        ids = dict.fromkeys(row["projectDeploymentId"] for row in environments if row.get("projectDeploymentId"))
        rows = [row for live in ids if (row := snapshot.deployment(owner["id"], live)) is not None]
    for row in rows:
        if deployment is not None and row.get("status") not in ("sleeping", "deployed", "deploying"):
            raise InvalidInput(f"{version_of(row)} does not sleep: it is {row['status']}")
    asleep = [row for row in rows if row.get("status") == "sleeping"]
    steps: list[Step] = [wake_step(owner["id"], owner["uniqueName"], row, "it sleeps") for row in asleep]
    return make_plan(
        snapshot,
        f"wake {_list(version_of(row) for row in asleep) or 'nothing'} of {owner['uniqueName']}",
        steps,
        runbook="wake",
        arguments={"project": owner["id"], "deployments": [row["id"] for row in rows]},
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
