"""A person looks at the fleet, its traffic and its logs, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.panels.conftest import headed

pytestmark = pytest.mark.browser

OPEN = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.{}
panel
"""


def tabbed(page: Any, key: str, until: str) -> None:
    """Press a key until something holds of the page, in not too many steps."""
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate(until):
            return
    raise AssertionError(f"{key} does not lead to where {until}")


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_the_fleet_is_walked_by_the_keyboard_alone(
    page: Callable[..., Any], accessible: Callable[[Any], None], theme: str
) -> None:
    """Tab to the table, arrows to an environment, Enter shows its diagnosis below; its traffic is opened instead."""
    own = page(OPEN.format("overview(client)"), theme=theme)
    own.get_by_role("radio", name="choose shop-assistant").wait_for()
    accessible(own)
    for _ in range(30):
        own.keyboard.press("Tab")
        if own.evaluate("document.activeElement.type") == "radio":
            break
    own.keyboard.press("ArrowDown")
    own.keyboard.press("Enter")
    headed(own, "Diagnosis", "shop-assistant / production").wait_for()
    own.get_by_text("read at 2026-03-02").wait_for()
    accessible(own)
    own.keyboard.press("ArrowDown")  # the focus is where it was
    own.keyboard.press("Enter")
    headed(own, "Diagnosis", "landing-pages / production").wait_for()
    tabbed(own, "Tab", "document.activeElement.tagName == 'SELECT'")
    own.keyboard.press("ArrowDown")  # diagnosis, traffic
    own.keyboard.press("Tab")
    own.keyboard.press("Enter")
    headed(own, "Traffic", "landing-pages / production").wait_for()
    tabbed(own, "Shift+Tab", "document.activeElement.innerText == 'Close'")
    own.keyboard.press("Enter")
    headed(own, "Traffic", "landing-pages / production").wait_for(state="detached")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_click_on_a_row_says_what_is_wrong_and_leads_to_the_cure(
    page: Callable[..., Any], accessible: Callable[[Any], None], theme: str
) -> None:
    """A click on the row, not on its radio button; then the button of the cure, with the version filled in."""
    own = page(OPEN.format("overview(client)").replace("simulate()", "simulate('bad-release')"), theme=theme)
    own.get_by_role("row", name="storefront").get_by_text("degraded").click()
    own.get_by_text("Bad release", exact=True).wait_for()
    own.get_by_text("version 4 became live at 13:20").wait_for()
    own.get_by_text("TypeError: Cannot read properties").last.wait_for()
    table, side = (own.locator(name).bounding_box() for name in (".createos-fleet-rows", ".createos-side"))
    assert side["x"] >= table["x"] + table["width"], "beside the table"
    assert own.evaluate("document.documentElement.scrollWidth") <= 1100
    accessible(own)
    own.get_by_role("button", name="Roll back to v3").click()
    headed(own, "Roll back", "storefront / production").wait_for()
    assert own.get_by_role("radio", name=re.compile("^v3")).is_checked()
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("The diagnosis agrees: bad_release").wait_for()
    accessible(own)


def test_the_traffic_of_an_environment(page: Callable[..., Any], accessible: Callable[[Any], None]) -> None:
    """Another window draws another chart, another project keeps the environment of that name."""
    own = page(OPEN.format('traffic(client, "storefront", "production")'), width=600)
    chart = own.locator(".createos-chart").first
    label = "() => document.querySelector('.createos-chart [role=img]').getAttribute('aria-label')"
    chart.get_by_role("img").first.wait_for()
    before = own.evaluate(label)
    accessible(own)
    own.get_by_label("Window").select_option("last hour")
    own.wait_for_function(f"before => ({label})() !== before", arg=before)
    own.get_by_label("Project").select_option("orders-api")
    headed(own, "Traffic", "orders-api / production").wait_for()
    own.get_by_label("Environment").select_option("all environments")
    headed(own, "Traffic", "orders-api").wait_for()
    own.get_by_text("orders-api / production, requests per minute").wait_for()
    accessible(own)


#: The first line that is seen in a log.
TOP = "log => [...log.children].find(row => row.offsetTop + row.offsetHeight > log.scrollTop).innerText"


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_a_log_is_searched_and_followed(
    page: Callable[..., Any], accessible: Callable[[Any], None], theme: str
) -> None:
    """Lines come while it is followed, and wait while it is paused."""
    own = page(OPEN.format('logs(client, "storefront", "production")'), theme=theme, width=900)
    own.get_by_text("the last 200 of 970 lines").wait_for()
    accessible(own)
    own.get_by_label("Search").fill("CHECKOUT")
    matching = "() => [...document.querySelectorAll('.createos-log-line')].at(-1)?.innerText.includes('checkout')"
    own.wait_for_function(matching)
    assert all("checkout" in line.lower() for line in own.locator(".createos-log-line").all_inner_texts())
    assert set(own.locator("mark").all_inner_texts()) == {"checkout"}
    accessible(own)
    own.get_by_label("Search").fill("")
    own.get_by_text("cut here: 770 earlier lines").wait_for(state="attached")
    own.get_by_label("Follow").check()
    own.get_by_text("the last 200 of 970 lines").wait_for(state="detached")
    lines = own.get_by_role("log")
    assert lines.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 9  # at its end
    lines.evaluate("log => { log.scrollTop = 300 }")
    read = lines.evaluate(TOP)
    own.get_by_role("button", name="new line").wait_for()
    assert lines.evaluate(TOP) == read  # a reader stays where he is
    own.get_by_role("button", name="new line").click()
    own.get_by_role("button", name="new line").wait_for(state="detached")
    own.get_by_label("Pause").check()
    own.get_by_text("new lines").locator("visible=true").wait_for()
    last = own.locator(".createos-log-line").last.inner_text()
    own.get_by_label("Pause").uncheck()
    moved = "last => [...document.querySelectorAll('.createos-log-line')].at(-1).innerText !== last"
    own.wait_for_function(moved, arg=last)
    own.get_by_label("Log", exact=True).select_option("build")
    own.get_by_text("health check on port 3000: passed").wait_for()
    assert not own.get_by_label("Follow").is_checked()
    accessible(own)


HOSTILE = r"""
import createos_nb
NAME = "<img src=x onerror='window.hostile=1'><script>window.hostile=1</script>\x1b[31m\u202etxet$x$"
client = createos_nb.simulate()
project = next(one for one in client.world.state.projects.values() if one.name == "storefront")
environment = next(one for one in project.environments.values() if one.name == "production")
project.name = environment.name = NAME
path = "/<img/src=x/onerror=window.hostile=1>\u202ekcab\x1b[31m"
line = '203.0.113.9 - - [02/Mar/2026:08:5{}:11 +0000] "GET {} HTTP/1.1" 500 9 "-" "-"'
log = "\n".join(line.format(minute, path) for minute in range(9))
client.world.replay(project.id, environment.id, log.encode())
panel = createos_nb.panels.overview(client)
chosen = next(row["key"] for row in panel._rows.grid.rows if "onerror" in row["key"])
panel.params = {"chosen": chosen, "show": "SHOW"}
panel.open()
panel
"""


@pytest.mark.grid(2)
@pytest.mark.parametrize("show", ["traffic", "logs"])
def test_hostile_names_paths_and_lines_are_text(page: Callable[..., Any], show: str) -> None:
    """Markup, script, control sequences and turned text in a project's name, an environment's, and a log."""
    own = page(HOSTILE.replace("SHOW", show), height=1400)
    own.locator(".createos-subject").get_by_text("<img src=x").wait_for()
    own.get_by_role("heading", name=show.capitalize(), exact=True).wait_for()
    own.get_by_text("onerror=window.hostile=1>").last.wait_for()
    assert own.evaluate("window.hostile") is None
    assert own.locator("img[src='x'], .createos-panel script").count() == 0
    said = own.locator(".createos-panel").first.inner_text()
    assert "<script>window.hostile=1</script>" in said
    assert "\u202e" not in said
    assert "\x1b" not in said
