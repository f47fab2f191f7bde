"""What the tests of the flows share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the journals of a test to itself."""
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    """An account with several projects."""
    return createos_nb.simulate()
