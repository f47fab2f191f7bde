"""The story that the engine's tests ask about."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


class Story(SimpleNamespace):
    """A namespace that does not fill a failure's report with all that it holds."""

    def __repr__(self) -> str:
        return "story"


@pytest.fixture(scope="session")
def story() -> SimpleNamespace:
    """What `story.py` defines: the engine over three eventful days, and how to cut and digest them."""
    return Story(**runpy.run_path(str(Path(__file__).with_name("story.py"))))
