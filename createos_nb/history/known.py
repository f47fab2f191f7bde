"""What the disk knows of an account: states of resources, names of projects, environments and their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from createos_nb.errors import UnknownName
from createos_nb.history import states
from createos_nb.history.manifest import Manifest
from createos_nb.history.states import State
from createos_nb.history.store import Store
from createos_nb.spans import Span

#: The end of what has not ended, in Unix seconds.
_NEVER = 1 << 40


class Known:
    """The states in the files of a history, as they are now.

    Args:
        store: The files.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: dict[str, tuple[int, list[State]]] = {}

    def states(self, dataset: str) -> list[State]:
        """Return all states of a dataset."""
        generation = self._store.current().generation
        read = self._states.get(dataset)
        if read is None or read[0] != generation:
            read = generation, states.states_of(self._store.table(dataset, self._store.files(dataset)))
            self._states[dataset] = read
        return list(read[1])

    def names(self) -> dict[str, str]:
        """Return the newest name of each project, by id."""
        ordered = sorted(self.states("projects"), key=lambda state: state.seen_at)
        return {state.id: str(state.name) for state in ordered}

    def projects(self, wanted: str | Sequence[str] | None) -> set[str]:
        """Return the ids of the projects that are meant by name or id; all without any.

        Raises:
            UnknownName: The history knows no such project.
        """
        names = self.names()
        if wanted is None:
            return set(names)
        ids: set[str] = set()
        for name in [wanted] if isinstance(wanted, str) else wanted:
            found = {id for id, known in names.items() if name in (id, known)}
            if not found:
                raise UnknownName("project", name, sorted(set(names.values())))
            ids |= found
        return ids

    def environments(self, projects: set[str], wanted: str) -> list[State]:
        """Return all states of the environments that are meant by name or id.

        Raises:
            UnknownName: The history knows no such environment.
        """
        there = [state for state in self.states("environments") if state.project_id in projects]
        ids = {state.id for state in there if wanted in (state.id, state.name)}
        if not ids:
            raise UnknownName("environment", wanted, sorted({str(state.name) for state in there}))
        return [state for state in there if state.id in ids]

    def events(self, projects: set[str], environments: set[str]) -> list[dict[str, Any]]:
        """Return the events of projects and environments, or of projects alone; both by names or ids."""
        rows: list[dict[str, Any]] = self._store.table("events", self._store.files("events")).to_pylist()
        return [row for row in rows if row["project"] in projects and row["environment"] in {None, *environments}]

    def places(self, projects: set[str] | None = None) -> list[tuple[str, str, State, Span]]:
        """Return environments with their names, and from when until when each was there."""
        names = self.names()
        of_environment: dict[str, list[State]] = {}
        for state in self.states("environments"):
            if projects is None or state.project_id in projects:
                of_environment.setdefault(state.id, []).append(state)
        places = []
        for found in of_environment.values():
            last = max(found, key=lambda state: state.seen_at)
            made = min(state.made or state.valid_from for state in found)
            ended = _NEVER if last.valid_to is None else int(last.valid_to)
            place = names.get(last.project_id, last.project_id), str(last.name)
            places.append((*place, last, (int(made) // 60 * 60, ended)))
        return _apart(sorted(places, key=lambda place: (place[0], place[3][0])))

    def first_look(self, manifest: Manifest, dataset: str) -> float | None:
        """Return when a dataset was first read; None for never."""
        if not any(key.startswith(f"{dataset}/") for key in manifest.read):
            return None
        return min((state.seen_at for state in self.states(dataset)), default=None)


def _apart(places: list[tuple[str, str, State, Span]]) -> list[tuple[str, str, State, Span]]:
    """The places, each until another one took its names: when it was deleted, two looks tell only roughly."""
    found: list[tuple[str, str, State, Span]] = []
    begins: dict[tuple[str, str], int] = {}
    for project, environment, state, (start, end) in reversed(places):
        found.append((project, environment, state, (start, min(end, begins.get((project, environment), end)))))
        begins[project, environment] = start
    return found[::-1]
