"""Deleting and revoking: irreversible, so what goes with it is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from createos_nb.contract.deployments import DeploymentSource
from createos_nb.errors import AmbiguousName, InvalidInput, NotFound, UnknownName
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.delete import (
    DeleteApp,
    DeleteCronjob,
    DeleteDeployment,
    DeleteDomain,
    DeleteEnvironment,
    DeleteProject,
    DeleteStep,
    DeleteTemplate,
    RevokeKey,
    lost_with,
    variables_in,
)
from createos_nb.plans.steps.domains import domain_target
from createos_nb.plans.steps.environments import target_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project


class WithName(Protocol):
    """A row of something that has an id and a name."""

    id: str | None
    name: str | None


N = TypeVar("N", bound=WithName)


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
    refused.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment to delete.
        deployment: version or id of the deployment to delete.
        domain: host name or id of the domain to delete.
        cronjob: name or id of the cron job to delete.
        missing_ok: for what is not there return a plan that does nothing, so that a notebook can be run again.

    Returns:
        A plan of one irreversible step. Nothing is changed before `apply`.

    Raises:
        InvalidInput: more than one thing is named.
        UnknownName: it is not there, and `missing_ok` is False.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.delete(client, "storefront", cronjob="warm-caches")
        >>> plan.irreversible, plan.confirmation
        (True, 'warm-caches')
        >>> plan.apply(confirm="warm-caches", reason="caches warm themselves now").checks.result
        'PASS'
    """
    resources = {"environment": environment, "deployment": deployment, "domain": domain, "cronjob": cronjob}
    parts = {resource: str(name) for resource, name in resources.items() if name is not None}
    if len(parts) > 1:
        raise InvalidInput(f"delete: one thing a plan, not {' and '.join(parts)}")
    snapshot = Snapshot(client)
    resource, name = next(iter(parts.items()), ("project", project))
    try:
        step = _step(snapshot, project, resource, name)
    except (UnknownName, NotFound) as error:
        if not missing_ok:
            raise
        return _plan(snapshot, None, "delete", {"project": project, **parts}, f"{resource} {name}", str(error))
    return _plan(snapshot, step, "delete", {"project": project, **parts}, "")


def delete_app(client: Client, app: str, *, missing_ok: bool = False) -> Plan:
    """Delete an app for good; its projects and services stay, ungrouped. See `delete`.

    Args:
        client: an open client, of the platform or of a simulated world.
        app: name or id of the app.
        missing_ok: for what is not there return a plan that does nothing, so that a notebook can be run again.

    Returns:
        A plan of one irreversible step. Nothing is changed before `apply`.

    Raises:
        UnknownName: it is not there, and `missing_ok` is False.

    Examples:
        >>> client = createos_nb.simulate()
        >>> createos_nb.runbooks.delete_app(client, "Back office").title
        'delete app Back office'
    """
    snapshot = Snapshot(client)
    rows = snapshot.apps()
    row = _find("app", rows, app, missing_ok)
    step = None
    if row is not None:
        grouped = client.apps.projects(id_of(row))["unique_name"]
        lost = {"group of": ", ".join(map(str, grouped))} if len(grouped) else {}
        step = DeleteApp(
            target=_thing(row), why="asked for", before={"state": "there"}, after={"state": "gone"}, lost=lost
        )
    return _plan(snapshot, step, "delete_app", {"app": app}, f"app {app}")


def delete_template(client: Client, template: str, *, missing_ok: bool = False) -> Plan:
    """Withdraw a project template (by id) for good; who has bought it keeps it. See `delete`.

    Args:
        client: an open client, of the platform or of a simulated world.
        template: id of the template.
        missing_ok: for what is not there return a plan that does nothing, so that a notebook can be run again.

    Returns:
        A plan of one irreversible step. Nothing is changed before `apply`.

    Raises:
        UnknownName: it is not there, and `missing_ok` is False.

    Examples:
        >>> client = createos_nb.simulate()
        >>> template = client.templates.list_my()["id"].iloc[0]
        >>> plan = createos_nb.runbooks.delete_template(client, template)
        >>> plan.irreversible
        True
    """
    snapshot = Snapshot(client)
    row = snapshot.template(template)
    if row is None and not missing_ok:
        raise UnknownName("template", template)
    step = None
    if row is not None:
        step = DeleteTemplate(target=_thing(row)).planned(snapshot, "asked for")
    return _plan(snapshot, step, "delete_template", {"template": template}, f"template {template}")


def revoke_key(client: Client, api_key: str, *, missing_ok: bool = False) -> Plan:
    """Revoke an API key (by name or id) for good: whoever uses it is refused from then on. See `delete`.

    The platform does not tell whether it is the key of this client.

    Args:
        client: an open client, of the platform or of a simulated world.
        api_key: name or id of the key; never the key itself.
        missing_ok: for what is not there return a plan that does nothing, so that a notebook can be run again.

    Returns:
        A plan of one irreversible step. Nothing is changed before `apply`.

    Raises:
        UnknownName: it is not there, and `missing_ok` is False.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.revoke_key(client, "status-board")
        >>> plan.title, plan.confirmation
        ('revoke API key status-board', 'status-board')
    """
    snapshot = Snapshot(client)
    rows = [row for row in snapshot.api_keys() if not row.revoked_at]
    row = _find("API key", rows, api_key, missing_ok)
    step = None
    if row is not None:
        facts = {"ends": (row.expired_at or "")[:10], "used for": row.description or ""}
        lost = {name: value for name, value in facts.items() if value}
        step = RevokeKey(target=_thing(row), lost=lost).planned(snapshot, "asked for")
    return _plan(snapshot, step, "revoke_key", {"api_key": api_key}, f"API key {api_key}")


def _step(snapshot: Snapshot, project: str, resource: str, name: str) -> DeleteStep:
    owner = snapshot.find_project(project, active=resource != "project")
    if in_status(owner, "deleted"):
        raise UnknownName("project", project)
    target = target_of(owner)
    step: DeleteStep
    if resource == "project":
        step = DeleteProject(target=target, lost=lost_with(snapshot, owner))
    elif resource == "environment":
        row = snapshot.find_environment(owner, name)
        step = DeleteEnvironment(target=target_of(owner, row), lost=_lost_with_environment(snapshot, owner, row))
    elif resource == "deployment":
        step = _deployment(snapshot, owner, name)
    elif resource == "domain":
        domain = snapshot.find_domain(owner, name)
        names = {id_of(environment): name_of(environment) for environment in snapshot.environments(id_of(owner))}
        routed = names.get(domain.environment_id or "", "")
        step = DeleteDomain(
            target=domain_target(owner, domain),
            lost={"route to": routed} if routed else {},
            labels=names,
        )
    else:
        job = _find("cron job", snapshot.cronjobs(id_of(owner)), name, False)
        assert job is not None
        step = DeleteCronjob(
            target=_within(owner, thing=id_of(job), thing_name=str(job.name)),
            lost={"schedule": str(job.schedule)},
        )
    return step.planned(snapshot, "asked for")


def _deployment(snapshot: Snapshot, owner: Project, name: str) -> DeleteDeployment:
    row = snapshot.find_deployment(owner, name)
    source = row.source or DeploymentSource()
    built_from = source.image or " ".join(
        part for part in ((source.commit or "")[:12], source.commit_message or "") if part
    )
    return DeleteDeployment(
        target=_within(owner, deployment=id_of(row), deployment_name=version_of(row)),
        lost={"built from": built_from or "files", "created at": (row.created_at or "")[:19]},
    )


def _lost_with_environment(snapshot: Snapshot, owner: Project, row: Environment) -> dict[str, str]:
    project = id_of(owner)
    domains, cronjobs = snapshot.domains(project), snapshot.cronjobs(project)
    routed = [str(domain.name) for domain in domains if domain.environment_id == row.id]
    jobs = [str(job.name) for job in cronjobs if job.environment_id == row.id]
    live = version_of(snapshot.live_deployment(project, row)) if row.project_deployment_id else ""
    lost = {
        "address": (row.extra.endpoint if row.extra is not None else None) or "",
        "live in it": f"{live} (the deployment stays)" if live else "",
        "variables": variables_in(row),
        "route of": ", ".join(routed),
        "cron jobs": ", ".join(jobs),
    }
    return {name: value for name, value in lost.items() if value}


def _plan(
    snapshot: Snapshot, step: DeleteStep | None, runbook: str, arguments: dict[str, Any], missing: str, why: str = ""
) -> Plan:
    if step is None:
        title, warnings = f"{missing} is not there", [why] if why else []
    else:
        where = f" of {step.target.project_name}" if step.target.name != step.target.project_name else ""
        title, warnings = f"{step.what}{where if step.target.project_name else ''}", []
    return make_plan(snapshot, title, [step] if step else [], runbook=runbook, arguments=arguments, warnings=warnings)


def _find(resource: str, rows: list[N], name: str, missing_ok: bool) -> N | None:
    """Return one of the rows by name or id. Raises `UnknownName`, `AmbiguousName`."""
    matching = [row for row in rows if name in (row.id, row.name)]
    if len(matching) > 1:
        raise AmbiguousName(resource, name, [id_of(row) for row in matching])
    if not matching and not missing_ok:
        raise UnknownName(resource, name, [row.name for row in rows])
    return matching[0] if matching else None


def _thing(row: WithName) -> Target:
    return Target(project="", project_name="", thing=id_of(row), thing_name=row.name or id_of(row))


def _within(owner: Project, **ids: str) -> Target:
    return Target(project=id_of(owner), project_name=name_of(owner), **ids)
