"""Freezes that are in force: kept beside the journals, one file each, for all who share that folder.

Of a simulated world, which may be forked and go on in several courses, each change is a file of its own, and the newest
in the world's past counts: what is lifted in a fork is not lifted elsewhere.

A freeze holds for one account, or one simulated world, until it is lifted or its time is over by the platform's clock.
A file that can't be read counts as a freeze of everything, for nobody can say what it froze.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from createos_nb.client.world_of import lineage_of
from createos_nb.plans.actor import actor_text, current_actor
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition
from createos_nb.storage import atomic_write, private_folder, sync_folder
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step

#: Version of the format; a newer one is not read.
_FORMAT: Final = 1
#: How the name of the precondition of a freeze ends.
_NOT_FROZEN: Final = " is not frozen"


class Place(msgspec.Struct, frozen=True):
    """A project or one of its environments: ids to compare, names to show."""

    project: str
    project_name: str
    environment: str = ""
    environment_name: str = ""

    def __str__(self) -> str:
        return f"{self.project_name}/{self.environment_name}" if self.environment else self.project_name


class Freeze(msgspec.Struct, frozen=True):
    """A freeze as its file holds it.

    Attributes:
        id: the same for the same scope, reason and end.
        scope: what is frozen; nothing for the whole account.
        reason: why.
        until: Unix seconds; None until it is lifted.
        holding: environments whose auto-promotion it is to hold.
        held: ids of those that it has switched off.
        at: since when, Unix seconds.
        who: who froze it.
        course: the course of the simulated world in which it was written down; "" on the platform.
        written: when it was written down, Unix seconds.
        lifted: it is over; so it stands of simulated worlds only.
    """

    id: str
    scope: tuple[Place, ...]
    reason: str
    until: float | None
    holding: tuple[Place, ...] = ()
    held: tuple[str, ...] = ()
    at: float = 0.0
    who: str = ""
    course: str = ""
    written: float = 0.0
    lifted: bool = False

    @property
    def place(self) -> str:
        """What is frozen, in words."""
        return ", ".join(map(str, self.scope)) or "the account"

    @property
    def end(self) -> str:
        """Until when, in words."""
        return "until it is lifted" if self.until is None else f"until {iso(int(self.until))}"

    @property
    def words(self) -> str:
        """Until when and why."""
        return f"{self.end}: {self.reason}"

    def in_force(self, now: float) -> bool:
        """Return whether its time is not over."""
        return self.until is None or now < self.until

    def covers_any(self, steps: Iterable[Step], snapshot: Snapshot) -> bool:
        """Return whether one of some steps changes something that is frozen."""
        return any(self.covers(step, snapshot) for step in steps)

    def covers(self, step: Step, snapshot: Snapshot) -> bool:
        """Return whether a step changes something that is frozen."""
        if not step.writes or step.exempt_from(self.id):
            return False
        if not self.scope:
            return True
        reached: set[str] | None = None
        for place in self.scope:
            if place.project != step.target.project:
                continue
            if not place.environment:
                return True
            if reached is None:
                reached = {step.target.environment, *(row.environment for row in step.reaches(snapshot))}
            if place.environment in reached:
                return True
        return False


class DamagedFreeze(NamedTuple):
    """A file of a freeze that can't be read, and why."""

    path: Path
    why: str


class _File(msgspec.Struct):
    """The content of a file; `sum` is a digest of the freeze, so that a change of it is seen."""

    format: int
    freeze: msgspec.Raw
    sum: str


# --- the files --------------------------------------------------------------------------------------------------------


def folder_of(client: Client) -> Path:
    """Return the folder of the freezes of a client's account."""
    return default_folder(embedded=client.embedded) / "freezes"


def read_all(client: Client) -> list[Freeze | DamagedFreeze]:
    """Return all freezes of a client's account or world, oldest first, those that are over among them."""
    folder, found = folder_of(client), list[Freeze | DamagedFreeze]()
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.startswith(_owner(client)))
    except FileNotFoundError:
        return []
    except OSError as error:
        return [DamagedFreeze(folder, str(error))]
    newest: dict[str, Freeze] = {}
    for path in paths:
        freeze = _read(path) if path.suffix == ".json" else None
        if isinstance(freeze, DamagedFreeze):
            found.append(freeze)
        elif freeze is not None and _is_past_of(client, freeze):
            other = newest.get(freeze.id)
            if other is None or other.written <= freeze.written:
                newest[freeze.id] = freeze
    return [*found, *sorted((one for one in newest.values() if not one.lifted), key=lambda one: one.at)]


def find(client: Client, identity: str) -> Freeze | None:
    """Return a freeze by its id; None where there is none."""
    return next((one for one in read_all(client) if isinstance(one, Freeze) and one.id == identity), None)


def put(client: Client, freeze: Freeze) -> None:
    """Write a freeze down; a new one as set now by this account. Raises `StepError`."""
    now = client.clock.now()
    if not freeze.at:
        freeze = msgspec.structs.replace(freeze, at=now, who=actor_text(current_actor(client.whoami())))
    freeze = msgspec.structs.replace(freeze, course=lineage_of(client).course, written=now)
    raw = msgspec.json.encode(freeze)
    path = path_of(client, freeze)
    try:
        private_folder(path.parent)
        atomic_write(path, msgspec.json.encode(_File(_FORMAT, msgspec.Raw(raw), _digest(raw))))
    except OSError as error:
        raise StepError(f"the freeze can't be written down: {error}", f"Is {path.parent} to be written to?") from error


def remove(client: Client, identity: str) -> None:
    """Take a freeze away. Raises `StepError`."""
    freeze = find(client, identity)
    if freeze is None:
        return
    if freeze.course:
        put(client, msgspec.structs.replace(freeze, lifted=True))
        return
    path = path_of(client, freeze)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise StepError(f"the freeze can't be lifted: {error}", f"It stands in {path}.") from error


def path_of(client: Client, freeze: Freeze) -> Path:
    """Return the file of a freeze."""
    of_world = f"-{freeze.course}-{round(freeze.written * 1e6)}" if freeze.course else ""
    return folder_of(client) / f"{_owner(client)}-{freeze.id}{of_world}.json"


def _owner(client: Client) -> str:
    """Account and world, so that a freeze is known as somebody else's even where it can't be read."""
    client.whoami()
    return _digest(f"{client.where} {lineage_of(client).id}".encode())


def _is_past_of(client: Client, freeze: Freeze) -> bool:
    here = lineage_of(client)
    return not here.id or here.knows(freeze.course, round(freeze.written * 1e6))


def _read(path: Path) -> Freeze | DamagedFreeze | None:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        if file.format > _FORMAT:
            return DamagedFreeze(path, "a newer version of createos_nb has written it: upgrade")
        if file.sum != _digest(bytes(file.freeze)):
            return DamagedFreeze(path, "it was changed after it was written")
        return msgspec.json.decode(file.freeze, type=Freeze)
    except FileNotFoundError:
        return None  # lifted just now
    except OSError as error:
        return DamagedFreeze(path, error.strerror or str(error))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return DamagedFreeze(path, "it is no freeze, or is cut off")


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


# --- what they mean for a plan ----------------------------------------------------------------------------------------


class Frozen(NamedTuple):
    """A freeze that a plan meets: its id ("damaged" for one that can't be read), and the precondition that fails."""

    id: str
    precondition: Precondition


def frozen(steps: Iterable[Step], snapshot: Snapshot, passed: Collection[str] = ()) -> list[Frozen]:
    """Return the freezes in force that cover steps; `passed`: ids of those that the run was let pass already."""
    writing = [step for step in steps if step.writes]
    if not writing:
        return []
    now, found = snapshot.client.clock.now(), []
    for freeze in read_all(snapshot.client):
        if isinstance(freeze, DamagedFreeze):
            if all(step.exempt_from("damaged") for step in writing) or "damaged" in passed:
                continue
            detail = (
                f"{freeze.path} can't be read ({freeze.why}), and nobody can say what it freezes: ask who froze, and "
                f"move the file away; {_HOW}"
            )
            found.append(Frozen("damaged", Precondition("the account" + _NOT_FROZEN, "fails", detail)))
        elif freeze.id not in passed and freeze.in_force(now) and freeze.covers_any(writing, snapshot):
            detail = (
                f"{freeze.who} froze it on {iso(int(freeze.at))}, {freeze.words}; {_HOW}; "
                f"plans.lift_freeze(client, {freeze.id!r}) lifts it"
            )
            found.append(Frozen(freeze.id, Precondition(freeze.place + _NOT_FROZEN, "fails", detail)))
    return found


_HOW: Final = "if it can't wait: plan.apply(override_freeze='why')"


def is_freeze(precondition: str) -> bool:
    """Return whether a precondition is that of a freeze."""
    return precondition.endswith(_NOT_FROZEN)


def left_held(steps: Iterable[Step], client: Client) -> list[str]:
    """Return a warning for each freeze that is over and still holds auto-promotion in a project of the steps."""
    projects, now = {step.target.project for step in steps}, client.clock.now()
    warnings = []
    for freeze in read_all(client):
        if isinstance(freeze, DamagedFreeze) or freeze.in_force(now):
            continue
        names = [str(place) for place in freeze.holding if place.environment in freeze.held]
        if names and projects & {place.project for place in freeze.holding}:
            warnings.append(
                f"the freeze of {freeze.place} has ended, and auto-promotion of {', '.join(names)} is still held by "
                f"it: plans.lift_freeze(client, {freeze.id!r}) releases it"
            )
    return warnings
