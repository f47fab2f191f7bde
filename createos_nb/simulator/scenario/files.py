"""Where the files of scenarios are: those of the project's `data/scenarios`, and those that packages add."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from createos_nb import extensions
from createos_nb.data_files import folder
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest


def built_in() -> dict[str, Path]:
    """Return the project's own files by name."""
    return {path.stem: path for path in sorted((folder("data") / "scenarios").glob("*.toml"))}


def added() -> tuple[dict[str, Path], Mapping[str, str]]:
    """Return the files that packages add by name, and why others can't be used."""
    found = extensions.installed("scenarios", built_in(), _problem)
    paths = {one.name: Path(one.value) for one in found if not one.problem}
    return paths, extensions.problems(found)


def scenario_path(scenario: str | Path) -> Path:
    """Return the file of a scenario.

    Args:
        scenario: its name, or the path of a file.

    Raises:
        InvalidInput: There is none, or what a package names can't be used.
    """
    path = Path(scenario)
    if path.suffix == ".toml" or path.is_file():
        if path.is_file():
            return path
    elif (own := folder("data") / "scenarios" / f"{scenario}.toml").is_file():
        return own
    elif (found := extensions.find("scenarios", str(scenario), built_in(), _problem)) is not None:
        if not found.problem:
            return Path(found.value)
        raise InvalidInput(f"the scenario {found.name!r} of {found.package} can't be used: {found.problem}")
    known = [*built_in(), *extensions.names("scenarios", built_in())]
    raise InvalidInput(
        f"there is no scenario {str(scenario)!r}; there is: {', '.join(known)}; or give the path of a file"
        f"{nearest(scenario, known)}"
    )


def _problem(value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        return f"it has to name the path of a scenario file, not {type(value).__name__}"
    return "" if Path(value).is_file() else f"there is no file {os.fspath(value)}"
