"""What was so at a moment: resources as frames, each row with how exactly that is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from createos_nb.contract.api_keys import ApiKey
from createos_nb.contract.deployments import Deployment
from createos_nb.contract.domains import Domain
from createos_nb.contract.environments import Environment
from createos_nb.contract.projects import Project
from createos_nb.contract.row import Row
from createos_nb.contract.security import SecurityScan
from createos_nb.dtypes import TEXT
from createos_nb.frames import frame_of
from createos_nb.history.states import State
from createos_nb.times import iso

_ROWS: Final[dict[str, type[Row]]] = {
    "projects": Project,
    "environments": Environment,
    "deployments": Deployment,
    "domains": Domain,
    "api_keys": ApiKey,
    "scans": SecurityScan,
}
_VARIABLES: Final = {"run_envs": "runEnvs", "build_vars": "buildVars"}


class Moment:
    """The account at a moment. Made by `History.at`.

    Args:
        time: The moment, in Unix seconds.
        states: All states of each dataset.
        looked: When the lists of each dataset were first read, in Unix seconds: before that nobody knows.
    """

    def __init__(self, time: float, states: dict[str, list[State]], looked: dict[str, float | None]) -> None:
        self.time = time
        self._states, self._looked = states, looked
        self._names = {
            state.id: str(state.name) for state in sorted(states["projects"], key=lambda state: state.seen_at)
        }

    def projects(self) -> pd.DataFrame:
        """Return the projects that there were.

        Returns:
            As `projects.list`, with `exactness`, `not_before` and `not_after` behind it: see `environments`.
        """
        return self._frame("projects")

    def environments(self) -> pd.DataFrame:
        """Return the environments that there were, with what was live in each.

        Returns:
            `project` (unique name) first, then as `environments.list`; values of variables are fingerprints,
            equal where the values are. Behind it
            `exactness`: seen (looks before and after the moment show the same), reported (a later look shows it, and
            the platform says that nothing has changed since before the moment), or last known (it was so before the
            moment, and what came then is not known); `not_before` and `not_after` (UTC): when it was last seen
            otherwise before, and when it was first seen otherwise after, NaT where nobody looked.
            `attrs["complete"]` is False where nobody had looked yet at that moment.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync()
            >>> live = history.at(client.now).environments()
            >>> live[["project", "unique_name", "exactness"]].head(2)
                  project unique_name exactness
            0  storefront     staging      seen
            1  storefront  production      seen
        """
        return self._frame("environments")

    def deployments(self) -> pd.DataFrame:
        """Return the deployments that there were.

        Returns:
            `project` first, then as `deployments.list`, with the three columns of `environments` behind it.
        """
        return self._frame("deployments")

    def domains(self) -> pd.DataFrame:
        """Return the domains that there were.

        Returns:
            `project` first, then as `domains.list`, with the three columns of `environments` behind it.
        """
        return self._frame("domains")

    def api_keys(self) -> pd.DataFrame:
        """Return the API keys that there were, without their secrets.

        Returns:
            As `api_keys.list`, with the three columns of `environments` behind it.
        """
        return self._frame("api_keys")

    def scans(self) -> pd.DataFrame:
        """Return the security scans of what was live, as far as they were read (`sync(datasets=[…, "scans"])`).

        Returns:
            `project` first, then as `security.scan`, with the three columns of `environments` behind it.
        """
        return self._frame("scans")

    def _frame(self, dataset: str) -> pd.DataFrame:
        there = [state for state in self._states[dataset] if _was_there(state, self.time)]
        there.sort(key=lambda state: (self._names.get(state.project_id, ""), state.valid_from, state.id))
        frame = frame_of(_ROWS[dataset], raw=[dict(state.fields) for state in there])
        for name, wire in _VARIABLES.items():
            if name in frame:  # fingerprints are no secrets: a frame would show dots
                frame[name] = pd.Series([_settings(state).get(wire) for state in there], dtype=object)
        if dataset not in ("projects", "api_keys"):
            names = [self._names.get(state.project_id) for state in there]
            frame.insert(0, "project", pd.Series(names, dtype=TEXT))
        frame["exactness"] = pd.Series([exactness(state, self.time) for state in there], dtype=TEXT)
        frame["not_before"] = _times(state.not_before for state in there)
        frame["not_after"] = _times(state.valid_to for state in there)
        looked = self._looked.get(dataset)
        frame.attrs |= {
            "operation": f"history.at.{dataset}",
            "at": iso(int(self.time)),
            "complete": looked is not None and looked <= self.time,
        }
        return frame

    def __repr__(self) -> str:
        counts = {name: sum(_was_there(state, self.time) for state in self._states[name]) for name in _ROWS}
        return f"The account at {iso(int(self.time))}: " + ", ".join(
            f"{name.replace('_', ' ')} {count}" for name, count in counts.items()
        )


def _settings(state: State) -> dict[str, Any]:
    settings = state.fields.get("settings")
    return settings if isinstance(settings, dict) else {}


def exactness(state: State, at: float) -> str:
    """Return how exactly it is known that something was so at a moment."""
    if state.seen_at <= at <= state.last_seen:
        return "seen"
    return "reported" if at < state.seen_at else "last known"


def _was_there(state: State, at: float) -> bool:
    return state.valid_from <= at and (state.valid_to is None or at < state.valid_to)


def _times(seconds: Iterable[float | None]) -> Any:
    values = pd.array([pd.NA if value is None else round(value * 1000) for value in seconds], dtype="Int64")
    return pd.Series(pd.to_datetime(pd.Series(values), unit="ms", utc=True)).astype("datetime64[us, UTC]")
