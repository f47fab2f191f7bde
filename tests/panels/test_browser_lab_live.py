"""Panels that watch, in JupyterLab: what they show moves while another cell blocks the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.panels.test_browser_lab import lab as lab
from tests.panels.test_browser_lab import notebook as notebook

pytestmark = pytest.mark.browser

OPEN = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.{}
panel
"""

BLOCK = """
import time
panel.params["{}"] = True
print("blocking")
time.sleep(15)
print("free again")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "watch", "before"),
    [
        ("overview(client)", "live", "09:00:00"),
        ('logs(client, "storefront", "production")', "follow", "the last 200 of 970 lines"),
    ],
    ids=["overview", "logs"],
)
def test_what_is_watched_moves_while_another_cell_is_running(notebook: Any, made: str, watch: str, before: str) -> None:
    """What was shown first is gone before the cell that blocks the kernel is done."""
    own = notebook(OPEN.format(made), BLOCK.format(watch))
    own.command("notebook:run-all-cells")
    own.page.get_by_text(before).first.wait_for(timeout=40_000)
    own.page.get_by_text(before).first.wait_for(state="detached", timeout=40_000)
    said = own.page.locator(".jp-OutputArea-output pre")
    assert said.filter(has_text="blocking").count()
    assert not said.filter(has_text="free again").count()
    said.filter(has_text="free again").wait_for(timeout=40_000)
