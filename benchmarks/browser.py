"""In a real browser: the time chart beside uPlot alone, and a table of 500 rows beside a plain one of HTML.

Both charts draw 50,000 points of two series on the same page, in turn. All of it is time that the processor spends on
the page's thread, so that what else the machine does is not in it. The first drawing is from the call to the drawn
canvas, pointer to tooltip from the event to the values of the point in the page, laid out; uPlot alone shows them in a
legend. A task is what keeps the page from answering.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
RUNS = 5
_PARTS: Final = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
NAMES: Final = ("ours", "bare")
_ENVIRONMENTS: Final = ("production", "staging")
_FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
_PAGE: Final = "http://page.invalid/"


def grid_of(rows: int) -> Grid:
    """A table like that of a fleet."""
    random = np.random.default_rng(7)
    numbers = range(rows)
    frame = pd.DataFrame(
        {
            "environment": pd.Series([f"project-{at // 2} / {_ENVIRONMENTS[at % 2]}" for at in numbers], dtype=TEXT),
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
            own.wait_for_function("window.ready", timeout=60_000)
        except TimeoutError as error:
            raise RuntimeError(f"the page has not measured: {errors}") from error
        session = own.context.new_cdp_session(own)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        found = {"drawn": best(lambda name: drawn(own, session, name))}
        own.evaluate("window.enter()")
        found["hover"] = best(lambda name: hovered(own, session, name))
        own.evaluate("window.leave()")
        found["rows"] = own.evaluate("window.tables()")
        found["frame"] = best(lambda name: scrolled(own, session, name))
        found["longest"] = best(lambda name: longest_task(own, name))
        browser.close()
    return found


def processor(session: Any, parts: tuple[str, ...]) -> float:
    """Milliseconds that the page's thread has spent on parts of its work."""
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(sum(metrics[part] for part in parts))


def best(work: Callable[[str], float]) -> list[float]:
    """The least of some runs, ours and the other in turn."""
    runs = [[work(name) for name in NAMES] for _ in range(RUNS)]
    return [min(column) for column in zip(*runs, strict=True)]


def drawn(page: Any, session: Any, name: str) -> float:
    """Milliseconds of the processor from the call to the drawn canvas."""
    before = processor(session, _PARTS)
    page.evaluate("name => window.draw(name)", name)
    return processor(session, _PARTS) - before


def hovered(page: Any, session: Any, name: str) -> float:
    """Milliseconds of the processor for one move of the pointer over a chart."""
    before = processor(session, _PARTS)
    page.evaluate("name => window.hover(name)", name)
    return (processor(session, _PARTS) - before) / int(page.evaluate("window.moves"))


def scrolled(page: Any, session: Any, name: str) -> float:
    """Milliseconds of the processor for a frame while a table is scrolled."""
    before = processor(session, ("TaskDuration",))
    page.evaluate("name => window.scroll(name)", name)
    return (processor(session, ("TaskDuration",)) - before) / int(page.evaluate("window.frames"))


def longest_task(page: Any, name: str) -> float:
    """Milliseconds of the processor of the longest task while a table is scrolled."""
    browser = page.context.browser
    browser.start_tracing(page=page, categories=["toplevel"])
    page.evaluate("name => window.scroll(name)", name)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {(one["pid"], one["tid"]) for one in events if one.get("args", {}).get("name") == "CrRendererMain"}
    return float(max(one["tdur"] for one in events if (one["pid"], one["tid"]) in threads and "tdur" in one)) / 1000


def figures() -> list[Figure]:
    """The table's lines."""
    found = measured()
    assert found["rows"] >= 1
    longest, plain = found["longest"]
    points = "50,000 points × 2 series"
    return [
        at_most(f"time chart, {points}: first drawing", *pair(found["drawn"]), 1.5, "ms"),
        at_most(f"time chart, {points}: pointer to tooltip", *pair(found["hover"]), 1.5, "ms"),
        at_most(
            f"{ROWS} rows scrolled: longest task",
            longest,
            f"50 ms, or a plain table's ({plain:.3g} ms)",
            max(plain, 50.0),
            1.0,
            "ms",
        ),
        at_most(f"{ROWS} rows scrolled: a frame", *pair(found["frame"], "a plain table"), 1.5, "ms"),
    ]


def pair(times: list[float], other: str = "uPlot alone") -> tuple[float, str, float]:
    """Ours, the name of the other, and the other."""
    return times[0], other, times[1]
