"""The panel that deletes a project's deployments that nobody needs: each with what becomes of it, and why."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.assign import age
from createos_nb.panels.row_picker import RowPicker
from createos_nb.plans.snapshot import Snapshot, id_of
from createos_nb.runbooks.unneeded import choices_frame, choose

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.projects import Project
    from createos_nb.plans import Plan


class CleanUpPanel(ActionPanel):
    """All deployments of a project with what becomes of each and why; more of them can be kept.

    Parameters: `keep` (how many of the newest good ones stay), `spare` (versions that stay all the same, as a text with
    commas or a list), `chosen` (such as "v10", "" for none).
    """

    heading, verb = "Clean up", "Delete deployments"

    def __init__(self, client: Client, project: str) -> None:
        self._rows = RowPicker(
            "Deployments",
            key="version",
            kinds={"state": "state"},
            labels={"live_in": "live in"},
            empty="nothing was deployed yet",
        )
        super().__init__(client, project, self._rows)
        self._project = project
        self._seen: tuple[Snapshot, Project] | None = None
        style = {"description_width": "auto"}
        self._keep = self._view.control(
            "keep", widgets.BoundedIntText(value=3, min=0, max=999, description="Newest good ones to keep", style=style)
        )
        self._spare = self._view.control(
            "spare",
            widgets.Text(description="Keep as well", placeholder="such as v10, v4", style=style),
            write=_joined,
        )
        self._spare_button = self._view.button(
            "Keep it, or let it go", self._toggle, hint="The chosen deployment stays all the same, or does not"
        )
        row = widgets.HBox([self._keep, self._spare, self._spare_button])
        row.add_class("createos-row")
        self._summary = widgets.HTML()
        self._view.build(self._toolbar, row, self._rows.grid, self._rows.note, self._summary, *self.form.widgets)
        self.form.depends_on("keep", "spare")
        for name in ("keep", "spare"):
            self._view.on_change(name, self._choose_again)
        self._view.on_change("chosen", self._redraw)
        self._redraw()
        self._start()

    # --- what becomes of each -----------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        snapshot = Snapshot(self.client)
        self._seen = snapshot, snapshot.find_project(self._project, "environments", "deployments")
        return self._chosen()

    def _chosen(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        """Choose by the present controls, from what was read already; only traffic that is now at stake is read."""
        assert self._seen is not None
        snapshot, owner = self._seen
        spared = [id_of(snapshot.find_deployment(owner, version)) for version in self._spared()]
        rows = choices_frame(choose(snapshot, owner, keep=int(self._keep.value), spared=spared))
        now = self.client.clock.now()
        return pd.DataFrame(
            {
                "version": ["v" + str(number) for number in rows["version"]],
                "action": rows["action"],
                "because": rows["because"],
                "state": rows["status"],
                "age": [age(created, now) for created in rows["created_at"]],
                "source": rows["source"],
                "live_in": rows["live_in"],
            }
        )

    def _choose_again(self) -> None:
        if self._seen is None:
            return
        if self.client.clock.virtual:
            self._on_reload(self._chosen())
        else:
            self._background.run(self._chosen, self._on_reload, channel="read")

    def _show(self, result: pd.DataFrame) -> None:
        self._rows.show(result)
        counts = result["action"].value_counts()
        words = {"delete": "to delete", "cancel": "to cancel", "keep": "stay"}
        parts = [f"{counts[action]} {text}" for action, text in words.items() if action in counts]
        self._summary.value = markup.block(" · ".join(parts), "muted") if parts else ""
        self._redraw()

    def _redraw(self) -> None:
        row = self._rows.row
        spared = row is not None and row["version"] in self._spared()
        self._spare_button.disabled = row is None or (row["action"] == "keep" and not spared)

    def _spared(self) -> list[str]:
        parts = [part.strip() for part in self._spare.value.split(",")]
        return [part if part.startswith("v") or not part.isdecimal() else f"v{part}" for part in parts if part]

    def _toggle(self) -> None:
        row = self._rows.row
        if row is None:
            raise InvalidInput("clean up: choose the deployment that is to stay first")
        version, spared = str(row["version"]), self._spared()
        self.params["spare"] = [one for one in spared if one != version] if version in spared else [*spared, version]

    def _make_plan(self) -> Plan:
        return runbooks.clean_up(self.client, self._project, keep=int(self._keep.value), spare=self._spared())


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value))
