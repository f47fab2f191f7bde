"""Runtime logs of a fleet, within a budget of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from createos_nb import contract
from createos_nb.client.runtime_logs import LogWindow, lines_of, log_window, shown_text
from createos_nb.contract.operation import Page
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, IncompleteWarning, Invalid, InvalidInput, warn
from createos_nb.frames import LogFilter
from createos_nb.progress import progress

if TYPE_CHECKING:
    from createos_nb.client.session import Session

_LABEL: Final = "fleet.logs"
#: Requests of the smallest reading: the projects, the environments of one, the log of one.
_FEWEST: Final = 3
_NAMED: Final = 6  # environments that a warning names


class _Target(NamedTuple):
    project: str
    environment: str
    project_id: str
    id: str

    @property
    def name(self) -> str:
        return f"{self.project}/{self.environment}"


class FleetLogs:
    """One reading of the logs of a fleet.

    Args:
        session: Of the client.
        wanted: Which lines to keep.
        asked: What is asked for: `start`, `end`, and what `wanted` was made from.
        budget: Requests to send at most, the list of projects included.
    """

    def __init__(self, session: Session, wanted: LogFilter, asked: Mapping[str, Any], budget: int) -> None:
        if isinstance(budget, bool) or not isinstance(budget, int) or budget < _FEWEST:
            raise InvalidInput(
                f"{_LABEL}: budget={budget!r} is no number of requests, or too small: it takes at least {_FEWEST}, for "
                "the projects, the environments of one, and one log"
            )
        self._session, self._wanted, self._asked, self._budget = session, wanted, asked, budget
        self._window: LogWindow = log_window(session, _LABEL, asked["start"], asked["end"])
        self._sent = self._lines_read = self._without_level = 0
        self._unread: list[str] = []
        self._cut: dict[str, str] = {}
        self._not_running: dict[str, str] = {}
        self._matching = 0
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}

    def read(self, projects: Sequence[tuple[str, str]], listed: int) -> list[pd.DataFrame]:
        """Read the logs of projects (name and id), in their order; `listed` is how many the list had."""
        page = contract.find("ListProjects").answer
        assert isinstance(page, Page)
        self._sent = max(1, -(-listed // page.most))
        frames: list[pd.DataFrame] = []
        size = max(1, self._session.concurrency)
        with progress(_LABEL, self._session.clock) as tick:
            done = 0
            # a project is only asked for its environments where a log of it can be read as well
            while done < len(projects) and (affordable := max(0, min(size, self._left() // 2))):
                targets = self._environments(projects[done : done + affordable])
                frames += self._logs(targets)
                done = min(done + affordable, len(projects))
                if tick:
                    tick(done, len(projects))
        self._unread += [name for name, _ in projects[done:]]
        if not frames and self._not_running:  # a refusal by all is one of the request
            self.failed |= self._not_running
        else:
            self.skipped |= self._not_running
        return frames

    @property
    def complete(self) -> bool:
        """Whether every line of every environment that runs is there."""
        return not self._unread and not self._cut and not self.failed

    @property
    def attrs(self) -> dict[str, Any]:
        """What a frame's attributes say of the reading."""
        counts = {"lines_read": self._lines_read, "lines_matching": self._matching, "requests": self._sent}
        if self._wanted.levels is not None:
            counts["lines_without_level"] = self._without_level
        filters = {name: shown_text(self._asked[name]) for name in ("level", "search") if self._asked[name] is not None}
        return {"window": self._window.texts, "asked": filters, **counts, "unread": self._unread, "cut": self._cut}

    def warn(self) -> None:
        """Warn of what is missing; of what failed, the fleet does."""
        if self._unread:
            warn(
                f"{_LABEL}: the budget of {self._budget} requests is used up; not read: {_names(self._unread)}; "
                'attrs["unread"] names all; budget= takes more, and projects= fewer',
                IncompleteWarning,
            )
        if self._cut:
            first = next(iter(self._cut.values()))
            warn(
                f'{_LABEL}: the logs of {_names(list(self._cut))} may lack lines: {first}; attrs["cut"] names all',
                IncompleteWarning,
            )

    def _left(self) -> int:
        return self._budget - self._sent

    def _environments(self, projects: Sequence[tuple[str, str]]) -> list[_Target]:
        """The environments where something is live."""
        self._sent += len(projects)

        def read(project: tuple[str, str]) -> list[dict[str, Any]] | CreateOSError:
            try:
                return self._session.rows("ListProjectEnvironments", project_id=project[1])
            except CreateOSError as error:
                return error

        targets = []
        for (name, id), rows in zip(projects, self._session.map_concurrently(read, projects), strict=True):
            if isinstance(rows, CreateOSError):
                self.failed[name] = _reason(rows)
                continue
            for row in rows:
                target = _Target(name, str(row.get("uniqueName")), id, str(row.get("id")))
                if row.get("projectDeploymentId"):
                    targets.append(target)
                else:
                    self.skipped[target.name] = "nothing is live"
        return targets

    def _logs(self, targets: Sequence[_Target]) -> list[pd.DataFrame]:
        affordable = max(0, self._left())
        asked, unread = targets[:affordable], targets[affordable:]
        self._unread += [target.name for target in unread]
        self._sent += len(asked)
        self._session.lists.warn_of_wait(_LABEL, len(asked))
        frames = []
        for target, frame in zip(asked, self._session.map_concurrently(self._log, asked), strict=True):
            if isinstance(frame, Invalid) and frame.status == 422:
                self._not_running[target.name] = _reason(frame)
            elif isinstance(frame, CreateOSError):
                self.failed[target.name] = _reason(frame)
            else:
                frames.append(self._named(frame, target))
        return frames

    def _log(self, target: _Target) -> pd.DataFrame | CreateOSError:
        operation = contract.find("GetProjectEnvironmentLogs")
        arguments = {"project": target.project_id, "environment": target.id}
        # what waits for the rate limit is asked for from then on
        window = self._window._replace(now=self._session.transport.now())
        try:
            return lines_of(self._session, operation, arguments, self._asked, window, self._wanted)
        except CreateOSError as error:
            return error

    def _named(self, frame: pd.DataFrame, target: _Target) -> pd.DataFrame:
        self._lines_read += frame.attrs["lines_read"]
        self._matching += len(frame)
        self._without_level += frame.attrs.get("lines_without_level", 0)
        if cut := frame.attrs.get("cut"):
            self._cut[target.name] = cut
        for position, name, value in zip(count(), ("project", "environment"), target[:2], strict=False):
            frame.insert(position, name, pd.Series([value] * len(frame), dtype=TEXT))
        return frame


def _reason(error: CreateOSError) -> str:
    return str(error).split("\n", 1)[0]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
