"""The step that changes build and run settings of a project: all are read, merged, sent whole and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import field
from msgspec.structs import asdict

from createos_nb.contract.row import Settings
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import id_of, in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Reached, ResumeInputs, Step, Undo, UndoContext, gone
from createos_nb.redaction import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.projects import Project, SupportedType
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: Settings that are maps: each entry is a field of its own, such as `build_vars.NPM_TOKEN`.
MAPS: Final = ("build_flags", "build_vars", "run_envs")
SECRET_MAPS: Final = ("build_vars", "run_envs")
#: They hold for later pushes only: no deployment that is there, and none that is made again, heeds them.
PUSHES: Final = ("ignore_branches",)
#: What is sent for settings that can't be null.
_CLEARED: Final[Mapping[str, Any]] = {"has_dockerfile": False, "use_build_ai": False, "ignore_branches": []}
_SWITCHES: Final = ("has_dockerfile", "use_build_ai")
_ABSENT: Final = "absent"


class ChangeSettings(Step, kw_only=True, tag="change settings"):
    """Change some build and run settings of a project; all others are sent as they are.

    `before` and `after` hold each field by its name, None where it is not set or off. Of a variable they hold a
    fingerprint.
    `others` are the settings that stay, so that what another writer changes is seen.
    """

    operation: ClassVar[str] = "UpdateProjectSettings"
    reads: ClassVar[tuple[Part, ...]] = ("project",)
    rechecks: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 1.0
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return f"change settings of {self.target.project_name}: {', '.join(self.after)}"

    def identity_details(self) -> Any:
        return self.others

    def resource_key(self) -> tuple[str, ...]:
        return ("settings", self.target.project)

    def fields(self) -> list[tuple[str, str, str]]:
        rows = []
        for name in self.after:
            old, new = self.label(name, self.before.get(name)), self.label(name, self.after[name])
            rows.append((name, old, f"{new} (another value)" if old == new == MASK else new))
        return rows

    def label(self, field: str, value: Any) -> str:
        if is_secret(field):
            return _ABSENT if value is None else MASK
        if field in _SWITCHES:
            return "on" if value else "off"
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return super().label(field, value)

    def current_label(self, field: str, value: Any, snapshot: Snapshot) -> str:
        label = self.label(field, value)
        return f"{label} (another value)" if label == MASK else label

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        now = flat_settings(snapshot.client, self._row(snapshot))
        return {name: now.get(name) for name in self.after} | {
            _other(name): value for name, value in now.items() if name not in self.after
        }

    def _row(self, snapshot: Snapshot) -> Project:
        row = snapshot.existing_project(self.target.project)
        if row is None:
            raise gone(f"project {self.target.project_name}")
        return row

    def desired(self, created: Mapping[int, str]) -> dict[str, Any]:
        return dict(self.after) | {_other(name): value for name, value in self.others.items()}

    def planned_state(self) -> dict[str, Any]:
        return {name: self.before.get(name) for name in self.after} | {
            _other(name): value for name, value in self.others.items()
        }

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        """The environments that promote what the next push builds: it goes live without anybody's further word."""
        if all(name in PUSHES for name in self.after):
            return []
        rows = snapshot.environments(self.target.project)
        promoting = [row for row in rows if row.branch and snapshot.promotes_itself(row) is not False]
        return [Reached(id_of(row), f"it promotes the next push to {row.branch} by itself") for row in promoting]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        row = snapshot.project(self.target.project)
        if in_status(row, "deleting", "deleted"):
            return [Precondition(f"project {self.target.project_name} is there", "fails", str(row.status))]
        rows = []
        if unread := snapshot.unread(row, ("settings",)):
            detail = f"the platform gives something else than it declares for {', '.join(unread)}, which would be lost"
            rows.append(Precondition(f"the settings of {self.target.project_name} can be sent back", "fails", detail))
        if "runtime" in self.after or "framework" in self.after:
            rows.append(self._supported(snapshot))
        return rows

    def _supported(self, snapshot: Snapshot) -> Precondition:
        merged = {**self.others, **self.after}
        runtime, framework = merged.get("runtime"), merged.get("framework")
        what = f"the platform builds {' with '.join(filter(None, (framework, runtime))) or 'it'}"
        if merged.get("has_dockerfile") or merged.get("use_build_ai"):
            return Precondition(what, "holds", "a Dockerfile or Build AI decides")
        try:
            supported = snapshot.supported_types()
        except CreateOSError as error:
            return Precondition(what, "unknown", str(error).split("\n", 1)[0])
        problem = _unsupported(supported, runtime, framework)
        return Precondition.of(what, not problem, problem)

    # --- acting -------------------------------------------------------------------------------------------------------

    def check_inputs(self, run: Run) -> None:
        self._values(run)

    def _values(self, run: Run) -> TransientInputs:
        inputs = run.inputs or TransientInputs()
        if set(inputs.values) != set(self.missing_variables()):
            raise StepError(
                "the values of the variables are not in the journal, for it holds no secrets",
                "plans.resume(journal, variables={'build_vars.NAME': …}) goes on; so does the notebook when it is run "
                "again.",
                kind="missing input",
            )
        return inputs

    def write(self, run: Run) -> None:
        inputs = self._values(run)
        snapshot = self.recheck(run)
        row = self._row(snapshot)
        if unread := snapshot.unread(row, ("settings",)):
            raise StepError(
                f"{self.what}: {', '.join(unread)} can't be read, and would be lost",
                "Nothing was changed for this step.",
            )
        sent = _sendable(row)
        for name in self.after:
            part, _, entry = name.partition(".")
            new = inputs.values[name] if is_secret(name) else self.after[name]
            if not entry:
                sent[part] = _CLEARED.get(part) if new is None else new
                continue
            held = sent.setdefault(part, {})
            if is_secret(name):
                old = held.get(entry)
                inputs.old[name] = None if old is None else Secret(old)
            if new is None:
                held.pop(entry, None)
            else:
                held[entry] = new
        run.client.call(self.operation, project_id=self.target.project, **sent)

    def missing_variables(self) -> list[str]:
        return [name for name in self.after if is_secret(name)]

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        if inputs.variables is None:
            return None
        values: dict[str, Secret | None] = {}
        for name in self.missing_variables():
            value = inputs.variables.get(name)
            values[name] = None if value is None else Secret(value)
            if fingerprint(client, values[name]) != self.after[name]:
                raise InvalidInput(f"variables: {name} has another value than in the run of the journal")
        return TransientInputs(values=values)

    # --- undoing ------------------------------------------------------------------------------------------------------

    def undo(self, context: UndoContext) -> Undo:
        now = flat_settings(context.snapshot.client, self._row(context.snapshot))
        changed = {name: self.before.get(name) for name in self.after if now.get(name) != self.before.get(name)}
        known = context.inputs.old if context.inputs is not None else {}
        lost = [name for name, value in changed.items() if is_secret(name) and value is not None and name not in known]
        notes = [f"{name}: its old value is no longer known (a journal holds no secrets)" for name in lost]
        undone = {name: value for name, value in changed.items() if name not in lost}
        if not undone:
            return Undo(notes=notes)
        step = ChangeSettings(
            target=self.target,
            why="as they were before",
            before={name: now.get(name) for name in undone},
            after=undone,
            others={name: value for name, value in now.items() if name not in undone},
        )
        values = {name: known[name] if undone[name] is not None else None for name in step.missing_variables()}
        return Undo([step], notes, TransientInputs(values=values))


def is_secret(name: str) -> bool:
    """Return whether the value of a field is hidden: it is a variable."""
    part, dot, _ = name.partition(".")
    return bool(dot) and part in SECRET_MAPS


def fingerprint(client: Client, value: Secret | None) -> str | None:
    """Return a fingerprint of a value; None for None."""
    return None if value is None else client.transport.fingerprint(value)


def flat_settings(client: Client, project: Project) -> dict[str, Any]:
    """Return the settings of a project that are set, by name; an entry of a map is `build_vars.NPM_TOKEN`.

    Of a variable it is a fingerprint. An empty text or list is as good as none, and a switch that is not set is off.
    """
    flat: dict[str, Any] = {}
    for name, value in _held(project):
        if name not in MAPS:
            flat[name] = value
            continue
        for entry, held in value.items():
            secret = name in SECRET_MAPS
            flat[f"{name}.{entry}"] = fingerprint(client, Secret(held)) if secret else held
    return flat


def _held(project: Project) -> Iterator[tuple[str, Any]]:
    """The settings that say something."""
    for name, value in asdict(project.settings or Settings()).items():
        if value not in (None, "", False, [], {}):
            yield name, value


def _sendable(project: Project) -> dict[str, Any]:
    """The settings as they are sent back; an empty text is left out, for the platform refuses it in places."""
    settings = asdict(project.settings or Settings())
    return {name: dict(value) if name in MAPS else value for name, value in settings.items() if value not in (None, "")}


def _unsupported(supported: list[SupportedType], runtime: str | None, framework: str | None) -> str:
    """Why the platform can't build with these; empty where it can."""
    runtimes = [row.name for row in supported if row.type == "runtime" and row.name]
    frameworks = {row.name: row.runtimes or [] for row in supported if row.type == "framework" and row.name}
    if runtime and runtime not in runtimes:
        return f"runtime: {runtime} is none of {', '.join(runtimes)}"
    if framework and framework not in frameworks:
        return f"framework: {framework} is none of {', '.join(frameworks)}"
    if framework and runtime and runtime not in frameworks[framework]:
        return f"runtime: {framework} goes with {', '.join(frameworks[framework])}, not with {runtime}"
    return ""


def _other(name: str) -> str:
    return f"{name} (not in the plan)"
