"""Worlds to act on, and ways to disturb whoever acts: kills, second writers, faults."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import createos_nb
from createos_nb.client.client import Client
from tests.plans import counts
from tests.plans.cases import CASES, apply
from tests.plans.relay import Kill, Relay
from tests.plans.worlds import Between, changes, client_of, is_write, settled


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own folder."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    return folder


@pytest.fixture(scope="session")
def origin() -> Any:
    """The world that every test gets a copy of."""
    return createos_nb.simulate("storefront").world


@pytest.fixture
def world(origin: Any) -> Any:
    return origin.fork()


@pytest.fixture
def client(world: Any) -> Client:
    return client_of(world)


@pytest.fixture(scope="session")
def tools() -> Any:
    """What the tests of this folder share."""
    return SimpleNamespace(
        apply=apply,
        cases=CASES,
        changes=changes,
        client_of=client_of,
        Between=Between,
        Kill=Kill,
        Relay=Relay,
        settled=settled,
        is_write=is_write,
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in counts.lines():
        terminalreporter.write_line(line)
