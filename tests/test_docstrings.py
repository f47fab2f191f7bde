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
    "clock.Clock": "a protocol: `SystemClock` and a world's clock have the examples",
    "clock.LearningClock": "a protocol",
    "clock.WaitClock": "a protocol",
    "connections.Connection": "what uvicorn calls on a connection",
    "connections.UvicornServer": "what uvicorn calls, of what `serve` and `listen` run",
    "frames.Reader": "asked by the client's session, for each answer",
}
#: Functions whose docstrings need no example, and why.
WITHOUT_EXAMPLE = {
    "cli.dashboard.dashboard": "it serves until it is ended",
    "cli.demo.executed": "it runs the tour: `make demo`",
    "cli.demo.demo": "it runs the tour: `make demo`",
    "cli.listen.listen": "it receives until it is ended",
    "cli.login.login": "it asks an account",
    "cli.run.run": "it starts a kernel: `notebooks.execution.execute` has the example",
    "cli.serve.serve": "it serves until it is ended",
    "cli.magics.register": "it is for IPython's shell: `run_line` has the example",
    "cli.magics.unregister": "it is for IPython's shell",
    "cli.names.complete_environments": "cyclopts calls it at a Tab",
    "cli.names.complete_places": "cyclopts calls it at a Tab",
    "cli.names.complete_profiles": "cyclopts calls it at a Tab",
    "cli.names.complete_projects": "cyclopts calls it at a Tab",
    "cli.names.complete_scenarios": "cyclopts calls it at a Tab",
    "cli.runs.complete_runs": "cyclopts calls it at a Tab",
    "cli.output.guarded": "it is for the whole process",
    "cli.output.unchecked": "it is for the whole process",
    "pytest_plugin.pytest_configure": "pytest calls it",
    "notebooks.completion.register": "it is for IPython's shell",
    "notebooks.completion.unregister": "it is for IPython's shell",
    "notebooks.masking.load_ipython_extension": "IPython calls it",
}
BY_ROOM = {room: [d for d in public_api() if d.room == room] for room in sorted({d.room for d in public_api()})}


def excepted(documented: Documented) -> bool:
    return any(f"{documented.name}.".startswith(f"{name}.") for name in EXCEPTIONS)


def lacking(documented: Documented) -> list[str]:
    return [one for one in documented.lacks() if one != "Examples" or documented.name not in WITHOUT_EXAMPLE]


def findings(documented: list[Documented]) -> list[str]:
    return [f"{d.name}: {', '.join(lacking(d))}" for d in documented if not excepted(d) and lacking(d)]


@pytest.mark.parametrize("room", BY_ROOM)
def test_public_docstrings_say_what_a_caller_needs(room: str) -> None:
    found = findings(BY_ROOM[room])
    assert not found, "\n".join([f"{room}: {len(found)} of {len(BY_ROOM[room])}", *found])


def test_the_public_api_is_found() -> None:
    count = Counter(d.room for d in public_api())
    assert count.total() > 550
    assert {operation.function for operation in OPERATIONS.values()} <= {d.object for d in public_api()}


def test_an_exception_is_needed() -> None:
    for name in EXCEPTIONS:
        assert any(d.lacks() for d in public_api() if f"{d.name}.".startswith(f"{name}.")), f"{name} is complete"
    without = {d.name for d in public_api() if "Examples" in d.lacks()}
    assert set(WITHOUT_EXAMPLE) <= without, "these have an example, or are gone"


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
        found = findings(documented)
        sys.stdout.write("\n".join([*found, f"== {room}: {len(found)} of {len(documented)}", ""]))
