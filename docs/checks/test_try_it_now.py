"""The notebooks in the browser run, or the page says that they were left out and why."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.site import lite


@pytest.fixture
def address(html: Path) -> Iterator[str]:
    """The site, served on this machine: a browser runs no Python from a file."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_it_runs_or_says_why_it_was_left_out(html: Path, request: pytest.FixtureRequest) -> None:
    text = (html / "try.html").read_text(encoding="utf-8")
    if not (html / lite.FOLDER).exists():
        assert "Left out of this build" in text
        assert "PYODIDE_DISTRIBUTION" in text
        return
    assert "Left out" not in text
    run_the_tour(request.getfixturevalue("browser"), request.getfixturevalue("address"))


def run_the_tour(browser: Any, address: str) -> None:
    """Open the tour, run its first cells, and see that a simulated account answers, and no other host was asked."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{address}/{lite.FOLDER}/lab/index.html?path=00_tour.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    page.click("text=Run >> nth=0")
    page.click("text=Run All Cells")
    page.wait_for_selector(".jp-OutputArea-output:has-text('SIMULATOR')", timeout=300_000)
    page.close()
    foreign = [one for one in asked if not one.startswith((address, "data:", "blob:"))]
    assert not foreign
