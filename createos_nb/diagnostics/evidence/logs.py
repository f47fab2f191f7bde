"""The runtime logs of an environment: of what is live, and of the version before it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.diagnostics.evidence.changes import LastServed
from createos_nb.diagnostics.evidence.log_signals import Signals, split_at
from createos_nb.diagnostics.evidence.reader import WINDOW, Reader
from createos_nb.dtypes import TEXT

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: How far back the log of an environment without a known start of trouble is read.
LOG_WINDOW: Final = pd.Timedelta("12h")
#: From so many lines on a log has a rhythm, so that its silence says something.
_RHYTHM: Final = 20
_MINUTE: Final = pd.Timedelta("1min")
_LEAD: Final = pd.Timedelta("30min")
#: A log without lines.
NO_LINES: Final = pd.DataFrame(
    {
        "time": pd.Series([], dtype="datetime64[us, UTC]"),
        "level": pd.Series([], dtype=TEXT),
        "text": pd.Series([], dtype=TEXT),
    }
)


class Logs:
    """The logs of an environment, each read when it is asked for first.

    Args:
        client: An open client.
        reader: Reads, and keeps what could not be read.
        project: Id of the project.
        environment: Row of the environment.
        live: Row of the live deployment, None if there is none.
        earlier: Row of the version before it, None if there is none.
        since: When the errors began; None if they did not, or that is not known.
        now: The present.
    """

    def __init__(
        self,
        client: Client,
        reader: Reader,
        project: str,
        environment: pd.Series,
        live: pd.Series | None,
        earlier: pd.Series | None,
        since: pd.Timestamp | None,
        now: pd.Timestamp,
    ) -> None:
        self._client, self._reader, self._project_id, self._now = client, reader, project, now
        self._environment_id, self._changed = str(environment["id"]), environment["updated_at"]
        self._live, self._earlier, self._since = live, earlier, since
        self._logs: dict[str, pd.DataFrame | None] = {}

    @cached_property
    def log(self) -> pd.DataFrame | None:
        """Return the runtime log of the environment: from before the errors on, or of the last twelve hours."""
        if self._live is None or str(self._live["status"]) not in ("deployed", "crashing"):
            return None
        reach = LOG_WINDOW if self._since is None else self._now - self._since + _LEAD
        seconds = int(min(reach, WINDOW).total_seconds())
        return self._reader.read(
            "runtime log",
            lambda: self._client.session.runtime_log(self._project_id, self._environment_id, seconds),
        )

    @cached_property
    def _parts(self) -> tuple[Signals, Signals]:
        lines = self.log if self.log is not None else NO_LINES
        before, within = split_at(lines, self._since)
        return Signals(before), Signals(within)

    @property
    def before(self) -> Signals:
        """Return what the log says before the errors began; nothing where it does not reach back so far."""
        return self._parts[0]

    @property
    def signals(self) -> Signals:
        """Return what the log says since the errors began, or all of it."""
        return self._parts[1]

    @cached_property
    def starts(self) -> pd.Series:
        """Return which versions the log says were started, by time."""
        starts: pd.Series = pd.concat([part.details("start") for part in self._parts])
        return starts

    def of_earlier(self, until: pd.Timestamp) -> pd.DataFrame | None:
        """Return the last lines of the version before, up to when it was replaced; None where they can't be had."""
        if self._earlier is None or self._earlier["status"] != "deployed":
            return None
        lines = self._log_of(self._earlier, self._now - until + _LEAD)
        return None if lines is None or not len(lines) else lines[lines["time"] <= until]

    def last_served(self) -> LastServed | None:
        """Return until when the version before the live one served: by its sleep, or by its log."""
        row, changed = self._earlier, self._changed
        if row is None:
            return LastServed(None)
        if pd.isna(changed):
            return None
        if row["status"] == "sleeping":
            # it fell asleep because nobody had asked for it: it did not serve then
            asleep = row["updated_at"]
            return LastServed(None) if pd.notna(asleep) and asleep < changed else None
        lines = self._log_of(row, self._now - changed + _LEAD)
        if lines is None:
            return None
        times = lines["time"].dropna().sort_values()
        if len(times) < _RHYTHM:
            return LastServed(None) if len(times) <= 1 else None
        usual = times.diff().quantile(0.9)
        last = times.iloc[-1]
        return LastServed(changed if changed - last <= max(_MINUTE, 5 * usual) else last)

    def _log_of(self, row: pd.Series, reach: pd.Timedelta) -> pd.DataFrame | None:
        """Return the runtime log of a version that is not live, read once; None where it is too long ago."""
        if reach > WINDOW:
            return None
        key = str(row["id"])
        if key not in self._logs:
            self._logs[key] = self._reader.read(
                f"runtime log of version {int(row['version_number'])}",
                lambda: self._client.session.runtime_log(
                    self._project_id, key, int(reach.total_seconds()), of="deployment"
                ),
            )
        return self._logs[key]
