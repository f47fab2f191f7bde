"""The dashboard as a process of its own, and its pages in a real browser: what a page costs, and what is left of fifty.

Each page opens the plan form of a rollback by its address. Memory is what the process has for itself alone. Beside an
open page stands a Python process that holds the same panels, which is what a notebook server takes for each page, less
its kernel; beside the memory after fifty visits stands that before them, after ten that filled what is kept for all.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Final

import psutil

from benchmarks.measure import Figure, at_most
from createos_nb.dashboard.connection import GRACE

VISITS: Final = 50
FILLING: Final = 10
OPEN: Final = 10
_ADDRESS: Final = "?project=storefront&environment=production&view=roll-back"
_FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_COMMAND: Final = "from createos_nb.cli import main; main()"
_ALONE: Final = """
import createos_nb
client = createos_nb.simulate("bad-release", read_only=True)
panels = [createos_nb.panels.overview(client), createos_nb.panels.rollback(client, "storefront", "production")]
print("ready", flush=True)
input()
"""


def _megabytes(process: subprocess.Popen[str]) -> float:
    return float(psutil.Process(process.pid).memory_full_info().uss / 1e6)


@contextlib.contextmanager
def _started(arguments: list[str], says: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the line by which it says that it is there."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CREATEOS_NB_JOURNALS": folder}
        own = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        try:
            assert own.stdout is not None
            yield own, next(line for line in own.stdout if re.search(says, line))
        finally:
            own.terminate()
            own.wait(20)


def _opened(browser: Any, address: str) -> Any:
    """A page of a browser of its own, with the plan form on it."""
    context = browser.new_context(viewport={"width": 1180, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Show the plan").wait_for(timeout=60_000)
    return context


def measured() -> tuple[float, float, float, float]:
    """Megabytes of the dashboard: a page that is open, and before and after the visits; and of a process a page."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise RuntimeError("no Chromium is here")
    with _started(["-c", _ALONE], "ready") as (process, _):
        alone = _megabytes(process)
    dashboard = ["-c", _COMMAND, "dashboard", "--scenario", "bad-release", "--port", "0", "--no-browser"]
    with _started(dashboard, "token=") as (process, line), sync_playwright() as playwright:
        site, _, token = line.split()[-1].partition("?")
        address = f"{site}{_ADDRESS}&{token}"
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)

        def visited(times: int) -> float:
            for _ in range(times):
                _opened(browser, address).close()
            time.sleep(GRACE + 2)  # for so long a visit is kept for a page that is loaded anew
            return _megabytes(process)

        before = visited(FILLING)
        pages = [_opened(browser, address) for _ in range(OPEN)]
        each = (_megabytes(process) - before) / OPEN
        for page in pages:
            page.close()
        return each, alone, before, visited(VISITS - OPEN)


def figures() -> list[Figure]:
    each, alone, before, after = measured()
    return [
        at_most("dashboard: memory of a page that is open", each, "a process for it", alone, 0.1, "MB"),
        at_most(f"dashboard: memory after {VISITS} visits", after, "before them", before, 1.05, "MB"),
    ]
