"""The panel that makes an older deployment live again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.panels import markup
from createos_nb.panels.assigning import WHY_NOT, age
from createos_nb.panels.choosing import ChoosingPanel
from createos_nb.plans.present import Present, version_of
from createos_nb.runbooks.candidates import candidates_of

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

_FIT: Final = ("deployed", "sleeping")


class RollbackPanel(ChoosingPanel):
    """Older deployments with what is known of each; the newest fit one is taken where none is chosen.

    Parameters: `chosen` (such as "v15", "" for the newest fit one), `hold` (bool), `allow_description_change` (bool).
    """

    heading, verb, key = "Roll back", "Roll back", "version"
    kinds: ClassVar[Mapping[str, str]] = {"state": "state"}
    off = "off"
    nothing = "there is no older deployment"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}", "Older deployments")
        self._project, self._environment = project, environment
        hold = widgets.Checkbox(value=True, indent=False, description="Hold auto-promotion, or the next push undoes it")
        change = widgets.Checkbox(
            indent=False,
            description="The environment's description may be changed, where the platform would not take it back",
        )
        for box in (hold, change):
            box.layout.width = "auto"
        self._hold = self._control("hold", hold)
        self._change = self._control("allow_description_change", change)
        self._build(*self._listing, self._hold, self._change, *self._form)
        self._depends("chosen", "hold", "allow_description_change")
        for name in ("chosen", "hold"):
            self._when(name, self._explain)
        self._begin()

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
        return candidates(self.client, self._project, self._environment)

    def _table(self, found: tuple[pd.DataFrame, dict[str, Any]]) -> pd.DataFrame:
        return found[0]

    def _show(self) -> None:
        table = self.listed = self._table(self._found)
        names = {"server_error_percentage": "server errors, %", "why_not": "not by itself, for"}
        self._grid.show(table, kinds=dict(self.kinds), key=self.key, off=self.off, hidden=[self.off], labels=names)
        self._explain()

    def _explain(self) -> None:
        """What is live, what would be taken, and whether a push could undo it."""
        if self._found is None:
            return
        table, facts = self._found
        live = facts["live"]
        lines = [f"live now: {live}" if live else "nothing is live here: there is nothing to roll back"]
        fit = table.loc[table["why_not"] == "", "version"]
        if live and not self._grid.selected:
            lines.append(
                f"none chosen: {fit.iloc[0]} is taken" if len(fit) else "no older deployment is known to be fit"
            )
        if live:
            lines.append(f"auto-promotion of {facts['branch']} is on" if facts["auto"] else "auto-promotion is off")
        self._hold.layout.display = "" if facts["auto"] else "none"
        self._change.layout.display = "" if facts["auto"] and self._hold.value else "none"
        self._note.value = markup.block(" · ".join(lines), "quiet")

    def _make(self) -> Plan:
        row = self._chosen
        return runbooks.rollback(
            self.client,
            self._project,
            self._environment,
            to=None if row is None else str(row["version"]),
            hold=self._hold.value,
            allow_description_change=self._change.value,
        )


def candidates(client: Client, project: str, environment: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What an environment could be rolled back to, newest first, and what is so now.

    Columns of the frame: version (str), state, age, source, evidence, because, requests (Int64),
    server_error_percentage (Float64), why_not (why it is not taken by itself; empty where it is fit), off (why it can't
    be taken at all). What is so now: live (version, "" where nothing is), auto (auto-promotion is on), branch. Raises
    what the client raises.
    """
    present = Present(client)
    owner = present.project_named(project)
    row = present.environment_named(owner, environment)
    held = row.get("projectDeploymentId")
    running = present.deployment(owner["id"], held) if held else None
    facts = {
        "live": version_of(running) if running is not None else "",
        "auto": bool(row.get("isAutoPromoteEnabled")),
        "branch": str(row.get("branch") or "the project"),
    }
    found = candidates_of(present, owner, row, running or {})
    now = client.clock.now()
    frame = pd.DataFrame(
        {
            "version": ["v" + str(one) for one in found["version"]],
            "state": found["status"].tolist(),
            "age": [age(one, now) for one in found["created_at"]],
            "source": found["source"].tolist(),
            "evidence": found["evidence"].tolist(),
            # where there is no evidence the reason against it says it all
            "because": ["" if row.evidence == "none" else row.because for row in found.itertuples()],
            "requests": found["requests"],
            "server_error_percentage": found["server_error_percentage"],
            "why_not": found["why_not"].tolist(),
            "off": ["" if one in _FIT else WHY_NOT.get(str(one), f"it is {one}") for one in found["status"]],
        }
    )
    return frame.reset_index(drop=True), facts
