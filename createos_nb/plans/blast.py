"""What a plan reaches: environments and domains that serve users through it, and what would have to make room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.errors import CreateOSError
from createos_nb.plans.present import version_of
from createos_nb.plans.steps.deployments import DeployAgain, DeployBranch, Making, Wake
from createos_nb.plans.steps.destroying import DeleteCronjob, DeleteDeployment, DeleteDomain, DeleteProject
from createos_nb.plans.steps.domains import Route
from createos_nb.plans.steps.handing_over import OfferTransfer, TakeOver
from createos_nb.plans.steps.making import MakeEnvironment
from createos_nb.plans.steps.step import MADE

if TYPE_CHECKING:
    from createos_nb.plans.present import Present, Row
    from createos_nb.plans.steps.step import Step

_COLUMNS: Final = ("project", "environment", "live", "how", "serves_users", "requests_per_minute", "domains")
_MINUTES: Final = 10
_RUNNING: Final = ("deployed", "crashing")


def radius(steps: list[Step], present: Present) -> pd.DataFrame:
    """One row an environment that the steps reach.

    Columns: project, environment, live (version), how (str), serves_users (boolean), requests_per_minute (Float64, of
    the last ten minutes; NA where it can't be read), domains (str). `attrs["makes_room"]`: the oldest live deployment
    of each project that a step adds a live one to; the platform terminates it if its limit, which it does not tell, is
    reached.
    """
    reached: dict[tuple[str, str], list[str]] = {}
    room: dict[str, str] = {}
    for step in steps:
        project = step.target.project
        for environment, how in _by(step, present):
            hows = reached.setdefault((project, environment), [])
            if how not in hows:
                hows.append(how)
        if isinstance(step, Making | Wake) and project not in room:
            oldest = _oldest_live(step, present)
            if oldest is not None:
                name = step.target.project_name
                places = [
                    row for row in present.environments(project) if row.get("projectDeploymentId") == oldest["id"]
                ]
                held = ", ".join(str(row["uniqueName"]) for row in places)
                room[project] = f"{version_of(oldest)} of {name}" + (f", live in {held}" if held else ", live nowhere")
                for row in places:
                    reached.setdefault((project, row["id"]), []).append("its deployment may have to make room")
    rows = [_row(present, project, environment, hows) for (project, environment), hows in reached.items()]
    frame = pd.DataFrame([row for row in rows if row], columns=list(_COLUMNS))
    texts = ("project", "environment", "live", "how", "domains")
    frame = frame.astype({**dict.fromkeys(texts, "str"), "serves_users": "boolean", "requests_per_minute": "Float64"})
    frame.attrs["makes_room"] = list(room.values())
    return frame


def _by(step: Step, present: Present) -> list[tuple[str, str]]:
    """(environment, how) for what a step reaches."""
    target = step.target
    if not step.writes or isinstance(step, MakeEnvironment):
        return []
    if isinstance(step, DeleteProject | OfferTransfer):
        how = "it goes with its project" if isinstance(step, DeleteProject) else "its project goes to another owner"
        if present.project(target.project).get("status") != "active":
            return []
        return [(row["id"], how) for row in present.environments(target.project)]
    if isinstance(step, DeleteDomain):
        routed = step.before.get("environment")
        return [(routed, f"{target.domain_name} leaves it")] if routed else []
    if isinstance(step, DeleteDeployment):
        rows = present.environments(target.project)
        return [(row["id"], step.what) for row in rows if row.get("projectDeploymentId") == target.deployment]
    if not target.project or isinstance(step, TakeOver | DeleteCronjob):
        return []
    if isinstance(step, Route):
        wanted, before = step.after.get("environment"), step.before.get("environment")
        found = [(before, f"{target.domain_name} leaves it")] if before else []
        coming = wanted and not str(wanted).startswith(MADE)
        return found + ([(wanted, f"{target.domain_name} comes to it")] if coming else [])
    if target.environment and not target.environment.startswith(MADE):
        return [(target.environment, step.what)]
    environments = present.environments(target.project)
    if isinstance(step, Wake):
        live = [row for row in environments if row.get("projectDeploymentId") == target.deployment]
        return [(row["id"], f"{target.deployment_name}, which is live in it, wakes") for row in live]
    if isinstance(step, DeployBranch | DeployAgain):
        branch = step.branch if isinstance(step, DeployBranch) else _branch(step, present)
        promoting = [row for row in environments if row.get("isAutoPromoteEnabled") and row.get("branch") == branch]
        return [(row["id"], f"it promotes a new deployment of {branch} by itself") for row in promoting]
    return []


def _branch(step: Step, present: Present) -> Any:
    row = present.deployment(step.target.project, step.target.deployment)
    return ((row or {}).get("source") or {}).get("branch")


def _oldest_live(step: Step, present: Present) -> Row | None:
    running = [row for row in present.deployments(step.target.project) if row.get("status") in _RUNNING]
    return min(running, key=lambda row: row.get("versionNumber") or 0, default=None)


def _row(present: Present, project: str, environment: str, hows: list[str]) -> dict[str, Any] | None:
    row = present.environment(project, environment)
    if row is None:
        return None
    live = row.get("projectDeploymentId")
    domains = list((row.get("extra") or {}).get("customDomains") or [])
    per_minute: float | None
    try:
        per_minute = float(present.requests(project, environment, _MINUTES * 60)["total"]) / _MINUTES
    except (CreateOSError, KeyError, TypeError, ValueError):
        per_minute = None  # no figures are no reason to make no plan; it then counts as serving
    return {
        "project": present.project(project).get("uniqueName"),
        "environment": row.get("uniqueName"),
        "live": version_of(present.deployment(project, live)) if live else "nothing",
        "how": "; ".join(hows),
        "serves_users": bool(live) and (bool(domains) or per_minute is None or per_minute > 0),
        "requests_per_minute": per_minute,
        "domains": ", ".join(map(str, domains)),
    }
