"""Every notebook that does something to its world, on served worlds whose time only `/_world/` moves."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from createos_nb.simulator import Server, open_world, serve
from tests.cli.live import PAGES, quickly

_OPENS = re.compile(r'createos_nb\.simulate\("([\w-]+)"\)')
_STEERS = re.compile(r"\bworld\.\w+\(")


def sources(name: str) -> str:
    return "\n".join(cell.source for cell in PAGES[name].content.cells if cell.cell_type == "code")


STEERING = sorted(name for name in PAGES if _STEERS.search(sources(name)))


@pytest.fixture
def steered() -> Iterator[Callable[[str], Server]]:
    """Serves worlds, each with control, for as long as the test lasts."""
    with contextlib.ExitStack() as stack:
        yield lambda scenario: stack.enter_context(serve(open_world(scenario), speed=0, control=True))


def test_there_are_some_and_each_is_found() -> None:
    assert {"00_tour", "30_troubleshooting", "31_build_your_own_world", "43_canary", "71_release_verdict"} <= {
        *STEERING
    }
    assert "10_inventory" not in STEERING


@pytest.mark.parametrize(
    "name",
    quickly(STEERING, "46_domains"),
)
def test_on_served_worlds_it_ends_with_pass(
    name: str,
    run: Callable[..., Any],
    steered: Callable[[str], Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls = []

    def connected(match: re.Match[str]) -> str:
        place = steered(match[1])
        assert place.token is not None
        urls.append(place.url)
        return f"createos_nb.connect_world({place.url!r}, {place.token.reveal()!r})"

    notebook = copy.deepcopy(PAGES[name].content)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = _OPENS.sub(connected, cell.source)
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(notebook, path)
    more = []
    world = PAGES[name].parameters.get("world")
    if world is not None:
        place = steered(world.default)
        assert place.token is not None
        urls.append(place.url)
        monkeypatch.setenv("CREATEOS_NB_WORLD_TOKEN", place.token.reveal())
        more = ["-p", f"world={place.url}"]
    assert urls
    found = run(str(path), *more)
    assert found.code == 0, found.out[-3000:] + found.err
    assert "s: PASS: " in found.out
    assert "api.simulator.invalid" not in found.out
