"""The target of a notebook run: its simulated world, or the platform."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.client.connect.live import LIVE, live_profile
from createos_nb.notebooks import parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from createos_nb.notebooks.catalog import NotebookFile


def resolve_profile(file: NotebookFile, values: dict[str, Any], profile: str | None) -> str | None:
    """Return the profile of a run on the platform ("" for the default one), None for one on a world; puts it in the values.

    Raises `InvalidInput` where the notebook knows no platform.
    """
    world = values.get("world")
    if profile is None and isinstance(world, str):
        return live_profile(world)
    if profile is None:
        return None
    if "world" not in file.parameters:
        raise InvalidInput(f"{file.name} opens a simulated world of its own (it has no parameter world): not --live")
    if world is not None:
        raise InvalidInput("give -p world=… or --live, not both")
    values["world"] = f"{LIVE}:{profile}" if profile else LIVE
    return profile


def prepare(file: NotebookFile, values: Mapping[str, Any], *, live: bool, without: Collection[str] = ()) -> Any:
    """Return a copy of the notebook with its values given, without outputs, and without the cells that need another world.

    `without`: tags of cells that are left out as well.
    """
    notebook = copy.deepcopy(file.content)
    left_out = {*without, *(["simulator"] if live else [])}
    notebook.cells = [cell for cell in notebook.cells if left_out.isdisjoint(parameters.tags(cell))]
    _clear_outputs(notebook)
    parameters.inject(notebook, values)
    return notebook


def _clear_outputs(notebook: Any) -> None:
    """Remove outputs, so that none of an earlier run is taken for one of this run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
