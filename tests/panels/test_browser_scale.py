"""A person scales an environment, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.scale(client, "storefront", "production")
panel
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_person_scales_production(page: Callable[..., Any], accessible: Callable[[Any], None], theme: str) -> None:
    """The plan first, then the name and a reason, then the button: once."""
    own = page(OPEN, theme=theme)
    accessible(own)
    own.get_by_role("slider", name="Replicas").focus()
    own.keyboard.press("ArrowLeft")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: scale storefront / production: replicas 2").wait_for()
    scale = own.get_by_role("button", name="Scale to 2 replicas")
    assert scale.is_disabled()
    scale.focus()  # the keyboard gets there, and learns what is missing
    assert own.evaluate("document.activeElement.getAttribute('aria-disabled')") == "true"
    own.get_by_role("status").get_by_text("write a reason and type production").wait_for()
    own.keyboard.press("Enter")
    accessible(own)
    own.get_by_label("Reason").fill("the sale is over")
    own.get_by_label("Type production to confirm").fill("production")
    scale.click()
    own.get_by_text("Receipt: scale storefront / production: replicas 2").wait_for()
    accessible(own)
