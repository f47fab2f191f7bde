"""Domains that wait for their DNS records, and those that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.alerts.alert import Found
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.display import human_duration

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

#: Seconds after which a domain that is still pending is told.
_PATIENCE: Final = 3600.0


class PendingDomain(Check):
    """Domains that have been pending for more than an hour, and those whose set-up failed.

    Over when the domain is active, or gone.
    """

    kind = "domain"
    every = 900.0

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the projects."""
        return [project.place for project in inventory.projects.values()]

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return a ticket for each domain that waits or failed."""
        found = []
        row: Any
        for row in reader.client.domains.list(place.project_id).itertuples(index=False):
            made = pd.Timestamp(row.created_at)
            waited = reader.now - made.timestamp()
            says = "" if pd.isna(row.message) else f": {row.message}"
            if row.status == "pending" and waited > _PATIENCE:
                sentence = f"{row.name} has waited {human_duration(waited)} for its DNS records{says}"
            elif row.status == "error":
                sentence = f"the set-up of {row.name} failed{says}"
            else:
                continue
            command = f"client.domains.verify({place.project!r}, {row.name!r})"
            found.append(Found(str(row.name), "ticket", made.to_pydatetime(), sentence, (command,)))
        return found
