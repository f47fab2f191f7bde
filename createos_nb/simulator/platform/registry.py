"""Which function serves which operation, and what a function is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import Operation
from createos_nb.simulator.context import WorldContext


@dataclass(slots=True)
class Call:
    """One request, understood and checked against its declaration.

    Attributes:
        operation: what is asked for.
        user: id of who asks; empty where the operation needs no key and none came.
        ids: values of the path, in their order.
        query: checked values by their wire name in snake_case; what was not sent is missing.
        body: a struct with the declared parameters by their wire name in snake_case, `UNSET` where not sent.
        content: the body as it came.
        headers: by their name in lower case.
    """

    operation: Operation
    user: str
    ids: tuple[str, ...]
    query: Mapping[str, Any]
    body: Any
    content: bytes
    headers: Mapping[str, str]


#: What a handler returns: JSON that is encoded already, or what is to be encoded.
Payload: TypeAlias = bytes | str | dict[str, Any] | list[dict[str, Any]]

Handler = Callable[[WorldContext, Call], Payload]

HANDLERS: dict[str, Handler] = {}


def serves(name: str) -> Callable[[Handler], Handler]:
    """Register the function that serves an operation; a name that is not declared is an error at import."""
    OPERATIONS[name]

    def register(handler: Handler) -> Handler:
        if HANDLERS.setdefault(name, handler) is not handler:
            raise TypeError(f"{name} is served twice")
        return handler

    return register
