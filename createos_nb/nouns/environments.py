"""Environments as a client offers them: also one alone, and its variables in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pandas as pd

from createos_nb import api
from createos_nb.errors import UnknownName
from createos_nb.frames import record_of
from createos_nb.secret import Secret

if TYPE_CHECKING:
    from createos_nb.nouns.asking import Asking


class Environments(api.Environments):
    """Where a project serves: production, staging …, each with a live deployment."""

    def get(self, project: str, environment: str) -> pd.Series:
        """One environment (the platform has no such call: read out of the list).

        Raises `UnknownName`, listing what there is.
        """
        frame = self.list(project)
        by_name, by_id = frame["unique_name"] == environment, frame["id"] == environment
        found = frame[by_name | by_id]
        if found.empty:
            raise UnknownName("environment", environment, frame["unique_name"], f"project {project!r}")
        return record_of(found.iloc[:1].reset_index(drop=True))

    def reveal_variables(self, project: str, environment: str) -> pd.Series:
        """Run-time variables in clear text: a Series of values by name. Do not save it in a notebook."""
        asking = cast("Asking", self.performer)
        operation = api.find("ListProjectEnvironments")
        wanted = self.get(project, environment)["id"]

        def run(values: dict[str, object]) -> list[dict[str, object]]:
            return asking.rows(operation.name, **values)

        rows = asking.attempt(operation, {"project": project}, run)
        settings = next((row["settings"] for row in rows if row["id"] == wanted), None) or {}
        variables = {k: v.reveal() if isinstance(v, Secret) else v for k, v in (settings.get("runEnvs") or {}).items()}
        return pd.Series(dict(sorted(variables.items())), dtype="str", name="value").rename_axis("variable")
