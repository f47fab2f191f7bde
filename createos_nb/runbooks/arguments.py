"""Validation of a runbook's arguments, before anything is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from createos_nb.client import arguments
from createos_nb.contract import find
from createos_nb.errors import InvalidInput
from createos_nb.plans.gates import ReleaseGate, ScanGate, interval_of
from createos_nb.redaction import MASK, Secret
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.gates import Gate, Gates

_NAME: Final = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def validate(client: Client, operation: str, name: str, value: Any) -> Any:
    """Return a value as the operation takes it. Raises `InvalidInput`, naming the limit."""
    declared = find(operation)
    return arguments.validate(declared, declared.by_key[name], value, client.clock.now)


def validate_paths(paths: str | Sequence[str]) -> list[str]:
    """Return the paths to request; one may be given as it is. Raises `InvalidInput`."""
    listed = [paths] if isinstance(paths, str) else list(paths)
    if not listed or not all(isinstance(path, str) and path.startswith("/") for path in listed):
        raise InvalidInput(f"paths: each begins with a slash, such as '/', not {paths!r}")
    return listed


def validate_stages(stages: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return pairs of requests and seconds. Raises `InvalidInput`."""
    try:
        pairs = [(requests, seconds) for requests, seconds in stages]
    except (TypeError, ValueError):
        raise InvalidInput(f"stages: pairs of requests and seconds, such as [(30, 60)], not {stages!r}") from None
    if not pairs:
        raise InvalidInput("stages: give at least one pair of requests and seconds, such as (30, 60)")
    return [validate_pace(requests, seconds) for requests, seconds in pairs]


def validate_pace(requests: Any, seconds: Any) -> tuple[int, float]:
    """Return so many requests in so many seconds. Raises `InvalidInput`."""
    whole = isinstance(requests, int | np.integer) and not isinstance(requests, bool) and requests >= 1
    if not whole:
        raise InvalidInput(f"requests: a whole number of at least 1, not {requests!r}")
    length = parse_duration(seconds, "seconds")
    if not length > 0:
        raise InvalidInput(f"seconds: more than 0, not {seconds!r}")
    return int(requests), length


def validate_gate(gate: Gate | None) -> Gate:
    """Return the gate of traffic, or the default one. Raises `InvalidInput`."""
    if gate is None:
        return ReleaseGate()
    if not isinstance(gate, ReleaseGate) and not callable(gate):
        raise InvalidInput(
            "gate: a ReleaseGate, a ServerErrorRate, gates.scan(), or a callable from two traffic frames to a verdict, "
            f"not a {type(gate).__name__}"
        )
    interval_of(gate)
    return gate


def validate_gates(gate: Gates | None) -> tuple[ScanGate | None, Gate]:
    """Return the gate of the scan, if one is given, and that of traffic, or the default one. Raises `InvalidInput`."""
    given: list[Any] = list(gate) if isinstance(gate, list | tuple) else [] if gate is None else [gate]
    scans = [one for one in given if isinstance(one, ScanGate)]
    others = [one for one in given if not isinstance(one, ScanGate)]
    if len(scans) > 1 or len(others) > 1:
        raise InvalidInput("gate: at most one gate of the scan, and one of traffic")
    return (scans[0] if scans else None), validate_gate(others[0] if others else None)


def validate_variables(
    variables: Mapping[str, str | Secret | None], argument: str = "variables"
) -> dict[str, Secret | None]:
    """Return the values of variables by name, masked; None deletes one. Raises `InvalidInput`."""
    if not isinstance(variables, Mapping):
        raise InvalidInput(f"{argument}: a mapping from name to text, not a {type(variables).__name__}")
    validated: dict[str, Secret | None] = {}
    for name, value in variables.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise InvalidInput(f"{argument}: {name!r} is no name: letters, digits and _, no digit first")
        if value is not None and not isinstance(value, str | Secret):
            raise InvalidInput(f"{argument}: the value of {name} must be text or None, not a {type(value).__name__}")
        if value is not None and value == MASK:
            raise InvalidInput(f"{argument}: {name} holds the dots of a masked value: give the value itself")
        validated[name] = None if value is None else Secret(value)
    return validated
