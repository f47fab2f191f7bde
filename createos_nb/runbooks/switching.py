"""Blue-green: two environments, one of which serves; the other gets the new version, is tried, and takes over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.plans.gate import Gate, written
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present, Row, version_of
from createos_nb.plans.steps.domains import Route
from createos_nb.plans.steps.environments import assign_of, wake_of
from createos_nb.plans.steps.step import MADE, Target
from createos_nb.plans.steps.watching import Probe
from createos_nb.runbooks.asked import gate_of, pace_of, paths_of
from createos_nb.runbooks.deploying import made_of
from createos_nb.runbooks.holding import promotion_step
from createos_nb.runbooks.sides import side_of, watch_of

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.steps.step import Step


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
    gate: Gate | None = None,
    allow_description_change: bool = False,
) -> Plan:
    """Bring a new version to the side that a domain does not serve, try it there, and route the domain to it.

    The side that the domain is routed to serves; the other one is made if it is not there. What is deployed:
    `version` (a deployment that exists), `image`, `source` (files), or the newest commit of `branch` (by default that
    of the sides). Then `requests` requests over `seconds` go to its own address, `paths` in turn; all must be answered
    below 400, and `gate` (default: `ReleaseGate()`, the release verdict looked at each minute) must let its traffic
    pass beside that of the serving side. Only then is the domain routed, and asked through. The other side stays as it
    is: `receipt.follow_up("switch back")` is the plan that goes back in one step.

    Both sides follow one branch, so a push would move a side that promotes by itself: auto-promotion of both is held.
    """
    asked, gate = paths_of(paths), gate_of(gate)
    requests, seconds = pace_of(requests, seconds)
    present = Present(client)
    owner = present.project_named(project)
    name = owner["uniqueName"]
    host = present.domain_named(owner, domain)
    rows = {row["uniqueName"]: row for row in present.environments(owner["id"])}
    serving = next((row for row in rows.values() if row["id"] == host.get("environmentId")), None)
    if blue == green:
        raise InvalidInput("blue_green: blue= and green= are two environments")
    if serving is None or serving["uniqueName"] not in (blue, green):
        where = "nothing" if serving is None else serving["uniqueName"]
        hint = (
            f"blue={where!r} makes that one a side" if serving is not None else f"runbooks.switch routes it to {blue}"
        )
        raise InvalidInput(
            f"{domain} is routed to {where}: blue_green needs it on one of its sides, {blue} or {green}; {hint}"
        )
    idle = green if serving["uniqueName"] == blue else blue
    steps: list[Step] = []
    hidden: dict[int, Hidden] = {}
    warnings: list[str] = []
    for row in (serving, rows.get(idle)):
        if row is not None and row.get("isAutoPromoteEnabled"):
            step, told = promotion_step(
                owner, row, False, "or a push would move this side by itself", allow_description_change
            )
            steps.append(step)
            warnings += told
    side = side_of(client, owner, rows.get(idle), idle, serving, steps)
    wanted, label = version_for(present, owner, serving, version, image, source, branch, steps, hidden)
    live = (rows.get(idle) or {}).get("projectDeploymentId")
    if live != wanted:
        running = present.deployment(owner["id"], live) if live else None
        steps.append(assign_of(owner, side, running, wanted, label, "to be tried where nobody is served"))
    watch, own = watch_of(owner, side, serving, asked, requests, seconds, gate)
    if own is not None:
        hidden[len(steps) + 1] = own
    target = Target(project=owner["id"], project_name=name, environment=side["id"], environment_name=idle)
    steps.append(Probe(target=target, why="a smoke test", paths=asked, requests=max(3, len(asked))))
    steps.append(watch)
    through = Target(project=owner["id"], project_name=name, domain=host["id"], domain_name=host["name"])
    steps.append(
        Route(
            target=through,
            why=f"{idle} has passed",
            before={"environment": serving["id"]},
            after={"environment": side["id"]},
            shown={serving["id"]: serving["uniqueName"], side["id"]: idle},
        )
    )
    steps.append(Probe(target=through, why="what users see", paths=asked, requests=max(3, len(asked))))
    warnings.append(f"{serving['uniqueName']} keeps running as it is, to switch back to")
    return Plan(
        present,
        f"bring {label} to {idle} of {name} and route {host['name']} to it",
        steps,
        runbook="blue_green",
        arguments={
            "project": owner["id"],
            "domain": host["id"],
            "blue": blue,
            "green": green,
            "version": None if version is None else str(version),
            "image": image,
            "branch": branch,
            "paths": asked,
            "gate": written(gate),
            "requests": requests,
            "seconds": seconds,
        },
        hidden=hidden,
        warnings=warnings,
        follow_ups={"switch back": lambda: switch(client, project, domain, serving["uniqueName"])},
    )


def switch(client: Client, project: str, domain: str, environment: str) -> Plan:
    """Route an active domain to an environment, and ask through it; nothing is deployed."""
    present = Present(client)
    owner = present.project_named(project)
    host = present.domain_named(owner, domain)
    row = present.environment_named(owner, environment)
    held = {one["id"]: one["uniqueName"] for one in present.environments(owner["id"])}
    before = host.get("environmentId")
    target = Target(project=owner["id"], project_name=owner["uniqueName"], domain=host["id"], domain_name=host["name"])
    steps: list[Step] = []
    warnings: list[str] = []
    if before != row["id"]:
        sides = [one for one in present.environments(owner["id"]) if one["id"] in (before, row["id"])]
        if len(sides) == 2 and all(one.get("isAutoPromoteEnabled") for one in sides):
            branches = {one.get("branch") for one in sides}
            if len(branches) == 1:
                warnings.append(
                    f"both sides promote what is pushed to {branches.pop()}: the next push moves both, and there is "
                    "nothing to switch back to: runbooks.hold stops that"
                )
        live = row.get("projectDeploymentId")
        running = present.deployment(owner["id"], live) if live else None
        if running is not None and running.get("status") == "sleeping":
            steps.append(wake_of(owner["id"], owner["uniqueName"], running, "it has to run before it serves"))
        steps.append(
            Route(
                target=target,
                why="asked for",
                before={"environment": before},
                after={"environment": row["id"]},
                shown=held,
            )
        )
        steps.append(Probe(target=target, why="what users see", paths=["/"], requests=3))
    return Plan(
        present,
        f"route {host['name']} to {row['uniqueName']}",
        steps,
        runbook="switch",
        arguments={"project": owner["id"], "domain": host["id"], "environment": row["id"]},
        warnings=warnings,
    )


def version_for(
    present: Present,
    owner: Row,
    serving: Row,
    version: str | int | None,
    image: str | None,
    source: Any,
    branch: str | None,
    steps: list[Step],
    hidden: dict[int, Hidden],
) -> tuple[str, str]:
    """The deployment that is to be live, and how people call it; what makes or wakes it joins the steps."""
    if version is not None:
        if image is not None or source is not None or branch is not None:
            raise InvalidInput("give version=, or what to deploy, not both")
        row = present.deployment_named(owner, version)
        if row.get("status") == "sleeping":
            steps.append(wake_of(owner["id"], owner["uniqueName"], row, "it has to run before it can be tried"))
        return row["id"], version_of(row)
    step, own, _ = made_of(present, owner, serving, image, source, branch)
    hidden |= {len(steps): one for one in own.values()}
    steps.append(step)
    return f"{MADE}{len(steps) - 1}", f"the {step.source()}" if owner.get("type") == "vcs" else step.source()
