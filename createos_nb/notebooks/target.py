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
    """Return the profile of a run on the platform, and put it into the values of the run.

    Args:
        file: The notebook.
        values: What is given to its parameters; `world` is set for a run on the platform.
        profile: What `--live` was given: the name of a profile, "" for the default one, None without `--live`.

    Returns:
        The name of the profile, "" for the default one; None for a run on a simulated world.

    Raises:
        InvalidInput: The notebook opens a world of its own, or a world is given beside `--live`.

    Examples:
        >>> from createos_nb.notebooks.catalog import find_notebook
        >>> from createos_nb.notebooks.target import resolve_profile
        >>> values = {"project": "storefront"}
        >>> resolve_profile(find_notebook("rollback"), values, "staging"), values["world"]
        ('staging', 'live:staging')
        >>> resolve_profile(find_notebook("rollback"), {"world": "bad-release"}, None) is None
        True
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
    """Return a notebook as it is run: with its values given, and without the outputs of an earlier run.

    Args:
        file: The notebook; it stays as it is.
        values: What is given to its parameters.
        live: Whether it runs on the platform: cells tagged `simulator` are left out then.
        without: Tags of cells that are left out as well.

    Returns:
        A copy of the notebook, as nbformat has it.

    Examples:
        >>> from createos_nb.notebooks.catalog import find_notebook
        >>> from createos_nb.notebooks.target import prepare
        >>> notebook = prepare(find_notebook("rollback"), {"project": "storefront"}, live=False)
        >>> [cell.source for cell in notebook.cells if cell.id == "injected-parameters"]
        ["# given to this run\\nproject = 'storefront'"]
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
