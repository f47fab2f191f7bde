"""A watch, a round at a time: what is due is looked at as far as the budget goes; alerts begin, rise and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.diagnostics.alerts.alert import Alert, Found, Place
from createos_nb.diagnostics.alerts.budget import budget_of
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.diagnostics.alerts.checks import check_types
from createos_nb.diagnostics.alerts.delivery import Delivery
from createos_nb.diagnostics.alerts.messages import diagnose_command, diagnosis_lines, message_of
from createos_nb.diagnostics.alerts.reader import NoData, Reader
from createos_nb.diagnostics.alerts.state import Look, StateFile
from createos_nb.diagnostics.alerts.tracker import Event, Tracker
from createos_nb.diagnostics.diagnose import diagnose
from createos_nb.errors import CreateOSError, Forbidden, InvalidInput, RateLimited, TransportError, Unauthorized
from createos_nb.lineage import Lineage
from createos_nb.notify.notifier import Notifier, Notify
from createos_nb.process import ProcessBound

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.diagnosis import Diagnosis

#: Explains an environment, or with None in its place a project's builds.
Explain = Callable[["Client", str, str | None], "Diagnosis"]

#: Where one reading failed so, the others of the round would as well.
_GENERAL: Final = (TransportError, Unauthorized, Forbidden, RateLimited)
#: A look is due a little early: rounds are not to miss it by the moment that they take.
_EARLY: Final = 5.0
#: Seconds after which a look that has told nothing is tried again.
_AGAIN: Final = 120.0
#: After so many failed looks in a row the others of the round are not tried: each would be repeated in vain.
_SEVERAL: Final = 3
#: The most requests that a diagnosis takes.
_DIAGNOSIS: Final = 26
#: Seconds for which a diagnosis of a place serves another alert there.
_FRESH: Final = 900.0
_INVENTORY: Final = "inventory"
#: Seconds without a reading after which that is told.
_PATIENCE: Final = 300.0


class _Blind(Check):
    """The watch itself, which can read nothing."""

    kind = "watch"
    every = 0.0

    def places(self, inventory: Inventory) -> list[Place]:
        return []

    def look(self, place: Place, reader: Reader) -> list[Found]:
        return []


_BLIND: Final = _Blind()


@dataclass(frozen=True)
class Round:
    """One round of a watch.

    Attributes:
        at: when (UTC).
        events: what began, rose or ended.
        open: alerts that last, pages first.
        looks: how many looks there were.
        unknown: what could not be looked at ("kind place"), and the reason.
        waiting: what was due ("kind place"), and not looked at within the budget of requests.
        requests: how many requests it took.
        diagnoses: how many of them were for diagnoses.
        undelivered: targets that have not taken a message yet, and the reason.
    """

    at: pd.Timestamp
    events: tuple[Event, ...]
    open: tuple[Alert, ...]
    looks: int
    unknown: dict[str, str]
    waiting: tuple[str, ...]
    requests: int
    diagnoses: int = 0
    undelivered: dict[str, str] = field(default_factory=dict)


def world_of(client: Client) -> str:
    """The simulated world that a client reads: what opens one anew by the same name and seed opens the same one."""
    if client.world is not None:
        return f"{client.world.scenario}, seed {client.world.seed}"
    return Lineage.read(client.transport.world).id


class Watcher(ProcessBound):
    """Watches an account, round by round: `createos_nb.diagnostics.watch` calls it at an interval.

    Args:
        client: The client; it only reads.
        projects: The projects to watch, by name or id; by default all that are active.
        apps: Only projects in these apps, by name or id.
        budget: Requests an hour, those of diagnoses included.
        state: The file that keeps what is known; None: it ends with the watch.
        notify: Who is told: addresses of apprise, functions, or a `Notifier`.
        explain: Explains what an alert is about, once; None: no alert is explained.
        checks: The checks; by default one of each kind.

    Raises:
        InvalidInput: An argument can't be used, or another watch has the state.
        MissingExtra: An address is given, and the extra `notify` is not installed.

    Examples:
        >>> from createos_nb.diagnostics.alerts.watcher import Watcher
        >>> client = createos_nb.simulate("bad-release")
        >>> watcher = Watcher(client, ["storefront"])
        >>> [(event.change, event.alert.key) for event in watcher.round().events][:1]
        [('begins', 'burn_rate:storefront/production:page')]
        >>> watcher.round().events
        ()
    """

    def __init__(
        self,
        client: Client,
        projects: str | Sequence[str] | None = None,
        *,
        apps: str | Sequence[str] | None = None,
        budget: int = 600,
        state: str | Path | None = None,
        notify: Notify | Notifier = (),
        explain: Explain | None = diagnose,
        checks: Sequence[Check] | None = None,
    ) -> None:
        now = client.transport.now()
        fresh = budget_of(budget, now)
        self.client = client
        self._only = [projects] if isinstance(projects, str) else None if projects is None else list(projects)
        self._apps = [apps] if isinstance(apps, str) else None if apps is None else list(apps)
        self._explain = explain
        self._checks = [kind() for kind in check_types()] if checks is None else list(checks)
        if len({check.kind for check in self._checks}) < len(self._checks):
            raise InvalidInput("watch: there are two checks of one kind")
        notifier = notify if isinstance(notify, Notifier) else Notifier(notify)
        self._file = StateFile(None if state is None else Path(state))
        try:
            if state is not None:
                client.whoami()
            self._file.check(client.where, world_of(client), now)
        except BaseException:
            self._file.close()
            raise
        self._state = self._file.state
        if self._state.budget is None:
            self._state.budget = fresh
        self._budget = self._state.budget
        self._budget.hourly = budget
        self._budget.refill(now)
        self._reader = Reader(client, self._state.inventory)
        self._tracker = Tracker(self._state.alerts)
        self._delivery = Delivery(notifier, self._state.pending, self._file.save)
        self._counted = client.transport.log.total
        self._requests = 0
        self._diagnoses: dict[str, tuple[float, str, list[str]]] = {}

    @property
    def alerts(self) -> list[Alert]:
        """Return the alerts that are known, those that have ended included."""
        return list(self._state.alerts.values())

    @property
    def damaged(self) -> Path | None:
        """Return where a state was moved that could not be read; None where there was none."""
        return self._file.damaged

    @property
    def requests(self) -> int:
        """Return how many requests its rounds have taken."""
        return self._requests

    def close(self) -> None:
        """Release the state.

        Examples:
            >>> watcher = createos_nb.diagnostics.Watcher(createos_nb.simulate("dns-pending"), state="watch.json")
            >>> watcher.close()
        """
        self._file.close()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- a round ------------------------------------------------------------------------------------------------------

    def round(self) -> Round:
        """Look at what is due, tell what has changed, and write down what is known.

        Returns:
            What was found, and what was not looked at.

        Raises:
            UnknownName: there is no project of a name that is to be watched.
            ConfigurationError: the state can't be written.

        Examples:
            >>> watcher = createos_nb.diagnostics.Watcher(createos_nb.simulate("dns-pending"))
            >>> done = watcher.round()
            >>> done.requests, [(event.change, event.alert.kind) for event in done.events]
            (6, [('begins', 'domain'), ('begins', 'domain'), ('begins', 'domain')])
        """
        now = self.client.transport.now()
        moment = datetime.fromtimestamp(now, UTC)
        before = self.client.transport.log.total
        self._counted = before
        self._reader.begin(now)
        unknown = self._read_inventory(now)
        events: list[Event] = []
        waiting: list[str] = []
        looks = failures = 0
        waiting += [] if unknown else self._unread(now)
        general = next(iter(unknown.values()), "") if self._state.inventory.read is None else ""
        spare = True
        for check, place in self._due(now):
            name = f"{check.kind} {place.name}"
            if general:
                reason = general
            elif not (spare := spare and self._affords(check, place, now)):
                waiting.append(name)  # in turn: what costs little would else always come before what costs more
                continue
            else:
                reason, failed = "", False
                try:
                    found = check.look(place, self._reader)
                    events += self._tracker.update(check, place, found, moment)
                    looks += 1
                except NoData as error:
                    reason = str(error)
                except Exception as error:  # noqa: BLE001  # a check may be anybody's, and the others go on
                    own = isinstance(error, CreateOSError)
                    reason = str(error).split("\n", 1)[0] if own else f"{type(error).__name__}: {error}"
                    failures += own
                    failed = isinstance(error, _GENERAL) or failures >= _SEVERAL
                else:
                    failures = 0
                general = reason if failed else ""
                self._spend()
            look = self._state.looks.setdefault(name, Look())
            look.at, look.unknown = now, reason
            if reason:
                unknown[name] = reason
                self._tracker.unknown(check.kind, place.name, reason)
        events += self._gone(moment)
        events += self._blind(looks, unknown, moment)
        spent = self.client.transport.log.total - before
        for event in events:
            if event.change != "ends" and event.found is not None:
                self._explain_alert(event, now)
            self._delivery.add(message_of(event, self.client.where), now)
        self._tracker.forget(moment)
        self._state.round = now
        self._file.save()
        undelivered = self._delivery.send(now)
        requests = self.client.transport.log.total - before
        self._requests += requests
        return Round(
            at=pd.Timestamp(moment).as_unit("us"),
            events=tuple(events),
            open=tuple(self._tracker.open),
            looks=looks,
            unknown=self._still_unknown() | unknown,
            waiting=tuple(waiting),
            requests=requests,
            diagnoses=requests - spent,
            undelivered=undelivered,
        )

    def _spend(self) -> None:
        total = self.client.transport.log.total
        self._budget.spend(total - self._counted)
        self._counted = total

    def _read_inventory(self, now: float) -> dict[str, str]:
        """Read which projects and environments there are, as far as it is due and the budget goes."""
        inventory = self._state.inventory
        unknown: dict[str, str] = {}
        try:
            if inventory.due(now, self._budget.hourly) and self._budget.for_checks(now) >= 1:
                inventory.read_projects(self.client, self._only, now, self._apps)
                self._spend()
            for project in inventory.due_projects(now, self._budget.hourly):
                if self._budget.for_checks(now) < 1:
                    break
                inventory.read_environments(self.client, project, now)
                self._spend()
        except InvalidInput:
            raise
        except CreateOSError as error:
            unknown[f"{_INVENTORY} account"] = str(error).split("\n", 1)[0]
            self._spend()
        return unknown

    def _unread(self, now: float) -> list[str]:
        """What is not known yet of what there is, for the budget did not go so far."""
        inventory = self._state.inventory
        if inventory.read is None:
            return [f"{_INVENTORY} account"]
        return [f"{_INVENTORY} {project.name}" for project in inventory.projects.values() if project.read is None]

    def _affords(self, check: Check, place: Place, now: float) -> bool:
        return min(check.cost(place, self._reader), self._budget.most) <= self._budget.for_checks(now)

    def _due(self, now: float) -> Iterator[tuple[Check, Place]]:
        """What is due, the longest overdue for its interval first; what was never looked at before all."""
        due: list[tuple[float, int, int, Check, Place]] = []
        for order, check in enumerate(self._checks):
            for place in check.places(self._state.inventory):
                look = self._state.looks.get(f"{check.kind} {place.name}")
                every = min(check.every, _AGAIN) if look is not None and look.unknown else check.every
                since = None if look is None or look.at is None else now - look.at
                if since is None:
                    due.append((float("-inf"), order, len(due), check, place))
                elif since >= every - min(_EARLY, every / 2):
                    due.append((-since / every, order, len(due), check, place))
        for *_, check, place in sorted(due, key=lambda one: one[:3]):
            yield check, place

    def _gone(self, moment: datetime) -> list[Event]:
        """End alerts at places that there are no more, once all places are known."""
        inventory = self._state.inventory
        if inventory.read is None or any(project.read is None for project in inventory.projects.values()):
            return []
        events = []
        kept = {f"{_INVENTORY} account"}
        for check in self._checks:
            places = {place.name for place in check.places(inventory)}
            events += self._tracker.gone(check.kind, places, moment)
            kept |= {f"{check.kind} {place}" for place in places}
        for name in set(self._state.looks) - kept:
            del self._state.looks[name]
        return events

    def _blind(self, looks: int, unknown: dict[str, str], moment: datetime) -> list[Event]:
        """Tell that nothing could be read for a while: nobody would be told of anything."""
        state, now = self._state, moment.timestamp()
        if looks:
            state.blind = None
            return self._tracker.update(_BLIND, Place(), [], moment)
        if not unknown:
            return []
        state.blind = now if state.blind is None else state.blind
        if now - state.blind < _PATIENCE:
            return []
        sentence = f"nothing can be read, so nothing is told: {next(iter(unknown.values()))}"
        found = Found("blind", "page", datetime.fromtimestamp(state.blind, UTC), sentence)
        return self._tracker.update(_BLIND, Place(), [found], moment)

    def _still_unknown(self) -> dict[str, str]:
        """What could not be looked at when it was last due."""
        return {name: look.unknown for name, look in self._state.looks.items() if look.unknown}

    # --- diagnoses ----------------------------------------------------------------------------------------------------

    def _explain_alert(self, event: Event, now: float) -> None:
        """Add a diagnosis to an alert that begins or rises: once for each, and within the budget."""
        alert, found, place = event.alert, event.found, event.place
        if found is None or place is None or not found.diagnose:
            return
        command = diagnose_command(place.project, found.environment)
        if self._explain is None:
            alert.commands = [command]
            return
        if alert.diagnosis and event.change == "rises":
            return
        name = "/".join(part for part in (place.project, found.environment) if part)
        at, text, commands = self._diagnoses.get(name, (0.0, "", []))
        if not text or now - at > _FRESH:
            if self._budget.for_diagnosis(now) < _DIAGNOSIS:
                alert.diagnosis, alert.commands = "diagnosis: none, for the budget of requests is used up", [command]
                return
            try:
                diagnosis = self._explain(self.client, place.project, found.environment or None)
                # a notebook runs on its own simulated world unless it is told otherwise
                live = "" if self.client.embedded else " --live"
                text, commands = diagnosis_lines(diagnosis), [f"{one}{live}" for one in diagnosis.commands]
            except Exception as error:  # noqa: BLE001  # the alert is told, whatever becomes of its diagnosis
                text, commands = f"diagnosis: none: {(str(error) or type(error).__name__).splitlines()[0]}", []
            self._spend()
            self._diagnoses[name] = (now, text, commands)
        alert.diagnosis, alert.commands = text, [*commands, command]
