"""What an environment can be opened as, from the overview of the fleet."""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb.panels.overview import OverviewPanel


@pytest.fixture(scope="module")
def overview() -> OverviewPanel:
    return createos_nb.panels.overview(createos_nb.simulate())


def kinds() -> list[str]:
    control = createos_nb.panels.overview(createos_nb.simulate("sleepy")).params.control("show")
    return list(control.widget.options)


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_opens_below_and_takes_the_place_of_the_one_before(overview: OverviewPanel, kind: str) -> None:
    """The panel is of the chosen environment, or of its project; the one that was there is closed."""
    before = overview.opened
    overview.params = {"chosen": "storefront / staging", "show": kind}
    opened = overview.open()
    assert opened is not None
    assert opened is overview.opened
    assert opened.subject in ("storefront / staging", "storefront")
    assert opened.last_error is None
    assert before is None or before.closed


def test_the_table_shows_what_was_done_below(overview: OverviewPanel) -> None:
    """After a change in the panel below, no row shows what was before it."""
    overview.params = {"chosen": "storefront / staging", "show": "scale"}
    below = overview.open()
    assert below is not None
    below.params = {"replicas": 2, "reason": "a test", "confirm": "staging"}
    below.run()
    assert overview.wait(30)
    assert overview.frame is not None
    row = overview.frame.set_index(["project", "environment"]).loc[("storefront", "staging")]
    assert row["replicas"] == 2
