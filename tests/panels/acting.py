"""Somebody who acts by panels, without a browser; and what every test of those needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from createos_nb.panels.panel import Panel
from createos_nb.panels.planning import to_type


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses for people who watch, and no journals in the user's own folder."""
    monkeypatch.setattr("createos_nb.panels.change._SHOWN", 0.0)
    monkeypatch.setattr("createos_nb.panels.work._SHOWN", 0.01)
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each panel that a test opens is closed after it."""
    opened: list[Panel] = []
    build = Panel._build

    def built(self: Panel, *body: Any) -> None:
        opened.append(self)
        build(self, *body)

    monkeypatch.setattr(Panel, "_build", built)
    yield
    for panel in opened:
        panel.close()


def review(panel: Any) -> Any:
    """Show the plan, and type what it asks for; gives the plan."""
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None, panel.last_error
    name = to_type(panel.plan)
    if name is not None:
        panel.params = {"confirm": name, "reason": "a test"}
    return panel.plan


def press(panel: Any, words: str) -> None:
    """Press a button by its words, as a person who sees it, and wait for what it begins."""
    buttons: list[Any] = list(panel._buttons.children) + list(panel._more.children)
    found = [one for one in buttons if isinstance(one, widgets.Button) and one.description == words]
    assert len(found) == 1, [one.description for one in buttons if isinstance(one, widgets.Button)]
    assert not found[0].disabled
    assert found[0].layout.display != "none"
    found[0].click()
    assert panel.wait(30)


def writes(client: Any) -> list[str]:
    """Paths of the requests that change something."""
    log = client.log()
    return list(log.loc[~log["method"].isin(["GET", "HEAD"]), "path"])


def live(client: Any, project: str = "storefront", environment: str = "production") -> int:
    """The version that is live."""
    row = client.environments.get(project, environment)
    return int(client.deployments.get(project, row["project_deployment_id"])["version_number"])
