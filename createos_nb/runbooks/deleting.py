"""Deleting and revoking: what nobody can take back, with what goes with it shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.errors import AmbiguousName, InvalidInput, NotFound, UnknownName
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present, Row, version_of
from createos_nb.plans.steps.destroying import (
    DeleteApp,
    DeleteCronjob,
    DeleteDeployment,
    DeleteDomain,
    DeleteEnvironment,
    DeleteProject,
    DeleteTemplate,
    Destroy,
    RevokeKey,
    lost_with,
    variables_in,
)
from createos_nb.plans.steps.environments import target_of
from createos_nb.plans.steps.step import Target

if TYPE_CHECKING:
    from createos_nb.client import Client


def delete(
    client: Client,
    project: str,
    *,
    environment: str | None = None,
    deployment: str | int | None = None,
    domain: str | None = None,
    cronjob: str | None = None,
    missing_ok: bool = False,
) -> Plan:
    """Delete a project with all that is in it, or one environment, deployment, domain or cron job of it, for good.

    The plan shows what goes with it, which environments and domains it reaches and what they serve now. `apply` asks
    for the typed name of what is deleted (`confirm="staging"`, `confirm="v12"`) and a reason, writes nothing if
    something went live or was routed there since, and waits until it is gone. A deployment that is live somewhere is
    refused. `missing_ok`: what is not there makes a plan that does nothing, so that a notebook can be run again.

    Raises `UnknownName` for what is not there, `InvalidInput` for more than one thing.
    """
    given = {"environment": environment, "deployment": deployment, "domain": domain, "cronjob": cronjob}
    asked = {noun: str(name) for noun, name in given.items() if name is not None}
    if len(asked) > 1:
        raise InvalidInput(f"delete: one thing a plan, not {' and '.join(asked)}")
    present = Present(client)
    words = next(iter(asked.items()), ("project", project))
    try:
        step = _step(present, project, *words)
    except (UnknownName, NotFound) as error:
        if not missing_ok:
            raise
        return _plan(present, None, "delete", {"project": project, **asked}, f"{words[0]} {words[1]}", str(error))
    return _plan(present, step, "delete", {"project": project, **asked}, "")


def delete_app(client: Client, app: str, *, missing_ok: bool = False) -> Plan:
    """Delete an app for good; its projects and services stay, ungrouped. See `delete`."""
    present = Present(client)
    rows = present.apps()
    row = _one("app", rows, app, missing_ok)
    step = None
    if row is not None:
        grouped = client.apps.projects(str(row["id"]))["unique_name"]
        lost = {"group of": ", ".join(map(str, grouped))} if len(grouped) else {}
        step = DeleteApp(
            target=_thing(row), why="asked for", before={"state": "there"}, after={"state": "gone"}, lost=lost
        )
    return _plan(present, step, "delete_app", {"app": app}, f"app {app}")


def delete_template(client: Client, template: str, *, missing_ok: bool = False) -> Plan:
    """Withdraw a project template (by id) for good; who has bought it keeps it. See `delete`."""
    present = Present(client)
    row = present.template(template)
    if row is None and not missing_ok:
        raise UnknownName("template", template)
    step = None
    if row is not None:
        step = _planned(present, DeleteTemplate(target=_thing(row)))
    return _plan(present, step, "delete_template", {"template": template}, f"template {template}")


def revoke_key(client: Client, api_key: str, *, missing_ok: bool = False) -> Plan:
    """Revoke an API key (by name or id) for good: whoever uses it is refused from then on. See `delete`.

    The platform does not tell whether it is the key of this client.
    """
    present = Present(client)
    rows = [row for row in present.api_keys() if not row.get("revokedAt")]
    row = _one("API key", rows, api_key, missing_ok)
    step = None
    if row is not None:
        facts = {"ends": str(row.get("expiredAt") or "")[:10], "used for": str(row.get("description") or "")}
        lost = {name: value for name, value in facts.items() if value}
        step = _planned(present, RevokeKey(target=_thing(row), lost=lost))
    return _plan(present, step, "revoke_key", {"api_key": api_key}, f"API key {api_key}")


def _step(present: Present, project: str, noun: str, name: str) -> Destroy:
    owner = present.project_named(project, active=noun != "project")
    if owner.get("status") == "deleted":
        raise UnknownName("project", project)
    target = target_of(owner)
    step: Destroy
    if noun == "project":
        step = DeleteProject(target=target, lost=lost_with(present, owner))
    elif noun == "environment":
        row = present.environment_named(owner, name)
        step = DeleteEnvironment(target=target_of(owner, row), lost=_lost_with_environment(present, owner, row))
    elif noun == "deployment":
        step = _deployment(present, owner, name)
    elif noun == "domain":
        row = present.domain_named(owner, name)
        rows = {one["id"]: str(one["uniqueName"]) for one in present.environments(owner["id"])}
        routed = rows.get(row.get("environmentId"), "")
        step = DeleteDomain(
            target=_within(owner, domain=row["id"], domain_name=str(row["name"])),
            lost={"route to": routed} if routed else {},
            shown=rows,
        )
    else:
        found = _one("cron job", present.cronjobs(owner["id"]), name, False)
        assert found is not None
        step = DeleteCronjob(
            target=_within(owner, thing=str(found["id"]), thing_name=str(found.get("name"))),
            lost={"schedule": str(found.get("schedule"))},
        )
    return _planned(present, step)


def _planned(present: Present, step: Destroy) -> Destroy:
    """The step with how it is now and how it is to be."""
    step.why, step.before, step.after = "asked for", step.seen(present), {"state": "gone"}
    return step


def _deployment(present: Present, owner: Row, name: str) -> DeleteDeployment:
    row = present.deployment_named(owner, name)
    source = row.get("source") or {}
    made_of = source.get("image") or " ".join(
        part for part in (str(source.get("commit") or "")[:12], str(source.get("commitMessage") or "")) if part
    )
    return DeleteDeployment(
        target=_within(owner, deployment=row["id"], deployment_name=version_of(row)),
        lost={"made of": made_of or "files", "made at": str(row.get("createdAt") or "")[:19]},
    )


def _lost_with_environment(present: Present, owner: Row, row: Row) -> dict[str, str]:
    live = row.get("projectDeploymentId")
    routed = [str(one["name"]) for one in present.domains(owner["id"]) if one.get("environmentId") == row["id"]]
    jobs = [str(one.get("name")) for one in present.cronjobs(owner["id"]) if one.get("environmentId") == row["id"]]
    found = {
        "address": str((row.get("extra") or {}).get("endpoint") or ""),
        "live in it": version_of(present.deployment(owner["id"], live)) + " (the deployment stays)" if live else "",
        "variables": variables_in(row),
        "route of": ", ".join(routed),
        "cron jobs": ", ".join(jobs),
    }
    return {name: value for name, value in found.items() if value}


def _plan(
    present: Present, step: Destroy | None, runbook: str, arguments: dict[str, Any], missing: str, why: str = ""
) -> Plan:
    if step is None:
        title, warnings = f"{missing} is not there", [why] if why else []
    else:
        where = f" of {step.target.project_name}" if step.target.name != step.target.project_name else ""
        title, warnings = f"{step.what}{where if step.target.project_name else ''}", []
    return Plan(present, title, [step] if step else [], runbook=runbook, arguments=arguments, warnings=warnings)


def _one(noun: str, rows: list[Row], name: str, missing_ok: bool) -> Row | None:
    """One of the rows by name or id. Raises `UnknownName`, `AmbiguousName`."""
    found = [row for row in rows if name in (row.get("id"), row.get("name"))]
    if len(found) > 1:
        raise AmbiguousName(noun, name, [str(row["id"]) for row in found])
    if not found and not missing_ok:
        raise UnknownName(noun, name, [row.get("name") for row in rows])
    return found[0] if found else None


def _thing(row: Row) -> Target:
    name = row.get("name") or row.get("displayName") or row["id"]
    return Target(project="", project_name="", thing=str(row["id"]), thing_name=str(name))


def _within(owner: Row, **ids: str) -> Target:
    return Target(project=owner["id"], project_name=owner["uniqueName"], **ids)
