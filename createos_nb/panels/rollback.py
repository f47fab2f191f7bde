"""The panel that rolls an environment back to an older deployment."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.checks import Checks
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.chart.traffic import show_traffic
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.rollback_html import before_after_html, errors_check, measured_html, verification_html
from createos_nb.panels.rollback_versions import Share, candidates, share_since, with_known_starts
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.panels.version_picker import VersionPicker
from createos_nb.panels.view import show

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan, Receipt


class _Done:
    """A rollback that was done: from which version, what was known of its errors, and to which row."""

    def __init__(self, before: str, share: Share, row: dict[str, Any]) -> None:
        self.before, self.share, self.row = before, share, row


class RollbackPanel(ActionPanel):
    """Older versions as cards and on the traffic, before and after side by side; after it, whether it helped.

    The newest version that is fit is taken where none is chosen; after a rollback none is, until somebody chooses.

    Parameters: `chosen` (such as "v15", "" for the newest fit one), `hold` (bool), `allow_description_change` (bool).
    """

    heading, verb, reading = "Roll back", "Roll back", "versions and requests"

    def __init__(self, client: Client, project: str, environment: str, kept: KeptDiagnoses | None = None) -> None:
        self._rows = VersionPicker("Go back to")
        super().__init__(client, f"{project} / {environment}", self._rows)
        self._project, self._environment = project, environment
        self._facts: dict[str, Any] | None = None
        self._share = share_since(None, None)
        self._done: _Done | None = None
        self._kept = kept or KeptDiagnoses(client)
        self._chart, self._before_after, self._verified = TimeChart(), widgets.HTML(), widgets.HTML()
        self._below: PanelBelow[TrafficPanel] = PanelBelow()
        hold = widgets.Checkbox(
            value=True, indent=False, description="Turn auto-promotion off, or the next push undoes the rollback"
        )
        allow = widgets.Checkbox(
            indent=False,
            description="Allow changing the environment's description, where the platform would not restore it",
        )
        for checkbox in (hold, allow):
            checkbox.layout.width = "auto"
        self._hold = self._view.control("hold", hold)
        self._allow_description_change = self._view.control("allow_description_change", allow)
        title = widgets.HTML(
            '<h4>Go back to <span class="createos-note">versions of this environment, newest first, with their '
            "server errors</span></h4>"
        )
        self._view.build(
            self._toolbar,
            title,
            self._rows.grid,
            self._rows.note,
            self._chart,
            self._before_after,
            self._hold,
            self._allow_description_change,
            *self.form.widgets,
            self._verified,
            self._below.box,
        )
        self.form.on_success = self._on_success
        self.form.after = self._after
        self.form.depends_on("chosen", "hold", "allow_description_change")
        for name in ("chosen", "hold"):
            self._view.on_change(name, self._explain)
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
        return candidates(self.client, self._project, self._environment)

    def _show(self, result: tuple[pd.DataFrame, dict[str, Any]]) -> None:
        table, facts = result
        if self._facts is not None:
            facts = facts | {"versions": with_known_starts(facts["versions"], self._facts["versions"])}
        self._facts = facts
        self._share = share_since(self._facts["traffic"], self._facts["live_since"])
        self._rows.show(table, self._facts, self._share)
        self._explain()

    def _explain(self) -> None:
        """Show what is live on the chart, what would come after it, and whether a push could undo it."""
        table, facts = self._rows.table, self._facts
        if table is None or facts is None:
            return
        live, taken = facts["live"], self._rows.taken
        lines = []
        if not live:
            lines.append("Nothing is live here: there is nothing to roll back.")
        elif taken is None:
            lines.append(
                "No older version is known to have been healthy."
                if self._rows.suggests
                else "To roll back again, choose a version."
            )
        if live and facts["auto"]:
            lines.append(f"Auto-promotion of {facts['branch']} is on.")
        show(self._hold, bool(facts["auto"]))
        show(self._allow_description_change, bool(facts["auto"] and self._hold.value))
        self._rows.note.value = markup.block(" ".join(lines), "muted") if lines else ""
        drawn = facts["traffic"] is not None and len(facts["traffic"])
        show(self._chart, bool(drawn))
        if drawn:
            chosen = "" if taken is None else taken["version"]
            show_traffic(self._chart, facts["traffic"], facts["versions"], chosen=chosen)
        self._before_after.value = self._pair(facts, taken)

    def _pair(self, facts: dict[str, Any], taken: dict[str, Any] | None) -> str:
        """Return before and after: as measured where it was done, else as expected."""
        done, receipt = self._done, self.receipt
        if done is not None and receipt is not None and not self._rows.key:
            now = share_since(facts["traffic"], receipt.ended)
            return measured_html(done.before, done.share, str(done.row["version"]), now, receipt.ended)
        return "" if taken is None or not facts["live"] else before_after_html(facts, self._share, taken)

    # --- the plan -----------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        row = self._rows.row
        if self._facts is not None:
            if not self._facts["live"]:
                raise InvalidInput("Nothing is live here: there is nothing to roll back.")
            if self._rows.taken is None:
                why = ": no older one is known to have been healthy" if self._rows.suggests else " to roll back to"
                raise InvalidInput(f"Choose a version{why}.")
        plan = runbooks.rollback(
            self.client,
            self._project,
            self._environment,
            to=None if row is None else str(row["version"]),
            hold=self._hold.value,
            allow_description_change=self._allow_description_change.value,
            # a plan that is looked at again while it is shown needs none
            diagnosis=self._kept.known(self._project, self._environment) or self.plan is None,
        )
        self._kept.keep(self._project, self._environment, plan.diagnosis)
        return plan

    def _name_plan(self, plan: Plan) -> str:
        taken = self._rows.taken
        return self.verb if taken is None else f"{self.verb} to {taken['version']}"

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def _on_success(self, receipt: Receipt) -> None:
        taken = self._rows.taken
        self._verified.value = ""
        if self.form.runbook != "rollback" or taken is None or self._facts is None:
            self._done = None
            self._rows.suggests = True  # what was rolled back may be live again
            return
        self._done = _Done(self._facts["live"], self._share, taken)
        # what was chosen is live now, and one press more must not go back further
        self._rows.suggests = False
        self._rows.grid.selected = ""

    def _after(self, receipt: Receipt) -> Sequence[widgets.Button]:
        """Return the buttons that go with what was done: whether it helped, and the traffic."""
        if self._done is None:
            return ()
        verify = self._view.button("Verify now", self._start_verifying, style="primary", hint="Read whether it helped")
        return verify, self._view.button("Open traffic", self.open_traffic, hint="Show the requests below")

    def _start_verifying(self) -> None:
        self._view.show_wait("Verifying: the live version and its requests")
        self._background.run(lambda _: self._verify(), self._on_verified, channel="verify")

    def verify(self) -> Checks:
        """Read whether the rollback holds: its version is live, and fewer requests fail than before.

        Too few requests since then are NO DATA: try again later.

        Returns:
            The checks of each step, that it is still so, and of the server errors since.

        Raises:
            InvalidInput: nothing was rolled back here.
            CreateOSError: what reading raises.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> panel = createos_nb.panels.rollback(client, "storefront", "production")
            >>> panel.params = {"reason": "a third of the checkouts fail", "confirm": "production"}
            >>> receipt = panel.run()
            >>> now = client.world.advance("15min")
            >>> panel.verify().result
            'PASS'
        """
        result = self._verify()
        self._on_verified(result)
        return result[0]

    def _verify(self) -> tuple[Checks, tuple[pd.DataFrame, dict[str, Any]]]:
        receipt, done = self.receipt, self._done
        if receipt is None or done is None:
            raise InvalidInput("Roll back first: there is nothing to verify.")
        read = self._read()
        since = share_since(read[1]["traffic"], receipt.ended)
        expected = done.row["server_error_percentage"]
        usual = None if pd.isna(expected) else float(expected)
        return receipt.verify() + errors_check(done.before, done.share, since, usual), read

    def _on_verified(self, result: tuple[Checks, tuple[pd.DataFrame, dict[str, Any]]]) -> None:
        checks, read = result
        with self._view.lock:
            if self._done is not None and not self._view.closed:
                self._on_read(read)
                self._verified.value = verification_html(checks, str(self._done.row["version"]))
                self._view.announce(f"{checks.result}: {checks}")

    def open_traffic(self) -> TrafficPanel | None:
        """Show the requests of the environment below, on a panel of their own.

        Returns:
            That panel.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> panel = createos_nb.panels.rollback(client, "storefront", "production")
            >>> panel.open_traffic().params["environment"]
            'production'
        """
        return self._below.open(partial(TrafficPanel, self.client, self._project, self._environment))

    def close(self) -> None:
        """Stop all background work and remove the panel, and the one below it.

        Examples:
            >>> panel = createos_nb.panels.rollback(createos_nb.simulate(), "storefront", "production")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()
