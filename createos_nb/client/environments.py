"""Environments as a client offers them: also one alone, and its variables in clear text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb import contract
from createos_nb.client.bound_environment import BoundEnvironment, bound_environment
from createos_nb.client.follow import follow_log
from createos_nb.client.runtime_logs import read_log
from createos_nb.contract.operation import UNSET
from createos_nb.dtypes import TEXT
from createos_nb.errors import UnknownName
from createos_nb.frames import log_filter, record_of
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.session import Session
    from createos_nb.clock import WaitClock
    from createos_nb.contract.types import TimeLike
    from createos_nb.frames.log_search import Level, Search
    from createos_nb.times import DurationLike


class Environments(contract.Environments):
    """The environments of a project (production, staging, …), each with a live deployment."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def __getitem__(self, key: str | tuple[str, str]) -> BoundEnvironment:
        return bound_environment(self, key)

    def _ipython_key_completions_(self) -> list[str]:
        """Return what Tab completes in `client.environments["…"]`: what has been read; nothing is asked for it."""
        return self._session.seen.places()

    def get(self, project: str, environment: str) -> pd.Series:
        """One environment (the platform has no such call: read out of the list).

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.

        Returns:
            The row of the environment, with the labels of `list`.

        Raises:
            UnknownName: There is no such environment; the message lists what there is.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.environments.get("storefront", "production")["branch"]
            'main'
        """
        frame = self.list(project)
        by_name, by_id = frame["unique_name"] == environment, frame["id"] == environment
        matches = frame[by_name | by_id]
        if matches.empty:
            raise UnknownName("environment", environment, _names(frame["unique_name"]), f"project {project!r}")
        return record_of(matches.iloc[:1].reset_index(drop=True))

    def reveal_variables(self, project: str, environment: str) -> pd.Series:
        """Return run-time variables in clear text. Do not save it in a notebook.

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.

        Returns:
            The values by name.

        Raises:
            UnknownName: There is no such environment; the message lists what there is.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.environments.reveal_variables("storefront", "staging").index.to_list()
            ['DATABASE_URL', 'LOG_LEVEL', 'SESSION_SECRET']
        """
        operation = contract.find("ListProjectEnvironments")

        def run(values: dict[str, object]) -> list[dict[str, object]]:
            return self._session.rows(operation.name, **values)

        rows = self._session.with_ids(operation, {"project": project}, run)
        match = next((row for row in rows if environment in (row.get("uniqueName"), row.get("id"))), None)
        if match is None:
            known = _names(row.get("uniqueName") for row in rows)
            raise UnknownName("environment", environment, known, f"project {project!r}")
        settings = match.get("settings")
        run_envs = settings.get("runEnvs") if isinstance(settings, dict) else None
        variables = {k: _clear(v) for k, v in sorted(run_envs.items())} if isinstance(run_envs, dict) else {}
        return pd.Series(variables, dtype=TEXT, name="value").rename_axis("variable")

    def logs(  # type: ignore[override]  # the wire looks back from its present; here a window is asked for
        self,
        project: str,
        environment: str,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        level: Level = None,
        search: Search = None,
    ) -> pd.DataFrame:
        """Return the runtime log of all that runs in an environment, searched.

        The platform gives what was written from a moment up to now, and of that the newest lines: a window that ended
        long ago costs all that came after it. It is one request, whatever is searched for.

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.
            start: First moment, such as "-1h"; by default a minute before the end.
            end: Moment after the last; by default now.
            level: One level, such as "WARN", for it and what is worse; several, for exactly these. The lines of a stack
                trace go with the line that began it; lines that say no level are left out.
            search: A part of the text, in any case; behind "re:" a regular expression, in any case, as in
                "re:timeout|refused"; or a compiled one.

        Returns:
            One row a line: time (UTC), line_number (of the window), stage, level, text. `attrs`: `window`,
            `lines_read` (of the window), `lines_matching`, `lines_without_level` where a level is asked for,
            `complete`, and `cut`, why lines may be missing, where they may. A warning says so too.

        Raises:
            InvalidInput: The window is empty, there is no such level, or the expression can't be read.

        Examples:
            >>> client = createos_nb.simulate()
            >>> log = client.environments.logs("storefront", "production", start="-10min", level="WARN")
            >>> list(log.columns), log.attrs["lines_read"], log.attrs["lines_matching"]
            (['time', 'line_number', 'stage', 'level', 'text'], 970, 22)
        """
        wanted = log_filter(level, search, name="environments.logs")
        arguments = {"project": project, "environment": environment}
        asked = {"start": start, "end": end, "level": level, "search": search}
        return read_log(self._session, contract.find("GetProjectEnvironmentLogs"), arguments, asked, wanted)

    def follow(
        self,
        project: str,
        environment: str,
        *,
        every: DurationLike = 5.0,
        window: DurationLike = 60,
        lasting: DurationLike | None = None,
        clock: WaitClock | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The runtime log of all that runs in an environment, as it is written; see `deployments.follow`.

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.
            every: Time between reads: seconds, or a text such as "1min".
            window: How far the first read reaches back, likewise.
            lasting: After how long to end, likewise; by default never.
            clock: What is waited on; by default the client's.

        Returns:
            Frames of new lines, as those of `deployments.follow`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> for lines in client.environments.follow("storefront", "staging", lasting="10s"):
            ...     print(list(lines.columns))
            ['time', 'line_number', 'stage', 'level', 'text', 'gap']
        """
        operation = contract.find("GetProjectEnvironmentLogs")

        def read(since: int) -> pd.DataFrame:
            arguments = {"project": project, "environment": environment, "since_seconds": since}
            return self._session.with_ids(
                operation, arguments, lambda values: self._session.log(operation, values, arguments, warn_of_cut=False)
            )

        return follow_log(
            read, clock or self._session.clock, every=every, window=window, lasting=lasting, is_over=lambda: False
        )


def _clear(value: Any) -> str | None:
    return value.reveal() if isinstance(value, Secret) else None if value is None else str(value)


def _names(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str)]
