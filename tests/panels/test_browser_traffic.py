"""A person sees the traffic go over to the other side, and back, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

#: A person waits an hour by a button: nothing in a test waits for real.
CELLS = (
    """
import createos_nb, ipywidgets
client = createos_nb.simulate()
later = ipywidgets.Button(description="An hour later")
later.on_click(lambda _: client.world.advance("65min"))
later
""",
    "createos_nb.panels.blue_green(client, 'storefront')",
)


def pace(page: Any, side: str) -> float:
    """The requests per minute that the panel shows for a side."""
    lane = page.get_by_role("group", name=side, exact=True).first
    return float(lane.locator(".createos-lane-figure").first.inner_text().strip().replace(",", ""))


def switch(page: Any, to: str, serving: str) -> None:
    """Show the plan, confirm it by the name of the side that serves now, and carry it out."""
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text(f"Plan: route wholesale.juniper-goods.example.com to {to}").wait_for()
    page.get_by_label("Reason").fill("a test")
    page.get_by_label(f"Type {serving} to confirm").fill(serving)
    page.get_by_role("button", name="Switch", exact=True).click()
    page.get_by_text(f"{to} serves wholesale.juniper-goods.example.com").wait_for()


@pytest.mark.slow
def test_traffic_follows_the_domain(page: Callable[..., Any]) -> None:
    """Before the switch blue has the users; an hour after it green has; and after the switch back blue."""
    own = page(*CELLS, height=1300)
    own.get_by_text("blue serves wholesale.juniper-goods.example.com").wait_for()
    assert pace(own, "blue") > 5 * pace(own, "green")
    for to, serving in (("green", "blue"), ("blue", "green")):
        switch(own, to, serving)
        own.get_by_role("button", name="An hour later").click()
        before = pace(own, to)
        own.get_by_role("button", name="Refresh").first.click()  # the watch below has one, too
        for _ in range(50):
            if pace(own, to) != before:
                break
            own.wait_for_timeout(100)
        assert pace(own, to) > 5 * pace(own, serving)
