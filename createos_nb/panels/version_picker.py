"""Versions to choose one from, as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import anywidget
import ipywidgets as widgets
import pandas as pd
import traitlets

from createos_nb.display import strip_control_chars
from createos_nb.panels import markup
from createos_nb.panels.chart.scales import format_value
from createos_nb.panels.components import front_text
from createos_nb.panels.panel import NOTHING_READ
from createos_nb.panels.plan.display import duration
from createos_nb.panels.rollback_versions import Share

#: Cards that are shown at once; the others are folded.
_FIRST: Final = 3


class VersionCards(anywidget.AnyWidget):
    """Cards of which one is chosen, and one that is live.

    Traits: `cards` (dicts of texts, see `front/src/version_cards.ts`), `selected` (the key of the chosen one, ""
    for none), `preset` (the one that is taken then), `caption`. A version that can't be chosen is refused.
    """

    _esm = front_text("version_cards.js")
    cards: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    preset = traitlets.Unicode("").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)

    @traitlets.validate("selected")
    def _validate_choice(self, proposal: Any) -> str:
        key = str(proposal["value"])
        if key and key not in self.choices:
            raise traitlets.TraitError("it is not among the choices")
        return key

    @property
    def choices(self) -> list[str]:
        """The keys of those that can be chosen."""
        return [card["key"] for card in self.cards if not card["off"] and not card["live"]]


class VersionPicker:
    """Cards of older versions, and a note below them.

    Attributes:
        table: the frame that is shown, or None.
        suggests: whether the newest that was healthy is taken where none is chosen.
        grid, note: the widgets.
    """

    def __init__(self, caption: str) -> None:
        self.table: pd.DataFrame | None = None
        self.suggests = True
        self.grid, self.note = VersionCards(caption=caption), widgets.HTML()

    def show(self, table: pd.DataFrame, live: Mapping[str, Any], share: Share) -> None:
        """Draw cards: what is live, with its errors, then the rows of `rollback_versions.candidates`."""
        self.table = table
        fit = table.loc[table["why_not"] == "", "version"]
        rows: list[dict[Any, Any]] = table.to_dict("records")
        likely = [row["version"] for row in rows if not row["off"]]
        likely.sort(key=lambda version: version not in set(fit))  # stable: the newest first
        first = set(likely[:_FIRST])
        usual = table.loc[table["version"] == self._default(table), "server_error_percentage"]
        cards = [_live_card(live, share, usual)] if live["live"] else []
        cards += [_card(row, row["version"] == self._default(table), row["version"] in first) for row in rows]
        with self.grid.hold_sync():
            self.grid.preset = self._default(table)
            if cards != self.grid.cards:
                self.grid.cards = cards
            if self.grid.selected not in ["", *self.grid.choices]:
                self.grid.selected = ""

    def _default(self, table: pd.DataFrame) -> str:
        if not self.suggests:
            return ""
        return next(iter(table.loc[table["why_not"] == "", "version"]), "")

    @property
    def key(self) -> str:
        """The key of the chosen version, "" for none."""
        return str(self.grid.selected)

    @property
    def taken(self) -> dict[str, Any] | None:
        """The row of the chosen version, or of the one that is taken where none is; None where there is none."""
        return self._row(self.key or self.grid.preset)

    @property
    def row(self) -> dict[str, Any] | None:
        """The row of the chosen version, None for none."""
        return self._row(self.key)

    def _row(self, key: str) -> dict[str, Any] | None:
        if self.table is None or not key:
            return None
        return next((row for row in self.table.to_dict("records") if row["version"] == key), None)  # type: ignore[return-value]

    def validate(self, key: Any) -> str:
        """Return the key of a version that can be chosen.

        Raises:
            ValueError: There is no such version; the message lists those that there are.
        """
        choices = self.grid.choices
        if key and key not in choices:
            raise ValueError(f"it is not among the choices; there is: {', '.join(map(repr, choices[:20])) or 'none'}")
        return str(key or "")

    def static(self) -> str:
        """Return the versions as an HTML table."""
        if self.table is None:
            return NOTHING_READ
        return markup.table(self.table.drop(columns=["off", "since", "until"]))


def message_of(source: str) -> tuple[str, str]:
    """Return commit and message of a source; an image, or files, have no commit."""
    commit, _, message = source.partition(" ")
    is_commit = len(commit) == 12 and set(commit) <= set("0123456789abcdef")
    return (commit[:7], message) if is_commit else ("", source)


def day(moment: pd.Timestamp) -> str:
    """Return a day and a time as people say them, in UTC."""
    return f"{moment.day} {moment:%b %H:%M}"


def _live_card(live: Mapping[str, Any], share: Share, usual: pd.Series[Any]) -> dict[str, Any]:
    expected = float(usual.iloc[0]) if len(usual) and not pd.isna(usual.iloc[0]) else 1.0
    since = live["live_since"]
    lines = [message_of(live["live_source"])[1], "" if since is None else f"live at least since {day(since)} UTC"]
    figure = format_value(share.percentage, "%") if share.requests else ""
    return _texts(live["live"], ["live now"], figure, lines, bad=share.low > expected, live=True)


def _card(row: Mapping[str, Any], default: bool, first: bool) -> dict[str, Any]:
    tags = [("newest that was healthy", "accent")] if default else []
    tags += [("asleep", "")] if row["state"] == "sleeping" else []
    percentage = row["server_error_percentage"]
    figure = "" if pd.isna(percentage) else format_value(float(percentage), "%")
    why_not = "" if row["off"] else str(row["why_not"])
    lines = [message_of(str(row["source"]))[1], "" if why_not else _served(row), why_not]
    return _texts(row["version"], tags, figure, lines, off=str(row["off"]), first=first, bad="not healthy" in why_not)


def _served(row: Mapping[str, Any]) -> str:
    since, until = row["since"], row["until"]
    if row["evidence"] == "journal":
        return str(row["because"])
    if pd.isna(since) or pd.isna(until):
        return "" if pd.isna(since) else f"newest from {day(since)} UTC"
    hours = (until - since).total_seconds() / 3600
    length = duration((until - since).total_seconds()) if hours < 48 else f"{hours / 24:.0f}\N{NO-BREAK SPACE}d"
    return f"newest for {length}, from {day(since)} UTC"


def _texts(
    key: str,
    tags: Sequence[str | tuple[str, str]],
    figure: str,
    lines: Sequence[str],
    *,
    off: str = "",
    live: bool = False,
    bad: bool = False,
    first: bool = True,
) -> dict[str, Any]:
    pairs = [(tag, "") if isinstance(tag, str) else tag for tag in tags]
    return {
        "key": key,
        "title": key,
        "tags": [{"text": text, "kind": kind} for text, kind in pairs],
        "figure": figure,
        "bad": bad,
        "lines": [strip_control_chars(line) for line in lines if line],
        "off": strip_control_chars(off),
        "live": live,
        "first": first,
    }
