"""What a runbook is asked for, checked before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from createos_nb.api import find
from createos_nb.errors import InvalidInput
from createos_nb.nouns.values import ready
from createos_nb.plans.gate import ReleaseGate, every_of
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.gate import Gate


def value_of(client: Client, operation: str, name: str, value: Any) -> Any:
    """A value as the operation takes it. Raises `InvalidInput`, naming the limit."""
    found = find(operation)
    return ready(found, found.by_key[name], value, client.clock.now)


def paths_of(paths: str | Sequence[str]) -> list[str]:
    """Paths to ask for; one may be given as it is. Raises `InvalidInput`."""
    found = [paths] if isinstance(paths, str) else list(paths)
    if not found or not all(isinstance(path, str) and path.startswith("/") for path in found):
        raise InvalidInput(f"paths: each begins with a slash, such as '/', not {paths!r}")
    return found


def stages_of(stages: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Pairs of requests and seconds. Raises `InvalidInput`."""
    try:
        pairs = [(requests, seconds) for requests, seconds in stages]
    except (TypeError, ValueError):
        raise InvalidInput(f"stages: pairs of requests and seconds, such as [(30, 60)], not {stages!r}") from None
    if not pairs:
        raise InvalidInput("stages: give at least one pair of requests and seconds, such as (30, 60)")
    return [pace_of(requests, seconds) for requests, seconds in pairs]


def pace_of(requests: Any, seconds: Any) -> tuple[int, float]:
    """So many requests in so many seconds. Raises `InvalidInput`."""
    whole = isinstance(requests, int | np.integer) and not isinstance(requests, bool) and requests >= 1
    if not whole:
        raise InvalidInput(f"requests: a whole number of at least 1, not {requests!r}")
    length = parse_duration(seconds, "seconds")
    if not length > 0:
        raise InvalidInput(f"seconds: more than 0, not {seconds!r}")
    return int(requests), length


def gate_of(gate: Gate | None) -> Gate:
    """The gate, or the one that ships. Raises `InvalidInput`."""
    if gate is None:
        return ReleaseGate()
    if not isinstance(gate, ReleaseGate) and not callable(gate):
        raise InvalidInput(
            "gate: a ReleaseGate, a ServerErrorRate, or a callable from two traffic frames to a verdict, not a "
            f"{type(gate).__name__}"
        )
    every_of(gate)
    return gate
