"""Which function serves which operation, and what a function is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar, overload

from msgspec import Struct

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import Operation
from createos_nb.contract.row import Row
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.validation import Body, QueryValues

B = TypeVar("B")
S = TypeVar("S", bound=Struct)


@dataclass(slots=True)
class Call:
    """One request, understood and checked against its declaration.

    Attributes:
        operation: what is asked for.
        user: id of who asks; empty where the operation needs no key and none came.
        ids: values of the path, in their order.
        query: checked values by their wire name in snake_case; what was not sent is missing.
        content: the body as it came.
        headers: by their name in lower case.
    """

    operation: Operation
    user: str
    ids: tuple[str, ...]
    query: QueryValues
    content: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class BodyCall(Call, Generic[B]):
    """A request with a body, which is checked: a struct with `UNSET` where a parameter was not sent."""

    body: B


#: What a handler returns: a row, rows or a sentence; or what is JSON already.
Payload: TypeAlias = bytes | str | Row | Sequence[Row]

Handler: TypeAlias = Callable[[WorldContext, BodyCall[B]], Payload]


@dataclass(slots=True, frozen=True)
class Service(Generic[B]):
    """The handler of an operation, and the reader of its body.

    Attributes:
        handler: gives the answer.
        read: makes the body that the handler is given from the body as it came. Refuses a wrong one (400).
        body: type of the body; None where there is none.
    """

    handler: Handler[B]
    read: Callable[[bytes], B]
    body: type[B] | None


#: By the platform's name of the operation; each reads bodies of a type of its own.
SERVICES: dict[str, Service[Any]] = {}


@overload
def serves(name: str) -> Callable[[Handler[None]], Handler[None]]: ...


@overload
def serves(name: str, body: type[S]) -> Callable[[Handler[S]], Handler[S]]: ...


def serves(name: str, body: type[S] | None = None) -> Callable[[Handler[Any]], Handler[Any]]:
    """Register the function that serves an operation; a name that is not declared is an error at import.

    `body`: a struct of the parameters in the operation's body, by their wire name in snake_case, for checkers of types;
    requests are checked against the contract.
    """
    if name not in OPERATIONS:
        raise TypeError(
            f"no operation {name} is declared in createos_nb/contract, or its resource is not exported there"
        )
    operation = OPERATIONS[name]
    read = _no_body if body is None else _reader(operation, body)

    def register(handler: Handler[Any]) -> Handler[Any]:
        if SERVICES.setdefault(name, Service(handler, read, body)).handler is not handler:
            raise TypeError(f"{name} is served twice")
        return handler

    return register


def _no_body(content: bytes) -> None:
    """Pass over what came where no body is declared."""


def _reader(operation: Operation, kind: type[S]) -> Callable[[bytes], S]:
    @cache
    def body() -> Body[S]:
        return Body(operation, kind)

    return lambda content: body().read(content)
