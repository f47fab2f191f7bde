"""A browser on real pages: Voila renders a notebook whose kernel runs the panels, Chromium shows it.

Without a Chromium the browser tests are left out and say so; with `CREATEOS_NB_BROWSER=required` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import createos_nb

PAGES = Path(os.environ["CREATEOS_NB_SHOTS"]) if os.environ.get("CREATEOS_NB_SHOTS") else None
#: A browser in a container has neither a sandbox nor a graphics card, and has nobody to ask for anything.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: What a page says of itself when it can't reach the network that it was not given.
#: The last is of an extension that the documentation is built with.
NOT_OURS = (
    "font-awesome",
    "fontawesome",
    "net::ERR_",
    "favicon",
    "Failed to load resource",
    "requirejs-or",
    "LicensesClient",
)
#: How Voila is run: without the extension of Notebook, for which it has not the modules (voila-dashboards/voila#1514).
VOILA = [
    "--no-browser",
    "--Voila.ip=127.0.0.1",
    "--VoilaConfiguration.show_tracebacks=True",
    "--VoilaConfiguration.extension_denylist=@jupyter-notebook/lab-extension",
]


@pytest.fixture(autouse=True)
def no_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels do not pause for people who watch, and write no journals to the user's own folder."""
    monkeypatch.setattr("createos_nb.panels.plan.form._MIN_EVENT_DISPLAY", 0.0)
    monkeypatch.setattr("createos_nb.panels.background._MAX_REAL_PAUSE", 0.01)
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture(autouse=True)
def _panels_are_closed(close_panels: None) -> None:
    """No panel outlives its test."""


@pytest.fixture(scope="module")
def origin() -> Any:
    """A world that the tests of a module fork."""
    return createos_nb.simulate().world


@pytest.fixture
def client(origin: Any) -> Any:
    """A client of a world of its own."""
    return createos_nb.simulate(origin.fork())


def chromium() -> str | None:
    """Where a Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else None


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright; its event loop is gone before tests of other files run."""
    found = chromium()
    if found is None:
        words = "no Chromium is here (chromium, google-chrome or `playwright install chromium`): browser tests left out"
        if os.environ.get("CREATEOS_NB_BROWSER") == "required":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield own
        own.close()


@pytest.fixture(scope="session")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Voila's address and the folder whose notebooks it renders."""
    folder, port = tmp_path_factory.mktemp("pages"), free_port()
    log = (tmp_path_factory.mktemp("voila") / "log").open("w")
    own = subprocess.Popen(
        [sys.executable, "-m", "voila", *VOILA, f"--port={port}", str(folder)], stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}"
    try:
        answered(address)
        yield address, folder
    finally:
        own.terminate()
        own.wait(20)
        log.close()


def answered(address: str, seconds: float = 60) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def headed(page: Any, heading: str, place: str) -> Any:
    """The head of a panel that is about a place, such as "storefront / production", and nothing else."""
    found = page.locator(".createos-header").filter(has=page.get_by_role("heading", name=heading, exact=True))
    return found.filter(has=page.locator(".createos-subject").get_by_text(place, exact=True))


Open = Callable[..., Any]


@pytest.fixture
def page(browser: Any, voila: tuple[str, Path], request: pytest.FixtureRequest) -> Iterator[Open]:
    """`page(code, …, theme="light", width=1100)` gives the page of a notebook with these cells.

    Afterwards: no error of ours in the console, no failed cell; with `CREATEOS_NB_SHOTS=folder` a screenshot is kept.
    """
    address, folder = voila
    opened: list[Any] = []
    errors: list[str] = []

    def show(*cells: str, theme: str = "light", width: int = 1100, height: int = 900) -> Any:
        name = f"{request.node.name.replace('[', '-').replace(']', '')}-{len(opened)}"
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(book, folder / f"{name}.ipynb")
        context = browser.new_context(viewport={"width": width, "height": height})
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        own = context.new_page()
        opened.append(own)
        own.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        own.on("pageerror", lambda error: errors.append(str(error)))
        own.goto(f"{address}/voila/render/{name}.ipynb?theme={theme}", timeout=60_000)
        own.wait_for_selector(".createos-panel, [data-mime-type='application/vnd.jupyter.stderr']", timeout=60_000)
        failed = own.query_selector("[data-mime-type='application/vnd.jupyter.stderr']")
        assert failed is None, failed.inner_text()
        return own

    yield show
    for number, own in enumerate(opened):
        if PAGES is not None:
            PAGES.mkdir(parents=True, exist_ok=True)
            own.screenshot(path=PAGES / f"{request.node.name}-{number}.png", full_page=True)
        own.context.close()
    ours = [line for line in errors if not any(word in line for word in NOT_OURS)]
    assert not ours


@pytest.fixture
def accessible() -> Callable[[Any], None]:
    """`accessible(page)` fails on a serious or critical fault that axe-core finds within the panels."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Any) -> None:
        found = Axe().run(page, context=".createos-panel").response["violations"]
        serious = [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not serious

    return check
