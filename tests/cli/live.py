"""Notebooks by the shipped command: what the index says of each, and worlds that are served to them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.data_files import folder
from createos_nb.notebooks.catalog import NotebookFile, list_notebooks
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve

#: Of the worlds that are served, times real time; `make live` has 1, where nothing is waited for long.
SPEED: Final = float(os.environ.get("CREATEOS_NB_LIVE_SPEED", "60"))
PAGES: Final[dict[str, NotebookFile]] = {one.name: one for one in list_notebooks(Path("nowhere"))}


def index() -> dict[str, tuple[str, str]]:
    """What notebooks/README.md says of each notebook: reads or writes, simulator or live."""
    text = (folder("notebooks") / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| [")]
    names = [re.match(r" \[(\w+)\]", row[0]) for row in rows]
    return {name[1]: (row[2].strip(), row[4].strip()) for name, row in zip(names, rows, strict=True) if name}


BOTH: Final = sorted(name for name, (_, where) in index().items() if where.startswith("both"))
ACTING: Final = sorted(name for name in BOTH if index()[name][0].startswith("writes"))
READING: Final = sorted(set(BOTH) - set(ACTING))


def quickly(names: Iterable[str], *quick: str) -> list[Any]:
    """Notebooks as parameters of a test; those that are not named have to be asked for with `-m slow`."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@contextlib.contextmanager
def served(scenario: str) -> Iterator[Any]:
    """A world that is served, with what the notebooks need there."""
    world = open_world(scenario)
    if scenario == "storefront":
        _prepare(world)
    with serve(world, 0, SPEED) as one:
        yield one


def _prepare(world: Any) -> None:
    """Two sides with much the same traffic, and two versions that are live nowhere: 19 for them, 20 for production."""
    with createos_nb.simulate(world) as client:
        for side in ("blue", "green"):
            hold = runbooks.hold(client, "storefront", side)
            if hold.steps:
                hold.apply(confirm=hold.confirmation, reason="a test")
    world.push("storefront", "release", message="Wholesale prices by customer")
    world.advance("30min")
    world.push("storefront", "main", message="Search by colour")
    world.advance("2h")
    # late: a diagnosis reads the log since the errors began, and one of hours at this pace takes too long to make up
    for side, version in (("blue", 12), ("green", 6)):
        world.traffic("storefront", side, rpm=2000)
        world.set_behavior("storefront", version, errors=[{"status": 500, "share": 0.005}])
    world.advance("15min")
