"""Traffic of one environment: a library of its own below the simulated world; numpy is all that it needs.

A `Traffic` answers every question about the requests that an environment got in a window [start, end): series,
totals, statuses, cells (method, path, status), top paths, requests a minute, single events, runtime logs. All answers
are worked out from the same requests, so they agree for every window, to the second. Nothing is stored: a `Traffic` is
a few parameters, and the world makes a new one (microseconds) whenever something changes.

The world says, and changes only by adding at the end:

* `Profile`: who would come; a list of (from when, profile) if it changes; None if the traffic is a replayed log alone.
* `Segment`s: which deployment is live from when to when, on what resources, with which `Behavior`. An open segment has
  end None; to switch, give it an end and append the next. Where there is none, every request is answered 404; a segment
  that is `asleep` answers 503; a dead process 502; a throttled one 504.
* `Incident`s: crowds and failures from outside, shared by all environments that are given them.
* `Scheduled`: what the platform itself asks for, as cron jobs do.
* `Call`s: what environments ask one another for; those that are joined by calls are made one by
  `Traffic.join`, so that load, errors and waiting go from one to the next.
* `Recorded`: requests known one by one, from a replayed log (`read_access_log`) or through the gateway, which asks
  `Traffic.answer` what a request from outside gets.

`build` gives the log and the stages of a build by itself, from its settings and from what the source is like.

What is added at a time t never changes an answer about a window before t, even within a minute. Every time at this seam
is a whole Unix second, UTC; `Events.time` alone is in microseconds. Same seed, same bytes: counts are decided by whole
numbers (`randomness`, `tables`), so there is nothing that a processor or a library's version could round otherwise.
"""

from __future__ import annotations

from createos_nb.simulator.traffic.access_log import AccessLog, read_access_log
from createos_nb.simulator.traffic.behavior import HEALTHY, Behavior, Failing, Incident, Segment
from createos_nb.simulator.traffic.build_logs import Build, BuildLine, build
from createos_nb.simulator.traffic.build_templates import MANIFESTS, Toolchain, toolchain
from createos_nb.simulator.traffic.builds import BuildBehavior, BuildSettings
from createos_nb.simulator.traffic.calls import Call, connected, cycle_of
from createos_nb.simulator.traffic.cells import Cells
from createos_nb.simulator.traffic.cron import Cron, cron
from createos_nb.simulator.traffic.engine import Traffic
from createos_nb.simulator.traffic.events import Events
from createos_nb.simulator.traffic.mixture import CLASSES, Cause, Cell
from createos_nb.simulator.traffic.probing import Answer
from createos_nb.simulator.traffic.process_events import STABLE, ends_after
from createos_nb.simulator.traffic.profile import NIGHT_AND_DAY, SCANNER, SHOP, WORKING_WEEK, Bot, Page, Profile
from createos_nb.simulator.traffic.recorded import Recorded
from createos_nb.simulator.traffic.runtime_logs import REASONS, LogLine
from createos_nb.simulator.traffic.scheduled import Scheduled
from createos_nb.simulator.traffic.series import Series

__all__ = [
    "CLASSES",
    "HEALTHY",
    "MANIFESTS",
    "NIGHT_AND_DAY",
    "REASONS",
    "SCANNER",
    "SHOP",
    "STABLE",
    "WORKING_WEEK",
    "AccessLog",
    "Answer",
    "Behavior",
    "Bot",
    "Build",
    "BuildBehavior",
    "BuildLine",
    "BuildSettings",
    "Call",
    "Cause",
    "Cell",
    "Cells",
    "Cron",
    "Events",
    "Failing",
    "Incident",
    "LogLine",
    "Page",
    "Profile",
    "Recorded",
    "Scheduled",
    "Segment",
    "Series",
    "Toolchain",
    "Traffic",
    "build",
    "connected",
    "cron",
    "cycle_of",
    "ends_after",
    "read_access_log",
    "toolchain",
]
