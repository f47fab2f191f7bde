"""Blue-green: two environments, one of which serves; the other gets the new version, is tested, and takes over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.gates import Gates, gate_json
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.auto_promotion import promotion_step
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.checks import Probe
from createos_nb.plans.steps.domains import Route, domain_target
from createos_nb.plans.steps.environments import assign_step, target_of, wake_step
from createos_nb.runbooks.arguments import validate_gates, validate_pace, validate_paths
from createos_nb.runbooks.deploy import deploy_step
from createos_nb.runbooks.domains import route_domain
from createos_nb.runbooks.environments import ensure_environment, watch_step
from createos_nb.runbooks.scan import branch_of, scan_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step


def blue_green(
    client: Client,
    project: str,
    domain: str,
    *,
    blue: str = "blue",
    green: str = "green",
    version: str | int | None = None,
    image: str | None = None,
    source: Any = None,
    branch: str | None = None,
    paths: str | Sequence[str] = ("/",),
    requests: int = 30,
    seconds: float = 120.0,
    gate: Gates | None = None,
    allow_description_change: bool = False,
) -> Plan:
    """Deploy a new version to the environment that a domain is not routed to, test it, and route the domain to it.

    The environment that the domain is routed to is the baseline; the other one, the candidate, is created if need be.
    Requests go to the candidate's own address, `paths` in turn; all must be answered below 400, and `gate` must pass
    its traffic against that of the baseline. Only then is the domain routed, and probed. The baseline stays as it is:
    `receipt.follow_up("switch back")` is the plan that goes back in one step.

    Both follow one branch, so a push would change one that promotes by itself: auto-promotion of both is held.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        domain: host name or id of an active domain of the project.
        blue: name of the one environment.
        green: name of the other environment.
        version: deploy nothing, and take this deployment: its version, such as 15 or "v15", or its id.
        image: the image to deploy, for an image project.
        source: the files to deploy, for an upload project: anything that `client.deployments.upload` takes.
        branch: the branch whose newest commit is deployed, for a repository's project (default: that of the
            environments).
        paths: the paths to request, each with a leading slash; one may be given as it is.
        requests: how many requests are sent to the candidate.
        seconds: over how many seconds they are spread.
        gate: what judges the candidate (default: `ReleaseGate()`, the release verdict polled each minute).
            `gates.scan()` lets the version's vulnerability scan decide before it runs anywhere, beside it: one of both,
            or a list.
        allow_description_change: let the plan change a description that the platform would not take back when
            auto-promotion is switched: it takes letters, digits, spaces, `_` and `-` only. The plan shows the new text.

    Returns:
        A plan; its follow-up "switch back" routes the domain to the baseline again. Nothing is changed before `apply`.

    Raises:
        InvalidInput: an argument can't be used, or the domain is routed to neither environment.
        UnknownName: there is no such project, domain or deployment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> domain = "wholesale.juniper-goods.example.com"
        >>> plan = createos_nb.runbooks.blue_green(client, "storefront", domain, version="v12")
        >>> plan.frame()["what"].drop_duplicates().tolist()[-2]
        'route wholesale.juniper-goods.example.com to green'
    """
    probed, (scan, traffic) = validate_paths(paths), validate_gates(gate)
    requests, seconds = validate_pace(requests, seconds)
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    name = name_of(owner)
    host = snapshot.find_domain(owner, domain)
    rows = {name_of(row): row for row in snapshot.environments(id_of(owner))}
    serving = next((row for row in rows.values() if row.id == host.environment_id), None)
    if blue == green:
        raise InvalidInput("blue_green: blue= and green= are two environments")
    if serving is None or name_of(serving) not in (blue, green):
        where = "nothing" if serving is None else name_of(serving)
        hint = f"blue={where!r} takes that one" if serving is not None else f"runbooks.route_domain routes it to {blue}"
        raise InvalidInput(f"{domain} is routed to {where}: blue_green needs it on {blue} or {green}; {hint}")
    idle = green if name_of(serving) == blue else blue
    steps: list[Step] = []
    inputs: dict[int, TransientInputs] = {}
    warnings: list[str] = []
    for row in (serving, rows.get(idle)):
        if row is not None and row.is_auto_promote_enabled:
            step, notes = promotion_step(
                owner, row, False, "or a push would change it by itself", allow_description_change
            )
            steps.append(step)
            warnings += notes
    candidate = ensure_environment(client, owner, rows.get(idle), idle, serving, steps)
    deployment, label = version_for(snapshot, owner, serving, version, image, source, branch, steps, inputs)
    steps += scan_steps(snapshot, owner, deployment, label, scan, branch_of(snapshot, owner, deployment, steps))
    if candidate.project_deployment_id != deployment:
        running = snapshot.live_deployment(id_of(owner), candidate)
        steps.append(assign_step(owner, candidate, running, deployment, label, "to be tested where nobody is served"))
    watch, watch_inputs = watch_step(owner, candidate, serving, probed, requests, seconds, traffic)
    if watch_inputs is not None:
        inputs[len(steps) + 1] = watch_inputs
    target = target_of(owner, candidate)
    steps.append(Probe(target=target, why="a smoke test", paths=probed, requests=max(3, len(probed))))
    steps.append(watch)
    through = domain_target(owner, host)
    steps.append(
        Route(
            target=through,
            why=f"{idle} has passed",
            before={"environment": id_of(serving)},
            after={"environment": id_of(candidate)},
            labels={id_of(serving): name_of(serving), id_of(candidate): idle},
        )
    )
    steps.append(Probe(target=through, why="what users see", paths=probed, requests=max(3, len(probed))))
    warnings.append(f"{name_of(serving)} keeps running as it is, to switch back to")
    return make_plan(
        snapshot,
        f"deploy {label} to {idle} of {name} and route {through.domain_name} to it",
        steps,
        runbook="blue_green",
        arguments={
            "project": id_of(owner),
            "domain": id_of(host),
            "blue": blue,
            "green": green,
            "version": None if version is None else str(version),
            "image": image,
            "branch": branch,
            "paths": probed,
            "gate": gate_json(traffic),
            "scan": gate_json(scan),
            "requests": requests,
            "seconds": seconds,
        },
        inputs=inputs,
        warnings=warnings,
        follow_ups={"switch back": lambda: route_domain(client, project, domain, name_of(serving))},
    )


def version_for(
    snapshot: Snapshot,
    owner: Project,
    serving: Environment,
    version: str | int | None,
    image: str | None,
    source: Any,
    branch: str | None,
    steps: list[Step],
    inputs: dict[int, TransientInputs],
) -> tuple[str, str]:
    """Return the deployment that is to be live, and its label; the step that creates or wakes it joins the steps."""
    if version is not None:
        if image is not None or source is not None or branch is not None:
            raise InvalidInput("give version=, or what to deploy, not both")
        row = snapshot.find_deployment(owner, version)
        if in_status(row, "sleeping"):
            steps.append(wake_step(id_of(owner), name_of(owner), row, "it has to run before it can be tested"))
        return id_of(row), version_of(row)
    step, step_inputs, _ = deploy_step(snapshot, owner, serving, image, source, branch)
    inputs |= {len(steps): own for own in step_inputs.values()}
    steps.append(step)
    return f"{CREATED}{len(steps) - 1}", f"the {step.source()}" if owner.type == "vcs" else step.source()
