"""Reading many projects at the same time into one frame that says what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from createos_nb import contract
from createos_nb.client.name_resolution import names_or_ids
from createos_nb.client.session import Session
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, IncompleteWarning, InvalidInput, UnknownName, warn
from createos_nb.progress import progress


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
    ) -> pd.DataFrame:
        """Return what `read` gives of each active project, by id, one below the other, with its name first."""
        active_projects, skipped, listed = self.active(only)

        def read_project(row: Any) -> pd.DataFrame:
            frame = read(row.id)
            frame.insert(0, "project", pd.Series([row.unique_name] * len(frame), dtype=TEXT))
            return frame

        frames, failed = self.read_all(label, read_project, active_projects, lambda row: str(row.unique_name))
        empty.insert(0, "project", pd.Series([], dtype=TEXT))
        complete = listed and all(f.attrs.get("complete", True) for f in frames)
        return self.joined(label, frames, empty, failed, skipped, complete)

    def active(self, only: str | Sequence[str] | None) -> tuple[list[Any], dict[str, str], bool]:
        """Return the active projects, the status of the others by name, and whether the list is complete."""
        projects = self._projects.list()
        if only is not None:
            only = names_or_ids("projects", only)
            for name in only:
                if not ((projects["unique_name"] == name) | (projects["id"] == name)).any():
                    raise UnknownName("project", name, list(projects["unique_name"]))
            attrs = projects.attrs
            projects = projects[projects["unique_name"].isin(only) | projects["id"].isin(only)]
            projects.attrs = attrs
        active = projects[projects["status"] == "active"]
        others = projects[projects["status"] != "active"]
        skipped = {str(row.unique_name): str(row.status) for row in others.itertuples()}
        active_projects = list(active[["unique_name", "id", "enabled_security_scan"]].itertuples(index=False))
        return active_projects, skipped, bool(projects.attrs["complete"])

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


def warn_of_failures(label: str, failed: dict[str, str], of: int, instead: str) -> None:
    """Warn where something could not be read, of what, and what stands in its place."""
    if failed:
        warn(
            f"{label}: {len(failed)} of {of} could not be read, and {instead}: {', '.join(failed)}; "
            'attrs["failed"] says why',
            IncompleteWarning,
        )
