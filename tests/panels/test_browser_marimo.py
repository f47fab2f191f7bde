"""Panels in marimo, which has no ipywidgets: the last expression of a cell is one anywidget that mirrors the panel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.panels.conftest import answered, free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("marimo") is None, reason="marimo is not installed: pip install marimo"),
]

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import createos_nb
    from createos_nb import panels

    client = createos_nb.simulate("bad-release")
    return client, panels


@app.cell
def _(client, panels):
    panels.overview(client)
    return


@app.cell
def _(client, panels):
    scale = panels.scale(client, "storefront", "production")
    scale
    return (scale,)


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("marimo"), free_port()
    book = folder / "panels.py"
    book.write_text(NOTEBOOK, encoding="utf-8")
    with Path(folder, "log").open("w") as log:
        options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
        own = subprocess.Popen(
            [sys.executable, "-m", "marimo", "run", *options, str(book)], stdout=log, stderr=log, cwd=folder
        )
        try:
            answered(f"http://127.0.0.1:{port}/health", 90)
            yield f"http://127.0.0.1:{port}/"
        finally:
            own.terminate()
            own.wait(20)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_person_looks_opens_and_plans_in_marimo(address: str, browser: Any, theme: str) -> None:
    context = browser.new_context(viewport={"width": 1180, "height": 1200}, color_scheme=theme)
    page = context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(address, timeout=90_000)
    row = page.locator("[role=row], tr").filter(has_text="production").last
    row.wait_for(timeout=90_000)
    row.click()
    # a panel that is opened by a message makes widgets of its own, outside of any cell
    page.get_by_role("heading", name="Diagnosis").wait_for(timeout=60_000)
    page.get_by_text("Bad release").first.wait_for(timeout=60_000)
    assert page.locator(".createos-time-chart, .uplot, .createos-chart, canvas").count() > 0
    slider = page.get_by_label("Replicas")
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text("replicas 3").first.wait_for(timeout=60_000)
    dark = page.evaluate("[document.documentElement, document.body].some((one) => one.classList.contains('dark'))")
    assert page.locator(".createos-mirror").first.get_attribute("data-jp-theme-light") == str(not dark).lower()
    assert failed == []
    context.close()


def test_a_reload_is_told_all_anew(address: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1180, "height": 1200})
    page = context.new_page()
    for _ in range(2):
        page.goto(address, timeout=90_000)
        page.locator("[role=row], tr").filter(has_text="production").last.wait_for(timeout=90_000)
    context.close()
