"""A step: one change of one thing, as data, so that it can be written down and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from msgspec import Struct

from createos_nb.errors import NoAnswer, PlatformFault
from createos_nb.plans.errors import StepFailed, WorldMoved
from createos_nb.plans.moved import differing, frame_of

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run

#: A deployment that an earlier step of the plan makes, by the number of that step from 0.
MADE = "made by step "


class Target(Struct, frozen=True, kw_only=True):
    """What a step changes: ids to act by, names to speak of."""

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
    """Something that a plan needs: `state` is holds, fails or unknown."""

    precondition: str
    state: str
    detail: str


class Step(Struct, kw_only=True, tag_field="kind"):
    """One write and all that belongs to it.

    `before` and `after`: the fields that it changes, ids and fingerprints included; `shown` puts people's words for
    those. A field that is in neither is left as it is.
    """

    operation: ClassVar[str] = ""
    #: The fields that the kind changes can be changed back.
    reversible: ClassVar[bool] = True
    #: It destroys or gives away: the target's name has to be typed.
    final: ClassVar[bool] = False
    #: It makes something new each time that it is written.
    makes: ClassVar[bool] = False
    #: It changes something; False for steps that only look.
    writes: ClassVar[bool] = True
    #: Its project has to be active.
    active: ClassVar[bool] = True
    #: Seconds that it usually takes.
    expected: ClassVar[float] = 10.0
    #: What it is held against when it is checked whether it is so, in words.
    held_against: ClassVar[str] = "read back as planned"

    target: Target
    why: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    shown: dict[str, str] = {}

    @property
    def what(self) -> str:
        """The step in a few words."""
        raise NotImplementedError

    def identity(self) -> list[Any]:
        """What the plan's token is made of: kind, target and values; no names, no figures, no times."""
        place = self.target
        ids = [place.project, place.environment, place.deployment, place.domain]
        ids += [place.thing] if place.thing else []
        return [type(self).__name__, ids, self.before, self.after, self.details()]

    def details(self) -> Any:
        """What else tells one step from another."""
        return None

    def rests_on(self, present: Present) -> Any:
        """What of the world the step rests on beside the values before, for the token: ids and versions, no times."""
        return None

    def fields(self) -> list[tuple[str, str, str]]:
        """(field, before, after) for people."""
        return [
            (name, self.word(name, self.before.get(name)), self.word(name, self.after[name])) for name in self.after
        ]

    def word(self, field: str, value: Any) -> str:
        """A value in people's words."""
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "on" if value else "off"
        return self.shown.get(str(value), str(value))

    def spelled(self, field: str, value: Any, present: Present) -> str:
        """A value of the present in people's words: one that the plan did not know is looked up."""
        return self.word(field, value)

    def usual(self) -> float:
        """Seconds that it usually takes."""
        return self.expected

    def place(self) -> tuple[str, ...]:
        """What it changes: steps with one place follow on each other."""
        return (type(self).__name__, self.target.project, self.target.environment, self.target.domain)

    def pending(self, made: Mapping[int, str]) -> bool:
        """Its environment is yet to be made by an earlier step."""
        return str(resolved(self.target.environment, made)).startswith(MADE)

    # --- reading ------------------------------------------------------------------------------------------------------

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        """The fields of `after` as they are now. Raises `StepFailed` where the target is gone."""
        raise NotImplementedError

    def wanted(self, made: Mapping[int, str]) -> dict[str, Any]:
        """`after`, with ids in place of what earlier steps have made."""
        return {name: resolved(value, made) for name, value in self.after.items()}

    def earlier(self) -> dict[str, Any]:
        """What `look` gave when the plan was made."""
        return dict(self.before)

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        """What must be so before it is written."""
        return []

    def under_way(self, now: Mapping[str, Any]) -> bool:
        """Somebody has asked for it already, and the platform is at it: it needs no write, only time."""
        return False

    # --- acting -------------------------------------------------------------------------------------------------------

    def baseline(self, present: Present) -> dict[str, Any]:
        """What has to be known from before the write to tell afterwards whether it was applied."""
        return {}

    def ready(self, run: Run) -> None:
        """Whether all is there that the write needs. Raises `MissingInput`."""

    def write(self, run: Run) -> str | None:
        """The one write. The id of what it makes, if it makes something; or what a step has seen that only looks."""
        raise NotImplementedError

    def unmoved(self, run: Run) -> Present:
        """A last look before a write that sends more than it changes. Raises `WorldMoved`: nobody is overwritten."""
        present = run.look()
        if found := differing(self, self.look(present, run.made), run.step, present):
            raise WorldMoved(frame_of(found))
        return present

    def adopt(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        """The id of what a write without an answer has made; None where nothing is found."""
        return None

    def there(self, present: Present, made: str) -> bool:
        """Whether what it has made is still there."""
        return True

    def wait(self, run: Run) -> None:
        """Wait until the platform is done. Raises `StepFailed`."""

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        """The steps that take it back, from the present; and what has to be said about that."""
        return [], [f"{self.what}: can't be taken back"]


def resolved(value: Any, made: Mapping[int, str]) -> Any:
    """A value with the id in place of what an earlier step makes."""
    if isinstance(value, str) and value.startswith(MADE):
        return made.get(int(value.removeprefix(MADE)), value)
    return value


def gone(what: str) -> StepFailed:
    """The target is not there any more."""
    return StepFailed(f"{what} is gone", "It was deleted since the plan was made: make the plan again.")


#: Failures of a read during which a wait goes on.
PASSING = (NoAnswer, PlatformFault)
