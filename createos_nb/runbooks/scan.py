"""Vulnerability scans of deployments, alone and as a gate of what goes live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.contract.deployments import DeploymentSource
from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.gates import ScanGate
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.scan import CheckScan, ScanDeployment, mark_of, scan_state

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step


def scan(
    client: Client,
    project: str,
    deployment: str | int | None = None,
    *,
    environment: str | None = None,
    again: bool = False,
) -> Plan:
    """Scan a deployment for vulnerabilities, and wait for the end; one that runs already is waited for.

    A scan that has failed is run again. `client.security.findings` then lists what was found.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        deployment: version of the deployment, such as 15 or "v15", or its id.
        environment: name or id of the environment whose live deployment is scanned, in place of `deployment`.
        again: scan it once more where a scan has succeeded already.

    Returns:
        A plan of one step; of none where it is scanned already. Nothing is changed before `apply`.

    Raises:
        InvalidInput: neither or both of deployment and environment are given, or nothing is live there.
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scan(client, "storefront", "v16")
        >>> plan.apply().checks.result
        'PASS'
        >>> client.security.scan("storefront", 16)["status"]
        'success'
    """
    if (deployment is None) == (environment is None):
        raise InvalidInput("scan: give a deployment, or environment= for what is live in it")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    if environment is not None:
        place = snapshot.find_environment(owner, environment)
        row = snapshot.live_deployment(id_of(owner), place)
        if row is None:
            raise InvalidInput(f"scan: nothing is live in {name_of(owner)} / {name_of(place)}")
    else:
        row = snapshot.find_deployment(owner, str(deployment))
    step = _scan_step(snapshot, owner, id_of(row), version_of(row), "asked for", again)
    name = f"{version_of(row)} of {name_of(owner)}"
    return make_plan(
        snapshot,
        f"scan {name} for vulnerabilities" if step is not None else f"{name} is scanned already",
        [] if step is None else [step],
        runbook="scan",
        arguments={"project": id_of(owner), "deployment": id_of(row), "again": again},
        warnings=[] if step is not None else ["again=True scans it once more"],
    )


def scan_steps(
    snapshot: Snapshot, owner: Project, deployment: str, name: str, gate: ScanGate | None, branch: str = ""
) -> list[Step]:
    """Return the steps of a gate: the scan, unless there is one that has succeeded, and its check."""
    if gate is None:
        return []
    step = _scan_step(snapshot, owner, deployment, name, str(gate), False)
    check = CheckScan(target=_target(owner, deployment, name), why=str(gate), gate=gate, branch=branch)
    return [check] if step is None else [step, check]


def branch_of(snapshot: Snapshot, owner: Project, deployment: str, steps: list[Step]) -> str:
    """Return the branch from which a step of these creates a deployment; "" where none does, or it is of no branch."""
    if not deployment.startswith(CREATED):
        return ""
    step = steps[int(deployment.removeprefix(CREATED))]
    source = snapshot.deployment(id_of(owner), step.target.deployment) if step.target.deployment else None
    return str(getattr(step, "branch", "") or (source and (source.source or DeploymentSource()).branch) or "")


def _scan_step(
    snapshot: Snapshot, owner: Project, deployment: str, name: str, why: str, again: bool
) -> ScanDeployment | None:
    row = None if deployment.startswith(CREATED) else snapshot.scan(id_of(owner), deployment)
    state = scan_state(row, snapshot)
    if state == "success" and not again:
        return None
    outdated = state == "success"
    return ScanDeployment(
        target=_target(owner, deployment, name),
        why=why,
        before={"scan": "outdated" if outdated else state},
        after={"scan": "success"},
        replaces=mark_of(row) if outdated else "",
    )


def _target(owner: Project, deployment: str, name: str) -> Target:
    return Target(project=id_of(owner), project_name=name_of(owner), deployment=deployment, deployment_name=name)
