"""Watching an account for a while: rounds at an interval, and what they found in frames."""

from __future__ import annotations

import contextlib
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import pandas as pd

from createos_nb.diagnostics.alerts.messages import alert_facts
from createos_nb.diagnostics.alerts.watcher import Explain, Round, Watcher
from createos_nb.diagnostics.diagnose import diagnose
from createos_nb.display import text_card
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.html import html_card
from createos_nb.results import FAIL, NO_DATA, PASS, Result
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.alerts.alert import Alert
    from createos_nb.diagnostics.alerts.check import Check
    from createos_nb.notify.notifier import Notifier, Notify
    from createos_nb.times import DurationLike

_TEXTS: Final = ("key", "kind", "place", "severity", "sentence", "diagnosis", "commands", "unknown")
_TIMES: Final = ("since", "ended")
#: Rounds that are remembered: about a week of one a minute.
_ROUNDS: Final = 10_000
#: Real seconds after which a wait looks whether it is canceled.
_SLICE: Final = 1.0


class Cancel(Protocol):
    """The type of `cancel=`: a `threading.Event`, or anything with `is_set`."""

    def is_set(self) -> bool:
        """Return whether the watch is to end."""


@dataclass(frozen=True, repr=False)
class Watch:
    """What a watch has found.

    Attributes:
        alerts: one row an alert, pages first: `key`, `kind`, `place`, `severity`, `since`, `ended` (UTC, NaT while it
            lasts), `sentence`, `diagnosis`, `commands` (lines), `unknown` (why it can't be looked for now).
        rounds: one row a round, of the last 10,000, index `time` (UTC): `looks`, `requests`, `diagnoses` (requests of
            diagnoses), `open`, `unknown`, `waiting` (Int64).
        unknown: what could not be looked at when it was last due ("kind place"), and the reason.
        waiting: what was due in the last round, and not looked at within the budget.
        undelivered: targets that have not taken a message yet, and the reason.
        requests: how many requests it took, those of earlier rounds included.
    """

    alerts: pd.DataFrame
    rounds: pd.DataFrame
    unknown: dict[str, str]
    waiting: tuple[str, ...]
    undelivered: dict[str, str]
    requests: int

    @property
    def result(self) -> Result:
        """Return FAIL where an alert is open, NO DATA where something is not known, else PASS."""
        if self.alerts["ended"].isna().any():
            return FAIL
        return NO_DATA if self.unknown or self.waiting else PASS

    @property
    def sentence(self) -> str:
        """Return how it stands, in a sentence."""
        lasting = int(self.alerts["ended"].isna().sum())
        parts = [f"{lasting} alerts are open" if lasting != 1 else "1 alert is open"]
        parts += [f"{len(self.unknown)} looks were not possible"] if self.unknown else []
        parts += [f"{len(self.waiting)} wait for the budget of requests"] if self.waiting else []
        parts += [f"{len(self.undelivered)} targets lack a message"] if self.undelivered else []
        return f"{'; '.join(parts)}. {len(self.rounds)} rounds took {self.requests} requests."

    def _rows(self) -> list[tuple[str, str]]:
        lasting = self.alerts[self.alerts["ended"].isna()]
        rows = [(str(row.severity), f"{row.place}: {row.sentence}") for row in lasting.itertuples()]
        rows += [("unknown", f"{name} ({reason})") for name, reason in self.unknown.items()]
        rows += [("not delivered", f"{name} ({reason})") for name, reason in self.undelivered.items()]
        return [*rows, ("waiting", ", ".join(self.waiting))] if self.waiting else rows

    def __repr__(self) -> str:
        return text_card(f"Watch: {self.result}", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        return html_card(f"Watch: {self.result}", self.sentence, self._rows())


def watch(
    client: Client,
    projects: str | Sequence[str] | None = None,
    *,
    apps: str | Sequence[str] | None = None,
    every: DurationLike = "1min",
    duration: DurationLike | None = None,
    budget: int = 600,
    state: str | Path | None = None,
    notify: Notify | Notifier = (),
    explain: Explain | None = diagnose,
    checks: Sequence[Check] | None = None,
    on_round: Callable[[Round], Any] | None = None,
    cancel: Cancel | None = None,
) -> Watch:
    """Watch an account: burn rates, anomalies, failed deployments, domains, keys and scans; tell each alert once.

    Args:
        client: The client; it only reads.
        projects: The projects to watch, by name or id; by default all that are active.
        apps: Only projects in these apps, by name or id.
        every: How far rounds lie apart, on the platform's clock, such as "1min".
        duration: How long it lasts; "0s": one round; by default until it is canceled or interrupted.
        budget: Requests an hour, those of diagnoses included; the platform allows 1,000.
        state: A file that keeps what is known, so that the next watch repeats nothing; None: it ends with this one.
        notify: Who is told: addresses of apprise such as "slack://…", functions that take a message, or a `Notifier`.
        explain: Explains what an alert is about, once; None: no alert is explained.
        checks: The checks; by default one of each kind.
        on_round: Called with each `Round`.
        cancel: A `threading.Event`, or anything with `is_set`: once it is set the watch ends.

    Returns:
        The alerts, the rounds, and what is not known; an interrupt (Ctrl-C) ends the watch, and raises nothing.

    Raises:
        InvalidInput: An argument can't be used, or another watch has the state.
        MissingExtra: `notify` holds an address, and the extra `notify` is not installed.
        ConfigurationError: The state can't be read or written.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> told = []
        >>> watched = createos_nb.diagnostics.watch(client, "storefront", duration="0s", notify=told.append)
        >>> watched.result, list(watched.alerts["key"])
        ('FAIL', ['burn_rate:storefront/production:page'])
        >>> told[0].title
        '[page] storefront/production: 2.1 % of 5,957 requests in the last 1h failed (130 errors), ...'
    """
    seconds = parse_duration(every, "watch: every")
    length = None if duration is None else parse_duration(duration, "watch: duration")
    if seconds <= 0:
        raise InvalidInput(f"watch: every={every!r}: more than 0 seconds")
    if length is None and client.clock.virtual:
        raise InvalidInput("watch: on a clock on which nothing waits this would not end: give duration=, as in '24h'")
    rounds: deque[Round] = deque(maxlen=_ROUNDS)
    with Watcher(
        client, projects, apps=apps, budget=budget, state=state, notify=notify, explain=explain, checks=checks
    ) as watcher:
        with contextlib.suppress(KeyboardInterrupt):
            _run(watcher, client, (seconds, length), rounds, on_round, cancel)
        return watch_of(watcher, rounds)


def _run(
    watcher: Watcher,
    client: Client,
    lengths: tuple[float, float | None],
    rounds: deque[Round],
    on_round: Callable[[Round], Any] | None,
    cancel: Cancel | None,
) -> None:
    every, length = lengths
    clock = client.clock
    every = max(every, clock.least)
    started, number = clock.passed(), 0
    while cancel is None or not cancel.is_set():
        one = watcher.round()
        rounds.append(one)
        if on_round is not None:
            try:
                on_round(one)
            except Exception as error:  # noqa: BLE001  # it is anybody's code, and the watch goes on whatever it does
                text = f"on_round failed and is called no more: {type(error).__name__}: {error}"
                warnings.warn(text, RuntimeWarning, stacklevel=4)
                on_round = None
        number = max(number + 1, int((clock.passed() - started) // every))
        due = started + number * every
        if length is not None and due > started + length:
            return
        _sleep(client, due, cancel)


def _sleep(client: Client, due: float, cancel: Cancel | None) -> None:
    clock = client.clock
    while (left := due - clock.passed()) > 0 and not (cancel is not None and cancel.is_set()):
        clock.sleep(left if clock.virtual else min(left, _SLICE * clock.speed))


def watch_of(watcher: Watcher, rounds: Sequence[Round]) -> Watch:
    """Return what a watch has found, from its alerts and rounds."""
    last = rounds[-1] if rounds else None
    return Watch(
        alerts=_alerts_frame(watcher.alerts),
        rounds=_rounds_frame(rounds),
        unknown=dict(last.unknown) if last else {},
        waiting=last.waiting if last else (),
        undelivered=dict(last.undelivered) if last else {},
        requests=watcher.requests,
    )


def _alerts_frame(alerts: Sequence[Alert]) -> pd.DataFrame:
    order = sorted(alerts, key=lambda one: (not one.open, one.severity != "page", one.since, one.key))
    rows = [{**alert_facts(alert), "commands": "\n".join(alert.commands) or None} for alert in order]
    columns = ["key", "kind", "place", "severity", "since", "ended", "sentence", "diagnosis", "commands", "unknown"]
    frame = pd.DataFrame(rows, columns=columns)
    for name in _TIMES:
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(_TEXTS, TEXT))


def _rounds_frame(rounds: Sequence[Round]) -> pd.DataFrame:
    rows = [
        (one.at, one.looks, one.requests, one.diagnoses, len(one.open), len(one.unknown), len(one.waiting))
        for one in rounds
    ]
    counts = ["looks", "requests", "diagnoses", "open", "unknown", "waiting"]
    frame = pd.DataFrame(rows, columns=["time", *counts])
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(counts, "Int64")).set_index("time")
