"""What the examples of docstrings run in: a folder of their own, with nothing known but `createos_nb` and `pd`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb


def pytest_configure(config: pytest.Config) -> None:
    """Saved notebooks are compared without the bytes of pictures in HTML, as nbval compares those beside it.

    Lessons begin anew: what somebody has done in them on this machine is not in the notebooks.
    """
    if not getattr(config.option, "nbval", False):
        return
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_pictures.cfg")
    lessons = tempfile.TemporaryDirectory(prefix="createos-lessons-")
    os.environ["CREATEOS_NB_LESSONS"] = lessons.name
    config.add_cleanup(lessons.cleanup)


@pytest.fixture(autouse=True)
def _example(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("example_folder")
        if "panels" in request.node.path.parts:
            request.getfixturevalue("close_panels")
        doctest_namespace |= {"createos_nb": createos_nb, "pd": pd}


@pytest.fixture
def close_panels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the panels that a test or an example opened."""
    from createos_nb.panels.panel import Panel  # an import that only tests of panels need

    opened: list[Panel] = []
    init = Panel.__init__

    def recording_init(self: Panel, *args: Any, **options: Any) -> None:
        opened.append(self)
        init(self, *args, **options)

    monkeypatch.setattr(Panel, "__init__", recording_init)
    yield
    for panel in opened:
        panel.close()


@pytest.fixture
def example_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder that an example may write to: journals and profiles go there too. Figures are closed after it.

    Keys of the environment are away, so that no example reaches an account.
    """
    for name in os.environ:
        if name.startswith("CREATEOS_"):
            monkeypatch.delenv(name)
    for name in ("CREATEOS_NB_JOURNALS", "CREATEOS_NB_CONFIG", "CREATEOS_NB_NAMES", "CREATEOS_NB_LESSONS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("COLUMNS", "120")  # pandas prints as wide as the terminal
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
