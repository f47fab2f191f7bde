"""Reading many projects at the same time into one frame that says what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from createos_nb import contract
from createos_nb.client.name_resolution import names_or_ids
from createos_nb.client.session import Session
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, IncompleteWarning, InvalidInput, UnknownName, warn
from createos_nb.progress import progress


class ActiveProject(NamedTuple):
    """A project that is active, the name of its app (None where it is in none), and whether scans are switched on."""

    unique_name: str
    id: str
    app: str | None
    enabled_security_scan: Any


class FleetReads:
    """Reads all active projects, or their environments, several at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._projects = contract.Projects(session.execute)

    def across(
        self,
        label: str,
        read: Callable[[str], pd.DataFrame],
        empty: pd.DataFrame,
        only: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
        *,
        named: bool = True,
    ) -> pd.DataFrame:
        """Return what `read` gives of each active project, by id, one below the other, with its name first.

        Then comes the name of its app, unless `named` is False.
        """
        active_projects, skipped, listed = self.active(only, apps, named=named)

        def read_project(row: Any) -> pd.DataFrame:
            frame = read(row.id)
            if named:
                frame.insert(0, "app", pd.Series([row.app] * len(frame), dtype=TEXT))
            frame.insert(0, "project", pd.Series([row.unique_name] * len(frame), dtype=TEXT))
            return frame

        frames, failed = self.read_all(label, read_project, active_projects, lambda row: str(row.unique_name))
        for name in ("app", "project") if named else ("project",):
            empty.insert(0, name, pd.Series([], dtype=TEXT))
        complete = listed and all(f.attrs.get("complete", True) for f in frames)
        return self.joined(label, frames, empty, failed, skipped, complete)

    def active(
        self, only: str | Sequence[str] | None, apps: str | Sequence[str] | None = None, *, named: bool = True
    ) -> tuple[list[ActiveProject], dict[str, str], bool]:
        """Return the active projects, the status of the others by name, and whether the list is complete.

        Without `named` the names of apps are not looked up.
        """
        projects = self._projects.list()
        attrs = projects.attrs
        projects = wanted_rows(self._session, projects, only, apps)
        active = projects[projects["status"] == "active"]
        others = projects[projects["status"] != "active"]
        skipped = {str(row.unique_name): str(row.status) for row in others.itertuples()}
        names = app_names(self._session, active["app_id"] if named else [None] * len(active))
        rows = zip(active["unique_name"], active["id"], names, active["enabled_security_scan"], strict=True)
        return [ActiveProject(*row) for row in rows], skipped, bool(attrs["complete"])

    def read_all(
        self,
        label: str,
        read: Callable[[Any], pd.DataFrame],
        targets: Sequence[Any],
        name: Callable[[Any], str],
    ) -> tuple[list[pd.DataFrame], dict[str, str]]:
        """The frames of all places, several at a time, and the reasons of those that could not be read, by name."""

        def try_read(target: Any) -> pd.DataFrame | CreateOSError:
            try:
                return read(target)
            except CreateOSError as error:
                if isinstance(error, InvalidInput) and not isinstance(error, UnknownName):
                    raise  # an argument that is wrong is so everywhere
                return error

        failed: dict[str, str] = {}
        frames: list[pd.DataFrame] = []
        self._session.lists.warn_of_wait(label, len(targets))
        with progress(label, self._session.clock) as tick:
            results = self._session.map_concurrently(try_read, targets)
            for done, (target, result) in enumerate(zip(targets, results, strict=True), start=1):
                if isinstance(result, CreateOSError):
                    failed[name(target)] = str(result).split("\n", 1)[0]
                else:
                    frames.append(result)
                if tick:
                    tick(done, len(targets))
        return frames, failed

    def joined(
        self,
        label: str,
        frames: list[pd.DataFrame],
        empty: pd.DataFrame,
        failed: dict[str, str],
        skipped: dict[str, str],
        complete: bool = True,
    ) -> pd.DataFrame:
        """Return frames one below the other; `attrs` say what failed, what was skipped, and whether that is all."""
        filled = [frame for frame in frames if len(frame)]
        for frame in filled:
            frame.attrs.clear()  # `concat` keeps attrs only where all agree, and comparing them costs
        joined = pd.concat(filled, ignore_index=True) if filled else empty
        joined.attrs.clear()
        joined.attrs |= self._session.provenance(label)
        joined.attrs |= {"complete": complete and not failed, "failed": failed, "skipped": skipped}
        warn_of_failures(label, failed, len(failed) + len(frames), "are not in the frame")
        return joined


def wanted_rows(
    session: Session, projects: pd.DataFrame, only: str | Sequence[str] | None, apps: str | Sequence[str] | None
) -> pd.DataFrame:
    """Return the rows of a list of projects that are of these names or ids, and in these apps; None leaves none out.

    Raises:
        InvalidInput: What is given is neither a name nor an id.
        UnknownName: There is no such project or app.
    """
    if only is not None:
        only = names_or_ids("projects", only)
        for name in only:
            if not ((projects["unique_name"] == name) | (projects["id"] == name)).any():
                raise UnknownName("project", name, list(projects["unique_name"]))
        projects = projects[projects["unique_name"].isin(only) | projects["id"].isin(only)]
    if apps is not None:
        wanted = [session.names.id_of("app", app) for app in names_or_ids("apps", apps)]
        projects = projects[projects["app_id"].isin(wanted)]
    return projects


def app_names(session: Session, ids: Iterable[Any]) -> list[str | None]:
    """Return the name of each app by its id; None where there is no id.

    One request, at most, for all that the session does not know yet, and none where nothing is in an app. An app whose
    name can't be read goes by its id.
    """
    given = [None if pd.isna(one) or not one else str(one) for one in ids]
    wanted = {one for one in given if one is not None}
    try:
        names = session.names.names_of("app", wanted) if wanted else {}
    except CreateOSError:
        names = {}
    return [None if one is None else names.get(one, one) for one in given]


def warn_of_failures(label: str, failed: dict[str, str], of: int, instead: str) -> None:
    """Warn where something could not be read, of what, and what stands in its place."""
    if failed:
        warn(
            f"{label}: {len(failed)} of {of} could not be read, and {instead}: {', '.join(failed)}; "
            'attrs["failed"] says why',
            IncompleteWarning,
        )
