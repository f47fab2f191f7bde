"""The state of a watch: kept in a file, so that a restart repeats nothing and loses nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from createos_nb.diagnostics.alerts.alert import Alert
from createos_nb.diagnostics.alerts.budget import Budget
from createos_nb.diagnostics.alerts.delivery import Pending
from createos_nb.diagnostics.alerts.inventory import Inventory
from createos_nb.errors import ConfigurationError, InvalidInput, warn
from createos_nb.process_lock import LockHeld, ProcessLock, unreliable_locks
from createos_nb.storage import atomic_write, private_folder

_FORMAT: Final = 1
#: Seconds that the last round may lie in the future: clocks differ a little.
_TOLERANCE: Final = 300.0


class Look(msgspec.Struct, kw_only=True):
    """When a check was last done at a place.

    Attributes:
        at: Unix seconds; None where it never was.
        unknown: why the last one has told nothing; "" where it has.
    """

    at: float | None = None
    unknown: str = ""


class State(msgspec.Struct, kw_only=True):
    """What a watch knows.

    Attributes:
        format: of the file.
        where: the account that is watched.
        world: the simulated world that it is of; "" on the platform.
        budget: requests that are left; None before the first round.
        alerts: by key.
        pending: messages that are to be delivered.
        looks: by kind and place.
        inventory: what there is.
        round: Unix seconds of the last round; None before the first.
        blind: Unix seconds since which nothing could be read; None where something was.
    """

    format: int = _FORMAT
    where: str = ""
    world: str = ""
    budget: Budget | None = None
    alerts: dict[str, Alert] = {}
    pending: list[Pending] = []
    looks: dict[str, Look] = {}
    inventory: Inventory = msgspec.field(default_factory=Inventory)
    round: float | None = None
    blind: float | None = None


class StateFile:
    """The file of a state, for one watch at a time.

    Args:
        path: the file; its folder is made. None: nothing is kept.

    Attributes:
        state: what was read, or a new one.
        damaged: where the content of a file was moved that could not be read; None where there was none.

    Raises:
        InvalidInput: another watch has it.
        ConfigurationError: it can't be read or written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.damaged: Path | None = None
        self.state = State()
        self._lock: ProcessLock | None = None
        if path is None:
            return
        if path.is_dir():
            raise InvalidInput(f"watch: {path} is a folder: name a file for the state")
        try:
            private_folder(path.absolute().parent)
            self._lock = ProcessLock(path.with_name(f"{path.name}.lock"))
            if kind := unreliable_locks(path.absolute().parent):
                warn(f"{path} is on {kind}, where two watches may not see each other's lock", UserWarning)
            self._lock.acquire(f"process {os.getpid()}")
        except LockHeld as held:
            raise InvalidInput(
                f"watch: {held.holder} watches with the state {path}: end it, or name another file"
            ) from None
        except OSError as error:
            raise ConfigurationError(f"watch: the state {path} can't be used: {error.strerror or error}") from None
        try:
            self.state = self._read(path)
        except BaseException:
            self.close()
            raise

    def _read(self, path: Path) -> State:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise ConfigurationError(f"watch: the state {path} can't be read: {error.strerror or error}") from None
        try:
            state = msgspec.json.decode(content, type=State)
            if state.format == _FORMAT:
                return state
            reason = f"it is of format {state.format}, and this version reads {_FORMAT}"
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason = str(error)
        self.damaged = _free_name(path)
        os.replace(path, self.damaged)
        warn(
            f"the state {path} is damaged and was moved to {self.damaged}: {reason}. The watch begins anew: alerts "
            "that are open are told again, and messages that were still to be delivered stand in that file",
            UserWarning,
        )
        return State()

    def check(self, where: str, world: str, now: float) -> None:
        """Check that the state is of this account and this world, and not of a time that is still to come.

        Raises:
            InvalidInput: It is of another one.
        """
        state = self.state
        if state.where and state.where != where:
            raise InvalidInput(f"watch: the state {self.path} is of {state.where}, not of {where}: name another file")
        if state.round is not None and state.world != world:
            raise InvalidInput(
                f"watch: the state {self.path} is of {_named(state.world)}, not of {_named(world)}: name another file"
            )
        if state.round is not None and state.round > now + _TOLERANCE:
            raise InvalidInput(
                f"watch: the state {self.path} is of a time that is still to come there, as of another simulated "
                "world: name another file"
            )
        state.where, state.world = where, world

    def save(self) -> None:
        """Write the state, whole or not at all.

        Raises:
            ConfigurationError: It can't be written.
        """
        if self.path is None:
            return
        try:
            atomic_write(self.path, msgspec.json.encode(self.state))
        except OSError as error:
            raise ConfigurationError(
                f"watch: the state {self.path} can't be written: {error.strerror or error}"
            ) from None

    def close(self) -> None:
        """Release it for another watch."""
        if self._lock is not None:
            self._lock.release()


def _named(world: str) -> str:
    return f"the simulated world {world}" if world else "the platform"


def _free_name(path: Path) -> Path:
    number = 1
    while (moved := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return moved
