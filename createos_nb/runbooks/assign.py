"""Assigning a version that is deployed already to an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.environments import assign_step, wake_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step


def assign(client: Client, project: str, deployment: str | int, environment: str) -> Plan:
    """Assign a deployed version to an environment: it is live there from then on. Nothing is built.

    One that sleeps is woken first.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        deployment: version of the deployment, such as 15 or "v15", or its id.
        environment: name or id of the environment.

    Returns:
        A plan of at most two steps (wake, assign); of none where the deployment is live there. Nothing is changed
        before `apply`.

    Raises:
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.assign(client, "storefront", "v17", "staging")
        >>> list(plan.frame()["what"])
        ['assign v17 to staging (nothing is built)']
        >>> receipt = plan.apply(confirm=plan.digest, reason="the new checkout is tested there")
        >>> receipt.checks.result
        'PASS'
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, environment)
    version = snapshot.find_deployment(owner, deployment)
    running = snapshot.live_deployment(id_of(owner), row)
    steps: list[Step] = []
    warnings: list[str] = []
    if row.project_deployment_id != version.id:
        if in_status(version, "sleeping"):
            why = "it has to run before it can be assigned"
            steps.append(wake_step(id_of(owner), name_of(owner), version, why))
        steps.append(assign_step(owner, row, running, id_of(version), version_of(version), "asked for"))
        promotes = snapshot.promotes_itself(row)
        if promotes is None:
            warnings.append("whether the environment promotes by itself can't be read: a push may replace it")
        elif promotes:
            warnings.append(f"the next push to {row.branch} replaces it: runbooks.hold stops that")
    return make_plan(
        snapshot,
        f"assign {version_of(version)} to {name_of(owner)} / {name_of(row)} (nothing is built)",
        steps,
        runbook="assign",
        arguments={"project": id_of(owner), "environment": id_of(row), "deployment": id_of(version)},
        warnings=warnings,
    )
