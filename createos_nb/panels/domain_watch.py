"""Looks for the DNS records of a domain, again and again until they are there, within a budget of requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pandas as pd

from createos_nb.client.shared_reads import sharing
from createos_nb.display import human_duration
from createos_nb.errors import ServerError, TransportError
from createos_nb.panels.background import pause_on

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.background import BackgroundWork

#: Looks at most, each of one request; seconds between the first two, and at most: in all a little over an hour.
MOST_LOOKS: Final = 20
_FIRST_PAUSE, _LONGEST_PAUSE = 15.0, 300.0

#: How far it is: it goes on; all records are there; nothing is left to wait for; the budget is used up; somebody has
#: stopped it.
State = Literal["waiting", "found", "settled", "used up", "stopped"]


class Look(NamedTuple):
    """What is known after a look.

    Attributes:
        domain: the host name.
        state: how far it is.
        looks: how many there were.
        seconds: the time since the first one.
        text: what was found, in words.
        pause: seconds until the next one; 0 where there is none.
        domains: the project's domains as they were read; None where the platform has not answered.
        records: what `client.domains.look_up` has found; None where that is not known.
    """

    domain: str
    state: State
    looks: int
    seconds: float
    text: str
    pause: float = 0.0
    domains: pd.DataFrame | None = None
    records: pd.DataFrame | None = None

    @property
    def sentence(self) -> str:
        """What a person is told."""
        looks = f"{self.looks} look{'s' if self.looks != 1 else ''} in {human_duration(self.seconds)}"
        match self.state:
            case "waiting":
                following = f"; the next in {human_duration(self.pause)}" if self.pause else ""
                return f"look {self.looks} of at most {MOST_LOOKS}, {self.text}{following}"
            case "found":
                return (
                    f"The DNS records of {self.domain} are found, after {looks}. Show the plan: the platform verifies "
                    "them, and routes the domain."
                )
            case "settled":
                return f"{self.domain}: {self.text}"
            case "used up":
                return f"The DNS records of {self.domain} are not there after {looks}: {self.text}. Verify now goes on."
        return f"Stopped after {looks}: {self.text}. Nothing was changed."


class RecordsWatch:
    """Looks for the records of one domain at a time; it only reads.

    It pauses while nobody looks at the panel, and ends with it.

    Args:
        client: The account.
        project: Name or id of the project.
        background: The panel's background work.
        on_look: Called with what is known, after each look and at the end.

    Attributes:
        look: what is known of the last one, or None.
    """

    def __init__(
        self, client: Client, project: str, background: BackgroundWork, on_look: Callable[[Look], Any]
    ) -> None:
        self._client, self._project, self._on_look = client, project, on_look
        self._loop = background.loop(self._run)
        self._domain, self._pause, self._started = "", _FIRST_PAUSE, 0.0
        self._looks = 0
        self.look: Look | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on by itself."""
        return self._loop.running

    def start(self, domain: str) -> bool:
        """Look at once, and then again and again; return whether it runs."""
        self._loop.stop()
        self._domain, self._pause, self._looks, self.look = domain, _FIRST_PAUSE, 0, None
        self._started = self._client.clock.passed()
        return self._loop.start()

    def stop(self) -> None:
        """Stop looking; what was found stays."""
        if not self._loop.running:
            return
        self._loop.stop()
        text = "no look was made" if self.look is None else self.look.text
        self._tell(Look(self._domain, "stopped", self._looks, self._seconds, text))

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            look = self._look()
            if stop.is_set():
                return
            self._tell(look)
            if look.state != "waiting":
                return
            pause, self._pause = self._pause, min(self._pause * 1.5, _LONGEST_PAUSE)
            if pause_on(self._client.clock, pause, stop):
                return

    def _look(self) -> Look:
        """Look once: the state on the platform, and what name servers answer; one request."""
        domain, domains, records = self._domain, None, None
        state: State = "waiting"
        try:
            with sharing():
                domains = self._client.domains.list(self._project)
                row = domains[domains["name"] == domain]
                status = str(row["status"].iloc[0]) if len(row) else "gone"
                if status == "pending":
                    records = self._client.domains.look_up(self._project, domain)
        except (TransportError, ServerError) as error:
            text = f"not known: {str(error).partition(chr(10))[0]}"
        else:
            text = f"it is {status}" if records is None else in_words(records)
            if records is None or not len(records):
                state = "settled"
            elif (records["state"] == "set").all():
                state = "found"
        self._looks += 1
        if state == "waiting" and self._looks >= MOST_LOOKS:
            state = "used up"
        pause = self._pause if state == "waiting" else 0.0
        return Look(domain, state, self._looks, self._seconds, text, pause, domains, records)

    def _tell(self, look: Look) -> None:
        self.look = look
        self._on_look(look)

    @property
    def _seconds(self) -> float:
        return self._client.clock.passed() - self._started


def in_words(found: pd.DataFrame) -> str:
    """Return what was looked up, in a line."""
    if not len(found):
        return "the platform asks for no DNS record"
    records = zip(found["type"], found["state"], strict=True)
    return ", ".join(f"{kind} {'not known' if state == 'unknown' else state}" for kind, state in records)
