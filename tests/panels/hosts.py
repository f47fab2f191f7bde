"""The programs that show panels: each serves one page of cells, opened in a browser and run from top to bottom."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from tests.panels.conftest import VOILA, answered, free_port

TOKEN = "a-token-for-tests"
WITH_TOKEN = ["--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
#: Before, a command to run cells is dropped, or asks which kernel.
KERNEL_IS_THERE = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
    return session?.isReady && session.session?.kernel?.connectionStatus === 'connected';
}"""
#: A panel answers as soon as its kernel is free.
ALL_HAVE_RUN = """() => {
    const { cells } = window.jupyterapp.shell.currentWidget.content.model;
    return cells.get(cells.length - 1).executionCount !== null;
}"""

#: Opens the page; the second is called as soon as the program is there, and before it shows any panel.
Open = Callable[[Any, Callable[[], Any]], None]


@contextlib.contextmanager
def _running(arguments: Sequence[str], folder: Path, address: str) -> Iterator[None]:
    """A server that answers; what it says and the journals of its kernels are files of its own."""
    with (folder / "log").open("w") as log:
        environment = {**os.environ, "CREATEOS_NB_JOURNALS": str(folder / "journals"), "MARIMO_SKIP_UPDATE_CHECK": "1"}
        own = subprocess.Popen([sys.executable, "-m", *arguments], stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            answered(address, 90)
            yield
        finally:
            own.terminate()
            own.wait(20)


def _notebook(folder: Path, cells: Sequence[str]) -> None:
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(book, folder / "panels.ipynb")


@contextlib.contextmanager
def _jupyter(module: str, app: str, path: str, folder: Path, cells: Sequence[str]) -> Iterator[Open]:
    _notebook(folder, cells)
    address = f"http://127.0.0.1:{(port := free_port())}"
    options = [*WITH_TOKEN, f"--port={port}", f"--ServerApp.root_dir={folder}", f"--{app}.expose_app_in_browser=True"]

    def show(page: Any, is_there: Callable[[], Any]) -> None:
        page.goto(f"{address}/{path}/panels.ipynb?token={TOKEN}", timeout=60_000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_function(KERNEL_IS_THERE, timeout=60_000)
        is_there()
        page.evaluate(RUN_ALL)
        page.wait_for_function(ALL_HAVE_RUN, timeout=180_000)

    with _running([module, *options], folder, f"{address}/api?token={TOKEN}"):
        yield show


def jupyterlab(folder: Path, cells: Sequence[str]) -> contextlib.AbstractContextManager[Open]:
    """JupyterLab on a notebook."""
    return _jupyter("jupyterlab", "LabApp", "lab/tree", folder, cells)


def notebook(folder: Path, cells: Sequence[str]) -> contextlib.AbstractContextManager[Open]:
    """Notebook 7 on a notebook."""
    return _jupyter("notebook", "JupyterNotebookApp", "notebooks", folder, cells)


@contextlib.contextmanager
def voila(folder: Path, cells: Sequence[str]) -> Iterator[Open]:
    """Voila, which runs a notebook and shows what its cells show."""
    _notebook(folder, cells)
    address = f"http://127.0.0.1:{(port := free_port())}"
    with _running(["voila", *VOILA, f"--port={port}", str(folder)], folder, address):
        yield lambda page, _: page.goto(f"{address}/voila/render/panels.ipynb", timeout=60_000)


@contextlib.contextmanager
def marimo(folder: Path, cells: Sequence[str]) -> Iterator[Open]:
    """marimo, whose cells are functions: the first gives the others what they use, the last expression is shown."""
    first, *others = (textwrap.indent(cell, "    ") for cell in cells)
    parts = ["import marimo\n\napp = marimo.App()", f"@app.cell\ndef _():\n{first}\n    return client, createos_nb"]
    parts += [f"@app.cell\ndef _(client, createos_nb):\n{cell}\n    return" for cell in others]
    book = folder / "panels.py"
    book.write_text("\n\n\n".join([*parts, "if __name__ == '__main__':\n    app.run()\n"]), encoding="utf-8")
    address = f"http://127.0.0.1:{(port := free_port())}"
    options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port), str(book)]
    with _running(["marimo", "run", *options], folder, f"{address}/health"):
        yield lambda page, _: page.goto(address, timeout=90_000)


#: By the name that tests and docs have for it.
HOSTS: dict[str, Callable[[Path, Sequence[str]], contextlib.AbstractContextManager[Open]]] = {
    "jupyterlab": jupyterlab,
    "notebook": notebook,
    "voila": voila,
    "marimo": marimo,
}
