"""Public docstrings teach: a summary, every argument, what comes back, and an example that is run."""

from __future__ import annotations

import doctest
import inspect
import sys
from collections import Counter
from pathlib import Path

import pytest

import createos_nb
from createos_nb.contract.operation import OPERATIONS, Operation
from tests.public_api import Documented, public_api

#: Names, or classes with all they have, whose docstrings lack something, and why.
EXCEPTIONS = {
    "DecodedRows": "what a reader gives to a builder: nobody keeps one",
    "RetryPolicy.wait": "asked by the transport, after each request that failed",
    "ServerClock": "asked by whatever waits; people read client.now",
    "frames.Reader": "asked by the client's session, for each answer",
}
BY_ROOM = {room: [d for d in public_api() if d.room == room] for room in sorted({d.room for d in public_api()})}


def excepted(documented: Documented) -> bool:
    return any(f"{documented.name}.".startswith(f"{name}.") for name in EXCEPTIONS)


def findings(documented: list[Documented]) -> list[str]:
    return [f"{d.name}: {', '.join(d.lacks())}" for d in documented if not excepted(d) and d.lacks()]


@pytest.mark.parametrize("room", BY_ROOM)
def test_public_docstrings_say_what_a_caller_needs(room: str) -> None:
    lacking = findings(BY_ROOM[room])
    assert not lacking, "\n".join([f"{room}: {len(lacking)} of {len(BY_ROOM[room])}", *lacking])


def test_the_public_api_is_found() -> None:
    count = Counter(d.room for d in public_api())
    assert count.total() > 400
    assert {operation.function for operation in OPERATIONS.values()} <= {d.object for d in public_api()}


def test_an_exception_is_needed() -> None:
    for name in EXCEPTIONS:
        assert any(d.lacks() for d in public_api() if f"{d.name}.".startswith(f"{name}.")), f"{name} is complete"


def test_what_a_docstring_lacks_is_found() -> None:
    def function(first: int, *others: int) -> int:
        """Return a sum

        Args:
            first: A number.
            second: Another.
        """

    assert Documented("function", "tests", function).lacks() == [
        "a summary that ends with a period",
        "Args: others",
        "Args: second is no parameter",
        "Returns",
        "Examples",
    ]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.call)
def test_examples_of_operations_run(operation: Operation, example_folder: Path) -> None:
    """They are class attributes that `--doctest-modules` does not see."""
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    test = doctest.DocTestParser().get_doctest(
        inspect.cleandoc(operation.function.__doc__ or ""),
        {"createos_nb": createos_nb},
        operation.call,
        inspect.getsourcefile(operation.function),
        operation.function.__code__.co_firstlineno,
    )
    said: list[str] = []
    assert doctest.DocTestRunner(optionflags=flags).run(test, out=said.append).failed == 0, "".join(said)


if __name__ == "__main__":  # what is still to be written, and a count for each room
    for room, documented in BY_ROOM.items():
        lacking = findings(documented)
        sys.stdout.write("\n".join([*lacking, f"== {room}: {len(lacking)} of {len(documented)}", ""]))
