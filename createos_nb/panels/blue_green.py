"""The blue-green panel: two sides of one domain, one of which serves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.checks import check
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.components import Slider
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.release.lanes import lanes_html
from createos_nb.panels.release.sides import ProjectSides, read
from createos_nb.panels.release.smoke import smoke_html, smoke_test
from createos_nb.panels.release.watch import ReleaseWatchPanel
from createos_nb.panels.view import set_options

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.panel import Panel
    from createos_nb.plans import Plan, Receipt

#: What is deployed to the other side: nothing, or the newest commit of its branch; else a version.
_AS_IT_IS: Final = ""
_NEWEST: Final = "newest"


class BlueGreenPanel(ActionPanel):
    """Two sides with the traffic and the errors of each; the one that does not serve is tested, and takes over.

    After a switch the release watch opens below.

    Parameters: `domain`, `other` (the side to switch to), `version` ("" for its live deployment, "newest" for the
    newest commit, or such as "v12"), `paths` (requested in the smoke test), `requests`, `seconds` and
    `allow_description_change` (of a version that is deployed first), `live` (bool).

    Attributes:
        sides: the two sides as they were last read.
    """

    heading, verb = "Blue-green", "Switch"

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project)
        self._project = project
        self._snapshot: ProjectSides | None = None
        self._last_serving = ("", "")  # the domain, and the side that served it when it was last read
        style = {"description_width": "auto"}
        wide = widgets.Layout(width="30em", max_width="100%")
        self._domain = self._view.control("domain", widgets.Dropdown(description="Domain", style=style, layout=wide))
        self._other = self._view.control("other", widgets.Dropdown(description="Switch to", style=style))
        self._version = self._view.control(
            "version", widgets.Dropdown(description="With", options=[("its live deployment", _AS_IT_IS)], style=style)
        )
        self._paths = self._view.control(
            "paths", widgets.Text(value="/", description="Paths", placeholder="/ /health", style=style)
        )
        self._requests = self._view.control(
            "requests", Slider(min=20, max=200, value=30, description="Requests", step=10)
        )
        self._seconds = self._view.control(
            "seconds", Slider(min=30, max=900, value=120, step=30, description="Watched for", unit="s")
        )
        self._allow_description_change = self._view.control(
            "allow_description_change",
            widgets.Checkbox(
                indent=False,
                description="Allow changing a side's description, where the platform would not restore it",
            ),
        )
        self._live = self._view.control("live", widgets.Checkbox(description="Live", indent=False))
        self._smoke_button = self._view.button(
            "Smoke test", self._run_smoke_test, hint="Request each path of the other side, three times"
        )
        self.sides = pd.DataFrame()
        self._lanes, self._smoke_result, self._note = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._below: PanelBelow[ReleaseWatchPanel] = PanelBelow()
        self._switched = False  # a run of this panel has ended well, and what it did is not shown yet
        self._watched = ("", "", "")  # the domain, the side that served, and the one that the watch below is of
        self._poller = self._background.poller(self._poll, interval=10.0, max_interval=60.0)
        self._toolbar.children = (self._live,)
        switch_row = widgets.HBox([self._domain, self._other, self._version])
        smoke_row = widgets.HBox([self._paths, self._smoke_button])
        for row in (switch_row, smoke_row):
            row.add_class("createos-row")
        self._gate = widgets.VBox([self._requests, self._seconds, self._allow_description_change])
        self._view.build(
            self._toolbar,
            self._lanes,
            self._note,
            switch_row,
            smoke_row,
            self._smoke_result,
            self._gate,
            *self.form.widgets,
            self._below.box,
        )
        self.box.add_class("createos-release")
        self.form.on_success = self._on_success
        self._view.on_change("live", self._on_live)
        self._view.on_change("domain", self._update_choices)
        self._view.on_change("other", self._draw_sides)
        self._view.on_change("version", self._explain)
        self.form.depends_on("domain", "other", "version", "paths", "requests", "seconds", "allow_description_change")
        self._explain()
        self._start()

    # --- the sides ----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> ProjectSides:
        return read(self.client, self._project)

    def _show(self, result: ProjectSides) -> None:
        before, self._snapshot = self._snapshot, result
        set_options(self._domain, [(name, name) for name in result.domains])
        self._update_choices()
        if self._switched:
            self._switched = False
            self._watch_switch(before, result)

    def _on_success(self, receipt: Receipt) -> None:
        self._switched = True

    def _watch_switch(self, before: ProjectSides | None, after: ProjectSides) -> None:
        """Watch below how the side does that a run of this panel has switched to; after a switch back, nothing."""
        domain = str(self._domain.value or "")
        old, new = "" if before is None else before.domains.get(domain, ""), after.domains.get(domain, "")
        if not old or not new or old == new:
            return
        if self._watched == (domain, new, old):
            self._watched = ("", "", "")
            self._below.shut()
            return
        self._watched = (domain, old, new)
        self._below.open(
            lambda: ReleaseWatchPanel(self.client, self._project, old, new, switch=self._plan_switch, domain=domain)
        )

    def _plan_switch(self, domain: str, side: str) -> Panel | None:
        """Show the plan of a switch here, as the watch below asks for it, and leave the watch open."""
        self.params = {"domain": domain, "other": side, "version": _AS_IT_IS}
        self.review()
        return None

    @property
    def opened(self) -> ReleaseWatchPanel | None:
        """Return the release watch that is open below, or None."""
        return self._below.opened

    def close(self) -> None:
        """Close the release watch below and this panel.

        Examples:
            >>> panel = createos_nb.panels.blue_green(createos_nb.simulate(), "storefront")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()

    def _update_choices(self) -> None:
        """Offer the sides and versions that there are for the chosen domain."""
        snapshot = self._snapshot
        if snapshot is None:
            return
        domain, serving = self._domain.value or "", snapshot.domains.get(self._domain.value or "", "")
        names = [str(name) for name in snapshot.environments["unique_name"]]
        others = [name for name in names if name != serving]
        new = next((name for name in ("green", "blue") if name not in names), None) if len(names) == 1 else None
        options: list[tuple[str, Any]] = [("– choose –", None), *((name, name) for name in others)]
        if new and serving:
            options.append((f"{new} (to be created)", new))
        # after a switch the side that served is the one to switch back to
        last_domain, last_side = self._last_serving
        previous = last_side if last_domain == domain and last_side != serving else None
        usual = {"blue": "green", "green": "blue"}.get(serving, others[0] if len(others) == 1 else new)
        unchanged = self._last_serving == (domain, serving)
        self._last_serving = (domain, serving)
        default = previous or usual
        set_options(self._other, options, default if default in [*others, new] else None, keep=unchanged)
        deployable = snapshot.deployments[snapshot.deployments["status"].isin(["deployed", "sleeping"])]
        versions = [
            (f"v{row.version_number} ({row.status})", f"v{row.version_number}") for row in deployable.itertuples()
        ]
        newest = [("the newest commit of its branch", _NEWEST)] if snapshot.project_type == "vcs" else []
        set_options(self._version, [("its live deployment", _AS_IT_IS), *newest, *versions], keep=unchanged)
        self._draw_sides()

    def _draw_sides(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        domain = self._domain.value or ""
        names = [name for name in (snapshot.domains.get(domain, ""), self._other.value or "") if name]
        self.sides = snapshot.sides(names, domain)
        self._lanes.value = lanes_html(domain, snapshot.lanes(names, domain)) if names else ""
        if self.plan is None and self.receipt is None:
            self.frame = self.sides
        self._explain()

    def _explain(self) -> None:
        deploys = self._version.value != _AS_IT_IS
        self._gate.layout.display = "" if deploys else "none"
        snapshot, domain, other = self._snapshot, self._domain.value, self._other.value
        exists = snapshot is not None and other in set(snapshot.environments["unique_name"])
        self._smoke_button.disabled = other is None or (snapshot is not None and not exists)
        serving = "" if snapshot is None else snapshot.domains.get(domain or "", "")
        if snapshot is None:
            text = "not read yet"
        elif not snapshot.domains:
            text = "no active domain is routed to an environment of this project: there is nothing to switch"
        elif other is None:
            text = f"{serving} serves {domain}: choose the other side"
        elif not exists:
            text = (
                f"there is one environment only: a second one, {other}, will be created like the first; choose the "
                "version to deploy to it"
            )
        elif deploys:
            text = f"{serving} serves {domain}; {other} gets the version, is tested and watched, and then takes over"
        else:
            text = f"{serving} serves {domain}; {other} takes over as it is"
        self._note.value = markup.block(text, "muted")

    def _poll(self) -> bool:
        before = self.sides
        self._on_reload(self._read())
        return not self.sides.equals(before)

    def _on_live(self) -> None:
        if self._live.value:
            self._start_loop(self._poller, self._live)
        else:
            self._poller.stop()

    # --- testing and switching ----------------------------------------------------------------------------------------

    def smoke(self) -> pd.DataFrame:
        """Request each path of the other side at its own address, three times: see `smoke_test`.

        Returns:
            A frame of path, ok, status, version, ms, error.

        Raises:
            CreateOSError: what reading raises.

        Examples:
            >>> panel = createos_nb.panels.blue_green(createos_nb.simulate(), "storefront")
            >>> panel.params = {"domain": "wholesale.juniper-goods.example.com", "other": "green", "paths": "/ /cart"}
            >>> bool(panel.smoke()["ok"].all())
            True
        """
        frame = smoke_test(self.client, self._project, self._other_side(), self._path_list())
        self._show_smoke_test(frame)
        return frame

    def _run_smoke_test(self) -> None:
        side, paths = self._other_side(), self._path_list()
        self._view.set_status(f"testing {side} …")
        self._background.run(
            lambda _: smoke_test(self.client, self._project, side, paths), self._show_smoke_test, channel="smoke"
        )

    def _show_smoke_test(self, frame: pd.DataFrame) -> None:
        with self._view.lock:
            self._smoke_result.value = smoke_html(frame)
            failed = int((frame["ok"] != "success").sum())
            figure = f"{failed} of {len(frame)} requests failed"
            result = check("smoke test", failed == 0 if len(frame) else None, figure)
            self._view.set_status(f"{result.claim}: {result.result}, {result.figure}")
            self._view.render_header()

    def _other_side(self) -> str:
        if self._other.value is None:
            raise InvalidInput("blue-green: choose the other side first")
        return str(self._other.value)

    def _path_list(self) -> list[str]:
        paths: list[str] = self._paths.value.replace(",", " ").split()
        if not paths or any(not path.startswith("/") for path in paths):
            raise InvalidInput("blue-green: paths begin with a slash, such as / /health")
        return paths

    def _make_plan(self) -> Plan:
        snapshot, side = self._snapshot, self._other_side()
        if snapshot is None or not self._domain.value:
            raise InvalidInput("blue-green: no active domain is routed to an environment of this project")
        if self._version.value == _AS_IT_IS:
            if side not in set(snapshot.environments["unique_name"]):
                raise InvalidInput(f"blue-green: {side} does not exist yet: choose the version to deploy to it")
            return runbooks.route_domain(self.client, self._project, self._domain.value, side)
        return runbooks.blue_green(
            self.client,
            self._project,
            self._domain.value,
            blue=snapshot.domains[self._domain.value],
            green=side,
            version=None if self._version.value == _NEWEST else self._version.value,
            paths=self._path_list(),
            requests=self._requests.value,
            seconds=float(self._seconds.value),
            allow_description_change=self._allow_description_change.value,
        )
