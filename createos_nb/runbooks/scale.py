"""Scaling an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.plans.steps.environments import Scale, resources_of, target_of
from createos_nb.runbooks.arguments import validate
from createos_nb.runbooks.opinion import Opinion

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.diagnosis import Diagnosis
    from createos_nb.plans.steps.base import Step


def scale(
    client: Client,
    project: str,
    environment: str,
    *,
    cpu: int | None = None,
    memory: int | None = None,
    replicas: int | None = None,
    diagnosis: Diagnosis | None = None,
) -> Plan:
    """Give an environment other resources; what is left out stays as it is.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        cpu: millicores of each replica, 200 to 500.
        memory: megabytes of each replica, 500 to 1024.
        replicas: how many run side by side, 1 to 3.
        diagnosis: what `diagnostics.diagnose` has just returned for this environment: whether it agrees stands among
            the warnings. None: nothing is said of it, and nothing read for it.

    Returns:
        A plan of one step, or of none where the environment has these resources. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a value is outside of the platform's limits, or none is given; or the diagnosis is of something
            else.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> plan.frame()[["field", "before", "after"]].values.tolist()
        [['replicas', '1', '2']]
    """
    resources = {"cpu": cpu, "memory": memory, "replicas": replicas}
    desired: dict[str, int] = {
        name: validate(client, "UpdateProjectEnvironmentResources", name, value)
        for name, value in resources.items()
        if value is not None
    }
    if not desired:
        raise InvalidInput("scale: give cpu=, memory= or replicas=")
    opinion = Opinion(diagnosis, "scale")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, environment)
    now = resources_of(row)
    changed = {name: value for name, value in desired.items() if now[name] != value}
    steps: list[Step] = []
    warnings = opinion.lines(client, owner, row, desired)
    if changed:
        before = {name: now[name] for name in changed}
        steps.append(Scale(target=target_of(owner, row), why=_why(before, changed), before=before, after=changed))
        if changed.get("replicas", 1) > 1:
            warnings.append("more than one replica needs an app that keeps no state between requests")
        if "memory" in changed and changed["memory"] < (before["memory"] or 0):
            warnings.append("an app that needs more memory than its limit is killed")
        if row.project_deployment_id:
            warnings.append("what runs is restarted with the new resources")
    words = ", ".join(f"{name} {value}" for name, value in desired.items())
    return make_plan(
        snapshot,
        f"scale {name_of(owner)} / {name_of(row)}: {words}",
        steps,
        runbook="scale",
        arguments={"project": id_of(owner), "environment": id_of(row), **desired},
        warnings=warnings,
        diagnosis=diagnosis,
    )


def _why(before: dict[str, int | None], after: dict[str, int]) -> str:
    more = all(value > (before[name] or 0) for name, value in after.items())
    less = all(value < (before[name] or 0) for name, value in after.items())
    return "more room" if more else "less to pay for" if less else "another balance"
