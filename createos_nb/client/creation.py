"""A new project's settings before they are sent: without empty fields, and with a word on what would be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.contract.creation import NEVER_EMPTY, SOURCE, creation_problems
from createos_nb.errors import CreationWarning, warn

if TYPE_CHECKING:
    from createos_nb.contract.operation import Operation


def prepare_creation(operation: Operation, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a call; those that create a vcs project leave empty commands and an empty folder out.

    A `CreationWarning` says what the platform is going to refuse all the same: one source tells these rules, so the
    platform has the last word.
    """
    settings = values.get("settings")
    if operation.name != "CreateProject" or values.get("type") != "vcs" or not isinstance(settings, Mapping):
        return values
    sent = {name: value for name, value in settings.items() if name not in NEVER_EMPTY or value != ""}
    if problems := creation_problems(sent):
        warn(f"{operation.call}: {'; '.join(problems)} (so says {SOURCE})", CreationWarning)
    return {**values, "settings": sent}
