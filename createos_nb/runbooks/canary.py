"""Canary: the new version in a second environment with an address of its own, in stages, then in the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.gate import Gate, written
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present
from createos_nb.plans.steps.environments import assign_of
from createos_nb.plans.steps.step import Target
from createos_nb.plans.steps.watching import Probe
from createos_nb.runbooks.asked import gate_of, paths_of, stages_of
from createos_nb.runbooks.holding import promotion_step
from createos_nb.runbooks.sides import side_of, watch_of
from createos_nb.runbooks.switching import version_for

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.steps.step import Step

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
    gate: Gate | None = None,
    allow_description_change: bool = False,
) -> Plan:
    """Try a new version in a second environment, in stages, and make it live in the first one if all pass.

    The platform can't split traffic: the second environment, `side` (made if it is not there), has an address of its
    own, and its traffic is whoever uses that address, and the requests that each stage sends: `stages` are pairs of
    requests and seconds. During each stage `gate` (default: `ReleaseGate()`, the release verdict looked at each minute)
    compares its traffic with that of the first one; where it does not pass, the plan stops, and what served users still
    does. What is tried: as for `blue_green`.
    """
    asked, pace, gate = paths_of(paths), stages_of(stages), gate_of(gate)
    present = Present(client)
    owner = present.project_named(project)
    row = present.environment_named(owner, environment)
    if row["uniqueName"] == side:
        raise InvalidInput("canary: side= is another environment than the one that serves")
    rows = {one["uniqueName"]: one for one in present.environments(owner["id"])}
    steps: list[Step] = []
    hidden: dict[int, Hidden] = {}
    warnings = ["the platform can't split traffic: the canary sees those who use its own address, and no others"]
    for one, why in (
        (row, "or the new version would go live before it was tried"),
        (rows.get(side), "or a push would put another version into the trial"),
    ):
        if one is not None and one.get("isAutoPromoteEnabled"):
            step, told = promotion_step(owner, one, False, why, allow_description_change)
            steps.append(step)
            warnings += [*told, f"auto-promotion of {one['uniqueName']} stays held: runbooks.release releases it"]
    place = side_of(client, owner, rows.get(side), side, row, steps)
    wanted, label = version_for(present, owner, row, version, image, source, branch, steps, hidden)
    live = place.get("projectDeploymentId")
    if live != wanted:
        running = present.deployment(owner["id"], live) if live else None
        steps.append(assign_of(owner, place, running, wanted, label, "to be tried beside what serves"))
    target = Target(
        project=owner["id"], project_name=owner["uniqueName"], environment=place["id"], environment_name=side
    )
    steps.append(Probe(target=target, why="a smoke test", paths=asked, requests=max(3, len(asked))))
    for requests, seconds in pace:
        watch, own = watch_of(owner, place, row, asked, requests, seconds, gate)
        if own is not None:
            hidden[len(steps)] = own
        steps.append(watch)
    before = row.get("projectDeploymentId")
    if before != wanted:
        running = present.deployment(owner["id"], before) if before else None
        steps.append(assign_of(owner, row, running, wanted, label, "every stage has passed"))
    return Plan(
        present,
        f"try {label} in {side} of {owner['uniqueName']}, then make it live in {row['uniqueName']}",
        steps,
        runbook="canary",
        arguments={
            "project": owner["id"],
            "environment": row["id"],
            "version": None if version is None else str(version),
            "image": image,
            "branch": branch,
            "side": side,
            "stages": [list(stage) for stage in pace],
            "paths": asked,
            "gate": written(gate),
        },
        hidden=hidden,
        warnings=warnings,
    )
