"""In a real browser: the time chart beside uPlot alone, and a table of 500 rows beside a plain one of HTML.

Both charts draw 50,000 points of two series on the same page, in turn. The first drawing is from the call to the drawn
canvas; pointer to tooltip is from the event to the values of the point in the page, laid out. uPlot alone shows them in
its legend. A task is what keeps the page from answering; browsers tell of those that last over 50 ms, so that a shorter
one counts as 50.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.measure import Figure, at_most
from createos_nb.dtypes import TEXT
from createos_nb.panels import markup
from createos_nb.panels.components import FRONT
from createos_nb.panels.grid import Grid

ROWS = 500
_NAMES: Final = ("production", "staging")
_FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_PAGE: Final = "http://page.invalid/"


def grid_of(rows: int) -> Grid:
    """A table like that of a fleet."""
    random = np.random.default_rng(7)
    numbers = range(rows)
    frame = pd.DataFrame(
        {
            "environment": pd.Series([f"project-{at // 2} / {_NAMES[at % 2]}" for at in numbers], dtype=TEXT),
            "status": pd.Series([("healthy", "degraded", "down", "asleep")[at % 4] for at in numbers], dtype=TEXT),
            "requests": random.integers(0, 90_000, rows),
            "errors": random.random(rows) * 5,
            "trend": [random.random(48).tolist() for _ in numbers],
            "last change": pd.Series([f"version {at} became live {at % 60} min ago" for at in numbers], dtype=TEXT),
        }
    )  # fmt: skip
    grid = Grid("Environments", selectable=True)
    grid.show(frame, kinds={"trend": "spark", "status": "state"}, key="environment")
    return grid


def page() -> str:
    """The page, with what it measures by."""
    grid = grid_of(ROWS)
    traits = {name: value for name, value in grid.get_state().items() if not name.startswith("_")}
    data = json.dumps({"grid": traits}, default=str).replace("<", "\\u003c")
    chart_css = (FRONT / "css" / "chart.css").read_text(encoding="utf-8")
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return (
        f"<!doctype html><html><head>{markup.style()}<style>{chart_css}</style></head><body>"
        f'<script>const data = {data};</script><script type="module">{script}</script></body></html>'
    )


def measured() -> dict[str, Any]:
    """What the page has measured. Raises `RuntimeError` where there is no Chromium."""
    from playwright.sync_api import Route, TimeoutError, sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise RuntimeError("no Chromium is here")
    html = page()

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(_PAGE)
        if name.endswith(".js"):
            route.fulfill(body=(FRONT / name).read_text(encoding="utf-8"), content_type="text/javascript")
        else:
            route.fulfill(body=html, content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        own = browser.new_page(viewport={"width": 1180, "height": 900})
        errors: list[str] = []
        own.on("pageerror", lambda error: errors.append(str(error)))
        own.route(f"{_PAGE}**", answer)
        own.goto(_PAGE)
        try:
            own.wait_for_function("window.measured", timeout=120_000)
        except TimeoutError as error:
            raise RuntimeError(f"the page has not measured: {errors}") from error
        found: dict[str, Any] = own.evaluate("window.measured")
        browser.close()
    return found


def figures() -> list[Figure]:
    """The table's lines."""
    found = measured()
    assert found["rows"] >= 1
    points = "50,000 points × 2 series"
    return [
        at_most(f"time chart, {points}: first drawing", *pair(found["drawn"]), 1.5, "ms"),
        at_most(f"time chart, {points}: pointer to tooltip", *pair(found["hover"]), 1.5, "ms"),
        at_most(f"{ROWS} rows scrolled: longest task, of those over 50 ms", found["scrolled"][0], "a plain table",
                found["scrolled"][1], 1.0, "ms"),
    ]  # fmt: skip


def pair(times: list[float]) -> tuple[float, str, float]:
    """Ours, the name of the other, and the other."""
    return times[0], "uPlot alone", times[1]
