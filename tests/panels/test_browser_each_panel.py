"""Every panel at both ends of its widths, in both themes, with names that are markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.panels.by_keyboard import SHOWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: What names a project or an environment becomes in the arguments of a panel: ids, for names are hostile.
WORLD: Final = r"""
import createos_nb
world = createos_nb.simulate().world
project = next(one for one in world.state.projects.values() if one.name == "storefront")
ids = {one.name: one.id for one in project.environments.values()}
for one in world.state.projects.values():
    one.name = f"<img src=x onerror='window.hostile=1'>{one.name}\x1b[31m"
for one in project.environments.values():
    one.name = f"<script>window.hostile=1</script>{one.name}\u202e"
client = createos_nb.simulate(world)
"""


def arguments_of(name: str) -> str:
    """The arguments of a panel, by id."""
    given = SHOWN[name].arguments.replace('"storefront"', "project.id")
    for environment in ("production", "staging", "development", "blue", "green"):
        given = given.replace(f'"{environment}"', f'ids["{environment}"]')
    return given


@pytest.mark.parametrize(("theme", "width"), [("light", 1600), ("dark", 420)])
@pytest.mark.parametrize("name", SHOWN)
def test_a_panel_fits_its_width_and_is_accessible_whatever_is_in_it(
    page: Callable[..., Any], accessible: Callable[[Any], None], name: str, theme: str, width: int
) -> None:
    own = page(WORLD, f"createos_nb.panels.{name}({arguments_of(name)})", theme=theme, width=width)
    own.locator(".createos-panel, .createos-chart").first.wait_for()
    own.wait_for_function("!document.querySelector('.createos-skeleton, .createos-wait')", timeout=60_000)
    accessible(own)
    assert own.evaluate("document.documentElement.scrollWidth") <= width
    assert own.evaluate("window.hostile") is None
    assert own.locator("img[src='x'], .createos-panel script").count() == 0
