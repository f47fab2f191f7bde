"""Faults of the API on demand: what clients have to bear, by operation, probability or count, with a seed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from createos_nb.contract import find
from createos_nb.contract.operation import Operation
from createos_nb.errors import InvalidInput
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import JSON, SIMULATED, Response, encode, failure, rate_limited
from createos_nb.simulator.ids import number_of
from createos_nb.simulator.platform.access import user_of
from createos_nb.simulator.platform.dispatch import Dispatch
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.world import moving_rows

FaultKind = Literal[
    "latency",
    "rate-limit",
    "quota",
    "error",
    "refused",
    "drop-before",
    "drop-after",
    "cut",
    "html",
    "failure-200",
    "moving-rows",
    "clock-skew",
]
_MILLION: Final = 1_000_000
_PAGE: Final = (
    b"<html><head><title>%d</title></head><body><h1>The gateway could not reach its server</h1></body></html>"
)


class Fault(Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """One fault.

    Attributes:
        what: one of
            latency: the answer takes `seconds` (in the world's time);
            rate-limit: 429 with `Retry-After: seconds`; nothing is applied;
            quota: 429 without `Retry-After`; nothing is applied;
            error: `status` (a 5xx) with a reason; nothing is applied;
            refused: the connection is never made (a served world, which is there, breaks it: drop-before);
            drop-before: the connection breaks before the request was applied;
            drop-after: the request is applied, and the connection breaks before the answer;
            cut: the request is applied, and half of the answer's body comes;
            html: a proxy's page with `status` in place of an answer; nothing is applied;
            failure-200: HTTP 200 whose body says that it failed; nothing is applied;
            moving-rows: before each further page of a list a row arrives before the others, or one that had goes;
            clock-skew: the client's clock goes `seconds` ahead of the platform's (behind, if negative).
        operations: names of operations, or "read" or "write" for all that do so; empty: all.
        probability: of each request that it could strike, 0 to 1.
        count: at most so often; None: no limit.
        skip: so many requests that it could strike are spared first.
        seconds: see above.
        status: see above.
    """

    what: FaultKind
    operations: tuple[str, ...] = ()
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    count: Annotated[int, Meta(ge=0)] | None = None
    skip: Annotated[int, Meta(ge=0)] = 0
    seconds: float = 5.0
    status: Annotated[int, Meta(ge=200, le=599)] = 503

    def strikes(self, operation: Operation) -> bool:
        """Return whether it concerns an operation."""
        if not self.operations:
            return True
        kind = "read" if operation.effect == "read" else "write"
        return operation.name in self.operations or kind in self.operations


class ConnectionBroken(Exception):
    """The connection breaks; whoever carries the answer has to break it.

    Attributes:
        what: "refused", "drop-before" or "drop-after".
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def checked(fault: Fault) -> Fault:
    """A fault whose values are in range and whose operations exist. Raises `InvalidInput`."""
    try:
        converted = msgspec.convert(msgspec.to_builtins(fault), Fault)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"fault: {error}") from None
    names = [name if name in ("read", "write") else find(name).name for name in converted.operations]
    return msgspec.structs.replace(converted, operations=tuple(names))


def chosen_faults(
    faults: Iterable[Fault], *, what: FaultKind | None, operations: Sequence[str], **fields: Any
) -> list[Fault]:
    """Return the given faults, and one more where `what` is one; all checked. Raises `InvalidInput`, also for none."""
    chosen = list(faults)
    if what is not None:
        chosen.append(Fault(what=what, operations=tuple(operations), **fields))
    if not chosen:
        raise InvalidInput("no fault given: such as what='error', operations=['ListProjects']")
    return [checked(fault) for fault in chosen]


def read_faults(file: str | Path) -> list[Fault]:
    """Faults of a TOML file: a table `[[faults]]` for each. Raises `InvalidInput`, `OSError`."""
    path = Path(file)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return [checked(fault) for fault in msgspec.convert(data.get("faults", []), list[Fault])]
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InvalidInput(f"faults {path.name}: {error}") from None


class FaultInjector:
    """Injects the active faults of a world into its answers.

    Attributes:
        context: the world.
        active: whether there is any fault.
    """

    def __init__(self, context: WorldContext, dispatch: Dispatch) -> None:
        self.context, self._dispatch = context, dispatch
        self._faults: list[Faults] = []
        self.active = False

    def add(self, faults: Faults) -> None:
        """Activate faults."""
        if faults not in self._faults:
            self._faults.append(faults)
        self._update()

    def remove(self, faults: Faults) -> None:
        """Deactivate faults."""
        if faults in self._faults:
            self._faults.remove(faults)
        self._update()

    def has(self, faults: Faults) -> bool:
        """Return whether faults are active."""
        return faults in self._faults

    def clear(self) -> None:
        """Deactivate all faults."""
        self._faults.clear()
        self._update()

    def _update(self) -> None:
        self.active = bool(self._faults)
        skews = [fault.seconds for faults in self._faults for fault in faults.faults if fault.what == "clock-skew"]
        self.context.clock.skew = sum(skews)

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer a request, with the faults that strike it."""
        dispatch = self._dispatch
        try:
            operation, ids = dispatch.route("GET" if method == "HEAD" else method, path)
        except HttpError:
            return dispatch.answer(method, path, query, headers, body)
        after: list[Fault] = []
        for faults in self._faults:
            for fault in faults.striking(operation):
                self.context.record("fault injected", text=f"{fault.what}: {operation.name}")
                user = user_of(self.context, headers, needed=False)
                response = self._before(fault, operation, user, ids, query)
                if response is not None:
                    return response
                after.append(fault)
        response = dispatch.answer(method, path, query, headers, body)
        for fault in after:
            if fault.what == "drop-after":
                raise ConnectionBroken(fault.what)
            if fault.what == "cut":
                response = Response(response.status, response.headers, response.body[: len(response.body) // 2])
        return response

    def _before(
        self, fault: Fault, operation: Operation, user: str, ids: tuple[str, ...], query: str
    ) -> Response | None:
        context = self.context
        wait = str(max(round(fault.seconds), 0))
        if fault.what in ("refused", "drop-before"):
            raise ConnectionBroken(fault.what)
        if fault.what == "latency":
            context.move(round(fault.seconds * SECOND))
        elif fault.what == "rate-limit":
            return rate_limited("too many requests", (("retry-after", wait),))
        elif fault.what == "quota":
            return failure(context.dialect, 429, "quota exceeded")
        elif fault.what == "error":
            return failure(context.dialect, fault.status, "the platform could not do this now")
        elif fault.what == "html":
            return Response(fault.status, (("content-type", "text/html"), SIMULATED), _PAGE % fault.status)
        elif fault.what == "failure-200":
            text = "the platform could not do this now"
            return Response(200, JSON, encode({"status": "fail", "data": text, "message": text}))
        elif fault.what == "moving-rows":
            moving_rows.move_rows(context, operation, user, ids, query)
        return None


class Faults:
    """Faults that are there while a `with` block runs, or from `start` to `stop`.

    Attributes:
        faults: which.
        injected: how often each has struck, by its place in `faults`.
    """

    def __init__(self, injector: FaultInjector, faults: Sequence[Fault], seed: int) -> None:
        self._injector, self._seed = injector, seed
        self.faults = list(faults)
        self.injected = [0] * len(self.faults)
        self._met = [0] * len(self.faults)

    @property
    def active(self) -> bool:
        """Whether they strike."""
        return self._injector.has(self)

    def start(self) -> Faults:
        """Let them strike.

        Returns:
            These faults.

        Examples:
            >>> client = createos_nb.simulate()
            >>> faults = client.world.faults(what="error", count=1).start()
            >>> len(client.projects.list()), faults.injected
            (8, [1])
            >>> faults.stop()
        """
        with self._injector.context.lock:
            self._injector.add(self)
        return self

    def stop(self) -> None:
        """Let them strike no more.

        Examples:
            >>> client = createos_nb.simulate()
            >>> faults = client.world.faults(what="error").start()
            >>> faults.stop()
            >>> len(client.projects.list()), faults.injected
            (8, [0])
        """
        with self._injector.context.lock:
            self._injector.remove(self)

    def __enter__(self) -> Faults:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def striking(self, operation: Operation) -> list[Fault]:
        """Return the faults that strike this request, and count them.

        Args:
            operation: the operation that it asks for.

        Returns:
            The faults, in their order.

        Examples:
            >>> from createos_nb.contract import find
            >>> faults = createos_nb.simulate().world.faults(what="error", operations=["write"])
            >>> [len(faults.striking(find(name))) for name in ("ListProjects", "DeleteProject")]
            [0, 1]
        """
        struck = []
        for place, fault in enumerate(self.faults):
            if fault.what == "clock-skew" or not fault.strikes(operation):
                continue
            count = self._met[place]
            self._met[place] += 1
            if count < fault.skip or (fault.count is not None and self.injected[place] >= fault.count):
                continue
            if number_of(_MILLION, self._seed, "fault", place, count) < round(fault.probability * _MILLION):
                self.injected[place] += 1
                struck.append(fault)
        return struck
