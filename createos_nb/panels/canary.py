"""The canary panel: a version in an environment beside the one that serves, tested in stages, then assigned to it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import CreateOSError, InvalidInput, UnknownName
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.release.lanes import lanes_html
from createos_nb.panels.release.sides import ProjectSides, read
from createos_nb.panels.release.watch import ReleaseWatchPanel
from createos_nb.panels.view import set_options
from createos_nb.plans.steps.checks import Watch
from createos_nb.runbooks.canary import STAGES

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Event, Plan

_NEWEST: Final = "newest"
#: Requests and seconds of each stage, by what they are called.
_STAGES: Final = {
    "three stages, 14 min": STAGES,
    "two stages, 4 min": STAGES[:2],
    "one stage, 1 min": STAGES[:1],
}
#: Seconds on the platform between two looks at the evidence while a run goes on.
_LOOK: Final = 60.0


class CanaryPanel(ActionPanel):
    """The environment that serves and the canary beside it as two lanes; while a run goes on, the evidence.

    Parameters: `version` (such as "v16", or "newest" for the newest commit of the branch; "" for none yet), `side` (the
    name of the second environment, which is created where there is none), `stages` (how long it is tested), `paths`
    (requested in each stage), `allow_description_change`.
    """

    heading, verb = "Canary", "Start the canary"
    reading = "environments, deployments and domains"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._snapshot: ProjectSides | None = None
        self._next_look = 0.0
        style = {"description_width": "auto"}
        self._version = self._view.control(
            "version", widgets.Dropdown(description="Version", options=[("– choose –", "")], style=style)
        )
        self._side = self._view.control("side", widgets.Text(value="canary", description="Beside it in", style=style))
        self._stages = self._view.control(
            "stages", widgets.Dropdown(description="Tested in", options=list(_STAGES), style=style)
        )
        self._paths = self._view.control(
            "paths", widgets.Text(value="/", description="Paths", placeholder="/ /health", style=style)
        )
        self._allow_description_change = self._view.control(
            "allow_description_change",
            widgets.Checkbox(
                indent=False,
                description="Allow changing an environment's description, where the platform would not restore it",
            ),
        )
        self.sides = pd.DataFrame()
        self._lanes, self._note = widgets.HTML(), widgets.HTML()
        self._below: PanelBelow[ReleaseWatchPanel] = PanelBelow()
        first, second = widgets.HBox([self._version, self._side]), widgets.HBox([self._stages, self._paths])
        for row in (first, second):
            row.add_class("createos-row")
        self.box.add_class("createos-release")
        self._view.build(
            self._toolbar,
            self._lanes,
            self._note,
            first,
            second,
            self._allow_description_change,
            *self.form.widgets,
            self._below.box,
        )
        self._view.on_change("version", self._draw)
        self._view.on_change("side", self._draw)
        self.form.on_event = self._on_event
        self.form.depends_on("version", "side", "stages", "paths", "allow_description_change")
        self._start()

    # --- the sides ----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> ProjectSides:
        snapshot = read(self.client, self._project)
        if self._environment not in set(snapshot.environments["unique_name"]):
            names = [str(name) for name in snapshot.environments["unique_name"]]
            raise UnknownName("environment", self._environment, names, f"project {self._project!r}")
        return snapshot

    def _show(self, result: ProjectSides) -> None:
        self._snapshot = result
        live = set(result.environments.set_index("unique_name").loc[[self._environment], "project_deployment_id"])
        usable = result.deployments[result.deployments["status"].isin(["deployed", "sleeping"])]
        versions = [
            (f"v{row.version_number} ({row.status})", f"v{row.version_number}")
            for row in usable.itertuples()
            if row.id not in live
        ]
        newest = [("the newest commit of its branch", _NEWEST)] if result.project_type == "vcs" else []
        set_options(self._version, [("– choose –", ""), *newest, *versions], "")
        self._draw()

    def _draw(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            self._note.value = markup.block("not read yet", "muted")
            return
        side = str(self._side.value).strip()
        domain = next((name for name, where in snapshot.domains.items() if where == self._environment), "")
        names = [self._environment, *([side] if side and side != self._environment else [])]
        self.sides = snapshot.sides(names, domain)
        self._lanes.value = lanes_html(domain, snapshot.lanes(names, domain))
        if self.plan is None and self.receipt is None:
            self.frame = self.sides
        if not self._version.value:
            text = f"{self._environment} serves: choose the version to test beside it"
        else:
            text = (
                f"users stay with {self._environment} until every stage has passed: the platform can't split traffic, "
                f"so {side or 'the canary'} sees the requests of each stage, and those who use its own address"
            )
        self._note.value = markup.block(text, "muted")

    # --- the run ------------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        side = str(self._side.value).strip()
        if not self._version.value:
            raise InvalidInput("canary: choose a version first")
        if not side:
            raise InvalidInput("canary: name the environment beside it, such as canary")
        paths = self._paths.value.replace(",", " ").split()
        if not paths or any(not path.startswith("/") for path in paths):
            raise InvalidInput("canary: paths begin with a slash, such as / /health")
        return runbooks.canary(
            self.client,
            self._project,
            self._environment,
            version=None if self._version.value == _NEWEST else self._version.value,
            side=side,
            stages=_STAGES[self._stages.value],
            paths=paths,
            allow_description_change=self._allow_description_change.value,
        )

    def _on_event(self, event: Event) -> None:
        """Look at the evidence once a minute while a stage goes on, and once more when the run is over."""
        self._view.guard(lambda: self._look(event))

    def _look(self, event: Event) -> None:
        plan, now = self.plan, self.client.clock.now()
        stage = plan is not None and 0 < event.step <= len(plan.steps) and isinstance(plan.steps[event.step - 1], Watch)
        opened = self._below.opened
        if event.over:
            self._next_look = 0.0
            if opened is not None:
                _look_again(opened)
        elif stage and event.phase == "probing" and now >= self._next_look:
            if opened is None or not self._next_look:  # of an earlier run
                self._open(now)
            else:
                _look_again(opened)
            self._next_look = now + _LOOK

    def _open(self, since: float) -> None:
        """Open the watch of both sides below, from now on."""
        side = str(self._side.value).strip()
        self._below.open(lambda: ReleaseWatchPanel(self.client, self._project, self._environment, side, since=since))

    @property
    def opened(self) -> ReleaseWatchPanel | None:
        """Return the release watch that is open below, or None."""
        return self._below.opened

    def close(self) -> None:
        """Close the release watch below and this panel.

        Examples:
            >>> panel = createos_nb.panels.canary(createos_nb.simulate(), "storefront", "production")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()


def _look_again(watch: ReleaseWatchPanel) -> None:
    with suppress(CreateOSError):  # it shows what it could not read, and a run does not end for that
        watch.run()
