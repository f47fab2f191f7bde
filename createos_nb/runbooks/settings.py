"""Changing build and run settings of a project, and the redeployment that applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import fields

from createos_nb.contract.creation import SOURCE, creation_problems
from createos_nb.contract.deployments import DeploymentSource
from createos_nb.contract.operation import UNSET
from createos_nb.contract.row import Settings
from createos_nb.contract.types import ImageSettings, UploadSettings, VcsSettings
from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.environments import assign_step, target_of
from createos_nb.plans.steps.settings import (
    MAPS,
    PUSHES,
    SECRET_MAPS,
    ChangeSettings,
    fingerprint,
    flat_settings,
    is_secret,
)
from createos_nb.redaction import Secret
from createos_nb.runbooks.arguments import validate, validate_variables
from createos_nb.runbooks.redeploy import redeploy_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step

_OPERATION: Final = "UpdateProjectSettings"
#: The settings that each type of project has.
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(field.name for field in fields(declared))
    for kind, declared in (("vcs", VcsSettings), ("image", ImageSettings), ("upload", UploadSettings))
}
#: What runs with them, not what is built: they need a new deployment, and no other build.
_RUN: Final = ("port", "run_command", "run_flag", "run_envs")


def settings(
    client: Client,
    project: str,
    *,
    port: int | None = UNSET,
    runtime: str | None = UNSET,
    framework: str | None = UNSET,
    directory_path: str | None = UNSET,
    install_command: str | None = UNSET,
    build_command: str | None = UNSET,
    run_command: str | None = UNSET,
    build_dir: str | None = UNSET,
    build_flag: str | None = UNSET,
    run_flag: str | None = UNSET,
    has_dockerfile: bool = UNSET,
    use_build_ai: bool = UNSET,
    ignore_branches: Sequence[str] = UNSET,
    build_flags: Mapping[str, str | None] = UNSET,
    build_vars: Mapping[str, str | Secret | None] = UNSET,
    run_envs: Mapping[str, str | Secret | None] = UNSET,
    redeploy: bool = False,
    environment: str | None = None,
    deployment: str | int | None = None,
) -> Plan:
    """Change build and run settings of a project; what is left out stays as it is, and None clears a setting.

    Nothing that runs changes at once: the plan says of each setting what makes it effective, a new build, a new
    deployment or a later push, and `redeploy=True` makes the deployment. Of the maps a text sets one entry, None
    deletes one, all others stay. Values of variables show as dots, and are in no journal: a run that is resumed by
    `plans.resume` needs them again, such as `variables={"build_vars.NPM_TOKEN": …}`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        port: the port that the app listens on.
        runtime: runtime of the build, such as "node:20".
        framework: framework, such as "nextjs".
        directory_path: folder of the app in its repository; None is its top.
        install_command: command that installs what the build needs.
        build_command: command that builds.
        run_command: command that starts the app.
        build_dir: folder that the build writes.
        build_flag: flag of the build command.
        run_flag: flag of the run command.
        has_dockerfile: whether a Dockerfile decides the build.
        use_build_ai: whether the platform finds the build configuration itself.
        ignore_branches: all branches whose pushes deploy nothing, by their exact names.
        build_flags: flags of the build by name.
        build_vars: variables of the build by name, such as the token of a private package.
        run_envs: run-time variables of the project by name; those of an environment: `set_variables`.
        redeploy: deploy once more with the new settings.
        environment: name or id of the environment that the new deployment is assigned to (default: the only one in
            which something is live).
        deployment: version or id of the deployment that is made again, such as one that failed (default: the live one
            of the environment; where nothing is live, the newest). Without `environment` it is assigned to none.

    Returns:
        A plan of at most three steps (change settings, redeploy, assign); of none where nothing differs. Nothing is
        changed before `apply`.

    Raises:
        InvalidInput: a value is outside of the platform's limits, the project's type has no such setting, or it is open
            what is redeployed.
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate("wrong-port")
        >>> plan = createos_nb.runbooks.settings(client, "mailer", port=8025, redeploy=True)
        >>> plan.frame()[["what", "before", "after"]].values.tolist()[0]
        ['change settings of mailer: port', '8080', '8025']
        >>> receipt = plan.apply(confirm=plan.confirmation, reason="it listens on 8025")
        >>> receipt.checks.result
        'PASS'
    """
    given = {
        "port": port,
        "runtime": runtime,
        "framework": framework,
        "directory_path": directory_path,
        "install_command": install_command,
        "build_command": build_command,
        "run_command": run_command,
        "build_dir": build_dir,
        "build_flag": build_flag,
        "run_flag": run_flag,
        "has_dockerfile": has_dockerfile,
        "use_build_ai": use_build_ai,
        "ignore_branches": ignore_branches,
        "build_flags": build_flags,
        "build_vars": build_vars,
        "run_envs": run_envs,
    }
    values = _validated(client, {name: value for name, value in given.items() if value is not UNSET})
    if not values:
        raise InvalidInput(f"settings: give what to change: {'=, '.join(given)}=")
    if not redeploy and (environment is not None or deployment is not None):
        name = "environment" if environment is not None else "deployment"
        raise InvalidInput(f"settings: {name}= says what is redeployed: give redeploy=True, too")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    _check_type(owner, values)
    now = flat_settings(client, owner)
    desired = {name: fingerprint(client, value) if is_secret(name) else value for name, value in values.items()}
    changed = {name: value for name, value in desired.items() if now.get(name) != value}
    redeployment = _Redeployment(snapshot, owner, environment, deployment) if redeploy else None
    steps: list[Step] = []
    inputs: dict[int, TransientInputs] = {}
    warnings: list[str] = []
    if changed:
        others = {name: value for name, value in now.items() if name not in changed}
        before = {name: now.get(name) for name in changed}
        steps.append(
            ChangeSettings(target=target_of(owner), why="asked for", before=before, after=changed, others=others)
        )
        inputs[0] = TransientInputs(values={name: values[name] for name in changed if is_secret(name)})
        if redeployment is not None:
            steps += redeployment.steps()
        warnings += _effects(snapshot, owner, list(changed), redeployment)
        warnings += _refusals(owner, now, others | changed)
    elif redeploy:
        warnings.append("the settings are so already: runbooks.deploy or runbooks.retry_failed deploys with them")
    return make_plan(
        snapshot,
        f"change settings of {name_of(owner)}: {', '.join(changed) or 'nothing changes'}",
        steps,
        runbook="settings",
        arguments={
            "project": id_of(owner),
            "settings": desired,
            "redeploy": redeploy,
            "environment": redeployment.asked_for if redeployment is not None else None,
            "deployment": id_of(redeployment.again)
            if redeployment is not None and redeployment.again is not None and deployment is not None
            else None,
        },
        inputs=inputs,
        warnings=warnings,
    )


def _validated(client: Client, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by field, an entry of a map as a field of its own; None for what is cleared."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in MAPS:
            valid = validate(client, _OPERATION, name, value)
            values[name] = list(valid) if name in PUSHES else valid
            values[name] = values[name] or None  # an empty text, an empty list and off are as good as none
            continue
        if name in SECRET_MAPS:
            entries: Mapping[str, Any] = validate_variables(value, name)
        else:
            _validate_flags(client, value)
            entries = value
        values |= {f"{name}.{entry}": text for entry, text in entries.items()}
    return values


def _validate_flags(client: Client, flags: Any) -> None:
    if not isinstance(flags, Mapping):
        raise InvalidInput(f"build_flags: a mapping from name to text, not a {type(flags).__name__}")
    validate(client, _OPERATION, "build_flags", {name: text for name, text in flags.items() if text is not None})


def _check_type(owner: Project, values: Mapping[str, Any]) -> None:
    known = _FIELDS.get(str(owner.type))
    if known is None:
        raise InvalidInput(f"project {name_of(owner)} is of an unknown type, {owner.type!r}")
    wrong = [name for name in values if name.partition(".")[0] not in known]
    if wrong:
        raise InvalidInput(
            f"settings: {wrong[0]} is no setting of a project of type {owner.type}, such as {name_of(owner)}; there "
            f"is: {', '.join(sorted(known))}"
        )


class _Redeployment:
    """What is deployed once more, and which environment gets it."""

    def __init__(
        self, snapshot: Snapshot, owner: Project, environment: str | None, deployment: str | int | None
    ) -> None:
        self.snapshot, self.owner = snapshot, owner
        self.environment = None if environment is None else snapshot.find_environment(owner, environment)
        self.asked_for = None if self.environment is None else id_of(self.environment)
        self.again: Deployment | None
        if deployment is not None:
            self.again = snapshot.find_deployment(owner, deployment)
            return
        if self.environment is None:
            self.environment = self._only_one()
        live = snapshot.live_deployment(id_of(owner), self.environment) if self.environment is not None else None
        self.again = live or self._newest()

    def _only_one(self) -> Environment | None:
        """The only environment in which something is live. Raises `InvalidInput` where there are several."""
        live = [row for row in self.snapshot.environments(id_of(self.owner)) if row.project_deployment_id]
        if len(live) > 1:
            names = ", ".join(map(name_of, live))
            raise InvalidInput(
                f"settings: which environment of {name_of(self.owner)} gets the new deployment? environment= is one "
                f"of {names}; or deployment= names what is made again, and none gets it"
            )
        return live[0] if live else None

    def _newest(self) -> Deployment | None:
        branch = self.environment.branch if self.environment is not None else None
        rows = self.snapshot.deployments(id_of(self.owner))
        return next((row for row in rows if not branch or (row.source or DeploymentSource()).branch == branch), None)

    def steps(self) -> list[Step]:
        """The steps after the change of the settings; none where there is nothing to deploy."""
        if self.again is None:
            return []
        steps: list[Step] = [redeploy_step(self.owner, self.again, "to apply the new settings")]
        if self.environment is not None:
            live = self.snapshot.live_deployment(id_of(self.owner), self.environment)
            name = f"the new deployment of {version_of(self.again)}"
            steps.append(assign_step(self.owner, self.environment, live, f"{CREATED}1", name, "to serve with them"))
        return steps


def _effects(snapshot: Snapshot, owner: Project, changed: list[str], redeployment: _Redeployment | None) -> list[str]:
    """What each changed setting needs to become effective, by the platform's rules."""
    pushes = [name for name in changed if name in PUSHES]
    runs = [name for name in changed if name.partition(".")[0] in _RUN]
    builds = [name for name in changed if name not in pushes and name not in runs]
    again = redeployment.again if redeployment is not None else None
    texts = []
    if builds:
        texts.append(f"{', '.join(builds)}: effective with the next build{_when(owner, again, 'rebuilds')}")
    if runs:
        texts.append(f"{', '.join(runs)}: effective with the next deployment{_when(owner, again, 'redeploys')}")
    if pushes:
        texts.append(f"{', '.join(pushes)}: holds for later pushes only, without a redeployment")
    if builds or runs:
        texts += _left_behind(snapshot, owner, redeployment)
    return texts


def _when(owner: Project, again: Deployment | None, verb: str) -> str:
    if again is not None:
        return f": this plan {verb} {version_of(again)}"
    by = {"vcs": "a push or a redeployment", "image": "a deployment of the image", "upload": "an upload"}
    return f", by {by[str(owner.type)]}; redeploy=True makes one"


def _left_behind(snapshot: Snapshot, owner: Project, redeployment: _Redeployment | None) -> list[str]:
    """Where the settings before stay in force, and where the new deployment goes."""
    texts = []
    got = redeployment.environment if redeployment is not None and redeployment.again is not None else None
    rows = [row for row in snapshot.environments(id_of(owner)) if row.project_deployment_id]
    kept = ", ".join(name_of(row) for row in rows if got is None or row.id != got.id)
    if redeployment is not None and redeployment.again is None:
        texts.append("nothing was deployed yet that could be deployed again: they apply from the first deployment on")
    elif redeployment is not None and got is None:
        texts.append("the new deployment is assigned to no environment: environment= does that, or runbooks.assign")
    elif got is not None and not got.project_deployment_id:
        texts.append(f"nothing is live in {name_of(got)}: the new deployment will be")
    if kept:
        texts.append(f"what is live in {kept} keeps the settings that it was deployed with")
    return texts


def _refusals(owner: Project, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What the platform refuses of a new project with these settings, and did not with those before."""
    if owner.type != "vcs":
        return []
    known, problems = creation_problems(_wire(before)), creation_problems(_wire(after))
    return [
        f"the platform refuses to create a project like that, and may refuse the change: {problem} (so says {SOURCE})"
        for problem in problems
        if problem not in known
    ]


def _wire(flat: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {field.name: field.encode_name for field in fields(Settings)}
    return {spelled[name]: value for name, value in flat.items() if name in spelled and value is not None}
