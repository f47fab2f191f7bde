"""The step that sets run-time variables: a whole map, read, merged, written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field

from createos_nb.plans.errors import MissingInput
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.steps.environments import OnEnvironment
from createos_nb.secret import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run
    from createos_nb.plans.steps.step import Step

_ABSENT = "absent"


class SetVariables(OnEnvironment, kw_only=True, tag="set variables"):
    """Set, change and take away some variables; all others stay as they are.

    `before` and `after` hold a fingerprint for each name, "absent" where there is none. `others` is the fingerprint of
    the names that stay, so that what another writer adds or takes away is seen.
    """

    operation: ClassVar[str] = "UpdateProjectEnvironmentEnvironmentVariables"
    others: dict[str, str] = field(default_factory=dict)
    port: int | None = None

    @property
    def what(self) -> str:
        names = ", ".join(self.after) or "nothing"
        return f"set variables of {self.target.environment_name}: {names}"

    def details(self) -> Any:
        return [self.others, self.port]

    def fields(self) -> list[tuple[str, str, str]]:
        shown = []
        for name in self.after:
            old, new = (_ABSENT if held.get(name) in (None, _ABSENT) else MASK for held in (self.before, self.after))
            shown.append((name, old, f"{new} (another value)" if old == new == MASK else new))
        return shown

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        held = prints(present, variables_of(self.row(present, {})))
        return {name: held.get(name, _ABSENT) for name in self.after} | {
            _other(name): print_ for name, print_ in held.items() if name not in self.after
        }

    def wanted(self, made: Mapping[int, str]) -> dict[str, Any]:
        return dict(self.after) | {_other(name): print_ for name, print_ in self.others.items()}

    def earlier(self) -> dict[str, Any]:
        """What `look` gave when the plan was made."""
        return dict(self.before) | {_other(name): print_ for name, print_ in self.others.items()}

    def word(self, field: str, value: Any) -> str:
        return _ABSENT if value in (None, _ABSENT) else MASK

    def ready(self, run: Run) -> None:
        own = run.own()
        if own is None or set(own.values) != set(self.after):
            raise MissingInput(
                "the values of the variables are not in the journal, for it holds no secrets",
                "plans.resume(journal, variables={…}) goes on; so does the notebook when it is run again.",
            )

    def write(self, run: Run) -> None:
        own = run.own()
        held = variables_of(self.row(self.unmoved(run), run.made))
        own.old.update({name: held.get(name) for name in self.after})
        merged = {name: value for name, value in held.items() if name not in self.after}
        merged |= {name: value for name, value in own.values.items() if value is not None}
        values: dict[str, Any] = {"run_envs": merged}
        if self.port is not None:
            values["port"] = self.port
        run.client.call(
            self.operation, project_id=self.target.project, environment_id=self.target.environment, **values
        )

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        raise NotImplementedError("needs the old values: see back_with")

    def back_with(self, present: Present, own: Hidden | None) -> tuple[list[Step], list[str], Hidden | None]:
        """The step that takes it back, with the old values where they are known."""
        now = self.look(present, {})
        changed = [name for name in self.after if now[name] != self.before.get(name, _ABSENT)]
        if not changed:
            return [], [], None
        absent = [name for name in changed if self.before.get(name, _ABSENT) == _ABSENT]
        known = own.old if own is not None else {}
        lost = [name for name in changed if name not in known and name not in absent]
        notes = [f"{name}: its old value is known to nobody any more (a journal holds no secrets)" for name in lost]
        kept = [name for name in changed if name not in lost]
        if not kept:
            return [], notes, None
        values = {name: None if name in absent else known[name] for name in kept}
        held = prints(present, variables_of(self.row(present, {})))
        step = SetVariables(
            target=self.target,
            why="as they were before",
            before={name: now[name] for name in kept},
            after={name: self.before.get(name, _ABSENT) for name in kept},
            others={name: print_ for name, print_ in held.items() if name not in kept},
        )
        return [step], notes, Hidden(values=values)


def variables_of(row: Mapping[str, Any]) -> dict[str, Secret]:
    """The run-time variables of an environment's row, veiled."""
    held = (row.get("settings") or {}).get("runEnvs") or {}
    return {name: value if isinstance(value, Secret) else Secret(str(value)) for name, value in held.items()}


def prints(present: Present, variables: Mapping[str, Secret | None]) -> dict[str, str]:
    """A fingerprint for each value; "absent" for None."""
    seal = present.client.transport.fingerprint
    return {name: _ABSENT if value is None else seal(value) for name, value in variables.items()}


def _other(name: str) -> str:
    return f"{name} (not in the plan)"
