"""Panels in JupyterLab: what moves while another cell is running, and what is left when the kernel is gone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.panels.conftest import NOT_OURS, PAGES, answered, free_port
from tests.panels.test_browser_acting import drop, shop

pytestmark = pytest.mark.browser

TOKEN = "a-token-for-tests"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """JupyterLab's address and its folder."""
    folder, port = tmp_path_factory.mktemp("lab"), free_port()
    log = (tmp_path_factory.mktemp("lab-log") / "log").open("w")
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
    ]
    own = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        answered(f"{address}/api?token={TOKEN}")
        yield address, folder
    finally:
        own.terminate()
        own.wait(20)
        log.close()


class Lab:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address

    def command(self, name: str) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name); }", name)

    def kernels(self) -> list[dict[str, Any]]:
        """The kernels that are running."""
        with urllib.request.urlopen(f"{self.address}/api/kernels?token={TOKEN}", timeout=10) as answer:
            return list(json.load(answer))

    def ready(self) -> None:
        """Wait for the kernel: "idle" shows before there is one, and commands are then dropped."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if any(one["connections"] for one in self.kernels()):
                    self.page.wait_for_timeout(1_000)
                    return
            except OSError:
                pass
            time.sleep(0.3)
        raise AssertionError("no kernel within a minute")


@pytest.fixture
def notebook(browser: Any, lab: tuple[str, Path], request: pytest.FixtureRequest) -> Iterator[Any]:
    """`notebook(cells, …)` opens a notebook of these cells; no error of ours may stand in the console."""
    address, folder = lab
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    def show(*cells: str) -> Lab:
        path = folder / f"{request.node.name}.ipynb"
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(book, path)
        page.goto(f"{address}/lab/tree/{path.name}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook", timeout=60_000)
        own = Lab(page, address)
        own.ready()
        return own

    yield show
    if PAGES is not None:
        PAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PAGES / f"{request.node.name}.png")
    context.close()
    ours = [line for line in errors if "createos" in line.lower() and not any(word in line for word in NOT_OURS)]
    assert not ours


OPEN = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.scale(client, "storefront", "staging")
panel.params = {"replicas": 3}
panel
"""

BLOCK = """
import time
panel.review(); panel.wait()
panel.params = {"reason": "a test", "confirm": "staging"}
panel.form.apply_button.click()
print("blocking")
time.sleep(12)
print("free again")
"""


@pytest.mark.slow
def test_work_goes_on_while_another_cell_is_running(notebook: Any) -> None:
    """The receipt shows before the cell that blocks the kernel is done."""
    own = notebook(OPEN, BLOCK)
    own.command("notebook:run-all-cells")
    own.page.get_by_text("Receipt: scale storefront / staging: replicas 3").wait_for(timeout=40_000)
    said = own.page.locator(".jp-OutputArea-output pre")
    assert said.filter(has_text="blocking").count()
    assert not said.filter(has_text="free again").count()
    said.filter(has_text="free again").wait_for(timeout=40_000)


@pytest.mark.slow
def test_nothing_is_left_when_the_kernel_restarts(notebook: Any) -> None:
    """A panel that polls, and its threads, are gone with the kernel."""
    own = notebook(
        "import createos_nb, os, threading\n"
        "client = createos_nb.simulate()\n"
        "panel = createos_nb.panels.scale(client, 'storefront', 'staging')\n"
        "panel.params = {'replicas': 2}\n"
        "panel.review(); panel.wait()\n"
        "before = [t.name for t in threading.enumerate() if t.name.startswith('createos')]\n"
        "print('threads', len(before), 'process', os.getpid())",
        "import os, threading; print('now', [t.name for t in threading.enumerate() if t.name.startswith('createos')])",
    )
    own.command("notebook:run-all-cells")
    said = own.page.locator(".jp-OutputArea-output pre")
    said.filter(has_text="threads 1").wait_for(timeout=40_000)
    process = int(said.filter(has_text="threads 1").inner_text().split()[-1])
    own.command("kernelmenu:restart")
    own.page.get_by_role("button", name="Confirm Kernel Restart").click()
    end = time.monotonic() + 30
    while Path(f"/proc/{process}").exists() and time.monotonic() < end:
        time.sleep(0.2)
    assert not Path(f"/proc/{process}").exists()


@pytest.mark.slow
def test_a_folder_is_dropped_into_a_panel_and_not_into_the_file_browser(notebook: Any, tmp_path: Path) -> None:
    """JupyterLab takes drops, too: what is dropped on the panel goes to the panel alone."""
    own = notebook(
        "import createos_nb\npanel = createos_nb.panels.deploy(createos_nb.simulate(), 'landing-pages')\npanel"
    )
    own.command("notebook:run-all-cells")
    own.page.locator(".createos-file-drop").wait_for(timeout=40_000)
    drop(own.page, shop(tmp_path))
    own.page.get_by_text("4 files, 700,029 bytes; 3 excluded").wait_for(timeout=20_000)
    with urllib.request.urlopen(f"{own.address}/api/contents?token={TOKEN}", timeout=10) as answer:
        assert "shop" not in [one["name"] for one in json.load(answer)["content"]]


def test_the_control_room_is_used_in_jupyterlab(notebook: Any) -> None:
    """Its notebook, run from top to bottom: an environment is opened and scaled below the table, which says so."""
    room = nbformat.read(Path(__file__).parents[2] / "notebooks" / "60_control_room.ipynb", as_version=4)
    own = notebook(*(cell.source for cell in room.cells if cell.cell_type == "code"))
    own.command("notebook:run-all-cells")
    page = own.page
    page.get_by_role("radio", name="choose storefront / staging").check(timeout=40_000)
    page.get_by_label("Open as").select_option("scale")
    page.get_by_role("button", name="Open", exact=True).click()
    below = page.locator(".createos-panel .createos-panel")
    slider = below.get_by_role("slider", name="Replicas")
    slider.click(trial=True)  # it is off until what is so has come
    slider.press("ArrowRight")
    below.get_by_text("2 (now 1)").wait_for()
    below.get_by_role("button", name="Show the plan").click()
    below.get_by_label("Type staging to confirm").fill("staging")
    below.get_by_label("Reason").fill("a test")
    below.get_by_role("button", name="Scale to 2 replicas").click()
    below.get_by_text("Receipt: scale storefront / staging: replicas 2").wait_for(timeout=20_000)
    table = page.get_by_role("table", name="Environments of all projects")
    row = table.get_by_role("row").filter(has=page.get_by_role("radio", name="choose storefront / staging"))
    row.get_by_text("· 2 replicas", exact=True).wait_for()
