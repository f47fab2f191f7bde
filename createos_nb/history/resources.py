"""The resources of an account, as a synchronization reads them: lists, and the states that come of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb import contract
from createos_nb.errors import CreateOSError, NotFound
from createos_nb.frames.read import decode_json
from createos_nb.history import states
from createos_nb.history.states import State

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.client.session import Session
    from createos_nb.history.fingerprints import Fingerprints
    from createos_nb.history.manifest import Manifest
    from createos_nb.history.store import Store

#: Seconds in which a list is not read again.
_FRESH: Final = 60
#: Seconds in which it is not asked again whether a deployment has been scanned by now.
_UNSCANNED: Final = 3600
_OF_ACCOUNT: Final = {"projects": "ListProjects", "api_keys": "ListAPIKeys"}
_OF_PROJECTS: Final = ("environments", "deployments", "domains")
_SCANS: Final = "scans"
_SCAN: Final = contract.find("GetSecurityScan")
#: Lists of a project, and the operation that gives each; deployments are read by pages.
_LISTS: Final = {"environments": "ListProjectEnvironments", "domains": "ListDomains"}
#: Read whatever is asked for: they say what there is to ask.
_ALWAYS: Final = ("projects", "environments")


class Look(NamedTuple):
    """What a list has shown.

    Attributes:
        dataset: Of which resource.
        new: How many states began with it.
        ended: The states that ended, as a table of the dataset; None where none did.
    """

    dataset: str
    new: int
    ended: pa.Table | None


class Resources:
    """The states of resources while a synchronization reads lists.

    Args:
        session: Asks.
        store: The files.
        manifest: Says when lists were read, and is told.
        fingerprints: Of secrets.
        datasets: Which ones are kept.
        projects: Names or ids of projects; None for all.

    Attributes:
        current: The states that have not ended, by dataset and id.
        failed: What could not be read, and why.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        manifest: Manifest,
        fingerprints: Fingerprints,
        *,
        datasets: Sequence[str],
        projects: Sequence[str] | None,
    ) -> None:
        self._session, self._manifest, self._fingerprints = session, manifest, fingerprints
        self._datasets, self._projects = datasets, None if projects is None else set(projects)
        self.current = {
            name: {state.id: state for state in states.states_of(store.table(name, manifest.unsettled.get(name, [])))}
            for name in (*_OF_ACCOUNT, *_OF_PROJECTS, _SCANS)
        }
        self._ids: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, there in self.current.items():
            for id, state in there.items():
                self._ids[name, state.project_id].append(id)
        self.failed: dict[str, str] = {}

    # --- what is due --------------------------------------------------------------------------------------------------

    def due_of_account(self) -> list[str]:
        """Return the lists of the account that are to be read."""
        return [name for name in _OF_ACCOUNT if self._is_due(name, "")]

    def due_of_projects(self) -> list[tuple[str, str]]:
        """Return the lists of projects that are to be read: project and dataset, who was read longest ago first."""
        due = [
            (self._manifest.read.get(f"{name}/{project.id}", 0.0), name != "environments", project.id, name)
            for project in self.active()
            for name in _OF_PROJECTS
            if self._is_due(name, project.id)
        ]
        return [(project, name) for _, _, project, name in sorted(due)]

    def due_of_scans(self) -> list[tuple[str, str]]:
        """Return the scans that are to be read, of what is live where scans are on: project and deployment.

        One that succeeded stays as it is; one that is at work or has failed may become another.
        """
        if _SCANS not in self._datasets:
            return []
        projects = {state.id for state in self.active() if state.fields.get("enabledSecurityScan")}
        states = {state.row["deployment_id"]: state.row["status"] for state in self.current[_SCANS].values()}
        live = {
            (state.project_id, str(state.row["deployment_id"]))
            for state in self.current["environments"].values()
            if state.project_id in projects and state.row["deployment_id"]
        }
        now = self._now()
        return sorted(
            place
            for place in live
            if states.get(place[1]) != "success"
            and now - self._manifest.read.get(f"{_SCANS}/{place[1]}", 0.0)
            >= (_FRESH if place[1] in states else _UNSCANNED)
        )

    def _is_due(self, dataset: str, project: str) -> bool:
        if dataset not in self._datasets and dataset not in _ALWAYS:
            return False
        return self._now() - self._manifest.read.get(f"{dataset}/{project}", 0.0) >= _FRESH

    def _now(self) -> float:
        return float(self._session.transport.now())

    # --- reading ------------------------------------------------------------------------------------------------------

    def read_account(self, dataset: str) -> Look | None:
        """Read a list of the account; None where it can't be read.

        Raises:
            CreateOSError: It is the list of projects, and none is known.
        """
        try:
            rows, complete, _ = self._session.listed(_OF_ACCOUNT[dataset])
        except CreateOSError as error:
            if dataset == "projects" and not self.current["projects"]:
                raise
            self.failed[dataset] = str(error).split("\n", 1)[0]
            return None
        return self._look(dataset, "", rows, whole=complete)

    def read_projects(self, wanted: Sequence[tuple[str, str]]) -> list[Look]:
        """Read lists of projects, several at a time; what can't be read is in `failed`."""

        def read(item: tuple[str, str]) -> Any:
            project, name = item
            try:
                if name == "deployments":
                    return self._deployments(project)
                rows, complete, _ = self._session.listed(_LISTS[name], project_id=project)
                return rows, complete
            except CreateOSError as error:
                return error

        looks = []
        for (project, name), answer in zip(wanted, self._session.map_concurrently(read, wanted), strict=True):
            if isinstance(answer, NotFound):  # it was deleted since the projects were listed
                looks.append(self._look(name, project, [], whole=True))
            elif isinstance(answer, CreateOSError):
                self.failed[f"{name} of {self.name_of(project)}"] = str(answer).split("\n", 1)[0]
            else:
                looks.append(self._look(name, project, answer[0], whole=answer[1]))
        return looks

    def read_scans(self, wanted: Sequence[tuple[str, str]]) -> list[Look]:
        """Read the scans of deployments, several at a time; what can't be read is in `failed`."""

        def read(item: tuple[str, str]) -> Any:
            try:
                data = self._session.send(_SCAN, {"project_id": item[0], "deployment_id": item[1]})
                return decode_json(_SCAN, data)
            except CreateOSError as error:
                return error

        looks = []
        for (project, deployment), answer in zip(wanted, self._session.map_concurrently(read, wanted), strict=True):
            key = f"{_SCANS}/{deployment}"
            if isinstance(answer, NotFound):  # it was never scanned, or it is gone
                looks.append(self._look(_SCANS, project, [], whole=False, key=key))
            elif isinstance(answer, CreateOSError):
                self.failed[f"scan of a deployment of {self.name_of(project)}"] = str(answer).split("\n", 1)[0]
            else:
                looks.append(self._look(_SCANS, project, [answer], whole=False, key=key))
        return looks

    def _deployments(self, project: str) -> tuple[list[dict[str, Any]], bool]:
        """The newest deployments, page by page, until one that is known."""
        known = self.current["deployments"]
        rows: list[dict[str, Any]] = []
        while True:
            page, total = self._session.deployments_page(project, len(rows))
            rows += page
            if not page or len(rows) >= total:
                return rows, len(rows) >= total
            if any(str(row.get("id")) in known for row in page):
                return rows, False

    def _look(
        self, dataset: str, project: str, rows: Iterable[Mapping[str, Any]], *, whole: bool, key: str = ""
    ) -> Look:
        key, now = key or f"{dataset}/{project}", self._now()
        current = {id: self.current[dataset][id] for id in self._ids[dataset, project]}
        safe = [self._fingerprints.without_secrets(row) for row in rows]
        after, ended = states.look(
            current, safe, project=project, now=now, before=self._manifest.read.get(key), whole=whole
        )
        for id in current:
            del self.current[dataset][id]
        self.current[dataset] |= after
        self._ids[dataset, project] = list(after)
        self._manifest.read[key] = now
        new = sum(state.seen_at == now for state in after.values())
        return Look(dataset, new, states.table_of(dataset, ended) if ended else None)

    # --- what is known ------------------------------------------------------------------------------------------------

    def active(self) -> list[State]:
        """Return the projects that are read: active ones, of those that are wanted."""
        rows = [(state, state.row) for state in self.current["projects"].values()]
        return [
            state
            for state, row in rows
            if row["status"] == "active"
            and (self._projects is None or not self._projects.isdisjoint((row["name"], state.id)))
        ]

    def name_of(self, project: str) -> str:
        """Return the name of a project; its id where that is not known."""
        state = self.current["projects"].get(project)
        return project if state is None else str(state.name)

    def names(self) -> dict[str, str]:
        """Return the names of projects and environments, by id."""
        return {id: str(state.name) for dataset in _ALWAYS for id, state in self.current[dataset].items()}
