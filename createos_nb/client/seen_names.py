"""The names that a session has read, for completion by Tab: nothing is asked for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from createos_nb.client.name_resolution import IN_PROJECT, LISTED
from createos_nb.naming import snake

if TYPE_CHECKING:
    import pandas as pd

_LISTS: Final = {operation: (kind, name, key) for kind, (operation, name, key) in LISTED.items()}


class SeenNames:
    """Names of projects, environments, domains, … by id, as they were read last. Safe from several threads.

    What was deleted since stands in it: whoever uses such a name is told.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], dict[str, str]] = {}
        self._lock = threading.Lock()

    def learn(self, operation: str, project: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        """Remember the names in the rows of a list, as decoded JSON.

        Args:
            operation: The platform's name of the operation.
            project: Id of the project, of what is in one.
            rows: The rows.
        """
        if operation in _LISTS:
            kind, name, key = _LISTS[operation]
            self._keep(kind, project, {str(row.get(key)): row.get(name) for row in rows})

    def learn_frame(self, operation: str, project: Any, frame: pd.DataFrame) -> None:
        """Remember the names in a frame of a list.

        Args:
            operation: The platform's name of the operation.
            project: Id of the project, of what is in one.
            frame: The frame, in names of ours.
        """
        if operation in _LISTS:
            kind, name, key = _LISTS[operation]
            names = dict(zip(frame[snake(key)].astype(str), frame[snake(name)], strict=True))
            self._keep(kind, project, names)

    def names(self, kind: str, project: str | None = None) -> list[str]:
        """Return the names of a kind, sorted.

        Args:
            kind: Such as "project" or "environment".
            project: Name or id of the project, of what is in one; None for those of all projects.

        Returns:
            The names; none where nothing of it was read yet.
        """
        with self._lock:
            projects = self._names.get(("project", ""), {})
            wanted = {project, *(key for key, name in projects.items() if name == project)}
            found = {
                name
                for (one, owner), names in self._names.items()
                if one == kind and (not owner or project is None or owner in wanted)
                for name in names.values()
            }
        return sorted(found)

    def places(self) -> list[str]:
        """Return the environments whose project's name is known, as "project/environment", sorted."""
        with self._lock:
            projects = self._names.get(("project", ""), {})
            return sorted(
                f"{projects[owner]}/{name}"
                for (kind, owner), names in self._names.items()
                if kind == "environment" and owner in projects
                for name in names.values()
            )

    def _keep(self, kind: str, project: Any, names: Mapping[str, Any]) -> None:
        owner = project if kind in IN_PROJECT else ""
        if isinstance(owner, str):
            own = {key: name for key, name in names.items() if isinstance(name, str)}
            with self._lock:
                self._names.setdefault((kind, owner), {}).update(own)
