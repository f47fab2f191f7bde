"""What a reader of the pages has: a client of a simulated account, also where a page opens the account of a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import createos_nb

#: Variables that the pages name.
VARIABLES = ("PINECONE_API_KEY", "OPENAI_API_KEY", "TOKEN")


@pytest.fixture
def reader(example_folder: Path, close_panels: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Yield the names that a page's blocks find; what the key of an account would open is a simulated one."""
    opened = createos_nb.open_account
    monkeypatch.setattr(createos_nb, "connect", lambda *names, **options: createos_nb.simulate(**options))
    monkeypatch.setattr(
        createos_nb, "open_account", lambda name: createos_nb.simulate() if name == "live" else opened(name)
    )
    monkeypatch.setenv("HOME", str(example_folder))
    monkeypatch.setenv("CREATEOS_NB_PROGRESS", "0")
    for name in VARIABLES:
        monkeypatch.setenv(name, f"s3cret-of-{name.lower()}")
    cleanup: list[Any] = []
    yield {"createos_nb": createos_nb, "client": createos_nb.simulate(), "cleanup": cleanup, "__name__": "page"}
    for done in reversed(cleanup):
        done()
