"""The panel of a project's domains: their state, the records to create, where each is routed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.background import PacedClock, Stopped
from createos_nb.panels.grid import Grid
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.view import set_options

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_COLUMNS = ("domain", "state", "routed_to", "failed_checks", "message")
#: The option of a domain that is routed nowhere yet.
_NO_ENVIRONMENT = ("nothing yet", "")
_RECORDS = ("domain", "type", "name", "value")


class DomainsPanel(ActionPanel):
    """Domains of a project.

    Parameters: `action` ("route", "delete"), `environment` (where the chosen domain is to be routed), `new_domain`,
    `new_environment` ("" for none).
    """

    heading, verb = "Domains", "Route"

    def __init__(self, client: Client, project: str) -> None:
        self._rows = RowPicker(
            "Domains", key="domain", kinds={"state": "state"}, empty="this project has no domain of its own"
        )
        super().__init__(client, project, self._rows)
        self._project = project
        self._records = Grid("DNS records to create", height="14em")
        self._records_note = widgets.HTML()
        style = {"description_width": "auto"}
        actions = [("Route", "route"), ("Delete", "delete")]
        self._action = self._view.control(
            "action", widgets.Dropdown(description="Chosen domain", options=actions, style=style)
        )
        self._environment = self._view.control("environment", widgets.Dropdown(description="Environment", style=style))
        self._new_domain = self._view.control(
            "new_domain", widgets.Text(description="New domain", placeholder="www.example.com", style=style)
        )
        self._new_environment = self._view.control(
            "new_environment",
            widgets.Dropdown(description="Routed to", options=[_NO_ENVIRONMENT], style=style),
        )
        self._check_button = self._view.button(
            "Check DNS now", self.check, hint="Check the DNS records of the chosen domain again"
        )
        self._add_button = self._view.button("Add domain", self.add, hint="It is pending until its records are found")
        self._toolbar.children = (self._refresh_button, self._check_button)
        action_row = widgets.HBox([self._action, self._environment])
        new_row = widgets.HBox([self._new_domain, self._new_environment, self._add_button])
        for row in (action_row, new_row):
            row.add_class("createos-row")
        self._view.build(
            self._toolbar,
            self._rows.grid,
            self._rows.note,
            self._records_note,
            self._records,
            new_row,
            action_row,
            *self.form.widgets,
        )
        for name in ("chosen", "action", "new_domain"):
            self._view.on_change(name, self._update_controls)
        self.form.depends_on("chosen", "action", "environment")
        self._start()
        self._update_controls()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.client.domains.list(self._project), self.client.environments.list(self._project)

    def _show(self, result: tuple[pd.DataFrame, pd.DataFrame]) -> None:
        domains, environments = result
        self._rows.show(domains_of(domains, environments))
        records = records_of(domains)
        self._records.show(records, kinds={"name": "copy", "value": "copy"}, key=list(_RECORDS))
        self._records.layout.display = "" if len(records) else "none"
        note = "DNS records to create where the domain is registered" if len(records) else "no record is left to create"
        self._records_note.value = markup.block(note, "muted") if len(domains) else ""
        set_options(self._environment, _environment_options(environments))
        set_options(self._new_environment, [_NO_ENVIRONMENT, *_environment_options(environments, live_only=True)])

    def _update_controls(self) -> None:
        routes = self._action.value == "route"
        self._environment.layout.display = "" if routes else "none"
        self._check_button.disabled = not self._rows.key
        self._add_button.disabled = not self._new_domain.value.strip()
        self.form.verb = "Route" if routes else "Delete"

    # --- by a plan ----------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        row = self._rows.row
        if row is None:
            raise InvalidInput("domains: choose a domain first")
        if self._action.value == "delete":
            return runbooks.delete(self.client, self._project, domain=str(row["domain"]))
        if self._environment.value is None:
            raise InvalidInput("domains: this project has no environment to route a domain to")
        return runbooks.route_domain(self.client, self._project, str(row["domain"]), self._environment.value)

    # --- at once: nothing that serves is changed ----------------------------------------------------------------------

    def check(self) -> None:
        """Have the platform look for the records of the chosen domain again, and say what it found.

        Examples:
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> panel.params["chosen"] = "shop.juniper-goods.example.net"
            >>> panel.check()
            >>> panel.wait()
            True
        """
        row = self._rows.row
        if row is None:
            raise InvalidInput("domains: choose the domain to check")
        name = str(row["domain"])
        self._write(
            f"{name}: checking its DNS records …",
            lambda stop: self._verify(name, stop),
            self._view.set_status,
        )

    def _verify(self, name: str, stop: threading.Event) -> str:
        try:
            row = self.client.domains.verify(self._project, name, clock=PacedClock(self.client.clock, stop))
        except Stopped:
            return f"{name}: the check goes on without this panel"
        found = "its DNS records were not found" if row["status"] == "pending" else "its DNS records were found"
        return f"{name}: {found}" + (f": {row['message']}" if isinstance(row["message"], str) else "")

    def add(self) -> None:
        """Attach the new domain; nothing is routed before its records are found.

        Examples:
            >>> client = createos_nb.simulate()
            >>> panel = createos_nb.panels.domains(client, "storefront")
            >>> panel.params["new_domain"] = "gifts.juniper-goods.example.com"
            >>> panel.add()
            >>> panel.wait()
            True
            >>> "gifts.juniper-goods.example.com" in client.domains.list("storefront")["name"].tolist()
            True
        """
        name, environment = self._new_domain.value.strip(), self._new_environment.value
        if not name:
            raise InvalidInput("domains: name the new domain, such as www.example.com")
        optional = {"environment": environment} if environment else {}
        self._write(
            f"{name}: adding …",
            lambda _: self.client.domains.create(self._project, name=name, **optional),
            self._on_added,
        )

    def _on_added(self, _: pd.Series) -> None:
        self._new_domain.value = ""
        self._view.set_status("added: now create its DNS records")

    def _write(self, status: str, write: Callable[[threading.Event], Any], on_success: Callable[[Any], None]) -> None:
        """Write once in the background, and read the list again."""

        def written(result: Any) -> None:
            with self._view.lock:
                if self._view.closed:
                    return
                self._view.clear_error()
                on_success(result)
            self._reload()

        if self.busy:
            raise InvalidInput("domains: other work is going on in this panel: wait for its end")
        self._view.set_status(status)
        self._background.run(write, written)


def domains_of(domains: pd.DataFrame, environments: pd.DataFrame) -> pd.DataFrame:
    """Turn `client.domains.list` and `client.environments.list` into the table that people read.

    Columns: domain, state, routed_to (the environment's name), failed_checks (Int64), message.
    """
    names = dict(zip(environments["id"], environments["unique_name"], strict=True))
    routed_to = [
        names.get(environment, "a deleted environment") if isinstance(environment, str) else "nothing"
        for environment in domains["environment_id"]
    ]
    columns = {
        "domain": domains["name"],
        "state": domains["status"],
        "routed_to": pd.Series(routed_to, index=domains.index, dtype=TEXT),
        "failed_checks": domains["failed_verification_count"],
        "message": domains["message"],
    }
    return pd.DataFrame(columns, columns=list(_COLUMNS))


def records_of(domains: pd.DataFrame) -> pd.DataFrame:
    """List the DNS records that are left to create, one row each: domain, type (TXT, A), name, value (str).

    The name is relative to the domain, as registrars want it; "@" is the domain itself.
    """
    rows = []
    for row in domains.to_dict("records"):
        texts, addresses = row["records_txt_records"], row["records_a_records"]
        for record in texts if isinstance(texts, list) else ():
            if isinstance(record, dict):
                rows.append((row["name"], "TXT", str(record.get("name", "")), str(record.get("value", ""))))
        for address in addresses if isinstance(addresses, list) else ():
            rows.append((row["name"], "A", "@", str(address)))
    return pd.DataFrame(rows, columns=list(_RECORDS), dtype=TEXT)


def _environment_options(environments: pd.DataFrame, *, live_only: bool = False) -> list[tuple[str, str]]:
    options = []
    for name, deployment in zip(environments["unique_name"], environments["project_deployment_id"], strict=True):
        is_live = isinstance(deployment, str) and bool(deployment)
        if is_live or not live_only:
            options.append((name + ("" if is_live else " (nothing is live in it)"), name))
    return options
