"""A world for each test, and no journal outside of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    return folder


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate("storefront")
