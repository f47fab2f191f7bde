"""What an agent in a process of its own knows of its drill: the alert, the client, and where it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from createos_nb.agents.drill_link import URL, DrillLink
from createos_nb.client.connect.connect import connect
from createos_nb.errors import ConfigurationError
from createos_nb.redaction import Secret
from createos_nb.training.drills.alert import Alert


class Trainee:
    """A drill as `createos_nb.training.drill` gives it, where its world is served by another process.

    Whatever takes a `Drill` by its alert, its client and its answers takes this one as well.

    Attributes:
        alert: what a person would get.
        client: the normal client.
    """

    def __init__(self) -> None:
        link = DrillLink.from_environment()
        if link is None:
            raise ConfigurationError(f"this agent takes a drill, and {URL} names none: createos-nb drill run … --agent")
        self._link = link
        found = link.alert()
        self.alert = Alert(pd.Timestamp(found["time"]), found["source"], found["text"], found["where"])
        self.client = connect(rate_limit=False)

    def submit(
        self,
        *,
        cause: str | Sequence[str] | None = None,
        where: str | Sequence[str] | None = None,
        trouble: bool | None = None,
        note: str = "",
    ) -> None:
        """Answer, as `createos_nb.training.Drill.submit`."""
        said: dict[str, Any] = {"cause": cause, "where": where, "trouble": trouble, "note": note or None}
        self._link.submit(**{name: list(one) if isinstance(one, tuple) else one for name, one in said.items()})

    def ask_owner(self, place: str, variable: str) -> Secret:
        """Ask the owner of an app for a value, as `createos_nb.training.Drill.ask_owner`."""
        return self._link.ask_owner(place, variable)
