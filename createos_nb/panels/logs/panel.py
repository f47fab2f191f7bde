"""The panel of logs: of all that runs in an environment, of a version, and of its build."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.log_text import LEVELS
from createos_nb.panels import markup
from createos_nb.panels.background import PacedClock, Stopped
from createos_nb.panels.grid import Grid
from createos_nb.panels.logs import lines as log_lines
from createos_nb.panels.logs.patterns import MOST_LISTED, ShownPatterns, shown_patterns
from createos_nb.panels.logs.view import LogView
from createos_nb.panels.panel import NOTHING_READ
from createos_nb.panels.read_panel import ReadPanel
from createos_nb.panels.view import show

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Seconds that a followed log is sure to reach back.
_MIN_WINDOW: Final = 60
_MIN_INTERVAL: Final = 5.0
#: Versions to choose from, the newest.
_MAX_VERSIONS: Final = 30
_PERIODS: Final = (("last 10 minutes", 600), ("last hour", 3600), ("last 6 hours", 21_600))
_OLDER_DROPPED: Final = f"incomplete: of a log that is followed, the last {log_lines.MAX_LINES:,} lines are kept"
_BUILDING: Final = ("queued", "building", "deploying")


class LogsPanel(ReadPanel):
    """The last lines of a log, searched, and followed as it is written.

    Parameters: `log` ("runtime", "build"), `version` (0 for all that runs in the environment; of a build: what is
    live), `since` (seconds), `search` (a part of a line, or "re:" and a regular expression),
    `level` ("" for all, else that level and louder), `lines` (at most shown),
    `follow`, `paused` (what comes is read and not shown), `pattern` (the key of one of `patterns`, "" for all).

    Attributes:
        patterns: the patterns of the log that is shown: key, pattern, level, count, is_new, first.
    """

    heading, follow_control = "Logs", "follow"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._all_lines: pd.DataFrame | None = None
        self._read_until = 0.0
        self._unseen = 0  # lines that came while it was paused
        self._incomplete = ""  # why the log that is shown may lack lines
        self._wrong_search = False  # the error that is shown is one of the search
        dropdown, text = widgets.Dropdown, widgets.Text
        self._log = self._view.control("log", dropdown(description="Log", options=["runtime", "build"]))
        versions = [("what runs here", 0)]
        self._version = self._view.control(
            "version", dropdown(description="Of", options=versions), write=self._add_version
        )
        self._since = self._view.control("since", dropdown(description="Since", options=list(_PERIODS)))
        self._search = self._view.control("search", text(description="Search", placeholder="part of a line, or re:…"))
        levels = [("all levels", ""), *((f"{level} and louder", level) for level in LEVELS[1:-1])]
        self._level = self._view.control("level", dropdown(description="Level", options=levels))
        self._max_lines = self._view.control(
            "lines", dropdown(description="Lines", options=[100, 200, 500, 1000], value=200)
        )
        self._paused = self._view.control(
            "paused",
            widgets.Checkbox(description="Pause", indent=False, tooltip="Keep reading, and show new lines later"),
        )
        self._count, self._lines = widgets.HTML(), LogView()
        self._patterns_grid = Grid("Patterns", selectable=True, height="11em")
        self._view.control("pattern", self._patterns_grid, trait="selected", write=str)
        self._all_button = self._view.button(
            "All patterns", self._show_all, hint="Show the lines of all patterns again"
        )
        self._patterns_title = widgets.HTML()
        self._patterns: ShownPatterns | None = None
        self._last_number = -1  # of the last line; lines that are kept keep theirs
        self._patterns_of = -1  # the number of the last line that the patterns are of
        self._follower = self._background.loop(self._follow)
        for name in ("log", "version", "since"):
            self._view.on_change(name, self._on_log)
        for name in ("search", "level", "lines", "paused", "pattern"):
            self._view.on_change(name, self._draw)
        for widget in (self._log, self._version, self._since, self._search, self._level, self._max_lines):
            widget.style.description_width = "auto"
            widget.add_class("createos-narrow")
        log_row = widgets.HBox([self._log, self._version, self._since])
        filter_row = widgets.HBox([self._search, self._level, self._max_lines])
        self._toolbar.children = (*self._toolbar.children, self._paused)
        for row in (log_row, filter_row):
            row.add_class("createos-row")
        self._patterns_row = widgets.HBox([self._patterns_title, self._all_button])
        self._patterns_row.add_class("createos-row")
        self._view.build(
            log_row, filter_row, self._toolbar, self._count, self._lines, self._patterns_row, self._patterns_grid
        )
        self._draw_patterns()
        self._start()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        client, project, version = self.client, self._project, self._version.value
        self._set_versions(client.deployments.list(project, limit=_MAX_VERSIONS))
        self._read_until = client.clock.now()
        if self._log.value == "build":
            return client.deployments.build_logs(project, self._build_version())
        start = self._read_until - int(self._since.value)
        if version:
            return client.deployments.logs(project, version, start=start)
        return client.environments.logs(project, self._environment, start=start)

    def _build_version(self) -> str | int:
        """Return the version whose build is shown."""
        if self._version.value:
            return int(self._version.value)
        live = self.client.environments.get(self._project, self._environment)["project_deployment_id"]
        if not isinstance(live, str):
            raise LookupError(f"nothing is live in {self._environment}: choose a version")
        return live

    def _on_log(self) -> None:
        """Read another log, which is not followed yet."""
        if self._follow_box.value:
            self._follow_box.value = False
        self.refresh()

    # --- following ----------------------------------------------------------------------------------------------------

    def _on_follow(self) -> None:
        if self._follow_box.value:
            self._start_loop(self._follower, self._follow_box)
            self._view.set_status("following")
        else:
            self._follower.stop()
            self._view.set_status("")

    def _follow(self, stop: threading.Event) -> None:
        first_read = True
        try:
            for frame in self._new_lines(PacedClock(self.client.clock, stop)):
                with self._view.lock:
                    if stop.is_set() or self._view.closed:
                        return
                    missed = first_read and self.client.clock.now() - self._read_until > 2 * self._window
                    self._append(frame, first=first_read, missed=missed)
                    first_read, self._read_until = False, self.client.clock.now()
        except Stopped:
            return
        finally:
            if not stop.is_set():
                with self._view.without_callbacks():  # it ends by itself: nothing is to be stopped
                    self._follow_box.value = False
        if not stop.is_set():
            self._view.set_status("the log has ended")

    def _new_lines(self, clock: PacedClock) -> Iterator[pd.DataFrame]:
        client, project, version = self.client, self._project, self._version.value
        if self._log.value == "build":
            return self._build_log(clock)
        if version:
            return client.deployments.follow(project, version, every=self._interval, window=self._window, clock=clock)
        return client.environments.follow(
            project, self._environment, every=self._interval, window=self._window, clock=clock
        )

    @property
    def _interval(self) -> float:
        """Seconds on the platform between two reads: at least one real second."""
        return max(_MIN_INTERVAL, self.client.clock.speed)

    @property
    def _window(self) -> int:
        return max(_MIN_WINDOW, int(3 * self._interval))

    def _build_log(self, clock: PacedClock) -> Iterator[pd.DataFrame]:
        version = self._build_version()
        while True:
            building = self.client.deployments.get(self._project, version)["state"] in _BUILDING
            yield self.client.deployments.build_logs(self._project, version)
            if not building:
                return
            clock.sleep(self._interval)

    def _append(self, frame: pd.DataFrame, *, first: bool, missed: bool) -> None:
        build = self._log.value == "build"
        if build or len(self._all_lines if self._all_lines is not None else ()) + len(frame) > log_lines.MAX_LINES:
            self._incomplete = _why_incomplete(frame) if build else _OLDER_DROPPED
        before = 0 if self._all_lines is None else len(self._all_lines)
        if build or self._all_lines is None:
            self._all_lines = log_lines.join(frame.iloc[:0], frame)
            new = max(0, len(self._all_lines) - before)
        else:
            self._all_lines = log_lines.join(self._all_lines, frame, first=first, missed=missed)
            new = max(len(self._all_lines) - before, 0 if first else len(frame))
        self._unseen += new
        self._last_number += new
        self._view.render_header()
        self._draw()

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        self._all_lines = log_lines.join(frame.iloc[:0], frame)
        self._incomplete = _why_incomplete(frame)
        self._last_number, self._patterns_of = len(self._all_lines) - 1, -1
        of = f"version {self._version.value} of {self.subject}" if self._version.value else self.subject
        self._lines.label = strip_control_chars(f"{self._log.value} log of {of}, times in UTC")
        self._draw(even_if_paused=True)

    def run(self) -> pd.DataFrame:
        """Read again here and now.

        Returns:
            A frame of the lines that are shown: time, line_number, stage, level, text, gap.

        Raises:
            CreateOSError: what reading raises.

        Examples:
            >>> panel = createos_nb.panels.logs(createos_nb.simulate(), "storefront", "production")
            >>> panel.params = {"log": "build", "version": 17}
            >>> panel.run()["stage"].unique().tolist()
            ['queue', 'clone', 'install', 'build', 'push', 'deploy']
        """
        super().run()
        assert self.frame is not None
        return self.frame

    def _draw(self, *, even_if_paused: bool = False) -> None:
        with self._view.lock:
            self._since.layout.display = "none" if self._log.value == "build" else ""
            lines = self._all_lines
            if lines is None or self._view.closed:
                return
            if self._paused.value and not even_if_paused:
                self._view.set_status(f"paused: {self._unseen:,} new lines" if self._unseen else "paused")
                return
            if self._unseen or self._follow_box.value:
                self._view.set_status("following" if self._follow_box.value else "")
            self._unseen = 0
            max_lines = int(self._max_lines.value)
            self._group(lines)
            assert self._patterns is not None, "grouped above"
            search, pattern = self._search.value, self._patterns_grid.selected
            try:
                selected, count = log_lines.select(
                    lines,
                    search=search,
                    level=self._level.value,
                    max_lines=max_lines,
                    keys=self._patterns.keys,
                    pattern=pattern,
                )
            except InvalidInput:
                self._wrong_search = True
                raise
            if self._wrong_search:
                self._wrong_search = False
                self._view.clear_error()
            self.frame = selected.reset_index(drop=True)
            last = f"the last {min(max_lines, count):,} of " if count > max_lines else ""
            summary = f"{last}{count:,} lines" + (f" of {len(lines):,}" if count != len(lines) else "")
            summary = f"{summary}, times in UTC" if len(lines) else "no lines in this time"
            if search and count:
                summary += "; in the log, n is the next mark and shift+n the one before"
            self._count.value = markup.block(summary, "muted") + (
                markup.block(self._incomplete, "warning") if self._incomplete else ""
            )
            self._lines.lines = log_lines.rows(
                selected,
                [self._last_number - len(lines) + 1 + position for position in selected.index],
                search=search,
                cut=self._why_cut(count - max_lines),
            )
            show(self._lines, bool(len(selected)))
            show(self._all_button, bool(pattern))

    def _why_cut(self, left_out: int) -> str:
        """Return why the lines that are shown begin where they do; "" where the log begins there."""
        if left_out > 0:
            return f"{left_out:,} earlier lines are not shown: choose more lines, or search"
        return self._incomplete

    def _group(self, lines: pd.DataFrame) -> None:
        """Group the lines into patterns, where they are others than at the last time."""
        if self._patterns is None or self._patterns_of != self._last_number or len(self._patterns.keys) != len(lines):
            self._patterns, self._patterns_of = shown_patterns(lines), self._last_number
            self._draw_patterns()

    def _draw_patterns(self) -> None:
        found = self._patterns
        table = self.patterns.head(MOST_LISTED)
        visible = found is not None and len(table) > 0
        for part in (self._patterns_row, self._patterns_grid):
            show(part, visible)
        if found is None or not visible:
            return
        since = "" if found.since is None else f"new: not before {found.since:%H:%M}"
        more = len(self.patterns) - len(table)
        notes = [
            f"{len(self.patterns)} of them",
            "a click shows its lines",
            since,
            f"{more} rare ones left out" if more else "",
        ]
        self._patterns_title.value = (
            f'<h4>Patterns <span class="createos-quiet">{markup.text(" · ".join(filter(None, notes)))}</span></h4>'
        )
        new = table["is_new"].fillna(value=False).astype(bool)
        frame = pd.DataFrame(
            {
                "key": table["key"],
                "lines": table["count"],
                "new": new.map({True: "new", False: ""}),
                "pattern": table["pattern"],
                "level": table["level"].fillna(""),
            }
        )
        with self._view.without_callbacks():
            self._patterns_grid.show(frame, key="key", hidden=["key"])

    @property
    def patterns(self) -> pd.DataFrame:
        """Return the patterns of the log that is shown: key, pattern, level, count, is_new, first."""
        if self._patterns is None:
            return pd.DataFrame(columns=["key", "pattern", "level", "count", "is_new", "first"])
        return self._patterns.table

    def _show_all(self) -> None:
        self._patterns_grid.selected = ""

    def static(self) -> str:
        """Return the lines that are shown as HTML, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> panel = createos_nb.panels.logs(createos_nb.simulate(), "storefront", "production")
            >>> 'role="log"' in panel.static()
            True
        """
        body = NOTHING_READ if self._all_lines is None else self._count.value
        if self._lines.lines:
            body += log_lines.html(self._lines.lines, self._lines.label)
        return f"<div>{self._view.header.value}{body}{self._view.error.value}</div>"

    def _add_version(self, number: Any) -> int:
        """Make a version an option and return its number; whether it exists, reading says."""
        values = [value for _, value in self._version.options]
        if number not in values:
            with self._view.without_callbacks():
                self._version.options = (*self._version.options, (f"version {int(number)}", int(number)))
        return int(number)

    def _set_versions(self, deployments: pd.DataFrame) -> None:
        """Offer the versions that there are."""
        rows = zip(deployments["version_number"], deployments["state"], strict=True)
        options = [("what runs here", 0), *((f"version {number}, {state}", int(number)) for number, state in rows)]
        current = self._version.value
        if current and current not in [value for _, value in options]:
            options.append((f"version {current}", current))
        with self._view.without_callbacks():
            self._version.options = options
            self._version.value = current


def _why_incomplete(frame: pd.DataFrame) -> str:
    """Return why lines may be missing from those that are shown; "" where nothing suggests it."""
    if cut := frame.attrs.get("cut"):
        return f"incomplete: {cut}"
    if len(frame) > log_lines.MAX_LINES:
        return f"incomplete: the last {log_lines.MAX_LINES:,} of {len(frame):,} lines are kept here"
    return ""
