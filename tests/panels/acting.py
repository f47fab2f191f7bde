"""A person who uses panels, without a browser."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as widgets

from createos_nb import panels
from createos_nb.panels.components import ActionButton
from createos_nb.panels.plan.display import required_name
from createos_nb.plans import Event

#: What is typed to confirm a plan for production.
NAMED = {"confirm": "production", "reason": "a test"}


def review(panel: Any) -> Any:
    """Show the plan, and type what it asks for; gives the plan."""
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None, panel.last_error
    name = required_name(panel.plan)
    if name is not None:
        panel.params = {"confirm": name, "reason": "a test"}
    return panel.plan


def press(panel: Any, words: str) -> None:
    """Press a button by its words, as a person who sees it, and wait for what it begins."""
    buttons: list[Any] = [*panel.form.buttons.children, *panel.form.actions.children]
    buttons = [
        one for one in buttons if isinstance(one, widgets.Button | ActionButton) and one.layout.display != "none"
    ]
    found = [one for one in buttons if one.description == words]
    assert len(found) == 1, [one.description for one in buttons]
    assert not found[0].disabled
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


def assigning(client: Any, version: str = "v15") -> Any:
    """A panel that shows the plan to assign a version to production."""
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = version
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None, panel.last_error
    return panel


def held_up(panel: Any) -> tuple[threading.Event, threading.Event]:
    """The panel's run stops at its first event until the second of the events is set; the first says that it has."""
    there, go_on = threading.Event(), threading.Event()
    happened = panel.form.on_event

    def held(event: Event) -> None:
        happened(event)
        there.set()
        assert go_on.wait(30)

    panel.form.on_event = held
    return there, go_on
