"""The site that `make docs` has built, in a browser that asks nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HTML = Path(__file__).parents[1] / "_build" / "html"


@pytest.fixture(scope="session")
def html() -> Path:
    """The built site."""
    assert (HTML / "index.html").exists(), "there is no site yet: python -m tools.site"
    return HTML


def chromium() -> str | None:
    """Where a Chromium is, None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; without one these checks are left out, unless `CREATEOS_NB_BROWSER=required`."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            own = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        except Error:
            if os.environ.get("CREATEOS_NB_BROWSER") == "required":
                raise
            pytest.skip("no Chromium is here: the checks of the built pages in a browser are left out")
        yield own
        own.close()
