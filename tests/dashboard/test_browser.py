"""The dashboard in a real browser: what a person sees, chooses, reloads and may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import createos_nb
from createos_nb.dashboard.board import Board
from tests.dashboard.conftest import TOKEN, Served, run
from tests.panels import hostile

pytestmark = pytest.mark.browser
DIAGNOSED = "?project=storefront&environment=production&view=diagnosis"


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """`open_page(served, query, …)`: a page of a browser that has the token.

    Afterwards: no error in the console, and nothing was asked of another server.
    """
    contexts: list[Any] = []
    failed: list[str] = []
    asked: list[str] = []
    sites: list[str] = []

    def show(served: Served, query: str = "", *, width: int = 1180, theme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        sites.append(served.site)
        page = context.new_page()
        page.on("console", lambda message: failed.append(message.text) if is_error(message) else None)
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:", 1)))
        page.goto(f"{served.site}{query}{'&' if query else '?'}token={TOKEN}")
        return page

    yield show
    for context in contexts:
        context.close()
    assert failed == []
    assert [url for url in asked if not url.startswith((*sites, "data:", "blob:"))] == []


def is_error(message: Any) -> bool:
    """Whether the console tells of a fault: a page that is open while the dashboard ends tries to come back."""
    return message.type == "error" and "ERR_CONNECTION_REFUSED" not in message.text


def overflow(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_person_chooses_reloads_and_comes_back(served: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(served)
    row = page.locator("[role=row], tr").filter(has_text="production").last
    row.wait_for(timeout=60_000)
    assert TOKEN not in page.url
    row.click()
    page.get_by_role("heading", name="Diagnosis").wait_for(timeout=60_000)
    page.wait_for_url(f"**/{DIAGNOSED}", timeout=60_000)
    assert page.title() == "storefront / production · diagnosis · marlow"
    page.get_by_text("Bad release").first.wait_for(timeout=60_000)
    before = page.locator(".createos-mirror").inner_text()
    visits = served.board.visits
    page.reload()
    page.get_by_role("heading", name="Diagnosis").wait_for(timeout=60_000)
    assert page.url.endswith(DIAGNOSED)
    assert page.locator(".createos-mirror").inner_text() == before
    assert served.board.visits == visits
    page.get_by_role("button", name="Close").click()
    page.get_by_role("heading", name="Diagnosis").wait_for(state="detached", timeout=60_000)
    page.wait_for_url("**/?project=storefront&environment=production", timeout=60_000)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert TOKEN not in kept
    assert served.cookie.partition("=")[2] not in kept


PUT_A_SHEET = """text => {
    const sheet = document.createElement('style');
    sheet.textContent = text;
    document.body.append(sheet);
    return getComputedStyle(document.body).outlineStyle;
}"""


@pytest.mark.slow
def test_a_style_sheet_that_is_not_ours_holds_nowhere(served: Served, browser: Any) -> None:
    """That of all panels holds by its hash, those of widgets by their address; a sheet in the page's text does not."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{served.site}{DIAGNOSED}&token={TOKEN}")
        page.get_by_text("Bad release").first.wait_for(timeout=60_000)
        page.locator(".createos-chart canvas").first.wait_for(timeout=60_000)
        frame = page.locator(".createos-panel").first
        assert frame.evaluate("own => getComputedStyle(own).borderTopStyle") == "solid"
        assert page.locator("link[href^='/modules/'][href$='.css']").count() > 0
        plot = page.locator(".createos-chart-plot").first
        assert plot.evaluate("own => getComputedStyle(own).position") == "relative"
        assert page.evaluate(PUT_A_SHEET, "body { outline: 3px solid red }") == "none"


@pytest.mark.slow
def test_a_plan_is_applied_only_after_the_switch_that_names_the_account(open_page: Callable[..., Any]) -> None:
    board = Board(createos_nb.simulate("bad-release", read_only=True), "bad-release")
    with run(board) as served:
        page = open_page(served, "?project=storefront&environment=production&view=roll-back")
        page.get_by_role("button", name="Show the plan").click(timeout=60_000)
        page.get_by_text("this page is read-only").first.wait_for(timeout=60_000)
        switch = page.get_by_role("button", name="Allow changes …")
        switch.click()
        page.get_by_role("button", name="Stay read-only").click()
        assert page.get_by_text("Read-only", exact=True).is_visible()
        switch.press("Enter")
        page.get_by_role("dialog", name="Allow changes to marlow?").wait_for()
        page.get_by_role("button", name="Allow changes to marlow").click()
        page.get_by_text("Changes allowed on marlow").wait_for(timeout=60_000)
        page.get_by_text("this page is read-only").first.wait_for(state="detached", timeout=60_000)
        page.get_by_label("Type production to confirm").fill("production")
        page.get_by_label("Reason").first.fill("v4 fails")
        page.get_by_role("button", name="Roll back").last.click()
        page.get_by_text("PASS").first.wait_for(timeout=60_000)
        fleet = board.client.fleet.overview().set_index("environment")
        assert fleet.loc["production", "version"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1180, 1600])
def test_it_fits_and_is_accessible_in_both_themes(
    served: Served, open_page: Callable[..., Any], accessible: Callable[..., None], width: int, theme: str
) -> None:
    page = open_page(served, DIAGNOSED, width=width, theme=theme)
    page.get_by_text("Bad release").first.wait_for(timeout=60_000)
    assert overflow(page) == 0
    assert page.evaluate("document.documentElement.dataset.jpThemeLight") == str(theme == "light").lower()
    accessible(page)
    page.goto(f"{served.site}?wall=1")
    page.get_by_text("storefront / production").wait_for(timeout=60_000)
    assert overflow(page) == 0
    accessible(page)


@pytest.mark.slow
def test_names_that_mean_ill_are_text(open_page: Callable[..., Any]) -> None:
    client = hostile.client_of(createos_nb.simulate("bad-release").world, hostile.EVERYTHING, read_only=True)
    with run(Board(client)) as served:
        for query in ("", "?wall=1"):
            page = open_page(served, query)
            page.get_by_text("hostile()").first.wait_for(timeout=60_000)
            assert page.locator(".createos-mirror script, .createos-mirror img").count() == 0
            assert page.evaluate("typeof hostile") == "undefined"
        page = open_page(served, "?project=%3Cimg%20src%3Dx%20onerror%3Dhostile()%3E")
        page.get_by_text("there is none of that name here").wait_for(timeout=60_000)
        assert page.locator("img").count() == 0


@pytest.mark.slow
def test_a_page_says_that_what_it_shows_is_old_when_the_dashboard_has_ended(open_page: Callable[..., Any]) -> None:
    with run(Board(createos_nb.simulate("bad-release", read_only=True))) as served:
        page = open_page(served, DIAGNOSED)
        page.get_by_role("heading", name="Diagnosis").wait_for(timeout=60_000)
        lost = page.get_by_role("alert").filter(has_text="The connection to the dashboard is lost")
        assert lost.count() == 0
    lost.wait_for(timeout=60_000)
    assert "what is shown is old" in lost.inner_text()
    assert page.get_by_role("heading", name="Diagnosis").is_visible()
