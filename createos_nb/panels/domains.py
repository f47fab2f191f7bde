"""The panel of a project's domains: their state, the records to create, where each is routed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import ConfigurationError, InvalidInput, MissingExtra
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.domain_watch import Look, RecordsWatch, in_words
from createos_nb.panels.grid import Grid
from createos_nb.panels.icons import icon
from createos_nb.panels.plan.state import PlanState
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.view import set_options, show

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_COLUMNS = ("domain", "state", "routed_to", "failed_checks", "message")
#: The option of a domain that is routed nowhere yet.
_NO_ENVIRONMENT = ("nothing yet", "")
_AS_IT_IS = ("where it is routed now", "")
_RECORDS = ("domain", "type", "name", "value")
#: Columns of what was looked up, beside those of the records.
_LOOKED_UP = ("found", "state", "detail")


class DomainsPanel(ActionPanel):
    """Domains of a project.

    Parameters: `action` ("route", which verifies a pending one first; "delete"; "add"), `environment` (where the chosen
    domain is to be routed, "" for where it is), `new_domain`, `new_environment` ("" for none).
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
        self._looked_up: dict[str, pd.DataFrame] = {}
        self._listed_domains: pd.DataFrame | None = None
        self._environments: pd.DataFrame | None = None
        actions = [("Route the chosen one", "route"), ("Add a new one", "add"), ("Delete the chosen one", "delete")]
        self._action = self._view.control(
            "action", widgets.Dropdown(description="Action", options=actions, style=style)
        )
        self._environment = self._view.control(
            "environment", widgets.Dropdown(description="Environment", options=[_AS_IT_IS], style=style)
        )
        self._new_domain = self._view.control(
            "new_domain", widgets.Text(description="New domain", placeholder="www.example.com", style=style)
        )
        self._new_environment = self._view.control(
            "new_environment",
            widgets.Dropdown(description="Routed to", options=[_NO_ENVIRONMENT], style=style),
        )
        self._watch = RecordsWatch(client, project, self._background, self._on_look)
        self._watch_line = widgets.HTML()
        self._verify_button = self._view.button(
            "Verify now", self.verify, hint="Look for the DNS records of the chosen domain until they are there"
        )
        self._stop_button = self._view.button("Stop looking", self.stop_verifying, hint="Nothing was changed by it")
        show(self._stop_button, visible=False)
        self._toolbar.children = (self._verify_button, self._stop_button)
        action_row = widgets.HBox([self._action, self._environment, self._new_domain, self._new_environment])
        action_row.add_class("createos-row")
        self._view.build(
            self._toolbar,
            self._watch_line,
            self._rows.grid,
            self._rows.note,
            self._records_note,
            self._records,
            action_row,
            *self.form.widgets,
        )
        for name in ("chosen", "action"):
            self._view.on_change(name, self._update_controls)
        self.form.depends_on("chosen", "action", "environment", "new_domain", "new_environment")
        self.form.on_success = lambda _: self._on_applied()
        self.form.on_update = self._on_form
        self._start()
        self._update_controls()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.client.domains.list(self._project), self.client.environments.list(self._project)

    def _show(self, result: tuple[pd.DataFrame, pd.DataFrame]) -> None:
        domains, environments = result
        self._environments = environments
        self._rows.show(domains_of(domains, environments))
        self._listed_domains = domains
        self._show_records()
        set_options(self._environment, [_AS_IT_IS, *_environment_options(environments)])
        set_options(self._new_environment, [_NO_ENVIRONMENT, *_environment_options(environments, live_only=True)])

    def _show_records(self) -> None:
        domains = self._listed_domains
        if domains is None:
            return
        # always the same columns: a table that is shown does not get others
        records = records_of(domains, self._looked_up).reindex(columns=[*_RECORDS, *_LOOKED_UP])
        self._records.show(records, kinds={"name": "copy", "value": "copy"}, key=list(_RECORDS))
        self._records.layout.display = "" if len(records) else "none"
        note = "DNS records to create where the domain is registered" if len(records) else "no record is left to create"
        self._records_note.value = markup.block(note, "muted") if len(domains) else ""

    def _update_controls(self) -> None:
        action = self._action.value
        self._environment.layout.display = "" if action == "route" else "none"
        for widget in (self._new_domain, self._new_environment):
            widget.layout.display = "" if action == "add" else "none"
        self._verify_button.disabled = not self._rows.key
        self.form.verb = {"route": "Route", "delete": "Delete", "add": "Add"}[action]

    # --- by a plan ----------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        if self._action.value == "add":
            name = self._new_domain.value.strip()
            if not name:
                raise InvalidInput("domains: name the new domain, such as www.example.com")
            return runbooks.add_domain(
                self.client, self._project, name, environment=self._new_environment.value or None
            )
        row = self._rows.row
        if row is None:
            raise InvalidInput("domains: choose a domain first")
        name = str(row["domain"])
        if self._action.value == "delete":
            return runbooks.delete(self.client, self._project, domain=name)
        environment = self._environment.value or None
        try:
            return runbooks.route_domain(self.client, self._project, name, environment)
        except MissingExtra:  # then the platform's own check decides, and the plan says which records it waits for
            return runbooks.route_domain(self.client, self._project, name, environment, look_up=False)

    def _on_applied(self) -> None:
        if self._action.value == "add":
            self._new_domain.value = ""
        self._looked_up.clear()

    # --- at once: nothing is changed ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Look the DNS records of the chosen domain up from here, and show what is there beside what is wanted.

        Nothing is changed: the plan that routes the domain has the platform verify them.

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
        if self.busy:
            raise InvalidInput("domains: other work is going on in this panel: wait for its end")
        name = str(row["domain"])
        self._view.set_status(f"{name}: looking its DNS records up …")
        self._background.run(
            lambda _: self.client.domains.look_up(self._project, name), lambda found: self._on_checked(name, found)
        )

    def _on_checked(self, name: str, found: pd.DataFrame) -> None:
        with self._view.lock:
            if self._view.closed:
                return
            self._view.clear_error()
            self._looked_up[name] = found
            self._show_records()
            self._view.set_status(f"{name}: {in_words(found)}")

    # --- until they are there -----------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Look for the DNS records of the chosen domain, again and again until they are there, in the background.

        It looks 20 times at most in a little over an hour, one request each, and pauses while nobody sees the panel.
        Nothing is changed: the plan that routes the domain has the platform verify them.

        Raises:
            InvalidInput: no domain is chosen.
            ConfigurationError: no thread can be started here.

        Examples:
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> panel.params["chosen"] = "wholesale.juniper-goods.example.com"
            >>> panel.verify()
            >>> panel.stop_verifying()
        """
        row = self._rows.row
        if row is None:
            raise InvalidInput("Choose the domain whose records are looked for.")
        name = str(row["domain"])
        self._view.clear_error()
        self._watch_line.value = markup.wait(f"Looking for the DNS records of {name}", 0.0)
        show(self._stop_button, visible=True)
        if not self._watch.start(name):
            self._on_look_end("")
            raise ConfigurationError("Verify now needs a thread, and none can be started here: `check` looks once")

    def stop_verifying(self) -> None:
        """Stop looking for records; what was found stays.

        Examples:
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> panel.stop_verifying()
        """
        self._watch.stop()

    def _on_look(self, look: Look) -> None:
        with self._view.lock:
            if self._view.closed:
                return
            if look.records is not None:
                self._looked_up[look.domain] = look.records
            if look.domains is not None and self._environments is not None:
                self._listed_domains = look.domains
                self._rows.show(domains_of(look.domains, self._environments))
                self._view.render_header()
            self._show_records()
            if look.state == "waiting":
                what = f"Waiting for the DNS records of {look.domain}: {look.sentence}"
                self._watch_line.value = markup.wait(what, look.seconds)
                return
            self._on_look_end(look.sentence, found=look.state == "found")

    def _on_look_end(self, sentence: str, *, found: bool = False) -> None:
        show(self._stop_button, visible=False)
        kind = " createos-look-found" if found else ""
        said = f"{icon('passed' if found else 'info')}<span>{markup.text(sentence)}</span>"
        self._watch_line.value = f'<div class="createos-look{kind}" role="status">{said}</div>' if sentence else ""

    def _on_form(self) -> None:
        """A plan that is applied looks for the records itself."""
        if self.form.state is PlanState.APPLYING:
            self._watch.stop()


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


def records_of(domains: pd.DataFrame, looked_up: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """List the DNS records that are left to create, one row each: domain, type (TXT, A), name, value (str).

    The name is relative to the domain, as registrars want it; "@" is the domain itself. `looked_up`: by domain what
    `client.domains.look_up` has found; then there are also its columns found (NA where it is not known), state, detail.
    """
    rows = []
    for row in domains.to_dict("records"):
        texts, addresses = row["records_txt_records"], row["records_a_records"]
        for record in texts if isinstance(texts, list) else ():
            if isinstance(record, dict):
                rows.append((row["name"], "TXT", str(record.get("name", "")), str(record.get("value", ""))))
        for address in addresses if isinstance(addresses, list) else ():
            rows.append((row["name"], "A", "@", str(address)))
    records = pd.DataFrame(rows, columns=list(_RECORDS), dtype=TEXT)
    known = [frame.assign(domain=name) for name, frame in (looked_up or {}).items() if len(frame)]
    if not known or not len(records):
        return records
    found = pd.concat(known).rename(columns={"wanted": "value"})
    keys = ["domain", "type", "value"]
    return records.merge(found[[*keys, *_LOOKED_UP]].drop_duplicates(keys), on=keys, how="left")


def _environment_options(environments: pd.DataFrame, *, live_only: bool = False) -> list[tuple[str, str]]:
    options = []
    for name, deployment in zip(environments["unique_name"], environments["project_deployment_id"], strict=True):
        is_live = isinstance(deployment, str) and bool(deployment)
        if is_live or not live_only:
            options.append((name + ("" if is_live else " (nothing is live in it)"), name))
    return options
