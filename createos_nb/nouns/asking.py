"""How an operation is carried out: names resolved, values checked, all pages read, the answer made a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pandas as pd

from createos_nb import api
from createos_nb.errors import ClockWarning, IncompleteWarning, InvalidInput, NotFound, ReadOnlyError, warn
from createos_nb.frames import Builder, build_log_frame, reader, record_of, runtime_log_frame
from createos_nb.frames.log_reach import DEFAULT_SECONDS, cut_build, cut_by
from createos_nb.frames.read import Rowset, plain, unlike
from createos_nb.mending import Payload
from createos_nb.nouns.lists import Listed, Lists, decoded
from createos_nb.nouns.names import IN_PROJECT, Names, Remembered, several
from createos_nb.nouns.patterns import warn_of_patterns
from createos_nb.nouns.values import ready
from createos_nb.operation import LogText, Operation, Parameter, Record, Text, TextOrId
from createos_nb.process import OfThisProcess
from createos_nb.secret import legible
from createos_nb.times import iso
from createos_nb.wire.pages import spread
from createos_nb.wire.request import build
from createos_nb.wire.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds by which clocks may differ without a word: the time in an answer is a whole second.
APART: Final = 2.0
#: What a frame says of itself, which no answer of the platform can overwrite.
_OWN: Final = frozenset({"operation", "asked", "at", "where", "complete"})


class Asking(OfThisProcess):
    """Carries operations out over a transport, for the nouns and for the wire level alike."""

    def __init__(self, transport: Transport, *, read_only: bool, concurrency: int, where: Callable[[], str]) -> None:
        self.transport, self.read_only, self.concurrency, self.where = transport, read_only, concurrency, where
        self.lists = Lists(self.send, transport, concurrency)
        self.names = Names(self.rows, self.deployments_page)
        # what answers have taught of the platform, in seconds
        self.bucket_seconds: int | None = None
        self.longest_window: int | None = None

    # --- the wire level -----------------------------------------------------------------------------------------------

    def send(self, operation: Operation, values: Mapping[str, Any]) -> Payload:
        """One request with the wire's values; the JSON of its payload."""
        if self.read_only and operation.effect != "read":
            raise ReadOnlyError(
                f"{operation.name} changes something ({operation.effect}); this client was opened with read_only=True"
            )
        request = build(operation, values)
        if operation.effect != "read":
            warn_of_patterns(operation, values)
        return self.transport.send(request)

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        """One request by the platform's name; the decoded payload, secrets masked."""
        operation = api.find(name)
        return plain(operation, self.send(operation, values))

    def rows(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """All rows of a list as decoded JSON."""
        self.transport.owner.check()
        operation = api.find(name)
        found = self._listed(operation, values)
        if not found.complete:
            _may_lack_rows(operation, len(found.rows), found.total)
        return [row for row in map(decoded, found.rows.items()) if isinstance(row, dict)]

    def deployments_page(self, project: str, offset: int) -> tuple[list[dict[str, Any]], int]:
        """One page of deployments and how many there are."""
        operation = api.find("ListDeployments")
        data = self.send(operation, {"project_id": project, "limit": 20, "offset": offset})
        found = reader(operation).read(data)
        rows = [row for row in map(decoded, found.items()) if isinstance(row, dict)]
        return rows, offset + len(found) if found.total is None else found.total

    # --- the nouns ----------------------------------------------------------------------------------------------------

    def perform(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """An operation with the noun's arguments: a frame, a Series, or the platform's sentence."""

        def run(values: dict[str, Any]) -> Any:
            found = self._answer(operation, values, arguments)
            if "start" in values and self.to_come(operation, values["start"]):
                return _not_yet(found)
            return found

        return self.attempt(operation, arguments, run)

    def attempt(self, operation: Operation, arguments: Mapping[str, Any], run: Callable[[dict[str, Any]], Any]) -> Any:
        """`run` with wire values; once more after a 404 if a remembered name has gone stale."""
        self.transport.owner.check()  # before any lock is waited for, which in a forked child nobody may ever release
        if self.read_only and operation.effect != "read":
            self.send(operation, {})
        values: dict[str, Any] = {}
        remembered = Remembered()
        try:
            values = self.resolved(operation, arguments, remembered)
            found = run(values)
        except NotFound:  # also in the look-up of an environment, where it is the project that is stale
            if not remembered.any:
                raise
            self.names.forget()
            again = self.resolved(operation, arguments)
            if again == values:
                raise
            found = run(again)
        if operation.effect != "read" and not {"name", "unique_name"}.isdisjoint(arguments):
            self.names.forget(operation.noun.removesuffix("s"))  # a name has come, or changed its owner
        return found

    def resolved(
        self, operation: Operation, arguments: Mapping[str, Any], remembered: Remembered | None = None
    ) -> dict[str, Any]:
        """The arguments as wire values, names replaced by ids; `remembered` is told of ids that come from memory."""
        values: dict[str, Any] = {}
        remembered = remembered or Remembered()
        project: str | None = None
        for parameter in operation.parameters:
            value = arguments.get(parameter.name, msgspec.UNSET)
            if value is msgspec.UNSET or parameter.name in ("limit", "offset", "page", "per_page"):
                continue
            if parameter.ref is None:
                values[parameter.key] = ready(operation, parameter, value, self.transport.now)
                continue
            values[parameter.key] = self._ids(parameter, value, project, arguments, remembered)
            if parameter.ref.noun == "project" and not parameter.many:
                project = values[parameter.key]
        if not {"start", "end"}.isdisjoint(values):
            # the platform's default for the other is its own present
            values.setdefault("end", int(self.transport.now()))
            values.setdefault("start", values["end"] - 3600)
            if values["start"] >= values["end"]:
                start, end = iso(values["start"]), iso(values["end"])
                raise InvalidInput(f"{operation.call}: the window is empty: start {start} is not before end {end}")
        return values

    def _ids(
        self,
        parameter: Parameter,
        value: Any,
        project: str | None,
        arguments: Mapping[str, Any],
        remembered: Remembered,
    ) -> Any:
        assert parameter.ref is not None
        if value is None and parameter.nullable:
            return None
        noun = parameter.ref.noun
        where = f"project {arguments.get('project')!r}" if noun in IN_PROJECT else ""
        if not parameter.many:
            found = self.names.id_of(noun, value, project, where, remembered)
            return int(found) if noun == "installation" and parameter.place == "body" else found
        return [self.names.id_of(noun, one, project, where, remembered) for one in several(parameter.name, value)]

    def _answer(self, operation: Operation, values: dict[str, Any], arguments: Mapping[str, Any]) -> Any:
        answer = operation.answer
        if isinstance(answer, Text):
            said = plain(operation, self.send(operation, values))
            return said if isinstance(said, str) else "" if said is None else legible(said)
        if isinstance(answer, TextOrId):
            said = plain(operation, self.send(operation, values))
            made = said.get("id") if isinstance(said, dict) else None
            message = said if isinstance(said, str) else None
            return pd.Series({"id": made, "message": message}, dtype=object)
        if isinstance(answer, LogText):
            return self.log(operation, values, arguments)
        if isinstance(answer, Record):
            return record_of(self.record_frame(operation, values))
        return self.table(operation, values, arguments)

    def log(
        self, operation: Operation, values: Mapping[str, Any], arguments: Mapping[str, Any], *, tell: bool = True
    ) -> pd.DataFrame:
        """A runtime log as a frame, beside what was asked: `attrs["cut"]` says why it may lack lines.

        `tell=False`: no warning, for whoever reads on and shows the gap.
        """
        now = self.transport.now()
        frame = runtime_log_frame(self._log_text(operation, values))
        cut = cut_by(frame, values.get("since_seconds", DEFAULT_SECONDS), now)
        self.noted(frame, operation, arguments, complete=cut is None, more={"cut": cut} if cut else None)
        if cut and tell:
            warn(f"{operation.call}: the log may lack lines: {cut}", IncompleteWarning)
        return frame

    def record_frame(self, operation: Operation, values: Mapping[str, Any]) -> pd.DataFrame:
        """The one row of an operation that gives one resource."""
        builder = Builder(reader(operation).of)
        reader(operation).read(self.send(operation, values)).into(builder)
        return builder.frame()

    def table(self, operation: Operation, values: Mapping[str, Any], arguments: Mapping[str, Any]) -> pd.DataFrame:
        """All rows of a list as a frame that says what was asked and whether it is complete."""
        limit = arguments.get("limit", msgspec.UNSET)
        found = self._listed(operation, values, None if limit is msgspec.UNSET else limit)
        builder = Builder(reader(operation).of)
        found.rows.into(builder)
        attrs = found.rows.attrs
        frame = builder.frame()
        cut: str | None = None
        if operation.name == "GetBuildLogs":
            frame = build_log_frame(frame)
            if cut := cut_build(frame):
                attrs = {**attrs, "cut": cut}
        complete = found.complete and not attrs.get("truncated") and not cut
        if found.total is not None:
            attrs = {**attrs, "total": found.total}
        self.noted(frame, operation, arguments, complete=complete, more=attrs)
        if cut:
            warn(f"{operation.call}: the log may lack lines: {cut}", IncompleteWarning)
        elif not complete:
            _may_lack_rows(operation, len(frame), found.total)
        return frame

    def _listed(self, operation: Operation, values: Mapping[str, Any], limit: Any = None) -> Listed:
        try:
            return self.lists.read(operation, values, limit)
        except NotFound:
            if operation.name != "ListAPIKeys":
                raise
            return Listed(Rowset(), True, 0)  # the platform says 404 where there are no keys

    def _log_text(self, operation: Operation, values: Mapping[str, Any]) -> str:
        said = plain(operation, self.send(operation, values))
        if isinstance(said, list) and all(isinstance(line, str) for line in said):
            return "\n".join(said)
        if said is not None and not isinstance(said, str):
            raise unlike(operation, "a text", said)
        return said or ""

    def to_come(self, operation: Operation, start: float) -> bool:
        """Whether a window from `start` on lies wholly in the other side's future; then a warning says so.

        To be asked after an answer, which has told the time there.
        """
        now = self.transport.now()
        if start <= now + APART:
            return False
        warn(
            f"{operation.call}: the window begins at {iso(int(start))}, and there it is {iso(int(now))} only: it lies "
            "in the future and has no figures; client.now is the time there, and start='-1h' is counted from it",
            ClockWarning,
        )
        return True

    # --- what a frame says of itself ----------------------------------------------------------------------------------

    def noted(
        self,
        frame: pd.DataFrame,
        operation: Operation,
        arguments: Mapping[str, Any],
        *,
        complete: bool = True,
        more: Mapping[str, Any] | None = None,
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
            "at": iso(int(self.transport.now())),
            "where": self.where(),
            "complete": complete,
            **{name: value for name, value in (more or {}).items() if name not in _OWN},
        }
        return frame

    def gather(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """`work` on each item, several at a time, results in order."""
        return list(spread(work, items, self.concurrency))


def _not_yet(found: Any) -> Any:
    """What was answered about a time that has not come: zeros are no counts of anything."""
    if isinstance(found, pd.DataFrame):
        found.attrs["complete"] = False
        return found
    return found.map(lambda _: pd.NA).astype(object) if isinstance(found, pd.Series) else found


def _may_lack_rows(operation: Operation, rows: int, total: int | None) -> None:
    said = "" if total in (None, rows) else f"{rows:,} came, and the platform says {str(total)[:20]}; "
    warn(
        f"{operation.call}: the list may lack rows: {said}rows moved while it was read, it was cut short, or its total "
        'is wrong; attrs["complete"] is False',
        IncompleteWarning,
    )
