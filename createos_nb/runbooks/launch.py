"""Launching: from nothing to a live address, as one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from createos_nb.errors import UnknownName
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of
from createos_nb.runbooks.domains import route_domain
from createos_nb.runbooks.launch_steps import LaunchRequest, launch_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.runbooks.launch_sources import Variables


def launch(
    client: Client,
    name: str,
    *,
    source: Any = None,
    image: str | None = None,
    repository: str | None = None,
    settings: Mapping[str, Any] | None = None,
    variables: Variables | None = None,
    environment: str = "production",
    cpu: int = 200,
    memory: int = 500,
    replicas: int = 1,
    paths: str | Sequence[str] = "/",
    domain: str | None = None,
    app: str | None = None,
) -> Plan:
    """Make a project, an environment and a deployment, assign it, request it from outside, and add a domain.

    Settings that are left out are found in the source (package.json, requirements.txt, pyproject.toml, a Dockerfile,
    the framework), or else the platform's own defaults; the plan shows each with the reason for it. Of a repository
    only the names of the files can be read: where a manifest's content decides, Build AI is let decide.

    A run that was interrupted is resumed to one project, one environment, one deployment and one domain. Its undo
    deletes the project with all that is in it.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: unique name of the new project, which its address begins with.
        source: files to deploy: anything that `client.deployments.upload` takes.
        image: the container image to deploy; `settings` has to give its port.
        repository: a repository of a connected GitHub account, as "owner/name" or "owner/name@branch" (default: its
            default branch).
        settings: build and run settings, in snake_case or as the wire spells them, such as port, runtime, framework,
            run_command, directory_path, build_vars (kept out of the journal).
        variables: run-time variables of the environment, by name; no journal holds their values.
        environment: unique name of the environment.
        cpu: CPU limit of the environment in millicores.
        memory: memory limit in MB.
        replicas: number of replicas.
        paths: what is requested from outside: every answer has to be below 400.
        domain: a host name of one's own that is routed to the environment. It answers once its DNS records are set and
            found, which can take 48 hours: the run reads them and ends, and `follow_up("domain")` or
            `runbooks.route_domain` verifies it, and can be resumed.
        app: name or id of the app that groups the project.

    Returns:
        A plan of five steps, of seven with a domain. Nothing is changed before `apply`.

    Raises:
        InvalidInput: it is not said what to launch, or its settings can't be found; no GitHub account is connected.
        UnknownName: there is no such app, repository or branch.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.launch(client, "hello-world", source={"index.html": "<h1>Hello</h1>"})
        >>> plan.frame()["what"].drop_duplicates().tolist()[:3]
        ['create project hello-world', 'create environment production', 'upload 1 files']
        >>> plan.frame().set_index("field")["after"]["runtime"]
        'static: index.html, and nothing that is built'
        >>> receipt = plan.apply()
        >>> receipt.checks.result
        'PASS'
        >>> int(client.probe(client.environments.get("hello-world", "production")["endpoint"])["status"])
        200
    """
    request = LaunchRequest(
        name=name,
        source=source,
        image=image,
        repository=repository,
        settings=settings,
        variables=variables,
        environment=environment,
        cpu=cpu,
        memory=memory,
        replicas=replicas,
        paths=paths,
        domain=domain,
    )
    return launch_plan(client, request, app)


def launch_plan(client: Client, request: LaunchRequest, app: str | None, runbook: str = "launch") -> Plan:
    """Return the plan of a launch, under the name of the runbook or recipe that makes it."""
    snapshot = Snapshot(client)
    app_id, app_name = _app(snapshot, app)
    made = launch_steps(snapshot, request, (app_id, app_name))
    domain, name = made.domain, request.name
    return make_plan(
        snapshot,
        f"launch {made.title}, live in {request.environment}",
        made.steps,
        runbook=runbook,
        arguments={**made.arguments, "app": app_id or None},
        inputs=made.inputs,
        warnings=made.warnings,
        follow_ups={} if domain is None else {"domain": lambda: route_domain(client, name, domain)},
    )


def _app(snapshot: Snapshot, app: str | None) -> tuple[str, str]:
    """Id and name of an app; "" for none. Raises `UnknownName`."""
    if app is None:
        return "", ""
    rows = snapshot.apps()
    for row in rows:
        if app in (row.name, row.id):
            return id_of(row), row.name or id_of(row)
    raise UnknownName("app", app, [row.name or id_of(row) for row in rows], "this account")
