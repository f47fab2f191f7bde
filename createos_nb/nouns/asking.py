"""How an operation is carried out: names resolved, values checked, all pages read, the answer made a frame."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pandas as pd

from createos_nb import api
from createos_nb.api.resources import Resource
from createos_nb.errors import CostWarning, IncompleteWarning, NotFound, ReadOnlyError
from createos_nb.frames import Builder, build_log_frame, reader, record_of, runtime_log_frame
from createos_nb.frames.read import Rowset, plain
from createos_nb.nouns.names import IN_PROJECT, Names
from createos_nb.nouns.values import ready
from createos_nb.operation import LogText, NumberedPage, Operation, Page, Parameter, Record, Text, TextOrId
from createos_nb.progress import progress
from createos_nb.times import iso
from createos_nb.wire.pages import read_all, spread
from createos_nb.wire.request import build
from createos_nb.wire.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG_WAIT: Final = 5.0


class Asking:
    """Carries operations out over a transport, for the nouns and for the wire level alike."""

    def __init__(self, transport: Transport, *, read_only: bool, concurrency: int, where: Callable[[], str]) -> None:
        self.transport, self.read_only, self.concurrency, self.where = transport, read_only, concurrency, where
        self.names = Names(self.rows, self.deployments_page)
        # what answers have taught of the platform, in seconds
        self.bucket_seconds: int | None = None
        self.longest_window: int | None = None

    # --- the wire level -----------------------------------------------------------------------------------------------

    def send(self, operation: Operation, values: Mapping[str, Any]) -> msgspec.Raw | bytes:
        """One request with the wire's values; the JSON of its payload."""
        if self.read_only and operation.effect != "read":
            raise ReadOnlyError(
                f"{operation.name} changes something ({operation.effect}); this client was opened with read_only=True"
            )
        return self.transport.send(build(operation, values))

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        """One request by the platform's name; the decoded payload, secrets masked."""
        return plain(self.send(api.find(name), values))

    def rows(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """All rows of a list as decoded JSON."""
        operation = api.find(name)
        try:
            rowsets, _, _ = self.read_rows(operation, values)
        except NotFound:
            if name == "ListAPIKeys":  # the platform's way to say that there are none
                return []
            raise
        return [_decoded(row) for rowset in rowsets for row in rowset.items()]

    def deployments_page(self, project: str, offset: int) -> tuple[list[dict[str, Any]], int]:
        """One page of deployments and how many there are."""
        found = self.call("ListDeployments", {"project_id": project, "limit": 20, "offset": offset})
        return found["data"], found["pagination"]["total"]

    # --- the nouns ----------------------------------------------------------------------------------------------------

    def perform(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """An operation with the noun's arguments: a frame, a Series, or the platform's sentence."""
        return self.attempt(operation, arguments, lambda values: self._answer(operation, values, arguments))

    def attempt(self, operation: Operation, arguments: Mapping[str, Any], run: Callable[[dict[str, Any]], Any]) -> Any:
        """`run` with wire values; once more after a 404 if a remembered name has gone stale."""
        if self.read_only and operation.effect != "read":
            self.send(operation, {})
        values, remembered = self.resolved(operation, arguments)
        try:
            return run(values)
        except NotFound:
            if not remembered:
                raise
            self.names.forget()
            again, _ = self.resolved(operation, arguments)
            if again == values:
                raise
            return run(again)

    def resolved(self, operation: Operation, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The arguments as wire values, names replaced by ids; and whether an id came from memory."""
        values: dict[str, Any] = {}
        remembered = False
        now = self.transport.clock.now()
        project: str | None = None
        for parameter in operation.parameters:
            value = arguments.get(parameter.name, msgspec.UNSET)
            if value is msgspec.UNSET or parameter.name in ("limit", "offset", "page", "per_page"):
                continue
            if parameter.ref is None:
                values[parameter.key] = ready(operation, parameter, value, now)
                continue
            values[parameter.key], memory = self._ids(parameter, value, project, arguments)
            remembered |= memory
            if parameter.ref.noun == "project" and not parameter.many:
                project = values[parameter.key]
        if ("start" in values) != ("end" in values):  # the platform's default for the other is its own present
            values.setdefault("end", int(now))
            values.setdefault("start", values["end"] - 3600)
        return values, remembered

    def _ids(
        self, parameter: Parameter, value: Any, project: str | None, arguments: Mapping[str, Any]
    ) -> tuple[Any, bool]:
        assert parameter.ref is not None
        if value is None and parameter.nullable:
            return None, False
        noun = parameter.ref.noun
        where = f"project {arguments.get('project')!r}" if noun in IN_PROJECT else ""
        if not parameter.many:
            found, memory = self.names.id_of(noun, value, project, where)
            if noun == "installation" and parameter.place == "body":
                return int(found), memory
            return found, memory
        pairs = [self.names.id_of(noun, one, project, where) for one in ([value] if isinstance(value, str) else value)]
        return [one for one, _ in pairs], any(memory for _, memory in pairs)

    def _answer(self, operation: Operation, values: dict[str, Any], arguments: Mapping[str, Any]) -> Any:
        answer = operation.answer
        if isinstance(answer, Text):
            said = plain(self.send(operation, values))
            return said if isinstance(said, str) else "" if said is None else msgspec.json.encode(said).decode()
        if isinstance(answer, TextOrId):
            said = plain(self.send(operation, values))
            made = said.get("id") if isinstance(said, dict) else None
            message = said if isinstance(said, str) else None
            return pd.Series({"id": made, "message": message}, dtype=object)
        if isinstance(answer, LogText):
            said = plain(self.send(operation, values))
            frame = runtime_log_frame(said if isinstance(said, str) else "")
            return self.noted(frame, operation, arguments)
        if isinstance(answer, Record):
            return record_of(self.record_frame(operation, values))
        return self.table(operation, values, arguments)

    def record_frame(self, operation: Operation, values: Mapping[str, Any]) -> pd.DataFrame:
        """The one row of an operation that gives one resource."""
        builder = Builder(reader(operation).of)
        reader(operation).read(self.send(operation, values)).into(builder)
        return builder.frame()

    def table(self, operation: Operation, values: Mapping[str, Any], arguments: Mapping[str, Any]) -> pd.DataFrame:
        """All rows of a list as a frame that says what was asked and whether it is complete."""
        limit = arguments.get("limit")
        limit = None if limit is msgspec.UNSET else limit
        try:
            rowsets, complete, total = self.read_rows(operation, values, limit)
        except NotFound:
            if operation.name != "ListAPIKeys":
                raise
            rowsets, complete, total = [], True, 0  # the platform says 404 where there are no keys
        builder = Builder(reader(operation).of)
        attrs: dict[str, Any] = {}
        for rowset in rowsets:
            rowset.into(builder)
            attrs |= rowset.attrs
        frame = builder.frame()
        if operation.name == "GetBuildLogs":
            frame = build_log_frame(frame)
        if attrs.get("truncated"):
            complete = False
        if total is not None:
            attrs["total"] = total
        self.noted(frame, operation, arguments, complete=complete, **attrs)
        if not complete and (limit is None or len(frame) < min(limit, total or limit)):
            warnings.warn(
                f"{operation.call}: the list may lack rows (rows moved while it was read, or it was cut short); "
                'attrs["complete"] is False',
                IncompleteWarning,
                stacklevel=6,
            )
        return frame

    def read_rows(
        self, operation: Operation, values: Mapping[str, Any], limit: int | None = None
    ) -> tuple[list[Rowset], bool, int | None]:
        """Answers of all pages of a list; whether they are complete; how many rows the platform says there are."""
        read = reader(operation)
        answer = operation.answer
        if isinstance(answer, Page):
            return self._pages(operation, values, limit, answer.most)
        if isinstance(answer, NumberedPage):
            return self._numbered(operation, values, limit, answer.most)
        return [read.read(self.send(operation, values))], True, None

    def _pages(
        self, operation: Operation, values: Mapping[str, Any], limit: int | None, most: int
    ) -> tuple[list[Rowset], bool, int | None]:
        read = reader(operation)
        told = False

        def fetch(offset: int, size: int) -> tuple[list[Any], int]:
            found = read.read(self.send(operation, {**values, "limit": size, "offset": offset}))
            rows = list(found.items())
            return rows, found.total if found.total is not None else offset + len(rows) + (len(rows) == size)

        with progress(operation.call, self.transport.clock) as tick:

            def on_page(done: int, of_all: int) -> None:
                nonlocal told
                if not told:
                    told = True
                    self._say_cost(operation, of_all - done)
                if tick:
                    tick(done, of_all)

            listing = read_all(fetch, _row_key, page=most, limit=limit, concurrency=self.concurrency, tick=on_page)
        structs = [row for row in listing.rows if isinstance(row, Resource)]
        if len(structs) == len(listing.rows):
            return [Rowset(structs)], listing.complete, listing.total
        raw = [row if isinstance(row, dict) else _decoded(row) for row in listing.rows]
        return [Rowset(raw=raw)], listing.complete, listing.total

    def _numbered(
        self, operation: Operation, values: Mapping[str, Any], limit: int | None, most: int
    ) -> tuple[list[Rowset], bool, int | None]:
        read = reader(operation)
        found: list[Rowset] = []
        rows, number = 0, 1
        while limit is None or rows < limit:
            size = most if limit is None else min(most, limit)
            page = read.read(self.send(operation, {**values, "page": number, "per_page": size}))
            found.append(page)
            rows += len(page)
            number += 1
            if len(page) < size:
                return _first(found, limit), True, rows
        return _first(found, limit), False, None

    def _say_cost(self, operation: Operation, requests: int) -> None:
        limiter = self.transport.limiter
        if limiter and requests > 1 and (seconds := limiter.cost(requests)) > _LONG_WAIT:
            warnings.warn(
                f"{operation.call} takes {requests} more requests, and waits about {seconds:.0f} s for the rate limit",
                CostWarning,
                stacklevel=8,
            )

    # --- what a frame says of itself ----------------------------------------------------------------------------------

    def noted(
        self,
        frame: pd.DataFrame,
        operation: Operation,
        arguments: Mapping[str, Any],
        *,
        complete: bool = True,
        **more: Any,
    ) -> pd.DataFrame:
        """The frame with what was asked, where and when in its `attrs`."""
        asked = {
            name: value if isinstance(value, str | int | float | bool) or value is None else str(value)
            for name, value in arguments.items()
            if value is not msgspec.UNSET and value is not None
        }
        frame.attrs |= {
            "operation": operation.name,
            "asked": asked,
            "at": iso(int(self.transport.clock.now())),
            "where": self.where(),
            "complete": complete,
            **more,
        }
        return frame

    def gather(self, work: Callable[[Any], Any], items: list[Any]) -> list[Any]:
        """`work` on each item, several at a time, results in order."""
        return list(spread(work, items, self.concurrency))


def _row_key(row: Any) -> object:
    if isinstance(row, Resource):
        found = getattr(row, "id", None)
        return found if found is not None else id(row)
    return row.get("id", id(row)) if isinstance(row, dict) else id(row)


def _decoded(row: Any) -> dict[str, Any]:
    """A row as decoded JSON, whichever road it came."""
    return row if isinstance(row, dict) else msgspec.to_builtins(row)


def _first(found: list[Rowset], limit: int | None) -> list[Rowset]:
    if limit is None:
        return found
    kept: list[Rowset] = []
    for rowset in found:
        room = limit - sum(len(one) for one in kept)
        if room <= 0:
            break
        kept.append(Rowset(rowset.rows[:room]) if rowset.raw is None else Rowset(raw=list(rowset.raw)[:room]))
    return kept
