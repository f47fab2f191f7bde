"""The wall screen: the fleet in big figures, one for all who look, read within a budget of requests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import CreateOSError
from createos_nb.panels import markup
from createos_nb.panels.background import BackgroundWork
from createos_nb.panels.icons import STATUSES, icon, status, tag
from createos_nb.panels.mirror.mirror import Mirror, Viewer
from createos_nb.percentages import round_up

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.dashboard.shared_overview import SharedOverview
    from createos_nb.panels.mirror.traits import Modules

#: Seconds between two readings; on a simulated world, of its time.
EVERY: Final = 60.0
_WINDOW: Final = "-3600s"  # as the panel of the fleet asks for it
#: Rows that can be read from the other end of a room.
_MOST: Final = 8
#: In the order of trouble; how many are healthy is said always.
_ORDER: Final = ("down", "degraded", "pending", "unknown", "asleep", "healthy")


class Wall:
    """Big figures of the fleet; nothing is read while nobody looks.

    Args:
        client: Of the dashboard.
        overview: Reads the fleet for all.
        modules: Of widgets.
        budget: Requests an hour that it may take.
        name: What the world is called.
    """

    def __init__(self, client: Client, overview: SharedOverview, modules: Modules, budget: int, name: str = "") -> None:
        self._client, self._overview, self._name = client, overview.reader(), name
        self._per_reading = max(1, int(budget * EVERY / 3600))
        self._html = widgets.HTML()
        self._root = widgets.VBox([widgets.HTML(markup.style()), self._html], _view_count=0)
        self._root.add_class("createos-panel")
        self._root.add_class("createos-wall")
        self._mirror = Mirror(self._root, modules)
        self._background = BackgroundWork(client.clock, self._on_error)
        self._poller = self._background.poller(self._poll, interval=EVERY, max_interval=EVERY)
        self._lock = threading.Lock()
        self._frame: pd.DataFrame | None = None
        self._root.observe(self._on_views, "_view_count")

    def viewer(self, notify: Any) -> Viewer:
        """Return a viewer for a screen.

        Args:
            notify: Called on any thread as soon as there is something to take.
        """
        return self._mirror.viewer(notify)

    def read(self) -> None:
        """Read within the budget, and draw."""
        self._poll()

    @property
    def running(self) -> bool:
        """Whether it reads by itself now: somebody looks."""
        return self._poller.running

    def close(self) -> None:
        """Stop reading."""
        self._background.close()
        self._mirror.close()

    def _on_views(self, change: Any) -> None:
        if change["new"]:
            self._poller.start()
        else:
            self._poller.stop()

    def _poll(self) -> bool:
        with self._lock:
            before = self._frame
            # the first time all that there is, as a page of the dashboard does
            frame = self._overview.read(_WINDOW, max_requests=None if before is None else self._per_reading)
            changed, self._frame = before is None or not frame.equals(before), frame
            value = self._html_of(frame)
            if value != self._html.value:
                self._html.value = value
            return changed

    def _html_of(self, frame: pd.DataFrame) -> str:
        return wall_html(frame, self._client, self._name)

    def _on_error(self, error: BaseException) -> None:
        said = str(error) if isinstance(error, CreateOSError) else type(error).__name__
        with self._lock:
            before = "" if self._frame is None else self._html_of(self._frame)
            self._html.value = before + markup.block(f"could not be read: {said}; it is tried again", "warning")


def wall_html(frame: pd.DataFrame, client: Client, name: str = "") -> str:
    """Return the figures as HTML.

    Args:
        frame: The overview of the fleet.
        client: Whose it is.
        name: What the world is called.

    Returns:
        HTML; all that came from the platform is escaped.

    Examples:
        >>> from createos_nb.dashboard.wall import wall_html
        >>> client = createos_nb.simulate("bad-release")
        >>> "<b>1</b> Degraded" in wall_html(client.fleet.overview(), client)
        True
    """
    counts = frame["status"].value_counts()
    tiles = [_tile(word, int(counts.get(word, 0))) for word in _ORDER if word in counts.index or word == "healthy"]
    per_minute = frame["rpm"].sum(min_count=1)
    tiles.append(f"<li><b>{_number(per_minute)}</b> requests / min</li>")
    trouble = frame[~frame["status"].isin(["healthy", "asleep"])]
    rows = "".join(_row(row) for row in trouble.head(_MOST).to_dict("records"))
    more = f"<p>and {len(trouble) - _MOST} more</p>" if len(trouble) > _MOST else ""
    body = f"<table><tbody>{rows}</tbody></table>{more}" if rows else "<p>Nothing is in trouble.</p>"
    missing = "" if frame.attrs.get("complete") else markup.block("incomplete: a part could not be read", "warning")
    kind = f"Simulator · {name}" if client.simulated and name else "Simulator" if client.simulated else "Platform"
    read = f"read {frame['read_at'].max():%H:%M:%S} UTC" if len(frame) else "nothing read"
    oldest = frame["read_at"].min() if len(frame) else pd.NaT
    if len(frame) and (frame["read_at"].max() - oldest) > pd.Timedelta("90s"):
        read += f", the oldest row {oldest:%H:%M:%S}"
    head = f"<header>{tag(kind)} <span>{markup.text(client.whoami())}</span> <time>{read}</time></header>"
    return f'{head}<ul class="createos-wall-figures">{"".join(tiles)}</ul>{body}{missing}'


def _tile(word: str, count: int) -> str:
    shown, shape, color = STATUSES[word]
    return f'<li class="createos-is-{color}">{icon(shape)}<b>{count}</b> {shown}</li>'


def _row(row: dict[Any, Any]) -> str:
    share = row["server_error_percentage"]
    failing = "" if pd.isna(share) else f"{round_up(float(share), 1):.1f} % fail"
    environment = "" if pd.isna(row["environment"]) else f" / {row['environment']}"
    return (
        f'<tr><th scope="row">{status(str(row["status"]))}</th>'
        f"<td><b>{markup.text(str(row['project']) + environment)}</b><br>{markup.text(row['reason'])}</td>"
        f'<td class="createos-wall-share">{failing}</td></tr>'
    )


def _number(value: Any) -> str:
    return "–" if pd.isna(value) else f"{float(value):,.0f}"
