"""Draw the pictures of the README and the documentation from simulated worlds, in a real browser: `make pictures`.

A notebook is opened in JupyterLab, its cells are run one after the other, and what a reader would see after each is a
frame of an animation; the panels of `panel_pictures` are opened in Voila. Both themes: a page shows the one that its
reader has chosen.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tools.panel_pictures import FOLDER, SHOTS, THEMES, small

NOTEBOOK: Final = "notebook.ipynb"
#: The animation of plan, apply and receipt.
ANIMATION: Final = "plan-apply-receipt"
CELLS: Final = (
    'import createos_nb\nfrom createos_nb import runbooks\n\nclient = createos_nb.simulate("bad-release")',
    'plan = runbooks.rollback(client, "storefront", "production")\nplan',
    'receipt = plan.apply(confirm=plan.digest, reason="checkout fails")\nreceipt',
    "receipt.undo()  # a plan again",
)
#: How long each frame is shown, in milliseconds: one after each cell.
SHOWN: Final = (1500, 6000, 5000, 4000)
SIZE: Final = ViewportSize(width=1040, height=700)
_THEMES: Final = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_COLORS: Final = 64
_WAIT: Final = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write them (default: data/pictures)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{ANIMATION}, {', '.join(SHOTS)} (default: all)")
    options = parser.parse_args(arguments)
    known = (ANIMATION, *SHOTS)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no picture {', '.join(unknown)}; there is: {', '.join(known)}")
    names = options.names or known
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        if ANIMATION in names:
            for theme in THEMES:
                path = options.folder / f"{ANIMATION}-{theme}.gif"
                animation(browser, theme, path)
                _tell(path)
        if shots := [name for name in names if name in SHOTS]:
            with voila(shots) as address:
                for name in shots:
                    for theme in THEMES:
                        path = options.folder / f"{name}-{theme}.png"
                        path.write_bytes(small(panel(browser, address, name, theme)))
                        _tell(path)
        browser.close()
    return 0


def _tell(path: Path) -> None:
    print(f"{path} {path.stat().st_size / 1000:,.0f} kB", flush=True)


def animation(browser: Browser, theme: str, path: Path) -> None:
    """Write the animation of plan, apply and receipt in one theme."""
    with opened(browser, theme, CELLS) as page:
        frames = []
        for number in range(len(CELLS)):
            _run(page, number)
            frames.append(_frame(page))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=list(SHOWN), loop=0, optimize=True)


def panel(browser: Browser, address: str, name: str, theme: str) -> Image.Image:
    """Return the picture of a panel in one theme."""
    page = browser.new_page()
    page.goto(f"{address}/voila/render/{name}.ipynb?theme={theme}", timeout=_WAIT * 1000)
    page.locator(".createos-panel").first.wait_for(timeout=_WAIT * 1000)
    taken = SHOTS[name].taken(page)
    page.close()
    return taken


@contextmanager
def voila(names: Sequence[str]) -> Iterator[str]:
    """Serve a page for each panel; give the address."""
    with tempfile.TemporaryDirectory(prefix="createos-pictures-") as own:
        root = Path(own)
        for name in names:
            (root / f"{name}.ipynb").write_text(_book([SHOTS[name].cell]))
        with _served("voila", ["--Voila.ip=127.0.0.1", own], root) as address:
            yield address


@contextmanager
def opened(browser: Browser, theme: str, cells: Sequence[str]) -> Iterator[Page]:
    """Give the page of a notebook in JupyterLab, without what is not the notebook's."""
    with lab(theme, cells) as address:
        page = browser.new_page(viewport=SIZE)
        page.goto(f"{address}/doc/tree/{NOTEBOOK}?reset", timeout=_WAIT * 1000)
        page.locator(".jp-Notebook .jp-CodeCell").nth(len(cells) - 1).wait_for(timeout=_WAIT * 1000)
        page.get_by_text("| Idle").first.wait_for(timeout=_WAIT * 1000)
        page.add_style_tag(content=".Toastify, .jp-cell-toolbar, .jp-Notebook-footer { display: none !important }")
        yield page
        page.close()


def _run(page: Page, number: int) -> None:
    """Run a cell, and show it from its first line on."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-InputPrompt", has_text=f"[{number + 1}]").wait_for(timeout=_WAIT * 1000)
    page.evaluate(
        "cell => { const own = cell.closest('.jp-WindowedPanel-outer') || cell.closest('.jp-Notebook');"
        " own.scrollTop += cell.getBoundingClientRect().top - own.getBoundingClientRect().top - 8 }",
        cell.element_handle(),
    )
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(600)


def _frame(page: Page) -> Image.Image:
    page.mouse.move(0, 0)
    shown = page.locator(".jp-NotebookPanel-notebook").screenshot(animations="disabled")
    picture = Image.open(BytesIO(shown)).convert("RGB")
    return picture.quantize(_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


@contextmanager
def lab(theme: str, cells: Sequence[str]) -> Iterator[str]:
    """Serve a JupyterLab that has one notebook; give its address."""
    with tempfile.TemporaryDirectory(prefix="createos-pictures-") as own:
        root = Path(own)
        (root / NOTEBOOK).write_text(_book(cells))
        settings = root / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": _THEMES[theme]}))
        options = [
            "--IdentityProvider.token=",
            f"--notebook-dir={root}",
            "--ServerApp.allow_root=True",
            "--LabApp.news_url=",
        ]
        with _served("jupyterlab", options, root, JUPYTERLAB_SETTINGS_DIR=str(root / "settings")) as address:
            yield address


def _book(cells: Sequence[str]) -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell}
                for cell in cells
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
    )


@contextmanager
def _served(module: str, options: Sequence[str], folder: Path, **environment: str) -> Iterator[str]:
    """Run a server of notebooks; give its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--no-browser", f"--port={port}", *options],
        env=os.environ | {"CREATEOS_NB_JOURNALS": str(folder / "journals")} | environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _answered(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answered(address: str, process: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + _WAIT
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
