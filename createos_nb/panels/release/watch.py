"""The panel that watches a release: who serves, what speaks for and against the new version, and the verdict."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK
from createos_nb.client.shared_reads import sharing
from createos_nb.display import human_duration
from createos_nb.dtypes import TEXT
from createos_nb.html import Html
from createos_nb.panels import markup
from createos_nb.panels.panel import NOTHING_READ, Panel
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.read_panel import ReadPanel
from createos_nb.panels.release.evidence import chart_html, meter_html
from createos_nb.panels.release.html import (
    decision_of,
    decisions,
    decisions_html,
    needed_html,
    verdict_html,
    what_to_do,
)
from createos_nb.panels.release.lanes import lanes_html
from createos_nb.panels.release.reader import ReleaseReader, ReleaseReading

if TYPE_CHECKING:
    from createos_nb.analysis.releases.result import ReleaseVerdict
    from createos_nb.client.client import Client
    from createos_nb.contract.types import TimeLike

#: What opens the panel of a switch: it gets the domain and the side.
Switch = Callable[[str, str], Panel | None]

_LANES: Final = ("side", "role", "version", "per_minute", "requests", "errors")


class ReleaseWatchPanel(ReadPanel):
    """Two sides of a release with their traffic, the evidence, and the verdict. It changes nothing by itself.

    Parameters: `live`.

    Args:
        client: An open client.
        project: Name or id of the project.
        blue: The side that served before.
        green: The side with the new version.
        switch: Opens the panel of a switch, given the domain and the side to switch to; without it no button does.
        domain: The domain that is looked at; "" for the one of both sides that was changed last.
        since: When the release was; None for when the domain or the new side was changed last.
        timeout: How long it is watched before somebody has to decide.
        terms: Of the verdict: `alpha`, `beta`, `worse`.

    Attributes:
        current: what is shown, or None.
        sides: the two sides: side, role, version, per_minute, requests, errors.
        decisions: what was decided when, and what is to be.
    """

    heading = "Release watch"
    reading = "who serves, and the requests of both sides"
    #: A verdict has a new minute once a minute.
    interval, max_interval = 60.0, 60.0

    def __init__(
        self,
        client: Client,
        project: str,
        blue: str,
        green: str,
        *,
        switch: Switch | None = None,
        domain: str = "",
        since: TimeLike | None = None,
        timeout: Any = "1h",
        **terms: float,
    ) -> None:
        self._reader = ReleaseReader(client, project, blue, green, domain=domain, since=since, timeout=timeout, **terms)
        super().__init__(client, f"{project} / {green}")
        self.current: ReleaseReading | None = None
        self._fresh: ReleaseReading | None = None
        self._switch = switch
        self._verdict, self._lanes, self._meter = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._chart, self._needed, self._foot = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._below: PanelBelow[Panel] = PanelBelow()
        self._act_button = self._view.button("Switch …", self.follow, style="primary")
        self._foot_row = widgets.HBox([self._foot, self._act_button])
        self._columns = widgets.HBox([self._chart, self._needed])
        for box, name in (
            (self._verdict, "verdict-box"),
            (self._lanes, "release-section"),
            (self._meter, "release-section"),
            (self._columns, "release-columns"),
            (self._foot_row, "release-foot"),
        ):
            box.add_class(f"createos-{name}")
        self.box.add_class("createos-release")
        parts = (self._verdict, self._foot_row, self._lanes, self._meter, self._columns)
        self._view.build(self._toolbar, *parts, self._below.box)
        self._draw()
        self._start()

    # --- reading ------------------------------------------------------------------------------------------------------

    @property
    def verdict(self) -> ReleaseVerdict | None:
        """Return the last verdict; None while no minute could be judged."""
        return None if self.current is None else self.current.verdict

    @property
    def sides(self) -> pd.DataFrame:
        """Return the two sides: side, role, version (str), per_minute (Float64), requests, errors (Int64).

        NA is no data.
        """
        rows, reading = [], self.current
        for lane in () if reading is None else (reading.baseline, reading.candidate):
            counts = lane.counts
            role = "serves users" if lane.serves else "stands by" if reading and reading.domain else "own address only"
            rows.append(
                (
                    lane.name,
                    role,
                    lane.version,
                    lane.per_minute,
                    None if counts is None else counts[1],
                    None if counts is None else counts[0],
                )
            )
        frame = pd.DataFrame(rows, columns=list(_LANES))
        kinds: dict[str, Any] = {"side": TEXT, "role": TEXT, "version": TEXT}
        return frame.astype({**kinds, "per_minute": "Float64", "requests": "Int64", "errors": "Int64"})

    @property
    def decisions(self) -> pd.DataFrame:
        """Return what was decided when: time (UTC), decision, done (False for what is to come)."""
        if self.current is None:
            return pd.DataFrame({"time": pd.DatetimeIndex([], tz="UTC"), "decision": [], "done": []})
        return decisions(self.current)

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        with sharing():
            reading = self._fresh = self._reader.read()
        return _frame_of(reading)

    def _poll(self) -> bool:
        requests = self._requests
        frame = self._read()
        if requests == self._requests:
            self._on_read(frame)
        return True

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        self.current = self._fresh
        self._draw()

    def _draw(self) -> None:
        reading, terms = self.current, self._reader.terms
        bounds = {"alpha": terms["alpha"], "beta": terms["beta"]}
        parts = (self._verdict, self._lanes, self._meter, self._chart, self._needed, self._foot)
        if reading is None:
            for part in parts:
                part.value = ""
        else:
            self._verdict.value = verdict_html(reading)
            since = f"since {reading.begin:%H:%M}"
            self._lanes.value = lanes_html(reading.domain, (reading.candidate, reading.baseline), since)
            self._meter.value = _titled("Evidence", _terms(reading, terms), meter_html(reading.verdict, **bounds))
            chart = chart_html(reading.verdict, **bounds, begin=reading.begin, latest=reading.latest)
            self._chart.value = _titled("Evidence over time", "a look each minute, UTC", chart)
            self._needed.value = needed_html(reading, **bounds) + decisions_html(reading)
            self._foot.value = markup.block(what_to_do(reading))
        act = self._act()
        self._act_button.layout.display = "" if act else "none"
        if act:
            self._act_button.description = markup.label(act[2])
            self._act_button.tooltip = "Open the panel of the switch below; nothing is changed before you confirm"

    def _act(self) -> tuple[str, str, str] | None:
        """What is to be done: the domain, the side to switch it to, and the words on the button; None for nothing."""
        reading = self.current
        if reading is None or not reading.domain or self._switch is None:
            return None
        decision = decision_of(reading)
        if decision == ROLLBACK and reading.candidate.serves:
            return reading.domain, reading.baseline.name, f"Switch back to {reading.baseline.name} …"
        if decision == PROMOTE and reading.baseline.serves:
            return reading.domain, reading.candidate.name, f"Switch to {reading.candidate.name} …"
        return None

    def follow(self) -> Panel | None:
        """Open the panel of what is to be done below, filled in.

        Returns:
            The panel; None where nothing is to be done.

        Examples:
            >>> client = createos_nb.simulate()
            >>> panel = createos_nb.panels.release_watch(client, "storefront", blue="blue", green="green")
            >>> panel.follow() is None
            True
        """
        act, switch = self._act(), self._switch
        if act is None or switch is None:
            return None
        return self._below.open(lambda: switch(act[0], act[1]))

    @property
    def opened(self) -> Panel | None:
        """Return the panel that is open below, or None."""
        return self._below.opened

    def close(self) -> None:
        """Close the panel below and this one.

        Examples:
            >>> client = createos_nb.simulate()
            >>> panel = createos_nb.panels.release_watch(client, "storefront", blue="blue", green="green")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()

    def static(self) -> str:
        """Return verdict, sides and decisions as HTML, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> client = createos_nb.simulate()
            >>> panel = createos_nb.panels.release_watch(client, "storefront", blue="blue", green="green")
            >>> "serves users" in panel.static()
            True
        """
        body = NOTHING_READ
        if self.current is not None:
            body = self._verdict.value + markup.table(self.sides) + markup.table(self.decisions)
            body += markup.block(what_to_do(self.current))
        return f"<div>{self._view.header.value}{body}{self._view.error.value}</div>"


def _frame_of(reading: ReleaseReading) -> pd.DataFrame:
    """The path of the verdict; without one a frame without rows."""
    verdict = reading.verdict
    if verdict is None:
        frame = pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="time"))
    else:
        frame = verdict.path.copy(deep=False)
    frame.attrs["complete"] = not reading.missed
    return frame


def _titled(title: str, note: str, body: Html) -> str:
    return f'<h4>{markup.text(title)} <span class="createos-quiet">{markup.text(note)}</span></h4>{body}'


def _terms(reading: ReleaseReading, terms: dict[str, float]) -> str:
    against = f"{reading.baseline.name} before" if reading.earlier else f"{reading.baseline.name} beside it"
    watched = human_duration((reading.at - reading.begin).total_seconds())
    return (
        f"{reading.candidate.name} against {against}, for {watched} · worse is {terms['worse']:g} times as many errors "
        f"· a good release is rolled back in at most {100 * terms['alpha']:g} %, a bad one promoted in at most "
        f"{100 * terms['beta']:g} %"
    )
