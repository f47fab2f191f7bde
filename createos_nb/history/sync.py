"""One synchronization of a history: what is missing, newest first, within a budget of requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from createos_nb.client.fleet_series import REQUESTS
from createos_nb.client.time_windows import Windows
from createos_nb.errors import CreateOSError
from createos_nb.history import buckets, states
from createos_nb.history.datasets import DAILY
from createos_nb.history.fingerprints import Fingerprints
from createos_nb.history.folding import fold
from createos_nb.history.identity import lineage_text
from createos_nb.history.log_lines import log_lines
from createos_nb.history.manifest import Asked, DataFile, Manifest
from createos_nb.history.resources import Look, Resources
from createos_nb.history.sources import Source, installed, new_events
from createos_nb.history.states import State
from createos_nb.history.store import Store
from createos_nb.history.top_lists import top_lists
from createos_nb.progress import progress
from createos_nb.spans import Span, difference, newest_first, seconds, union

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_DAY: Final = 86_400
_HOUR: Final = 3600
#: Answers that are committed together, and of how many there are to be the share that is: each commit writes the
#: newest minutes of all environments anew.
_BATCH: Final = (16, 64)
_COMMITS: Final = 32
#: Lists that are committed together: each commit writes all states anew.
_LISTS: Final = 64


class Work(NamedTuple):
    """A request that is to be sent: what of an environment, and of which window."""

    dataset: str
    project_id: str
    environment_id: str
    window: Span


@dataclass
class SyncResult:
    """What a synchronization has done.

    Attributes:
        requests: How many were sent.
        budget: How many were allowed.
        rows: New rows by dataset; of series those that are final.
        left: Requests that are still to be sent; 0 where all is there.
        failed: What could not be read, and why.
        gap_minutes: Minutes of environments that were asked for and of which the platform gave nothing.
    """

    requests: int = 0
    budget: int | None = None
    rows: dict[str, int] = field(default_factory=dict)
    left: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    gap_minutes: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is in the history now."""
        return not self.left and not self.failed

    def __str__(self) -> str:
        rows = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in self.rows.items() if count)
        parts = [f"{self.requests:,} request{'' if self.requests == 1 else 's'}", f"new: {rows or 'nothing'}"]
        if self.left:
            parts.append(f"about {self.left:,} requests are left for the next time")
        if self.gap_minutes:
            parts.append(f"the platform gave nothing for {self.gap_minutes:,} minutes")
        parts += [f"{name}: {reason}" for name, reason in list(self.failed.items())[:3]]
        if len(self.failed) > 3:
            parts.append(f"and {len(self.failed) - 3} more failed")
        return "; ".join(parts)


class Sync:
    """One synchronization; the history is held by this writer.

    Args:
        client: Asks.
        store: The files.
        manifest: As the store has it, to be changed.
        fingerprints: Of secrets.
        since: From where on series are kept, in Unix seconds.
        datasets: Which ones.
        projects: Names or ids of projects; None for all.
        budget: Requests to send at most; None for no limit.
        sources: Of events, by name, beside those that packages name.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        manifest: Manifest,
        fingerprints: Fingerprints,
        *,
        since: float,
        datasets: Sequence[str],
        projects: Sequence[str] | None,
        budget: int | None,
        sources: Mapping[str, Source],
    ) -> None:
        self._client, self._session = client, client.session
        self._store, self._manifest = store, manifest
        self._since, self._datasets, self._budget = since, datasets, budget
        self._sources = sources
        self._resources = Resources(client.session, store, manifest, fingerprints, datasets=datasets, projects=projects)
        self._rows: Counter[str] = Counter()
        self._failed: dict[str, str] = {}
        self._gaps = 0
        self._new: dict[str, list[DataFile]] = {}
        self._changed: set[str] = set()
        self._sent: list[Any] = []
        # the buckets that may still grow; of an environment that was deleted they stay as they are
        tail = store.table("requests", manifest.unsettled.get("requests", []))
        self._tail = buckets.rows_of(tail)
        pairs = zip(tail["environment_id"].to_pylist(), tail["project_id"].to_pylist(), strict=True)
        self._project_of: dict[str, str] = dict(pairs)

    # --- the whole ----------------------------------------------------------------------------------------------------

    def run(self) -> SyncResult:
        """Read what is missing, as far as the budget goes; each batch is committed before the next is asked for."""
        with self._client.transport.log.counting() as sent, progress("history.sync", self._session.clock) as tick:
            self._sent = sent
            unread = self._read_lists()
            self._events()
            work = self._work()
            done = 0
            for batch in _chunks(work, _together(len(work))):
                batch = batch[: self._remaining()]
                if not batch:
                    break
                self._read(batch)
                done += len(batch)
                if tick:
                    tick(done, len(work))
            if fold(self._store, self._manifest):
                self._store.commit(self._manifest)
        return SyncResult(
            requests=len(sent),
            budget=self._budget,
            rows=dict(self._rows),
            left=len(work) - done + unread,
            failed=self._resources.failed | self._failed,
            gap_minutes=self._gaps // 60,
        )

    def cost(self) -> int:
        """Return about how many requests it would take, from what was read before; nothing is asked."""
        resources = self._resources
        lists = len(resources.due_of_account()) + len(resources.due_of_projects()) + len(resources.due_of_scans())
        return lists + len(self._work())

    def _remaining(self) -> int:
        return 1_000_000_000 if self._budget is None else max(0, self._budget - len(self._sent))

    def _now(self) -> float:
        return float(self._session.transport.now())

    # --- resources ----------------------------------------------------------------------------------------------------

    def _read_lists(self) -> int:
        """Read the lists. Returns how many are left over for another time."""
        for name in self._resources.due_of_account():
            if self._remaining():
                self._keep_look(self._resources.read_account(name))
        self._commit()
        due = self._resources.due_of_projects()
        # lists leave half of a budget to the series, if there are any
        share = self._remaining() if not self._resources.current["environments"] else max(1, self._remaining() // 2)
        for batch in _chunks(due[:share], _LISTS):
            for look in self._resources.read_projects(batch):
                self._keep_look(look)
            self._commit()
        scans = self._resources.due_of_scans()
        able = self._remaining() if share >= len(due) else 0
        for batch in _chunks(scans[:able], _LISTS):
            for look in self._resources.read_scans(batch):
                self._keep_look(look)
            self._commit()
        return max(0, len(due) - share) + max(0, len(scans) - able)

    def _keep_look(self, look: Look | None) -> None:
        if look is None:
            return
        self._rows[look.dataset] += look.new
        self._changed.add(look.dataset)
        if look.ended is not None:
            self._add(look.dataset, look.ended)

    # --- events -------------------------------------------------------------------------------------------------------

    def _events(self) -> None:
        """Fold in what sources tell; no request is sent for it here."""
        if "events" not in self._datasets:
            return
        rows = self._store.table("events", self._manifest.files.get("events", []))
        known = set(zip(rows["source"].to_pylist(), rows["key"].to_pylist(), strict=True))
        names = self._resources.names()
        for name, source in [*installed(), *self._sources.items()]:
            try:
                if isinstance(source, Exception):
                    raise source
                frame = source(self._client)
                table = new_events(name, frame, known, names)
            except Exception as error:  # noqa: BLE001  # somebody else's function: the rest is not lost for it
                self._failed[f"source {name}"] = f"{type(error).__name__}: {error}"
                continue
            self._add("events", table)
            self._rows["events"] += table.num_rows
            if frame.attrs.get("complete") is False:  # what could be read is kept all the same
                damaged = ", ".join(map(str, frame.attrs.get("damaged", ()))) or "it does not say what"
                self._failed[f"source {name}"] = f"not all of it can be read ({damaged})"
        self._commit()

    # --- series -------------------------------------------------------------------------------------------------------

    def _work(self) -> list[Work]:
        """What is to be asked of environments, newest first."""
        now = int(self._now())
        active = {state.id for state in self._resources.active()}
        work = []
        for state in self._resources.current["environments"].values():
            if state.project_id in active:
                floor = max(self._since, state.made)
                work += self._of_environment(state, int(floor // _HOUR) * _HOUR, now)
        return sorted(work, key=lambda item: (-item.window[1], item.dataset, item.environment_id))

    def _of_environment(self, state: State, start: int, now: int) -> list[Work]:
        work = []
        if "requests" in self._datasets and (end := now // 60 * 60) > start:
            asked = self._manifest.asked.get("requests", {}).get(state.id)
            missing = buckets.missing_of(asked, (start, end))
            if not self._has_news(state.id, end):
                missing = difference(missing, [(self._tail_start(state.id), end)])
            parts = newest_first(missing, self._longest())
            work += [Work("requests", state.project_id, state.id, part) for part in parts]
        if set(DAILY) & set(self._datasets):
            days = (-(-start // _DAY) * _DAY, now // _DAY * _DAY)
            asked = self._manifest.asked.get("paths", {}).get(state.id)
            missing = buckets.missing_of(asked, days) if days[0] < days[1] else []
            work += [Work("paths", state.project_id, state.id, part) for part in newest_first(missing, _DAY)]
        if "logs" in self._datasets and state.row["deployment_id"]:
            work.append(Work("logs", state.project_id, state.id, (start, now)))
        return work

    def _has_news(self, environment: str, end: int) -> bool:
        """Whether another whole bucket may be there by now: within the same minute none is."""
        tail = self._tail.get(environment)
        return tail is None or not len(tail) or int(tail[-1, 0] + 2 * tail[-1, 1]) <= end

    def _tail_start(self, environment: str) -> int:
        return int(self._tail[environment][0, 0])

    def _longest(self) -> int:
        longest = self._session.longest_window or _DAY
        return longest // _HOUR * _HOUR or longest // 60 * 60 or 60

    def _read(self, batch: Sequence[Work]) -> None:
        """Ask for a batch, and commit what came."""

        def ask(item: Work) -> Any:
            try:
                return self._ask(item)
            except CreateOSError as error:
                return error

        settled: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
        for item, answer in zip(batch, self._session.map_concurrently(ask, batch), strict=True):
            if isinstance(answer, CreateOSError):
                self._failed[f"{item.dataset} of {self._where(item)}"] = str(answer).split("\n", 1)[0]
            elif item.dataset == "requests":
                settled[item.project_id, item.environment_id].append(self._keep(item, answer))
            else:
                for dataset, table in answer.items():
                    if dataset in self._datasets:
                        self._add(dataset, table)
                        self._rows[dataset] += table.num_rows
                if item.dataset == "paths":
                    asked = self._asked("paths", item.environment_id)
                    asked.known = union([*asked.known, item.window])
        rows = {place: np.concatenate(parts) for place, parts in settled.items()}
        if any(len(each) for each in rows.values()):
            self._add("requests", buckets.table_of(rows, self._now()))
        self._rows["requests"] += sum(len(each) for each in rows.values())
        self._changed.add("requests")
        self._commit()

    def _ask(self, item: Work) -> Any:
        ids = {"project_id": item.project_id, "environment_id": item.environment_id}
        if item.dataset == "requests":
            return Windows(self._session, REQUESTS, ids).ask(*item.window)
        if item.dataset == "paths":
            return top_lists(self._session, ids, item.window)
        return log_lines(self._session, ids, self._asked("logs", item.environment_id), item.window)

    def _keep(self, item: Work, answer: Any) -> np.ndarray:
        asked = self._asked("requests", item.environment_id)
        missing = buckets.missing_of(asked, item.window)
        found = buckets.kept(answer, item.window, missing, self._now())
        buckets.note(asked, found)
        self._gaps += seconds(found.gaps)
        if item.window[1] >= int(self._now()) // 60 * 60 - buckets.UNSETTLED:
            self._tail[item.environment_id] = found.unsettled
            self._project_of[item.environment_id] = item.project_id
        return found.settled

    def _asked(self, dataset: str, environment: str) -> Asked:
        return self._manifest.asked.setdefault(dataset, {}).setdefault(environment, Asked())

    def _where(self, item: Work) -> str:
        state = self._resources.current["environments"].get(item.environment_id)
        name = item.environment_id if state is None else str(state.name)
        return f"{self._resources.name_of(item.project_id)}/{name}"

    # --- committing ---------------------------------------------------------------------------------------------------

    def _add(self, dataset: str, table: Any) -> None:
        if table.num_rows:
            self._new.setdefault(dataset, []).append(self._store.write(self._manifest, dataset, table))

    def _commit(self) -> None:
        """Make what has come part of the history."""
        if not self._changed and not self._new:
            return
        for dataset, files in self._new.items():
            self._manifest.files.setdefault(dataset, []).extend(files)
        for dataset in self._changed:
            if dataset == "requests":
                tails = {(self._project_of[id], id): rows for id, rows in self._tail.items()}
                table = buckets.table_of(tails, self._now())
            else:
                table = states.table_of(dataset, self._resources.current[dataset].values())
            self._manifest.unsettled[dataset] = (
                [self._store.write(self._manifest, dataset, table)] if table.num_rows else []
            )
        self._new, self._changed = {}, set()
        self._manifest.written, self._manifest.lineage = self._now(), lineage_text(self._client)
        self._store.commit(self._manifest)


def _together(count: int) -> int:
    """How many of so many answers are committed together."""
    fewest, most = _BATCH
    return min(most, max(fewest, count // _COMMITS))


def _chunks(items: Sequence[Any], size: int) -> Iterable[list[Any]]:
    for at in range(0, len(items), size):
        yield list(items[at : at + size])
