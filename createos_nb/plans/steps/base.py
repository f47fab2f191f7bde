"""A step: one change of one thing, as data, so that a journal can hold it and a run can be resumed.

A new kind of step is a new file in this folder: `createos_nb.plans.steps.registry` finds it.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple, Self

from msgspec import Struct, StructMeta
from msgspec.structs import replace

from createos_nb.errors import InvalidResponse
from createos_nb.plans.errors import Difference, StalePlanError
from createos_nb.plans.queries import Part, Query
from createos_nb.plans.step_error import StepError

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Run, TransientInputs
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.redaction import Secret

#: Stands for an id that an earlier step of the plan creates, followed by the number of that step from 0.
CREATED: Final = "created by step "
#: The ids of a target that an earlier step may create.
_IDS: Final = ("project", "environment", "deployment", "domain")

State = Literal["holds", "fails", "unknown"]


class Target(Struct, frozen=True, kw_only=True):
    """The thing that a step changes: ids to act by, names to speak of."""

    project: str
    project_name: str
    environment: str = ""
    environment_name: str = ""
    deployment: str = ""
    deployment_name: str = ""
    domain: str = ""
    domain_name: str = ""
    #: Anything else: a cron job, an API key, an app, a template.
    thing: str = ""
    thing_name: str = ""

    @property
    def name(self) -> str:
        """The name of the thing itself, as one types it."""
        return self.thing_name or self.domain_name or self.environment_name or self.deployment_name or self.project_name

    def __str__(self) -> str:
        parts = (self.project_name, self.environment_name, self.deployment_name, self.domain_name, self.thing_name)
        return " / ".join(part for part in parts if part)


class Precondition(NamedTuple):
    """A precondition of a plan, and whether it holds."""

    precondition: str
    state: State
    detail: str

    @classmethod
    def of(cls, precondition: str, holds: bool, detail: str = "") -> Precondition:
        """A precondition that holds or fails."""
        return cls(precondition, "holds" if holds else "fails", detail)


class Reached(NamedTuple):
    """An environment that a step reaches, and how."""

    environment: str
    how: str


class UndoContext(NamedTuple):
    """What a step is undone from: the present state, and what its run has created.

    `number`: of the step, from 0; `inputs`: the transient inputs of the step, where they are still known.
    """

    snapshot: Snapshot
    created: Mapping[int, str]
    number: int
    inputs: TransientInputs | None = None


@dataclass(frozen=True)
class Undo:
    """The steps that undo a step; notes on what can't be undone; transient inputs of the first of the steps."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: TransientInputs | None = None


@dataclass(frozen=True)
class ResumeInputs:
    """Inputs that are given once more to resume a run, for what no journal holds."""

    variables: Mapping[str, str | Secret | None] | None = None
    source: Any = None
    token: str | Secret | None = None


class StepMeta(StructMeta, ABCMeta):
    """The metaclass of steps: structs with abstract methods."""


class Step(Struct, kw_only=True, tag_field="kind", metaclass=StepMeta):
    """One write and all that belongs to it.

    `before` and `after`: the fields that it changes, ids and fingerprints included; `labels` puts people's words for
    those. A field that is in neither is left as it is.

    Abstract: `what`, `read` and `write`. All else has a default.
    """

    operation: ClassVar[str] = ""
    #: Its fields can be set back.
    has_undo: ClassVar[bool] = True
    #: It destroys or gives away: the target's name has to be typed.
    irreversible: ClassVar[bool] = False
    #: It creates something new each time that it is written.
    creates: ClassVar[bool] = False
    #: It changes something; False for steps that only check.
    writes: ClassVar[bool] = True
    #: Its project has to be active.
    needs_active_project: ClassVar[bool] = True
    #: Another deployment runs afterwards: at the platform's limit, the oldest one has to make room.
    adds_running_deployment: ClassVar[bool] = False
    #: `write` reads again by itself (`recheck`) what this and the later steps rest on, last thing before it sends.
    rechecks: ClassVar[bool] = False
    #: What `read` reads of its project: it is read at the same time as what other steps read.
    reads: ClassVar[tuple[Part, ...]] = ()
    #: Seconds that it usually takes.
    expected_seconds: ClassVar[float] = 10.0
    #: The criterion of its check in a receipt, in words.
    criterion: ClassVar[str] = "read back as planned"

    target: Target
    why: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    labels: dict[str, str] = {}

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def issues_secret(self) -> bool:
        """Whether the platform shows a secret for it once, which the receipt alone has."""
        return False

    @property
    @abstractmethod
    def what(self) -> str:
        """The step in a few words."""

    @property
    def typed_name(self) -> str:
        """What somebody types to confirm it, where it is irreversible."""
        return self.target.name

    def identity(self) -> list[Any]:
        """Its part of the plan's digest: kind, target and values; no names, no figures, no times."""
        target = self.target
        ids = [target.project, target.environment, target.deployment, target.domain]
        ids += [target.thing] if target.thing else []
        return [type(self).__name__, ids, self.before, self.after, self.identity_details()]

    def identity_details(self) -> Any:
        """What else tells one step from another."""
        return None

    def rests_on(self, snapshot: Snapshot) -> Any:
        """What it rests on beside the values before, for the digest: ids and versions, no times."""
        return None

    def resource_key(self) -> tuple[str, ...]:
        """The key of what it changes: steps with one key follow on each other."""
        return (type(self).__name__, self.target.project, self.target.environment, self.target.domain)

    def usual_seconds(self) -> float:
        """Seconds that it usually takes."""
        return self.expected_seconds

    # --- for people ---------------------------------------------------------------------------------------------------

    def fields(self) -> list[tuple[str, str, str]]:
        """(field, before, after) for people."""
        return [
            (name, self.label(name, self.before.get(name)), self.label(name, self.after[name])) for name in self.after
        ]

    def label(self, field: str, value: Any) -> str:
        """A value in people's words."""
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "on" if value else "off"
        return self.labels.get(str(value), str(value))

    def current_label(self, field: str, value: Any, snapshot: Snapshot) -> str:
        """A present value in people's words: one that the plan did not know is looked up."""
        return self.label(field, value)

    # --- reading ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        """The fields of `after` as they are now. Raises `StepError` where the target is gone."""

    def queries(self) -> list[Query]:
        """What `read` reads, to be read beside other things; what an earlier step is yet to create is not there."""
        target = self.target
        if any(identity.startswith(CREATED) for identity in (target.project, target.environment, target.deployment)):
            return []
        return [
            Query(part, (target.project, target.deployment) if part == "deployment" else (target.project,))
            for part in self.reads
        ]

    def precondition_queries(self) -> list[Query]:
        """What `preconditions` reads beside that."""
        return []

    def desired(self, created: Mapping[int, str]) -> dict[str, Any]:
        """`after`, with ids in place of what earlier steps have created."""
        return {name: resolved(value, created) for name, value in self.after.items()}

    def planned_state(self) -> dict[str, Any]:
        """What `read` gave when the plan was made."""
        return dict(self.before)

    def differences(
        self, number: int, planned: Mapping[str, Any], now: Mapping[str, Any], snapshot: Snapshot
    ) -> list[Difference]:
        """The fields that are not as planned; `number`: of the step, from 0."""
        return [
            Difference(
                number + 1,
                str(self.target),
                name,
                self.label(name, planned.get(name)),
                self.current_label(name, now.get(name), snapshot),
            )
            for name in {**planned, **now}
            if now.get(name) != planned.get(name)
        ]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        """What must hold before it is written."""
        return []

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        """Its blast radius: environments that it reaches."""
        environment = self.target.environment
        if not self.writes or not environment or environment.startswith(CREATED):
            return []
        return [Reached(environment, self.what)]

    def exempt_from(self, freeze: str) -> bool:
        """Whether a freeze, by its id, does not concern it: it is the freeze's own step."""
        return False

    def bound(self, created: Mapping[int, str]) -> Self:
        """The step with the ids of what earlier steps have created in its target."""
        ids = {name: getattr(self.target, name) for name in _IDS}
        found = {name: resolved(identity, created) for name, identity in ids.items()}
        return self if found == ids else replace(self, target=replace(self.target, **found))

    def pending(self, created: Mapping[int, str]) -> bool:
        """Whether an earlier step is yet to create what its target names."""
        target = self.bound(created).target
        return any(getattr(target, name).startswith(CREATED) for name in _IDS)

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        """Whether the platform is at it already, at somebody's request: it needs no write, only time."""
        return False

    # --- acting -------------------------------------------------------------------------------------------------------

    def check_inputs(self, run: Run) -> None:
        """Check that the inputs of the write are at hand. Raises `StepError`."""

    def recheck(self, run: Run) -> Snapshot:
        """Read again before a write that sends more than it changes. Raises `StalePlanError`."""
        snapshot = run.snapshot()
        elsewhere = run.drift(snapshot)
        differences = self.differences(run.step, self.planned_state(), self.read(snapshot, run.created), snapshot)
        if differences := differences or elsewhere:
            raise StalePlanError(differences)
        return snapshot

    @abstractmethod
    def write(self, run: Run) -> str | None:
        """The one write. Returns the id of what it creates, or the finding of a step that only checks."""

    def wait(self, run: Run) -> None:
        """Wait until the platform is done. Raises `StepError`."""

    def finish(self, run: Run) -> None:
        """What else is noted on this machine once it is done; it may be called again when a run is resumed."""

    # --- after a lost answer, or a lost run ---------------------------------------------------------------------------

    def recovery_baseline(self, snapshot: Snapshot) -> dict[str, Any]:
        """What has to be known from before the write to tell afterwards whether it was applied."""
        return {}

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        """The id of what a write without an answer has created; None where nothing is found."""
        return None

    def is_lost(self, run: Run, number: int) -> bool:
        """Whether its write came to nothing although it was answered: then a run that is resumed writes it again.

        `number`: its own, from 0.
        """
        return False

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        """Whether what it has created is still there."""
        return True

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        """Its transient inputs in a run that is resumed. Raises `InvalidInput` for other ones than were confirmed."""
        return None

    def missing_variables(self) -> list[str]:
        """Names of variables whose values it needs and no journal holds."""
        return []

    # --- undoing ------------------------------------------------------------------------------------------------------

    def undo(self, context: UndoContext) -> Undo:
        """The steps that undo it, from the present state, with notes on what can't be undone."""
        return Undo(notes=[f"{self.what}: can't be undone"])


def resolved(value: Any, created: Mapping[int, str]) -> Any:
    """A value with the id in place of what an earlier step creates."""
    if isinstance(value, str) and value.startswith(CREATED):
        return created.get(int(value.removeprefix(CREATED)), value)
    return value


def created_id(answer: object) -> str | None:
    """Return the id that the answer to a write gives; None where it gives none."""
    created = answer.get("id") if isinstance(answer, dict) else None
    return str(created) if created else None


def id_of_created(operation: str, answer: object) -> str:
    """Return the id of what a write has created. Raises `InvalidResponse`: then reading settles what was created."""
    created = created_id(answer)
    if created is None:
        raise InvalidResponse("the answer names no id of what was created", operation=operation)
    return created


def gone(what: str) -> StepError:
    """The error of a target that is not there any more."""
    return StepError(f"{what} is gone", "It was deleted since the plan was made: make the plan again.")
