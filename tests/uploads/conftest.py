"""A client over the simulated shop, and an empty folder to fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import createos_nb
from createos_nb import Client


@pytest.fixture
def client() -> Iterator[Client]:
    with createos_nb.simulate() as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder
