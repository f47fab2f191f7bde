"""A person takes a drill, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """
import createos_nb
drill = createos_nb.training.drill("wrong_port", seed=5)
panel = createos_nb.panels.drill(drill)
panel
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_person_takes_a_drill(page: Callable[..., Any], accessible: Callable[[Any], None], theme: str) -> None:
    """The alert, an answer, time that passes, and the score; an answer that is none is refused and nothing is lost."""
    own = page(OPEN, theme=theme)
    own.get_by_text("60 minutes left").wait_for()
    accessible(own)
    submit = own.get_by_role("button", name="Submit", exact=True)
    submit.click()
    own.get_by_text("Choose a cause, or say where it is.").wait_for()
    own.get_by_label("Where").fill("account")
    own.get_by_label("Cause").select_option("wrong_port")
    submit.click()
    own.get_by_role("table", name="Answers and changes").get_by_text("wrong_port").wait_for()
    own.get_by_role("button", name="Wait 5 minutes").click()
    own.get_by_text("55 minutes left").wait_for()
    own.get_by_role("button", name="End, and score").click()
    own.get_by_text("no_harm").first.wait_for()
    assert submit.is_disabled()
    accessible(own)
