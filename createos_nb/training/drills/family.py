"""Families of incidents to rehearse: which templates of faults each draws from, and what its alert tells of."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

from createos_nb.dtypes import TEXT
from createos_nb.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_FOLDER: Final = "createos_nb.training.drills.incidents"

#: What an alert tells of: what somebody sees, whatever the cause.
Symptom = Literal["errors", "bursts", "refusals", "build", "key", "quota", "domain", "scan", "crowd", "release", "past"]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of incidents.

    Attributes:
        name: a word of a diagnosis where there is one.
        shows: what happens, in a sentence.
        symptoms: the templates that it draws from, each with what an alert tells of it; "one+two" are two at once.
        false_alarm: nothing is wrong, and the right act is none.
    """

    name: str
    shows: str
    symptoms: Mapping[str, Symptom]
    false_alarm: bool = False


@cache
def all_families() -> Mapping[str, Family]:
    """Return every family by its name, in order of the files in the folder, and in order within a file."""
    folder = import_module(_FOLDER)
    found: dict[str, Family] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        for family in import_module(f"{_FOLDER}.{module}").FAMILIES:
            if found.setdefault(family.name, family) is not family:
                raise ValueError(f"there are two families named {family.name}")
    return found


def family_named(name: str) -> Family:
    """Return a family. Raises `UnknownName`, with what there is."""
    known = all_families()
    if name not in known:
        raise UnknownName("family", name, list(known))
    return known[name]


def families() -> pd.DataFrame:
    """Return the families of incidents to rehearse.

    Returns:
        One row each: `family` (for `drill`), `shows` (what happens, in a sentence), `templates` (how many templates of
        faults it draws from, int64), `false_alarm` (bool: nothing is wrong, and the right act is none).

    Examples:
        >>> table = createos_nb.training.families()
        >>> len(table) >= 16, table.columns[0]
        (True, 'family')
        >>> table.loc[table["false_alarm"], "family"].tolist()
        ['false_alarm']
    """
    import pandas as pd

    rows = [(one.name, one.shows, len(one.symptoms), one.false_alarm) for one in all_families().values()]
    frame = pd.DataFrame(rows, columns=["family", "shows", "templates", "false_alarm"])
    return frame.astype({"family": TEXT, "shows": TEXT, "templates": "int64", "false_alarm": "bool"})
