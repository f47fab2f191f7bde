"""Deploying, promoting, trying again, waking."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present, Row, version_of
from createos_nb.plans.steps.deployments import DeployBranch, DeployImage, Upload
from createos_nb.plans.steps.environments import assign_of, target_of, wake_of
from createos_nb.plans.steps.step import MADE
from createos_nb.plans.steps.uploading import digest_of
from createos_nb.plans.waiting import ENDS
from createos_nb.runbooks.again import again
from createos_nb.runbooks.images import image_of

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.steps.deployments import Making
    from createos_nb.plans.steps.step import Step

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
    """Deploy by the way of the project's type, wait until it is deployed, and with `environment` make it live there.

    vcs: the newest commit of `branch` (default: that of the environment, or of the repository's environments if they
    follow one). image: `image`. upload: `source`, anything that `client.deployments.upload` takes.
    """
    present = Present(client)
    owner = present.project_named(project)
    row = None if environment is None else present.environment_named(owner, environment)
    step, hidden, arguments = made_of(present, owner, row, image, source, branch)
    steps: list[Step] = [step]
    warnings: list[str] = []
    if row is not None:
        live = row.get("projectDeploymentId")
        running = present.deployment(owner["id"], live) if live else None
        steps.append(assign_of(owner, row, running, f"{MADE}0", "the new deployment", "asked for"))
    elif owner.get("type") != "vcs":
        warnings.append("it is made live nowhere: environment= does that, or runbooks.promote")
    where = f" and make it live in {row['uniqueName']}" if row is not None else ""
    return Plan(
        present,
        f"{step.what} in {owner['uniqueName']}{where}",
        steps,
        runbook="deploy",
        arguments={"project": owner["id"], "environment": row and row["id"], **arguments},
        hidden=hidden,
        warnings=warnings,
    )


def made_of(
    present: Present, owner: Row, row: Row | None, image: str | None, source: Any, branch: str | None
) -> tuple[Making, dict[int, Hidden], dict[str, Any]]:
    """The step that deploys by the way of the project's type, what of it is hidden, and what identifies it."""
    kind, name = owner.get("type"), owner["uniqueName"]
    given = {"image": image, "source": source, "branch": branch}
    takes = {"vcs": "branch", "image": "image", "upload": "source"}.get(str(kind))
    wrong = [one for one, value in given.items() if value is not None and one != takes]
    if wrong:
        raise InvalidInput(f"deploy: {wrong[0]}= is not for a project of type {kind}, such as {name}: give {takes}=")
    target = target_of(owner)
    if kind == "vcs":
        wanted = branch or _branch_of(present, owner, row)
        return DeployBranch(target=target, why="asked for", branch=wanted), {}, {"branch": wanted}
    if kind == "image":
        if not isinstance(image, str) or not image.strip():
            raise InvalidInput(f"deploy: {name} deploys images: give image=")
        wanted = image_of(image, "deploy: image")
        return DeployImage(target=target, why="asked for", image=wanted), {}, {"image": wanted}
    if source is None:
        raise InvalidInput(f"deploy: {name} deploys files: give source=, a folder, a zip, or a mapping of files")
    digest, files = digest_of(source)
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
    shown = os.path.abspath(path) if isinstance(path, str) and path else ""
    step = Upload(target=target, why="asked for", path=shown, digest=digest, files=files)
    held = dict(source) if isinstance(source, Mapping) else source
    return step, {0: Hidden(source=held)}, {"digest": digest}


def _branch_of(present: Present, owner: Row, row: Row | None) -> str:
    if row is not None and row.get("branch"):
        return str(row["branch"])
    branches = {str(one["branch"]) for one in present.environments(owner["id"]) if one.get("branch")}
    if len(branches) == 1:
        return branches.pop()
    raise InvalidInput(f"deploy: which branch of {owner['uniqueName']}? Its environments follow: {_list(branches)}")


def promote(client: Client, project: str, deployment: str | int, environment: str) -> Plan:
    """Make a deployed version the live one of an environment; nothing is built. One that sleeps is woken first."""
    present = Present(client)
    owner = present.project_named(project)
    row = present.environment_named(owner, environment)
    wanted = present.deployment_named(owner, deployment)
    live = row.get("projectDeploymentId")
    running = present.deployment(owner["id"], live) if live else None
    steps: list[Step] = []
    warnings: list[str] = []
    if live != wanted["id"]:
        if wanted.get("status") == "sleeping":
            why = "it has to run before it can be made live"
            steps.append(wake_of(owner["id"], owner["uniqueName"], wanted, why))
        steps.append(assign_of(owner, row, running, wanted["id"], version_of(wanted), "asked for"))
        if row.get("isAutoPromoteEnabled"):
            warnings.append(f"the next push to {row.get('branch')} replaces it: runbooks.hold stops that")
    return Plan(
        present,
        f"make {version_of(wanted)} live in {owner['uniqueName']} / {row['uniqueName']} (nothing is built)",
        steps,
        runbook="promote",
        arguments={"project": owner["id"], "environment": row["id"], "deployment": wanted["id"]},
        warnings=warnings,
    )


def retry_failed(client: Client, project: str, deployment: str | int | None = None) -> Plan:
    """Deploy once more what has failed: the newest deployment if it failed, or a given one; as a new deployment."""
    present = Present(client)
    owner = present.project_named(project)
    if deployment is not None:
        wanted = present.deployment_named(owner, deployment)
        if wanted.get("status") not in _FAILED:
            raise InvalidInput(
                f"{version_of(wanted)} of {owner['uniqueName']} has not failed: it is {wanted['status']}"
            )
    else:
        rows = present.deployments(owner["id"])
        failed = [row for row in rows if row.get("status") in _FAILED]
        if not failed:
            raise InvalidInput(f"no deployment of {owner['uniqueName']} has failed")
        wanted = failed[0]
    newer = [row for row in present.deployments(owner["id"]) if _replaces(row, wanted)]
    warnings = []
    if newer:
        warnings.append(f"{version_of(newer[0])} of the same branch came after it, and is {newer[0]['status']}")
    hint = ENDS.get(str(wanted.get("status")))
    if hint:
        warnings.append(f"it ended as {wanted['status']}: {hint}")
    step = again(owner, wanted, f"it ended as {wanted['status']}")
    return Plan(
        present,
        f"{step.what} in {owner['uniqueName']}",
        [step],
        runbook="retry_failed",
        arguments={"project": owner["id"], "deployment": wanted["id"]},
        warnings=warnings,
    )


def _replaces(row: Row, wanted: Row) -> bool:
    newer = (row.get("versionNumber") or 0) > (wanted.get("versionNumber") or 0)
    return newer and (row.get("source") or {}).get("branch") == (wanted.get("source") or {}).get("branch")


def wake(client: Client, project: str, deployment: str | int | None = None, *, environment: str | None = None) -> Plan:
    """Wake a sleeping deployment: a given one, or the live one of an environment (by default, of all)."""
    present = Present(client)
    owner = present.project_named(project)
    if deployment is not None:
        if environment is not None:
            raise InvalidInput("wake: give a deployment or environment=, not both")
        wanted = [present.deployment_named(owner, deployment)]
    else:
        places = present.environments(owner["id"])
        if environment is not None:
            places = [present.environment_named(owner, environment)]
        ids = dict.fromkeys(row["projectDeploymentId"] for row in places if row.get("projectDeploymentId"))
        wanted = [row for one in ids if (row := present.deployment(owner["id"], one)) is not None]
    for row in wanted:
        if deployment is not None and row.get("status") not in ("sleeping", "deployed", "deploying"):
            raise InvalidInput(f"{version_of(row)} does not sleep: it is {row['status']}")
    asleep = [row for row in wanted if row.get("status") == "sleeping"]
    steps: list[Step] = [wake_of(owner["id"], owner["uniqueName"], row, "it sleeps") for row in asleep]
    return Plan(
        present,
        f"wake {_list(version_of(row) for row in asleep) or 'nothing'} of {owner['uniqueName']}",
        steps,
        runbook="wake",
        arguments={"project": owner["id"], "deployments": [row["id"] for row in wanted]},
    )


def _list(names: Any) -> str:
    return ", ".join(sorted(names))
