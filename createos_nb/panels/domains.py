"""The panel of a project's domains: their state, the records to create, where each is routed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.choosing import ChoosingPanel
from createos_nb.panels.grid import Grid

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

_COLUMNS = ("domain", "state", "routed_to", "failed_checks", "message")
_RECORDS = ("domain", "type", "name", "value")


class DomainsPanel(ChoosingPanel):
    """Domains of a project.

    Parameters: `action` ("route", "delete"), `environment` (where the chosen domain is to be routed), `new_domain`,
    `new_environment` ("" for none).
    """

    heading, verb, key = "Domains", "Route", "domain"
    kinds: ClassVar[Mapping[str, str]] = {"state": "state"}
    nothing = "this project has no domain of its own"

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project, "Domains")
        self._project = project
        self._records = Grid("DNS records to create", height="14em")
        self._title = widgets.HTML()
        named = {"description_width": "auto"}
        actions = [("Route it", "route"), ("Delete it", "delete")]
        self._action = self._control(
            "action", widgets.Dropdown(description="Chosen domain", options=actions, style=named)
        )
        self._environment = self._control("environment", widgets.Dropdown(description="Environment", style=named))
        self._name = self._control(
            "new_domain", widgets.Text(description="New domain", placeholder="www.example.com", style=named)
        )
        self._first = self._control(
            "new_environment",
            widgets.Dropdown(description="Routed to", options=[("nothing yet", "")], style=named),
        )
        self._check = self._button("Check DNS now", self.check, hint="Look for the records of the chosen domain again")
        self._add = self._button("Add the domain", self.add, hint="It is pending until its records are found")
        self._tools.children = (self._refresh, self._check)
        does = widgets.HBox([self._action, self._environment])
        adds = widgets.HBox([self._name, self._first, self._add])
        for row in (does, adds):
            row.add_class("createos-row")
        self._build(*self._listing, self._title, self._records, adds, does, *self._form)
        for name in ("chosen", "action", "new_domain"):
            self._when(name, self._fit)
        self._depends("chosen", "action", "environment")
        self._begin()
        self._fit()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.client.domains.list(self._project), self.client.environments.list(self._project)

    def _table(self, found: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
        return domains_of(*found)

    def _show(self) -> None:
        super()._show()
        domains, environments = self._found
        wanted = records_of(domains)
        self._records.show(wanted, kinds={"name": "copy", "value": "copy"}, key=list(_RECORDS))
        self._records.layout.display = "" if len(wanted) else "none"
        words = "DNS records to create where the domain is registered" if len(wanted) else "no record is left to create"
        self._title.value = markup.block(words, "quiet") if len(domains) else ""
        _offer(self._environment, _environments(environments))
        _offer(self._first, [("nothing yet", ""), *_environments(environments, live=True)])

    def _fit(self) -> None:
        route = self._action.value == "route"
        self.verb = "Route" if route else "Delete"
        self._environment.layout.display = "" if route else "none"
        self._check.disabled = not self._grid.selected
        self._add.disabled = not self._name.value.strip()
        self._arm()

    # --- by a plan ----------------------------------------------------------------------------------------------------

    def _make(self) -> Plan:
        row = self._chosen
        if row is None:
            raise InvalidInput("domains: choose a domain first")
        if self._action.value == "delete":
            return runbooks.delete(self.client, self._project, domain=str(row["domain"]))
        if self._environment.value is None:
            raise InvalidInput("domains: this project has no environment to route a domain to")
        return runbooks.switch(self.client, self._project, str(row["domain"]), self._environment.value)

    # --- what changes nothing that serves -----------------------------------------------------------------------------

    def check(self) -> None:
        """Have the platform look for the records of the chosen domain again."""
        row = self._chosen
        if row is None:
            raise InvalidInput("domains: choose the domain whose records are to be looked for")
        name = str(row["domain"])
        self._now(f"{name}: looking for its records …", lambda: self.client.domains.refresh(self._project, name))

    def add(self) -> None:
        """Attach the new domain; nothing is routed before its records are found."""
        name, environment = self._name.value.strip(), self._first.value
        if not name:
            raise InvalidInput("domains: name the new domain, such as www.example.com")
        given = {"environment": environment} if environment else {}
        self._now(
            f"{name}: being added …",
            lambda: self.client.domains.create(self._project, name=name, **given),
            lambda: setattr(self._name, "value", ""),
        )

    def _now(self, words: str, write: Any, done: Any = None) -> None:
        """One write beside the kernel, and the list again."""

        def wrote(answer: Any) -> None:
            with self._lock:
                if self.closed:
                    return
                if done is not None:
                    done()
                self._well()
                self._say(answer if isinstance(answer, str) else "added: now create its DNS records")
            self._after()

        if self.busy:
            raise InvalidInput("domains: other work is going on in this panel: wait for its end")
        self._say(words)
        self._beside(lambda _: write(), wrote)


def domains_of(domains: pd.DataFrame, environments: pd.DataFrame) -> pd.DataFrame:
    """Domains with the names of the environments that they are routed to.

    domain, state, routed_to, failed_checks (Int64), message, of `client.domains.list` and
    `client.environments.list`.
    """
    names = dict(zip(environments["id"], environments["unique_name"], strict=True))
    routed = [
        "nothing" if not isinstance(one, str) else names.get(one, "an environment that is gone")
        for one in domains["environment_id"]
    ]
    found = {
        "domain": domains["name"],
        "state": domains["status"],
        "routed_to": pd.Series(routed, index=domains.index, dtype="str"),
        "failed_checks": domains["failed_verification_count"],
        "message": domains["message"],
    }
    return pd.DataFrame(found, columns=list(_COLUMNS))


def records_of(domains: pd.DataFrame) -> pd.DataFrame:
    """The DNS records that are left to create, one row each: domain, type (TXT, A), name, value (str)."""
    rows = []
    for row in domains.to_dict("records"):
        texts, addresses = row["records_txt_records"], row["records_a_records"]
        for one in texts if isinstance(texts, list) else ():
            if isinstance(one, dict):
                rows.append((row["name"], "TXT", str(one.get("name", "")), str(one.get("value", ""))))
        rows += [
            (row["name"], "A", row["name"], str(one)) for one in (addresses if isinstance(addresses, list) else ())
        ]
    return pd.DataFrame(rows, columns=list(_RECORDS), dtype="str")


def _environments(frame: pd.DataFrame, *, live: bool = False) -> list[tuple[str, str]]:
    found = []
    for name, deployment in zip(frame["unique_name"], frame["project_deployment_id"], strict=True):
        has = isinstance(deployment, str) and bool(deployment)
        if has or not live:
            found.append((markup.label(name) + ("" if has else " (nothing is live in it)"), name))
    return found


def _offer(box: widgets.Dropdown, options: list[tuple[str, str]]) -> None:
    """Other options, and the same choice where it is still there."""
    if list(box.options) != options:
        kept = box.value
        box.options = options
        values = [value for _, value in options]
        if values:
            box.value = kept if kept in values else values[0]
