"""The dashboard in a process of its own, by the command that people run, and the kernels that it has."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
#: Seconds after which what is waited for is not coming, on a machine that has much else to do.
LIMIT = 90.0
_MAIN = "import sys; from createos_nb.cli import main; sys.exit(main())"
_SOONER = """
import functools
from createos_nb.cli import visits, voila_app
voila_app.Visits = functools.partial(visits.Visits, {})
"""


class Dashboard:
    """A running dashboard.

    Attributes:
        address: what it printed, with the token.
        site: the address without path and query.
    """

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process, self.address = process, address
        self.site = address.partition("/?")[0]

    def kernels(self) -> list[psutil.Process]:
        """The kernels that are processes now."""
        found = []
        for one in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if any("ipykernel" in word for word in one.cmdline()) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
            except psutil.NoSuchProcess:
                continue
        return found

    def come_to(self, number: int, seconds: float = LIMIT) -> None:
        """Wait until it has so many kernels."""
        until(lambda: len(self.kernels()) == number, lambda: f"{len(self.kernels())} kernels, not {number}", seconds)


@contextmanager
def serving(folder: Path, *arguments: str, **times: float) -> Iterator[Dashboard]:
    """A dashboard; `times`: what its visits are given instead of the defaults of `createos_nb.cli.visits.Visits`."""
    said = folder / "said"
    given = ", ".join(f"{name}={value}" for name, value in times.items())
    script = f"{_SOONER.format(given)}\n{_MAIN}" if times else _MAIN
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", script, "dashboard", *arguments, "--no-browser", "--port", "0"],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
    try:
        until(lambda: "Ctrl-C" in said.read_text() or process.poll() is not None, said.read_text)
        assert process.poll() is None, said.read_text()
        own = Dashboard(process, said.read_text().split()[1])
        from tests.panels.conftest import answered

        answered(own.site, LIMIT)
        yield own
    finally:
        process.terminate()
        process.wait(30)


def until(condition: Callable[[], Any], says: Callable[[], str], seconds: float = LIMIT) -> None:
    """Wait for what is to come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, says()
        time.sleep(0.1)
