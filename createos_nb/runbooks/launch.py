"""Launching: from nothing to a live address, as one plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from createos_nb.contract.creation import creation_problems
from createos_nb.contract.environments import Environment
from createos_nb.contract.fields import field_names, respelled
from createos_nb.contract.projects import Project, SupportedType
from createos_nb.contract.types import ImageSettings, UploadSettings, VcsSettings
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.checks import Probe
from createos_nb.plans.steps.create import CreateEnvironment
from createos_nb.plans.steps.create_project import CreateProject
from createos_nb.plans.steps.deployments import full_name_of
from createos_nb.plans.steps.environments import accepted, assign_step, target_of
from createos_nb.plans.steps.variables import fingerprints
from createos_nb.redaction import Secret
from createos_nb.runbooks.arguments import validate, validate_paths
from createos_nb.runbooks.deploy import deploy_step
from createos_nb.runbooks.domains import adding_steps, route_domain, valid_domain, waits_for_records
from createos_nb.uploads import select
from createos_nb.uploads.detection import Detection, Supported, detect

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.types import ProjectType
    from createos_nb.plans.steps.base import Step

_KINDS: Final[Mapping[ProjectType, type[msgspec.Struct]]] = {
    "vcs": VcsSettings,
    "image": ImageSettings,
    "upload": UploadSettings,
}
_REPOSITORY: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<branch>\S+))?", re.ASCII)
#: Requests that verify it from outside.
_REQUESTS: Final = 3
_PROJECT, _ENVIRONMENT, _DEPLOYMENT, _DOMAIN = (f"{CREATED}{number}" for number in (0, 1, 2, 5))

Variables = Mapping[str, str | Secret]


class _Origin(NamedTuple):
    """What is launched: its type, its settings, and of a repository where it is."""

    type: ProjectType
    detection: Detection
    source: Mapping[str, str]
    repository: str
    branch: str


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
    given = {"source": source, "image": image, "repository": repository}
    chosen = [key for key, value in given.items() if value is not None]
    if len(chosen) != 1:
        what = f"{' and '.join(chosen)} are given" if chosen else "nothing is given to launch"
        raise InvalidInput(f"launch: {what}: give one of source= (files), image= and repository=")
    name = validate(client, "CreateProject", "unique_name", name)
    environment = validate(client, "CreateProjectEnvironment", "unique_name", environment)
    size = validate(
        client, "CreateProjectEnvironment", "resources", {"cpu": cpu, "memory": memory, "replicas": replicas}
    )
    domain = None if domain is None else valid_domain(client, domain)
    snapshot = Snapshot(client)
    app_id, app_name = _app(snapshot, app)
    kind: ProjectType = "vcs" if repository is not None else "image" if image is not None else "upload"
    own, build_values = _own_settings(kind, settings)
    if repository is not None:
        origin = _of_repository(snapshot, repository, own)
    elif image is not None:
        origin = _Origin("image", _of_image(own), {}, "", "")
    else:
        origin = _Origin("upload", _of_files(snapshot, source, own), {}, "", "")
    run_values = _secrets(variables, "variables")
    build_prints, run_prints = (fingerprints(client, values) for values in (build_values, run_values))
    if differing := [one for one in build_prints if run_prints.get(one, build_prints[one]) != build_prints[one]]:
        raise InvalidInput(f"launch: {', '.join(differing)}: one value in build_vars and another in variables")

    project = Project(id=_PROJECT, unique_name=name, type=kind)
    place = Environment(id=_ENVIRONMENT, unique_name=environment)
    deploy, inputs, contents = deploy_step(snapshot, project, None, image, source, origin.branch or None)
    steps: list[Step] = [
        CreateProject(
            target=Target(project="", project_name=name),
            why="the name is its address",
            display=_text("display name", name.replace("-", " ").capitalize(), name),
            type=kind,
            settings=origin.detection.settings,
            reasons=origin.detection.reasons,
            build_variables=build_prints,
            source=dict(origin.source),
            repository=origin.repository,
            branch=origin.branch,
            app=app_id,
            app_name=app_name,
        ),
        CreateEnvironment(
            target=target_of(project),
            why="where it serves",
            name=environment,
            display=_text("display name", environment.capitalize(), environment),
            description=_text("description", f"{environment.capitalize()} of {name}", environment),
            branch=origin.branch or None,
            variables=run_prints,
            **size,
        ),
        deploy,
        assign_step(project, place, None, _DEPLOYMENT, "the new deployment", "it is live from then on"),
        Probe(
            target=target_of(project, place),
            why="verified from outside",
            paths=validate_paths(paths),
            requests=_REQUESTS,
        ),
    ]
    warnings: list[str] = []
    if domain is not None:
        steps += adding_steps(_PROJECT, name, domain, place, _DOMAIN)
        warnings.append(waits_for_records(domain))
    inputs = {steps.index(deploy): own_inputs for own_inputs in inputs.values()}
    inputs |= {
        number: TransientInputs(values=values) for number, values in enumerate((build_values, run_values)) if values
    }
    return make_plan(
        snapshot,
        f"launch {name}: {deploy.source()}, live in {environment}",
        steps,
        runbook="launch",
        arguments={
            "name": name,
            **contents,
            "repository": origin.repository or None,
            "settings": own,
            "variables": {**build_prints, **run_prints},
            "environment": environment,
            "size": size,
            "paths": validate_paths(paths),
            "domain": domain,
            "app": app_id or None,
        },
        inputs=inputs,
        warnings=warnings,
        follow_ups={} if domain is None else {"domain": lambda: route_domain(client, name, domain)},
    )


def _text(field: str, text: str, otherwise: str) -> str:
    return accepted(field, text, otherwise) or otherwise


def _app(snapshot: Snapshot, app: str | None) -> tuple[str, str]:
    """Id and name of an app; "" for none. Raises `UnknownName`."""
    if app is None:
        return "", ""
    rows = snapshot.apps()
    for row in rows:
        if app in (row.name, row.id):
            return id_of(row), row.name or id_of(row)
    raise UnknownName("app", app, [row.name or id_of(row) for row in rows], "this account")


def _secrets(variables: Variables | None, name: str) -> dict[str, Secret | None]:
    if not isinstance(variables or {}, Mapping):
        raise InvalidInput(f"launch: {name}: a map from name to text, not {type(variables).__name__}")
    for key, value in (variables or {}).items():
        if not isinstance(key, str) or not key or not isinstance(value, str | Secret):
            raise InvalidInput(f"launch: {name}: {key!r} has to be a name with a text, not {type(value).__name__}")
    return {key: value if isinstance(value, Secret) else Secret(value) for key, value in (variables or {}).items()}


def _own_settings(
    kind: ProjectType, settings: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Secret | None]]:
    """The given settings in the wire's spelling, and apart from them the variables of the build."""
    if not isinstance(settings or {}, Mapping):
        raise InvalidInput(f"launch: settings: a map such as {{'port': 3000}}, not {type(settings).__name__}")
    own = respelled(settings or {}, field_names((_KINDS[kind],)), f"launch: settings of a project of type {kind}")
    own = {name: value for name, value in own.items() if value is not None and value != ""}
    if "runEnvs" in own:
        raise InvalidInput("launch: run_envs are the environment's variables: give variables={…}")
    build = _secrets(own.pop("buildVars", None), "build_vars")
    if kind != "image" or "port" in own:  # a missing port of an image has an error of its own
        try:
            msgspec.convert(own, _KINDS[kind])
        except msgspec.ValidationError as error:
            raise InvalidInput(f"launch: settings: {error}") from None
    return own, build


# --- what is launched -------------------------------------------------------------------------------------------------


def _of_image(own: dict[str, Any]) -> Detection:
    if "port" not in own:
        raise InvalidInput("launch: an image does not say its port: give settings={'port': …}, where the app listens")
    return Detection(own, dict.fromkeys(own, "given"))


def _of_files(snapshot: Snapshot, source: Any, own: dict[str, Any]) -> Detection:
    selection = select(source)
    if selection.problems:
        raise InvalidInput("launch: source can't be uploaded: " + "; ".join(selection.problems))
    return _detected({row.path: row.data for row in selection.included}, snapshot, own, static=True)


def _of_repository(snapshot: Snapshot, repository: str, own: dict[str, Any]) -> _Origin:
    match = _REPOSITORY.fullmatch(repository) if isinstance(repository, str) else None
    if match is None:
        raise InvalidInput(f"launch: repository: owner/name, or owner/name@branch, not {repository!r}")
    accounts = snapshot.github_accounts()
    if not accounts:
        raise InvalidInput("launch: no GitHub account is connected: createos_nb.runbooks.connect_github says how")
    owner = match["name"].partition("/")[0].lower()
    accounts.sort(key=lambda account: (account.username or "").lower() != owner)
    granted: list[str] = []
    for account in accounts:
        for row in snapshot.repositories(str(account.installation_id)):
            full_name = full_name_of(row)
            granted.append(full_name)
            if full_name.lower() != match["name"].lower():
                continue
            branch = match["branch"] or row.default_branch or row.default_branch_again or "main"
            installation = str(account.installation_id)
            branches = snapshot.branches(installation, full_name)
            if branch not in branches:
                raise UnknownName("branch", branch, branches, f"repository {full_name!r}")
            source = {"vcsName": "github", "vcsInstallationId": installation, "vcsRepoId": str(row.id)}
            return _Origin("vcs", _of_tree(snapshot, installation, full_name, branch, own), source, full_name, branch)
    hint = "the connected accounts; a repository that is missing is granted in GitHub's settings"
    raise UnknownName("repository", match["name"], granted, hint)


def _of_tree(snapshot: Snapshot, installation: str, name: str, branch: str, own: dict[str, Any]) -> Detection:
    """The settings that the names in a repository's tree tell."""
    tree = snapshot.client.github.content(installation, repository=name, branch=branch)
    if not tree.attrs.get("complete", True):
        if problems := creation_problems(own):
            raise InvalidInput(
                f"launch: the platform cuts the file tree of {name} short, so that its settings can't be found: give "
                f"them in settings= ({'; '.join(problems)})"
            )
        return Detection(own, dict.fromkeys(own, "given"))
    files: dict[str, bytes | None] = dict.fromkeys(tree.loc[tree["type"] == "blob", "path"].astype(str).tolist())
    return _detected(files, snapshot, own, static=False)


def _detected(files: Mapping[str, bytes | None], snapshot: Snapshot, own: dict[str, Any], *, static: bool) -> Detection:
    supported = [_supported(row) for row in snapshot.supported_types()]
    try:
        return detect(files, supported, own, static=static)
    except InvalidInput as error:
        raise InvalidInput(f"launch: {error}") from None


def _supported(row: SupportedType) -> Supported:
    editables = {name: spec for name, spec in (row.editables or {}).items() if isinstance(spec, Mapping)}
    defaults = {name: spec["default"] for name, spec in editables.items() if spec.get("default") is not None}
    return Supported(row.name or "", row.type == "framework", tuple(row.runtimes or ()), defaults)
