"""A notebook that JupyterLab saves together with its widgets, after secrets were typed and shown in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.panels.test_browser_lab import lab, notebook

__all__ = ["lab", "notebook"]  # fixtures

pytestmark = pytest.mark.browser

OPEN = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.variables(client, "storefront", "staging")
panel
"""
KEYS = """
keys = createos_nb.panels.api_keys(client)
keys
"""


@pytest.mark.slow
def test_what_was_typed_and_shown_is_not_saved(notebook: Any, lab: tuple[str, Path], request: Any) -> None:
    """With the state of all widgets in the file, and the values on the screen while it is saved."""
    own = notebook(OPEN, KEYS)
    own.command("notebook:run-all-cells")
    page = own.page
    page.get_by_role("combobox", name="Name", exact=True).fill("LOG_LEVEL")
    page.get_by_label("Value", exact=True).fill("typed-by-hand")
    page.get_by_label("Value", exact=True).press("Tab")
    page.get_by_text("received, not shown").wait_for()
    page.get_by_role("radio", name="choose SESSION_SECRET").check()
    page.get_by_role("button", name="Show for 15 s").click()
    shown = page.get_by_role("group", name="SESSION_SECRET")
    held = shown.locator("code").inner_text()
    page.get_by_label("New key").fill("saved-notebook")
    panel = page.locator(".createos-panel").last
    panel.get_by_role("button", name="Show the plan").click()
    panel.get_by_role("button", name="Create", exact=True).click()
    key = page.get_by_role("group", name="API key saved-notebook").locator("code").inner_text()
    own.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    path = lab[1] / f"{request.node.name}.ipynb"
    for _ in range(40):
        own.command("docmanager:save")
        page.wait_for_timeout(500)
        saved = path.read_text(encoding="utf-8")
        if "widget-state+json" in saved:
            break
    state = json.loads(saved)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 20
    assert "LOG_LEVEL" in saved
    assert len(held) > 5
    assert key.startswith("skp_")
    for secret in ("typed-by-hand", held, key):
        assert secret not in saved
