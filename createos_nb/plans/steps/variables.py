"""The step that sets run-time variables: the whole map is read, merged, written and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import field

from createos_nb.errors import InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.snapshot import in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import ResumeInputs, Undo, UndoContext, gone
from createos_nb.plans.steps.environments import OnEnvironment
from createos_nb.redaction import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: Stands for the fingerprint of a variable that is not there.
ABSENT: Final = "absent"


class SetVariables(OnEnvironment, kw_only=True, tag="set variables"):
    """Set, change and delete some variables; all others stay as they are.

    `before` and `after` hold a fingerprint for each name, "absent" where there is none. `others` is the fingerprint of
    the names that stay, so that what another writer adds or deletes is seen.
    """

    operation: ClassVar[str] = "UpdateProjectEnvironmentEnvironmentVariables"
    sends_back: ClassVar[tuple[str, ...]] = ("settings",)
    rechecks: ClassVar[bool] = True
    others: dict[str, str] = field(default_factory=dict)
    port: int | None = None

    @property
    def what(self) -> str:
        names = ", ".join(self.after) or "nothing"
        return f"set variables of {self.target.environment_name}: {names}"

    def identity_details(self) -> Any:
        return [self.others, self.port]

    def fields(self) -> list[tuple[str, str, str]]:
        rows = []
        for name in self.after:
            old, new = (ABSENT if prints.get(name) in (None, ABSENT) else MASK for prints in (self.before, self.after))
            rows.append((name, old, f"{new} (another value)" if old == new == MASK else new))
        return rows

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        now = fingerprints(snapshot.client, variables_of(self.row(snapshot, {})))
        return {name: now.get(name, ABSENT) for name in self.after} | {
            _other(name): fingerprint for name, fingerprint in now.items() if name not in self.after
        }

    def desired(self, created: Mapping[int, str]) -> dict[str, Any]:
        return dict(self.after) | {_other(name): fingerprint for name, fingerprint in self.others.items()}

    def planned_state(self) -> dict[str, Any]:
        return dict(self.before) | {_other(name): fingerprint for name, fingerprint in self.others.items()}

    def label(self, field: str, value: Any) -> str:
        return ABSENT if value in (None, ABSENT) else MASK

    def check_inputs(self, run: Run) -> None:
        self._values(run)

    def _values(self, run: Run) -> TransientInputs:
        return values_given(run, self.after)

    def write(self, run: Run) -> None:
        now = variables_of(self.row_to_send(run))
        inputs = self._values(run)
        inputs.old.update({name: now.get(name) for name in self.after})
        merged = {name: value for name, value in now.items() if name not in self.after}
        merged |= {name: value for name, value in inputs.values.items() if value is not None}
        values: dict[str, Any] = {"run_envs": merged}
        if self.port is not None:
            values["port"] = self.port
        run.client.call(
            self.operation, project_id=self.target.project, environment_id=self.target.environment, **values
        )

    def missing_variables(self) -> list[str]:
        return list(self.after)

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return values_resumed(inputs, client, self.after)

    def undo(self, context: UndoContext) -> Undo:
        snapshot = context.snapshot
        current = fingerprints(snapshot.client, variables_of(self.row(snapshot, {})))
        now = {name: current.get(name, ABSENT) for name in self.after}
        changed = [name for name in self.after if now[name] != self.before.get(name, ABSENT)]
        if not changed:
            return Undo()
        absent = [name for name in changed if self.before.get(name, ABSENT) == ABSENT]
        known = context.inputs.old if context.inputs is not None else {}
        lost = [name for name in changed if name not in known and name not in absent]
        notes = [f"{name}: its old value is no longer known (a journal holds no secrets)" for name in lost]
        undone = [name for name in changed if name not in lost]
        if not undone:
            return Undo(notes=notes)
        values = {name: None if name in absent else known[name] for name in undone}
        step = SetVariables(
            target=self.target,
            why="as they were before",
            before={name: now[name] for name in undone},
            after={name: self.before.get(name, ABSENT) for name in undone},
            others={name: fingerprint for name, fingerprint in current.items() if name not in undone},
        )
        return Undo([step], notes, TransientInputs(values=values))


class CopyVariables(SetVariables, kw_only=True, tag="copy variables"):
    """Set some variables of an environment to the values that another environment has.

    The values are read from there right before the write: no run needs them again, and where they have changed since
    the plan was made, it is stale.
    """

    #: Id and name of the environment that they come from.
    source: str
    source_name: str

    @property
    def what(self) -> str:
        return f"copy variables of {self.source_name} to {self.target.environment_name}: {', '.join(self.after)}"

    def identity_details(self) -> Any:
        return [super().identity_details(), self.source]

    def _source(self, snapshot: Snapshot) -> dict[str, Secret]:
        row = snapshot.environment(self.target.project, self.source)
        if row is None or in_status(row, "deleting"):
            raise gone(f"environment {self.source_name}")
        return variables_of(row)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        now = fingerprints(snapshot.client, self._source(snapshot))
        return super().read(snapshot, created) | {self._there(name): now.get(name, ABSENT) for name in self.after}

    def desired(self, created: Mapping[int, str]) -> dict[str, Any]:
        return super().desired(created) | {self._there(name): value for name, value in self.after.items()}

    def planned_state(self) -> dict[str, Any]:
        return super().planned_state() | {self._there(name): value for name, value in self.after.items()}

    def _there(self, name: str) -> str:
        return f"{name} of {self.source_name}"

    def check_inputs(self, run: Run) -> None:
        """It needs none."""

    def _values(self, run: Run) -> TransientInputs:
        held = self._source(run.latest())
        old = run.inputs.old if run.inputs is not None else {}
        return TransientInputs(values={name: held[name] for name in self.after}, old=old)

    def missing_variables(self) -> list[str]:
        return []

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return TransientInputs()


def values_given(run: Run, names: Iterable[str]) -> TransientInputs:
    """Return the inputs of the step at work, which hold a value for each name. Raises `StepError`."""
    inputs = run.inputs
    if inputs is None or set(inputs.values) != set(names):
        raise StepError(
            "the values of the variables are not in the journal, for it holds no secrets",
            "plans.resume(journal, variables={…}) goes on; so does the notebook when it is run again.",
            kind="missing input",
        )
    return inputs


def qualified(names: Iterable[str], qualifier: str) -> list[str]:
    """Return names of variables, each with what tells it from one of another project, such as `researcher.TOKEN`."""
    return [f"{qualifier}.{name}" if qualifier else name for name in names]


def values_resumed(
    inputs: ResumeInputs, client: Client, prints: Mapping[str, str], qualifier: str = ""
) -> TransientInputs | None:
    """Return values that are given once more, where there are any; `prints`: the fingerprint of each.

    With a qualifier a value may be given under the qualified name, or under its own for all projects.

    Raises `InvalidInput` for another value than that of the run.
    """
    if inputs.variables is None:
        return None
    given = inputs.variables
    values = {
        name: given.get(full, given.get(name)) for name, full in zip(prints, qualified(prints, qualifier), strict=True)
    }
    secrets = {name: None if value is None else Secret(value) for name, value in values.items()}
    for name, fingerprint in fingerprints(client, secrets).items():
        if fingerprint != prints[name]:
            raise InvalidInput(f"variables: {name} has another value than in the run of the journal")
    return TransientInputs(values=secrets)


def variables_of(row: Environment) -> dict[str, Secret]:
    """Return the run-time variables of an environment, masked."""
    variables = (row.settings.run_envs if row.settings is not None else None) or {}
    return {name: value if isinstance(value, Secret) else Secret(str(value)) for name, value in variables.items()}


def fingerprints(client: Client, variables: Mapping[str, Secret | None]) -> dict[str, str]:
    """Return a fingerprint of each value; "absent" for None."""
    fingerprint = client.transport.fingerprint
    return {name: ABSENT if value is None else fingerprint(value) for name, value in variables.items()}


def _other(name: str) -> str:
    return f"{name} (not in the plan)"
