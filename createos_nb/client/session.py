"""A client's session: operations executed with names resolved, values checked, all pages read, answers made frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec
import pandas as pd

from createos_nb import contract
from createos_nb.client.arguments import validate
from createos_nb.client.branch_patterns import warn_of_patterns
from createos_nb.client.creation import prepare_creation
from createos_nb.client.known import NEWEST, Known
from createos_nb.client.lists import ListReader, ListResult, decode_row
from createos_nb.client.memory import Memory
from createos_nb.client.name_resolution import IN_PROJECT, CacheHit, NameResolver, names_or_ids
from createos_nb.client.seen_names import SeenNames
from createos_nb.client.shared_reads import shared
from createos_nb.client.spelling import wire_values
from createos_nb.contract.operation import EXTRA, LogText, Operation, Parameter, Record, Text, TextOrId
from createos_nb.errors import ClockWarning, IncompleteWarning, InvalidInput, NotFound, ReadOnlyError, warn
from createos_nb.frames import Builder, build_log_frame, reader, record_of, runtime_log_frame
from createos_nb.frames.log_completeness import DEFAULT_SECONDS, cut_build, cut_by
from createos_nb.frames.read import DecodedRows, decode_json, unexpected_payload
from createos_nb.http.lenient_json import Payload
from createos_nb.http.pagination import map_concurrently
from createos_nb.http.request import build
from createos_nb.http.server_clock import ServerClock
from createos_nb.http.transport import Transport
from createos_nb.process import ProcessBound
from createos_nb.redaction import redacted_json
from createos_nb.times import iso

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds by which clocks may differ without a word: the time in an answer is a whole second.
CLOCK_TOLERANCE: Final = 2.0
#: Attributes of a frame that no answer of the platform can overwrite.
_RESERVED_ATTRS: Final = frozenset({"operation", "asked", "at", "where", "complete"})


class Session(ProcessBound):
    """Executes operations over a transport: for each resource of a client, for its fleet, and for the wire level.

    Args:
        transport: Sends the requests.
        read_only: Refuse whatever changes something, before anything is sent.
        concurrency: Requests that are under way at a time.
        where: Returns the account and the platform that frames name in their `attrs`.
    """

    def __init__(self, transport: Transport, *, read_only: bool, concurrency: int, where: Callable[[], str]) -> None:
        self.transport, self.read_only, self.concurrency = transport, read_only, concurrency
        #: Why nothing may be changed, where `read_only` is set: said by errors and plans.
        self.read_only_because = "this client was opened with read_only=True"
        self._where = where
        self.lists = ListReader(self.send, transport, concurrency)
        self.names = NameResolver(self.rows, self.deployments_page)
        self.known = Known()
        self.seen = SeenNames()
        #: What is known without asking, where a history is open.
        self.memory: Memory | None = None
        # what answers have taught of the platform, in seconds
        self.bucket_seconds: int | None = None
        self.longest_window: int | None = None
        #: Requests that were to change something, so far: what was read before one may have changed by it.
        self.writes = 0

    @property
    def clock(self) -> ServerClock:
        """The clock of the other side."""
        return self.transport.server_clock

    @property
    def where(self) -> str:
        """Account, base URL, and PLATFORM or SIMULATOR."""
        return self._where()

    def sharing(self, *, read_only: bool, where: Callable[[], str]) -> Session:
        """Return a session over the same transport that knows what this one has learned of names.

        Args:
            read_only: Refuse whatever changes something, before anything is sent.
            where: Returns the account and the platform.
        """
        other = Session(self.transport, read_only=read_only, concurrency=self.concurrency, where=where)
        other.names, other.known, other.seen, other.memory = self.names, self.known, self.seen, self.memory
        other.bucket_seconds, other.longest_window = self.bucket_seconds, self.longest_window
        return other

    # --- the wire level -----------------------------------------------------------------------------------------------

    def send(self, operation: Operation, values: Mapping[str, Any]) -> Payload:
        """Send one request with the wire's values. Returns the JSON of its payload."""
        self.check_writable(operation)
        request = build(operation, prepare_creation(operation, values))
        if operation.effect == "read":
            return shared(request, (id(self), self.writes), self.transport.send)
        warn_of_patterns(operation, values)
        try:
            return self.transport.send(request)
        finally:
            self.writes += 1

    def call(
        self,
        name: str,
        values: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send one request by the platform's name. Returns the decoded payload, secrets masked."""
        operation = contract.find(name)
        wire = wire_values(operation, values, body)
        return decode_json(operation, self.send(operation, wire if extra is None else {**wire, EXTRA.key: extra}))

    def rows(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """Return all rows of a list as decoded JSON."""
        rows, complete, total = self.listed(name, **values)
        if not complete:
            _warn_of_missing_rows(contract.find(name), len(rows), total)
        return rows

    def listed(self, name: str, /, **values: Any) -> tuple[list[dict[str, Any]], bool, int | None]:
        """Return all rows of a list as decoded JSON, whether they are all, and how many the platform says there are."""
        self.transport.owner.check()
        operation = contract.find(name)
        result = self._list(operation, values)
        rows = [row for row in map(decode_row, result.rows.items()) if isinstance(row, dict)]
        self.known.learn(operation.name, values.get("project_id"), rows)
        self.seen.learn(operation.name, values.get("project_id"), rows)
        return rows, result.complete, result.total

    def deployments_page(self, project: str, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return one page of deployments, and how many there are."""
        operation = contract.find("ListDeployments")
        page = reader(operation).read(self.send(operation, {"project_id": project, "limit": 20, "offset": offset}))
        rows = [row for row in map(decode_row, page.items()) if isinstance(row, dict)]
        self.known.learn(operation.name, project, rows)
        return rows, offset + len(page) if page.total is None else page.total

    # --- operations of resources --------------------------------------------------------------------------------------

    def execute(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """Execute an operation with the arguments of its method.

        Returns a frame, a Series, or the platform's sentence, as the operation declares.
        """

        def run(values: dict[str, Any]) -> Any:
            answer = self._answer(operation, values, arguments)
            if "start" in values and self.warn_of_future(operation, values["start"]):
                return _without_figures(answer)
            return answer

        return self.with_ids(operation, arguments, run)

    def with_ids(
        self, operation: Operation, arguments: Mapping[str, Any], run: Callable[[dict[str, Any]], Result]
    ) -> Result:
        """Call `run` with wire values; once more after a 404 if a cached name has gone stale."""
        self.transport.owner.check()  # before any lock is waited for, which in a forked child nobody may ever release
        self.check_writable(operation)
        values: dict[str, Any] = {}
        cache = CacheHit()
        try:
            values = self.resolve(operation, arguments, cache)
            result = run(values)
        except NotFound:  # also in the look-up of an environment, where it is the project that is stale
            if not cache.hit:
                raise
            self.names.forget()
            fresh = self.resolve(operation, arguments)
            if fresh == values:
                raise
            result = run(fresh)
        if operation.effect != "read" and not {"name", "unique_name", "url"}.isdisjoint(arguments):
            self.names.forget(operation.resource.removesuffix("s"))  # a name has come, or changed its owner
        return result

    def resolve(
        self, operation: Operation, arguments: Mapping[str, Any], cache: CacheHit | None = None
    ) -> dict[str, Any]:
        """Return the arguments as wire values, names replaced by ids; `cache` learns of ids that come from memory."""
        values: dict[str, Any] = {}
        cache = cache or CacheHit()
        project: str | None = None
        for parameter in operation.parameters:
            value = arguments.get(parameter.name, msgspec.UNSET)
            if value is msgspec.UNSET or parameter.name in ("limit", "offset", "page", "per_page"):
                continue
            if parameter.ref is None:
                type = arguments.get("type")
                values[parameter.key] = validate(operation, parameter, value, self.transport.now, type)
                continue
            values[parameter.key] = self._ids(parameter, value, project, arguments, cache)
            if parameter.ref.resource == "project" and not parameter.many:
                project = values[parameter.key]
        if EXTRA.name in arguments:
            values[EXTRA.key] = arguments[EXTRA.name]
        if not {"start", "end"}.isdisjoint(values):
            # the platform's default for the other is its own present
            values.setdefault("end", int(self.transport.now()))
            values.setdefault("start", values["end"] - 3600)
            if values["start"] >= values["end"]:
                start, end = iso(values["start"]), iso(values["end"])
                raise InvalidInput(f"{operation.call}: the window is empty: start {start} is not before end {end}")
        return values

    def check_writable(self, operation: Operation) -> None:
        """Raise `ReadOnlyError` where an operation changes something and the client must not."""
        if self.read_only and operation.effect != "read":
            raise ReadOnlyError(f"{operation.name} changes something ({operation.effect}); {self.read_only_because}")

    def _ids(
        self,
        parameter: Parameter,
        value: Any,
        project: str | None,
        arguments: Mapping[str, Any],
        cache: CacheHit,
    ) -> Any:
        assert parameter.ref is not None
        if value is None and parameter.nullable:
            return None
        resource = parameter.ref.resource
        where = f"project {arguments.get('project')!r}" if resource in IN_PROJECT else ""
        if not parameter.many:
            id = self.names.id_of(resource, value, project, where, cache)
            return int(id) if resource == "installation" and parameter.location == "body" else id
        return [self.names.id_of(resource, item, project, where, cache) for item in names_or_ids(parameter.name, value)]

    # --- answers ------------------------------------------------------------------------------------------------------

    def _answer(self, operation: Operation, values: dict[str, Any], arguments: Mapping[str, Any]) -> Any:
        answer = operation.answer
        if isinstance(answer, Text):
            payload = decode_json(operation, self.send(operation, values))
            return payload if isinstance(payload, str) else "" if payload is None else redacted_json(payload)
        if isinstance(answer, TextOrId):
            payload = decode_json(operation, self.send(operation, values))
            id = payload.get("id") if isinstance(payload, dict) else None
            message = payload if isinstance(payload, str) else None
            return pd.Series({"id": id, "message": message}, dtype=object)
        if isinstance(answer, LogText):
            return self.log(operation, values, arguments)
        if isinstance(answer, Record):
            return record_of(self.record_frame(operation, values))
        return self.table(operation, values, arguments)

    def log(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        arguments: Mapping[str, Any],
        *,
        warn_of_cut: bool = True,
    ) -> pd.DataFrame:
        """Return a runtime log as a frame: `attrs["cut"]` says why it may lack lines, where it may.

        `warn_of_cut=False`: no warning, for whoever reads on and shows the gap.
        """
        now = self.transport.now()
        frame = runtime_log_frame(self.log_text(operation, values))
        cut = cut_by(frame, values.get("since_seconds", DEFAULT_SECONDS), now)
        self.with_attrs(frame, operation, arguments, complete=cut is None, more={"cut": cut} if cut else None)
        if cut and warn_of_cut:
            warn(f"{operation.call}: the log may lack lines: {cut}", IncompleteWarning)
        return frame

    def runtime_log(
        self, project: str, place: str, since_seconds: int, *, of: Literal["environment", "deployment"] = "environment"
    ) -> pd.DataFrame:
        """Return lines by ids; where they were cut off, `attrs["complete"]` says so without a warning."""
        operation = contract.find("GetProjectEnvironmentLogs" if of == "environment" else "GetDeploymentLogs")
        arguments = {"project": project, of: place, "since_seconds": since_seconds}
        return self.with_ids(
            operation, arguments, lambda values: self.log(operation, values, arguments, warn_of_cut=False)
        )

    def record_frame(self, operation: Operation, values: Mapping[str, Any]) -> pd.DataFrame:
        """Return the one row of an operation that gives one resource."""
        builder = Builder(reader(operation).of)
        reader(operation).read(self.send(operation, values)).into(builder)
        return builder.frame()

    def table(self, operation: Operation, values: Mapping[str, Any], arguments: Mapping[str, Any]) -> pd.DataFrame:
        """Return all rows of a list as a frame whose `attrs` say what was asked and whether it is complete."""
        limit = arguments.get("limit", msgspec.UNSET)
        result = self._list(operation, values, None if limit is msgspec.UNSET else limit)
        if operation.name in ("ListProjectEnvironments", "ListDeployments"):
            newest = map(decode_row, result.rows.items()[:NEWEST])
            self.known.learn(operation.name, values.get("project_id"), (row for row in newest if isinstance(row, dict)))
        builder = Builder(reader(operation).of)
        result.rows.into(builder)
        attrs = result.rows.attrs
        frame = builder.frame()
        self.seen.learn_frame(operation.name, values.get("project_id"), frame)
        cut: str | None = None
        if operation.name == "GetBuildLogs":
            frame = build_log_frame(frame)
            if cut := cut_build(frame):
                attrs = {**attrs, "cut": cut}
        complete = result.complete and not attrs.get("truncated") and not cut
        if result.total is not None:
            attrs = {**attrs, "total": result.total}
        self.with_attrs(frame, operation, arguments, complete=complete, more=attrs)
        if cut:
            warn(f"{operation.call}: the log may lack lines: {cut}", IncompleteWarning)
        elif not complete:
            _warn_of_missing_rows(operation, len(frame), result.total)
        return frame

    def _list(self, operation: Operation, values: Mapping[str, Any], limit: Any = None) -> ListResult:
        try:
            return self.lists.read(operation, values, limit)
        except NotFound:
            if operation.name != "ListAPIKeys":
                raise
            return ListResult(DecodedRows(), True, 0)  # the platform says 404 where there are no keys

    def log_text(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """Return the text of a runtime log."""
        payload = decode_json(operation, self.send(operation, values))
        if isinstance(payload, list) and all(isinstance(line, str) for line in payload):
            return "\n".join(payload)
        if payload is not None and not isinstance(payload, str):
            raise unexpected_payload(operation, "a text", payload)
        return payload or ""

    def warn_of_future(self, operation: Operation, start: float) -> bool:
        """Return whether a window from `start` on lies wholly in the other side's future, with a warning if so.

        To be asked after an answer, which has told the time there.
        """
        now = self.transport.now()
        if start <= now + CLOCK_TOLERANCE:
            return False
        warn(
            f"{operation.call}: the window begins at {iso(int(start))}, which is in "
            f"the future: the time there is {iso(int(now))} (client.now), and start='-1h' is counted from it",
            ClockWarning,
        )
        return True

    # --- attributes of frames -----------------------------------------------------------------------------------------

    def with_attrs(
        self,
        frame: pd.DataFrame,
        operation: Operation,
        arguments: Mapping[str, Any],
        *,
        complete: bool = True,
        more: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return the same frame with what was asked, where and when in its `attrs`."""
        sent = {
            name: value if isinstance(value, str | int | float | bool) or value is None else str(value)
            for name, value in arguments.items()
            if value is not msgspec.UNSET and value is not None
        }
        frame.attrs |= {
            **self.provenance(operation.name),
            "asked": sent,
            "complete": complete,
            **{name: value for name, value in (more or {}).items() if name not in _RESERVED_ATTRS},
        }
        return frame

    def provenance(self, operation: str) -> dict[str, Any]:
        """Return where a frame comes from, for its `attrs`: operation, time of the other side, account."""
        return {"operation": operation, "at": iso(int(self.transport.now())), "where": self.where}

    # --- several at a time --------------------------------------------------------------------------------------------

    def map_concurrently(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Call `work` on each item, as many at a time as the client may; results in order."""
        return map_concurrently(work, items, self.concurrency)


def _without_figures(answer: Any) -> Any:
    """Replace figures of a time that has not come with NA: its zeros are no counts."""
    if isinstance(answer, pd.DataFrame):
        answer.attrs["complete"] = False
        return answer
    return answer.map(lambda _: pd.NA).astype(object) if isinstance(answer, pd.Series) else answer


def _warn_of_missing_rows(operation: Operation, rows: int, total: int | None) -> None:
    totals = "" if total in (None, rows) else f"{rows:,} came, and the platform says {str(total)[:20]}; "
    warn(
        f"{operation.call}: the list may lack rows: {totals}rows moved while it was read, it was cut short, or its "
        'total is wrong; attrs["complete"] is False',
        IncompleteWarning,
    )
