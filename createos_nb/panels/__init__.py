"""Panels: control the platform from a cell, by the same client and the same plans as from code.

panel = panels.scale(client, "storefront", "production")
panel                                     # shows itself
panel.params = {"replicas": 3, "reason": "the sale", "confirm": "production"}
panel.run()                               # what the button does; gives the receipt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.panels.fleet import OverviewPanel
from createos_nb.panels.logs import LogsPanel
from createos_nb.panels.scaling import ScalePanel
from createos_nb.panels.traffic import TrafficPanel

if TYPE_CHECKING:
    from createos_nb.client import Client

__all__ = ["logs", "overview", "scale", "traffic"]


def logs(client: Client, project: str, environment: str) -> LogsPanel:
    """The last lines of a log: of what runs in an environment, of a version, of its build; searched, and followed.

    Parameters: `log` ("runtime", "build"), `version` (its number; 0: all that runs in the environment, or for a build
    what is live), `since` (600, 3600 or 21600 seconds), `search`, `level` ("" for all, or "debug", "info", "warn",
    "error": that and louder), `lines` (100, 200, 500, 1000: as many are shown), `follow`, `paused`. `run()` reads
    again and gives the lines that are shown: time, line_number, stage, level, text, gap.
    """
    return LogsPanel(client, project, environment)


def overview(client: Client) -> OverviewPanel:
    """The fleet at a glance: one row for each environment; a row that is opened shows its traffic or log below.

    Parameters: `window` (3600, 21600 or 86400 seconds), `chosen` ("project / environment", "" for none), `show`
    ("traffic", "logs": what opening shows), `live` (on the platform a look a minute at a part of the fleet, the part
    that was read longest ago, for at most half of the requests that a key has). `run()` reads all again and gives the
    frame of `client.fleet.glance().read()`; `open()` does what the button does and gives the panel below.
    """
    return OverviewPanel(client)


def scale(client: Client, project: str, environment: str) -> ScalePanel:
    """Give an environment other resources: sliders within the platform's limits, demand against capacity beside them.

    Parameters: `replicas` (1–3), `cpu` (200–500 millicores), `memory` (500–1024 MB), `reason`, `confirm`. `run()` gives
    a `Receipt`.
    """
    return ScalePanel(client, project, environment)


def traffic(client: Client, project: str | None = None, environment: str | None = None) -> TrafficPanel:
    """Requests over time by status class, by status and by path; without an environment those of all, the busiest drawn.

    Parameters: `project` and `environment` ("" for all), `window` (3600, 21600, 86400, 604800 or 2592000 seconds),
    `live`. `run()` reads again and gives the requests over time, as `client.analytics.requests_over_time` or
    `client.fleet.requests_over_time`.
    """
    return TrafficPanel(client, project, environment)
