"""The panel of logs: of all that runs in an environment, of a version, and of its build."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels import loglines, markup
from createos_nb.panels.reading import ReadingPanel
from createos_nb.panels.work import PacedClock, Stopped

if TYPE_CHECKING:
    from createos_nb.client import Client

#: Seconds that a followed log is sure to reach back.
_REACH: Final = 60
_EVERY: Final = 5.0
#: Versions that are offered, the newest.
_VERSIONS: Final = 30
_SPANS: Final = (("last 10 minutes", 600), ("last hour", 3600), ("last 6 hours", 21_600))
_AT_WORK: Final = ("queued", "building", "deploying")


class LogsPanel(ReadingPanel):
    """The last lines of a log, searched, and followed as it is written.

    Parameters: `log` ("runtime", "build"), `version` (0 for all that runs in the environment; of a build: what is
    live), `since` (seconds), `search`, `level` ("" for all, else that level and louder), `lines` (at most shown),
    `follow`, `paused` (what comes is read and not shown).
    """

    heading, watch = "Logs", "follow"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._kept: pd.DataFrame | None = None
        self._until = 0.0  # up to when it was read
        self._unseen = 0
        dropdown, text = widgets.Dropdown, widgets.Text
        self._log = self._control("log", dropdown(description="Log", options=["runtime", "build"]))
        offered = [("what runs here", 0)]
        self._version = self._control("version", dropdown(description="Of", options=offered), write=self._offered)
        self._since = self._control("since", dropdown(description="Since", options=list(_SPANS)))
        self._search = self._control("search", text(description="Search", placeholder="any part of a line"))
        levels = [("all levels", ""), *((f"{one} and louder", one) for one in loglines.LEVELS[1:-1])]
        self._level = self._control("level", dropdown(description="Level", options=levels))
        self._most = self._control("lines", dropdown(description="Lines", options=[100, 200, 500, 1000], value=200))
        self._paused_box = self._control(
            "paused", widgets.Checkbox(description="Pause", indent=False, tooltip="Read on, and show nothing new")
        )
        self._count, self._lines = widgets.HTML(), widgets.HTML()
        self._following = self._stream(self._go)
        for one in ("log", "version", "since"):
            self._when(one, self._other)
        for one in ("search", "level", "lines", "paused"):
            self._when(one, self._draw)
        for one in (self._log, self._version, self._since, self._search, self._level, self._most):
            one.style.description_width = "auto"
            one.add_class("createos-short")
        what = widgets.HBox([self._log, self._version, self._since])
        how = widgets.HBox([self._search, self._level, self._most])
        self._tools.children = (*self._tools.children, self._paused_box)
        for row in (what, how):
            row.add_class("createos-row")
        self._build(what, how, self._tools, self._count, self._lines)
        self._begin()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        client, project, version = self.client, self._project, self._version.value
        self._offer(client.deployments.list(project, limit=_VERSIONS))
        self._until = client.clock.now()
        if self._log.value == "build":
            return client.deployments.build_logs(project, self._of_build())
        since = int(self._since.value)
        if version:
            return client.deployments.logs(project, version, since_seconds=since)
        return client.environments.logs(project, self._environment, since_seconds=since)

    def _of_build(self) -> str | int:
        """The version whose build is shown."""
        if self._version.value:
            return int(self._version.value)
        live = self.client.environments.get(self._project, self._environment)["project_deployment_id"]
        if not isinstance(live, str):
            raise LookupError(f"nothing is live in {self._environment}: choose a version")
        return live

    def _other(self) -> None:
        """Another log."""
        if self._live.value:
            self._live.value = False
        self.refresh()

    # --- following ----------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if self._live.value:
            self._following.start()
            self._say("following")
        else:
            self._following.stop()
            self._say("")

    def _go(self, stop: threading.Event) -> None:
        first = True
        try:
            for frame in self._new(PacedClock(self.client.clock, stop)):
                with self._lock:
                    if stop.is_set() or self.closed:
                        return
                    missed = first and self.client.clock.now() - self._until > 2 * self._reach
                    self._take(frame, first=first, missed=missed)
                    first, self._until = False, self.client.clock.now()
        except Stopped:
            return
        finally:
            if not stop.is_set():
                with self._quietly():  # it ends by itself: nothing is to be stopped
                    self._live.value = False
        if not stop.is_set():
            self._say("the log has ended")

    def _new(self, clock: PacedClock) -> Iterator[pd.DataFrame]:
        client, project, version = self.client, self._project, self._version.value
        if self._log.value == "build":
            return self._build_log(clock)
        if version:
            return client.deployments.follow(project, version, every=self._every, window=self._reach, clock=clock)
        return client.environments.follow(
            project, self._environment, every=self._every, window=self._reach, clock=clock
        )

    @property
    def _every(self) -> float:
        """Seconds of the other side between two looks: no less than a real one."""
        return max(_EVERY, self.client.clock.speed)

    @property
    def _reach(self) -> int:
        return max(_REACH, int(3 * self._every))

    def _build_log(self, clock: PacedClock) -> Iterator[pd.DataFrame]:
        of = self._of_build()
        while True:
            going = self.client.deployments.get(self._project, of)["state"] in _AT_WORK
            yield self.client.deployments.build_logs(self._project, of)
            if not going:
                return
            clock.sleep(self._every)

    def _take(self, frame: pd.DataFrame, *, first: bool, missed: bool) -> None:
        build = self._log.value == "build"
        before = 0 if self._kept is None else len(self._kept)
        if build or self._kept is None:
            self._kept = loglines.joined(frame.iloc[:0], frame)
            self._unseen += max(0, len(self._kept) - before)
        else:
            self._kept = loglines.joined(self._kept, frame, first=first, missed=missed)
            self._unseen += max(len(self._kept) - before, 0 if first else len(frame))
        self._place()
        self._draw()

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        self._kept = loglines.joined(frame.iloc[:0], frame)
        self._draw(anyway=True)

    def run(self) -> pd.DataFrame:
        """Read again here and now; gives the lines that are shown."""
        super().run()
        assert self.frame is not None
        return self.frame

    def _draw(self, *, anyway: bool = False) -> None:
        with self._lock:
            self._since.layout.display = "none" if self._log.value == "build" else ""
            kept = self._kept
            if kept is None or self.closed:
                return
            if self._paused_box.value and not anyway:
                self._say(f"paused: {self._unseen:,} new lines" if self._unseen else "paused")
                return
            if self._unseen or self._live.value:
                self._say("following" if self._live.value else "")
            self._unseen = 0
            most = int(self._most.value)
            shown, count = loglines.chosen(kept, search=self._search.value, level=self._level.value, most=most)
            self.frame = shown.reset_index(drop=True)
            last = f"the last {min(most, count):,} of " if count > most else ""
            words = f"{last}{count:,} lines" + (f" of {len(kept):,}" if count != len(kept) else "")
            self._count.value = markup.block(words if len(kept) else "no lines in this time", "quiet")
            self._lines.value = loglines.html(shown, f"Log of {self.subject}") if len(shown) else ""

    def _offered(self, number: Any) -> int:
        """A version by its number, offered from now on; whether there is one, reading says."""
        values = [value for _, value in self._version.options]
        if number not in values:
            with self._quietly():
                self._version.options = (*self._version.options, (f"version {int(number)}", int(number)))
        return int(number)

    def _offer(self, deployments: pd.DataFrame) -> None:
        """The versions to choose from."""
        rows = zip(deployments["version_number"], deployments["state"], strict=True)
        options = [("what runs here", 0), *((f"version {number}, {state}", int(number)) for number, state in rows)]
        kept = self._version.value
        if kept and kept not in [value for _, value in options]:
            options.append((f"version {kept}", kept))
        with self._quietly():
            self._version.options = options
            self._version.value = kept
