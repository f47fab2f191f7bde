"""The time chart in a real browser: by pointer and by keyboard, two charts together, in the page's theme and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELL = """
import createos_nb, ipywidgets
client = createos_nb.simulate("bad-release")
requests = client.analytics.requests_over_time("storefront", "production", start="-3h")
live = client.fleet.live_versions(start="-3h", projects="storefront")
charts = [createos_nb.panels.traffic_chart(requests, live, slo=0.5, group="both") for _ in range(2)]
panel = createos_nb.panels.traffic(client, "storefront", "production")
box = ipywidgets.VBox(charts)
box.add_class("createos-panel")
display(createos_nb.panels.traffic(client, "storefront", "production"), box)
"""
DARK = "[getComputedStyle(document.querySelector('.createos-chart')).getPropertyValue('--ch-series')]"


def shown(own: Any) -> Any:
    """The charts, as soon as they are drawn."""
    own.locator(".createos-chart canvas").nth(3).wait_for()
    return own.locator(".createos-chart")


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        ("light", 1100),
        ("dark", 420),
        ("dark", 1600),
    ],
)
def test_a_chart_answers_the_pointer_and_the_keyboard(
    page: Callable[..., Any], accessible: Callable[[Any], None], theme: str, width: int
) -> None:
    """Hover, drag, keys, reset; the other chart of the group follows; nothing scrolls sideways."""
    own = page(CELL, theme=theme, width=width)
    charts = shown(own)
    accessible(own)
    assert own.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first, second = charts.nth(1), charts.nth(2)  # that of the panel is in no group
    plot = first.get_by_role("img")
    assert plot.get_attribute("aria-label").startswith("Server errors: 3.2 % of requests since v4 at 13:20 UTC")

    area = first.locator(".createos-chart-area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    own.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60)
    for chart in (first, second):
        card = chart.locator(".createos-chart-card").inner_text()
        assert card.startswith("13:4")
        assert "\nv4" in card
        assert "since 13:20" in card  # the incident
    assert charts.nth(0).locator(".createos-chart-card").is_hidden()
    own.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 60)
    assert "since" not in first.locator(".createos-chart-card").inner_text()  # before the incident

    own.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    own.mouse.down()
    own.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=4)
    own.mouse.up()
    everything = second.get_by_role("button", name="Show everything")
    everything.wait_for()
    own.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + 60)
    everything.wait_for(state="hidden")

    plot.focus()
    own.keyboard.press("End")
    own.keyboard.press("ArrowLeft")
    said = first.get_by_role("status")
    assert said.inner_text().startswith("13:58 UTC: requests per minute ")
    own.keyboard.press("+")
    everything.wait_for()
    own.keyboard.press("Escape")
    everything.wait_for(state="hidden")

    first.get_by_role("button", name="Table").click()
    assert first.get_by_role("row").count() == 61
    accessible(own)
    first.get_by_role("button", name="Times in UTC").click()
    assert second.get_by_role("button", name="Local times").is_visible()


def test_a_chart_follows_theme_and_width_while_it_is_there(page: Callable[..., Any]) -> None:
    own = page(CELL)
    charts = shown(own)
    canvas = charts.nth(1).locator("canvas").first
    before = own.evaluate(DARK)
    picture = canvas.screenshot()
    wide = canvas.bounding_box()["width"]
    own.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    own.wait_for_function("before => getComputedStyle(document.querySelector('.createos-chart'))"
                          ".getPropertyValue('--ch-series') !== before[0]", arg=before)  # fmt: skip
    own.wait_for_timeout(400)
    assert canvas.screenshot() != picture
    charts.nth(1).evaluate("element => { element.style.width = '500px'; }")
    own.wait_for_function("document.querySelectorAll('.createos-chart canvas')[2].clientWidth < 510")
    assert canvas.bounding_box()["width"] < wide
