"""Every notebook that only reads, by the shipped command: on its own world, and live where the index says so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.live import ACTING, BOTH, PAGES, READING, SPEED, index, quickly, served

#: In real time a watch of a release is not waited for: it ends undecided, and says so.
WATCHES = "71_release_verdict"


@pytest.fixture(scope="module")
def platform() -> Iterator[Callable[[str], Any]]:
    """Served worlds by scenario, each opened once: nobody changes anything there."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Any] = {}

        def platform(scenario: str) -> Any:
            if scenario not in found:
                found[scenario] = stack.enter_context(served(scenario))
            return found[scenario]

        yield platform


def test_the_index_has_every_notebook() -> None:
    assert set(index()) == set(PAGES)
    assert {"00_tour", "10_inventory", "20_traffic", "42_rollback"} <= set(BOTH)
    for name in BOTH:
        assert "world" in PAGES[name].parameters, f"{name} can't be run --live"


# nbval runs each of them cell by cell, and compares what it shows
@pytest.mark.parametrize("name", quickly(sorted(set(PAGES) - set(ACTING)), "10_inventory"))
def test_on_its_own_world_it_ends_with_pass(name: str, run: Callable[..., Any]) -> None:
    found = run(name)
    assert found.code == 0, found.err
    assert f"{name}, in " in found.out
    assert "s: PASS: " in found.out


@pytest.mark.slow
def test_a_large_fleet_may_be_a_year_old(run: Callable[..., Any]) -> None:
    found = run("77_large_fleets", "-p", "days=359")
    assert found.code == 0, found.err


@pytest.mark.parametrize("name", quickly(READING, "10_inventory", "76_history"))
@pytest.mark.grid(2)
def test_live_it_ends_with_pass(
    name: str, run: Callable[..., Any], platform: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = platform(PAGES[name].parameters["world"].default)
    monkeypatch.setenv("CREATEOS_API_URL", place.url)
    monkeypatch.setenv("CREATEOS_API_KEY", place.key)
    short = name == WATCHES and SPEED < 60
    # two sides that are equally bad take their time, and how long depends on when they are looked at
    patience = ["-p", f"timeout={'2min' if short else '90min'}"] if name == WATCHES else []
    found = run(name, "--live", *patience)
    assert found.code == (6 if short else 0), found.out[-2000:] + found.err
    assert f"s: {'NO DATA' if short else 'PASS'}: " in found.out
