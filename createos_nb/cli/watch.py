"""`createos-nb watch`: look at an account at an interval, and tell people of each alert once."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import names
from createos_nb.cli.exit_codes import DONE, INTERRUPTED, OF_RESULT
from createos_nb.cli.options import HERE, Flag, Place, Time, opened
from createos_nb.redaction import Secret
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.alerts.watcher import Round
    from createos_nb.notify.heartbeat import Heartbeat
    from createos_nb.notify.notifier import Notifier

_NOTIFY: Final = "CREATEOS_NB_NOTIFY"
_HEARTBEAT: Final = "CREATEOS_NB_HEARTBEAT"
_BUDGET: Final = 600


@dataclass(frozen=True)
class _Options:
    projects: list[str] | None
    apps: list[str] | None
    once: bool
    every: str
    duration: str | None
    budget: int
    state: Path | None
    json: bool


_Several = Parameter(consume_multiple=True, negative="")


def watch(
    *,
    projects: Annotated[list[str], _Several, Parameter(metavar="PROJECT", completer=names.complete_projects)]
    | None = None,
    apps: Annotated[list[str], _Several, Parameter(metavar="APP")] | None = None,
    once: Flag = False,
    every: Time = "1min",
    duration: Time | None = None,
    budget: Annotated[int, Parameter(metavar="REQUESTS")] = _BUDGET,
    state: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    notify: Annotated[list[str], Parameter(negative="", metavar="URL|NAME")] | None = None,
    heartbeat: Annotated[list[str], Parameter(negative="", metavar="FILE|URL")] | None = None,
    json: Annotated[Flag, Parameter(group="Output")] = False,
    place: Place = HERE,
) -> int:
    """Watch an account: print, and tell people of, each alert once, with its end.

    Args:
        projects: only these (default: all that are active).
        apps: only projects in these apps.
        once: one round: what is open, and the exit code 0, 5 or 6.
        every: how far rounds lie apart.
        duration: how long it lasts (default: until it is ended).
        budget: requests an hour, of the platform's 1,000.
        state: keeps what is known, so that a restart repeats nothing (default: a file of the account).
        notify: tell this address of apprise too, such as slack://…, or the notifier that a package adds under this
            name; may be given again. Addresses hold secrets, and others see arguments: better in CREATEOS_NB_NOTIFY,
            parted by spaces, or as notify = ["…"] in the config file.
        heartbeat: after each round renew this file, or send a GET to this address; may be given again, or in
            CREATEOS_NB_HEARTBEAT.
        json: print each event and each round as a line of JSON.
        place: which account.

    Returns:
        The exit code: 5 where an alert is open at the end, 6 where something is not known, else 0; 0 where it was ended
        by SIGTERM, 130 where it was interrupted.

    Raises:
        InvalidInput: An argument can't be used, or another watch has the state.
        MissingExtra: There is an address to notify, and the extra `notify` is not installed.
        CreateOSError: There is no key, or the account can't be opened.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["watch", "--world", "dns-pending", "--once"])
        2026-03-04 14:00  TICKET storefront: the set-up of old-gifts.juniper-goods.example.org failed...
        FAIL: 3 alerts are open. 1 rounds took 6 requests.
        5
    """
    from createos_nb.client.connect import profiles
    from createos_nb.notify.heartbeat import Heartbeat
    from createos_nb.notify.notifier import Notifier

    targets = [Secret(text) for text in [*(notify or []), *os.environ.get(_NOTIFY, "").split()]]
    notify = None  # a traceback that shows variables shows dots
    notifier = Notifier([*targets, *profiles.read().notify])
    beats = [Secret(text) for text in [*(heartbeat or []), *os.environ.get(_HEARTBEAT, "").split()]]
    heartbeat = None
    parse_duration(every, "--every")
    beating = Heartbeat(beats)
    options = _Options(projects, apps, once, every, duration, budget, state, json)
    try:
        with opened(place) as client:
            return _watch(client, options, notifier, beating)
    finally:
        beating.close()


def _watch(client: Client, options: _Options, notifier: Notifier, heartbeat: Heartbeat) -> int:
    from createos_nb.diagnostics.alerts.watch import watch as look

    stop = threading.Event()
    received: list[int] = []
    before: dict[int, Any] = {}

    def end(number: int, _: object) -> None:
        received.append(number)
        stop.set()
        signal.signal(number, before[number])  # a second one ends at once what the first one waits for

    before |= {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    printer = _Printer(heartbeat, as_json=options.json, once=options.once)
    printer.begin(client, options, notifier)
    try:
        watched = look(
            client,
            options.projects,
            apps=options.apps,
            every=options.every,
            duration="0s" if options.once else options.duration,
            budget=options.budget,
            state=_state(client, options),
            notify=notifier,
            on_round=printer.round,
            cancel=stop,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        return INTERRUPTED if signal.SIGINT in received else DONE
    if options.once and not options.json:
        print(f"{watched.result}: {watched.sentence}")
    return OF_RESULT[watched.result]


def _state(client: Client, options: _Options) -> Path | None:
    """The given file, else one of the account and the projects; none for a world that ends with this process."""
    given = options.state
    if given is not None or client.embedded:
        return given
    import platformdirs

    from createos_nb.diagnostics.alerts.watcher import world_of

    # a served world that was made anew is another one, and begins with a state of its own
    words = "\n".join([client.where, client.whoami(), world_of(client), *sorted(options.projects or [])])
    words += "".join(f"\napp {app}" for app in sorted(options.apps or []))
    name = hashlib.sha256(words.encode()).hexdigest()[:16]
    return platformdirs.user_state_path("createos-nb") / "watch" / f"{name}.json"


class _Printer:
    """Prints rounds, and lets the heart beat after each."""

    def __init__(self, heartbeat: Heartbeat, *, as_json: bool, once: bool) -> None:
        self._heartbeat, self._as_json, self._once = heartbeat, as_json, once
        self._rounds = 0
        self._failures = 0
        self._said: dict[str, str] = {}

    def begin(self, client: Client, options: _Options, notifier: Notifier) -> None:
        """Say what is watched."""
        told = f", tells {', '.join(notifier.names)}" if notifier.names else ""
        if not self._as_json and not self._once:
            rate = f"every {options.every}, with {options.budget} requests an hour"
            print(f"watching {client.where} {rate}{told}", flush=True)

    def round(self, one: Round) -> None:
        """Print what is new in a round."""
        from createos_nb.diagnostics.alerts.messages import alert_facts, line_of

        self._rounds += 1
        self._failures = 0 if one.looks or not one.unknown else self._failures + 1
        at = one.at.isoformat()
        for event in one.events:
            if self._as_json:
                print(json.dumps({"event": event.change, "at": at, **alert_facts(event.alert)}, ensure_ascii=False))
                continue
            print(f"{one.at:%Y-%m-%d %H:%M}  {line_of(event)}")
            if event.change != "ends":
                for line in [*event.alert.diagnosis.splitlines(), *event.alert.commands]:
                    print(f"                    {line}")
        facts = {
            "event": "round",
            "at": at,
            "open": [alert.key for alert in one.open],
            "looks": one.looks,
            "requests": one.requests,
            "unknown": one.unknown,
            "waiting": list(one.waiting),
            "undelivered": one.undelivered,
        }
        if self._as_json:
            print(json.dumps(facts, ensure_ascii=False), flush=True)
        elif self._once:
            told = {event.alert.key for event in one.events}
            for alert in one.open:
                if alert.key not in told:
                    print(f"{one.at:%Y-%m-%d %H:%M}  still   {alert.place}: {alert.sentence} ({alert.kind})")
        missed = self._heartbeat.beat({**facts, "rounds": self._rounds, "failures": self._failures})
        self._say(one, missed)
        sys.stdout.flush()

    def _say(self, one: Round, missed: dict[str, str]) -> None:
        """Say on stderr what does not work, once as long as it lasts."""
        wrong = {f"unknown: {name}": reason for name, reason in one.unknown.items()}
        wrong |= {f"notify: {name}": reason for name, reason in one.undelivered.items()}
        wrong |= {f"heartbeat: {name}": reason for name, reason in missed.items()}
        if one.waiting:
            wrong["budget"] = f"{len(one.waiting)} looks wait for it: {', '.join(one.waiting[:5])}"
        for name, reason in wrong.items():
            if name not in self._said:
                print(f"createos-nb watch: {name}: {reason}", file=sys.stderr, flush=True)
        self._said = wrong
