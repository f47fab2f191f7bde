"""The panel of a drill: alert, clock, a form for answers, and the score."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.causes import CAUSES
from createos_nb.errors import InvalidInput
from createos_nb.html import Html
from createos_nb.panels import markup
from createos_nb.panels.grid import Grid
from createos_nb.panels.panel import Panel

if TYPE_CHECKING:
    from createos_nb.training import Drill

_CAUSES: Final = [("not said yet", ""), ("none: nothing is wrong", "none"), *((word, word) for word in CAUSES)]


class DrillPanel(Panel):
    """A drill: its alert and clock, a form for the answers, what was answered and changed, and in the end the score.

    Parameters: `where` (places, separated by commas), `cause` (a word, "none", or "" for none yet), `note`.

    Args:
        drill: the drill; its client is the panel's.

    Attributes:
        drill: the drill.
    """

    heading = "Drill"

    def __init__(self, drill: Drill) -> None:
        super().__init__(drill.client)
        self.drill = drill
        self._alert, self._clock = widgets.HTML(), widgets.HTML()
        where = widgets.Text(description="Where", placeholder="project/environment, a domain, a key, or account")
        cause = widgets.Dropdown(description="Cause", options=_CAUSES, value="")
        note = widgets.Text(description="Note", placeholder="for the incident's channel; no secrets")
        for name, control in (("where", where), ("cause", cause), ("note", note)):
            self._view.control(name, control)
        self._submit_button = self._view.button("Submit", self.run, style="primary", hint="Answer; the last one counts")
        self._wait_button = self._view.button("Wait 5 minutes", partial(self.pass_time, "5min"), hint="Let time pass")
        self._score_button = self._view.button(
            "End, and score", self.score, style="warning", hint="It can't be resumed"
        )
        self._toolbar.children = (self._wait_button, self._score_button)
        self._log = Grid("Answers and changes", height="12em")
        self._result = Grid("Score", height="14em")
        self._page = widgets.HTML()
        self._result.layout.display = "none"
        form = widgets.VBox([where, cause, note, self._submit_button], layout={"align_items": "flex-start"})
        self._view.build(self._alert, self._clock, self._toolbar, form, self._log, self._result, self._page)
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        """Return what was answered and changed so far; the world is not asked, and no time passes by it."""
        answers = self.drill.answers().rename(columns={"question": "what", "answer": "text"})
        acts = self.drill.acts().rename(columns={"operation": "what", "where": "text"})
        return pd.concat([answers, acts], ignore_index=True).sort_values("seconds", kind="stable", ignore_index=True)

    def _show(self, result: pd.DataFrame) -> None:
        self.frame = result
        alert, drill = self.drill.alert, self.drill
        self._alert.value = markup.block(f"{alert.time:%H:%M} UTC, {alert.source}: {alert.text}", "warning")
        left = "over" if drill.over else f"{int(drill.left.total_seconds()) // 60} minutes left"
        self._clock.value = markup.block(f"{drill.now:%Y-%m-%d %H:%M:%S} UTC · {left} · {drill.clock}", "muted")
        self._log.show(result[["seconds", "what", "text"]])
        for button in (self._submit_button, self._wait_button):
            button.disabled = drill.over

    def run(self) -> pd.DataFrame:
        """Submit what the form says, here and now.

        Returns:
            What was answered so far, as `Drill.answers` returns it.

        Raises:
            InvalidInput: there is no answer in the form, or the drill is over.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> panel = createos_nb.panels.drill(drill)
            >>> panel.params = {"where": drill.alert.where, "cause": "capacity"}
            >>> panel.run()["question"].tolist()
            ['trouble', 'where', 'cause']
        """
        places = [part.strip() for part in str(self.params["where"]).split(",") if part.strip()]
        cause, note = str(self.params["cause"]), str(self.params["note"])
        try:
            if not places and not cause and not note:
                raise InvalidInput("Choose a cause, or say where it is.")
            if note and not places and not cause:
                self.drill.note(note)
            else:
                self.drill.submit(where=places or None, cause=cause or None, note=note)
        except Exception as error:
            self._view.show_error(error)
            raise
        with self._view.without_callbacks():
            self.params["note"] = ""
        self._on_read(self._read())
        self._view.set_status("submitted; the last answer to each question counts")
        return self.drill.answers()

    def pass_time(self, time: str = "5min") -> None:
        """Let time pass in the world.

        Args:
            time: how much.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> createos_nb.panels.drill(drill).pass_time("10min")
            >>> drill.left
            Timedelta('0 days 00:50:00')
        """
        self.drill.wait(time)
        self._on_read(self._read())

    def score(self) -> pd.DataFrame:
        """End the drill, and show the score and the debriefing.

        Returns:
            The score, as `Drill.score` returns it.

        Examples:
            >>> panel = createos_nb.panels.drill(createos_nb.training.drill("capacity", seed=3))
            >>> panel.score()["question"].tolist()
            ['detected', 'localized', 'cause', 'mitigated', 'no_harm']
        """
        frame = self.drill.score()
        self._on_read(self._read())
        self._result.layout.display = ""
        self._result.show(frame)
        self._page.value = Html(self.drill.debrief()._repr_html_())
        return frame

    def static(self) -> str:
        """Return alert, clock, answers and changes as HTML, for where no widgets are.

        Returns:
            HTML; all that came from elsewhere is escaped.

        Examples:
            >>> panel = createos_nb.panels.drill(createos_nb.training.drill("capacity", seed=3))
            >>> "60 minutes left" in panel.static()
            True
        """
        table = markup.table(self.frame) if self.frame is not None and len(self.frame) else ""
        view = self._view
        return f"<div>{view.header.value}{self._alert.value}{self._clock.value}{table}{view.error.value}</div>"
