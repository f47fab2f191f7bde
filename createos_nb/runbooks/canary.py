"""Canary: the new version in a second environment with an address of its own, in stages, then in the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.gates import Gates, gate_json
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.plans.steps.auto_promotion import promotion_step
from createos_nb.plans.steps.checks import Probe
from createos_nb.plans.steps.environments import assign_step, target_of
from createos_nb.runbooks.arguments import validate_gates, validate_paths, validate_stages
from createos_nb.runbooks.blue_green import version_for
from createos_nb.runbooks.environments import ensure_environment, watch_step
from createos_nb.runbooks.scan import branch_of, scan_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step

#: Requests and seconds of each stage: few and short first.
STAGES: tuple[tuple[int, float], ...] = ((30, 60.0), (60, 180.0), (120, 600.0))


def canary(
    client: Client,
    project: str,
    environment: str,
    *,
    version: str | int | None = None,
    image: str | None = None,
    source: Any = None,
    branch: str | None = None,
    side: str = "canary",
    stages: Sequence[tuple[int, float]] = STAGES,
    paths: str | Sequence[str] = ("/",),
    gate: Gates | None = None,
    allow_description_change: bool = False,
) -> Plan:
    """Test a new version in a second environment, in stages, and assign it to the first one if all pass.

    The platform can't split traffic: the second environment, `side` (created if need be), has an address of its own,
    and its traffic is whoever uses that address, and the requests that each stage sends. During each stage `gate`
    compares its traffic with that of the first one; where it does not pass, the plan stops, and what served users still
    does.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment that serves.
        version: deploy nothing, and take this deployment: its version, such as 15 or "v15", or its id.
        image: the image to deploy, for an image project.
        source: the files to deploy, for an upload project: anything that `client.deployments.upload` takes.
        branch: the branch whose newest commit is deployed, for a repository's project (default: that of the
            environment).
        side: name of the second environment.
        stages: pairs of requests and seconds, one for each stage; few and short first.
        paths: the paths to request, each with a leading slash; one may be given as it is.
        gate: what judges each stage (default: `ReleaseGate()`, the release verdict polled each minute).
            `gates.scan()` lets the version's vulnerability scan decide before it runs anywhere, beside it: one of both,
            or a list.
        allow_description_change: let the plan change a description that the platform would not take back when
            auto-promotion is switched: it takes letters, digits, spaces, `_` and `-` only. The plan shows the new text.

    Returns:
        A plan; nothing is changed before `apply`.

    Raises:
        InvalidInput: an argument can't be used, or `side` is the environment that serves.
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.canary(client, "storefront", "production", version="v16", stages=[(30, 60)])
        >>> plan.title
        'test v16 in canary of storefront, then assign it to production'
        >>> plan.frame()["operation"].drop_duplicates().tolist()
        ['CreateProjectEnvironment', 'AssignDeploymentToProjectEnvironment', '']
    """
    probed, planned_stages = validate_paths(paths), validate_stages(stages)
    scan, traffic = validate_gates(gate)
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, environment)
    if name_of(row) == side:
        raise InvalidInput("canary: side= is another environment than the one that serves")
    rows = {name_of(environment): environment for environment in snapshot.environments(id_of(owner))}
    steps: list[Step] = []
    inputs: dict[int, TransientInputs] = {}
    warnings = ["the platform can't split traffic: the canary sees those who use its own address, and no others"]
    for promoting, why in (
        (row, "or the new version would go live before it was tested"),
        (rows.get(side), "or a push would replace the version under test"),
    ):
        if promoting is not None and promoting.is_auto_promote_enabled:
            step, notes = promotion_step(owner, promoting, False, why, allow_description_change)
            steps.append(step)
            warnings += [
                *notes,
                f"auto-promotion of {name_of(promoting)} stays held: runbooks.release releases it",
            ]
    candidate = ensure_environment(client, owner, rows.get(side), side, row, steps)
    deployment, label = version_for(snapshot, owner, row, version, image, source, branch, steps, inputs)
    steps += scan_steps(snapshot, owner, deployment, label, scan, branch_of(snapshot, owner, deployment, steps))
    if candidate.project_deployment_id != deployment:
        running = snapshot.live_deployment(id_of(owner), candidate)
        steps.append(assign_step(owner, candidate, running, deployment, label, "to be tested against what serves"))
    target = target_of(owner, candidate)
    steps.append(Probe(target=target, why="a smoke test", paths=probed, requests=max(3, len(probed))))
    for requests, seconds in planned_stages:
        watch, watch_inputs = watch_step(owner, candidate, row, probed, requests, seconds, traffic)
        if watch_inputs is not None:
            inputs[len(steps)] = watch_inputs
        steps.append(watch)
    if row.project_deployment_id != deployment:
        running = snapshot.live_deployment(id_of(owner), row)
        steps.append(assign_step(owner, row, running, deployment, label, "every stage has passed"))
    return make_plan(
        snapshot,
        f"test {label} in {side} of {name_of(owner)}, then assign it to {name_of(row)}",
        steps,
        runbook="canary",
        arguments={
            "project": id_of(owner),
            "environment": id_of(row),
            "version": None if version is None else str(version),
            "image": image,
            "branch": branch,
            "side": side,
            "stages": [list(stage) for stage in planned_stages],
            "paths": probed,
            "gate": gate_json(traffic),
            "scan": gate_json(scan),
        },
        inputs=inputs,
        warnings=warnings,
    )
