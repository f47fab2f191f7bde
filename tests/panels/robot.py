"""Somebody who presses everything, and a record of everything that the browser is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets
from comm.base_comm import BaseComm

from createos_nb.panels.components import ActionButton, Slider
from createos_nb.panels.grid import Grid
from createos_nb.panels.secret import SecretField
from createos_nb.panels.version_picker import VersionCards
from tests.panels.hostile import TYPED

PREFIX = "createos-panel"


class Record:
    """What widgets send, from their beginning on."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def comm(self, *args: Any, **how: Any) -> BaseComm:
        """In place of `comm.create_comm`."""
        record = self

        class Recorded(BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
            ) -> None:
                if isinstance(data, dict):
                    # written down at once: what is sent may be changed afterwards
                    text = json.dumps(data, default=lambda value: f"{value!r}", ensure_ascii=False)
                    with record._lock:
                        record.sent.append((self.comm_id, json.loads(text)))

        return Recorded(*args, **how)

    def states(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(comm, name of the view, traits) of each state that was sent, the first ones too."""
        views: dict[str, str] = {}
        for identity, data in list(self.sent):
            state = data.get("state")
            if data.get("method", "update") != "custom" and isinstance(state, dict):
                views[identity] = str(state.get("_view_name", views.get(identity, "")))
                yield identity, views[identity], state

    def messages(self) -> Iterator[dict[str, Any]]:
        """Contents of custom messages."""
        for _, data in list(self.sent):
            if data.get("method") == "custom" and isinstance(data.get("content"), dict):
                yield data["content"]


def tree(panel: Any) -> list[Any]:
    """All widgets of a panel."""
    left, found = [panel.box], []
    while left:
        one = left.pop()
        found.append(one)
        left += getattr(one, "children", ())
    return found


def press_everything(panel: Any) -> None:
    """Choose, type, press and carry out whatever a panel offers."""
    for one in tree(panel):
        if isinstance(one, SecretField):
            one._handle_custom_msg({"secret": TYPED}, [])
        elif isinstance(one, widgets.Text | widgets.Combobox | widgets.Textarea) and not one.value:
            one.value = "robot"
        elif isinstance(one, Grid):
            for row in [row for row in one.rows if one.selectable and not row["off"]][:2]:
                one._handle_custom_msg({"opened": row["key"]}, [])
                one.selected = row["key"]
        elif isinstance(one, VersionCards):
            for key in one.choices[:2]:
                one.selected = key
        elif isinstance(one, Slider):
            one.value = one.max if one.value != one.max else one.min
        elif isinstance(one, widgets.Checkbox) and one.description not in ("Live", "Follow"):
            one.value = not one.value
    for last in (False, True):
        for one in tree(panel):
            if last and isinstance(one, widgets.Dropdown) and len(one.options) > 1:
                one.index = len(one.options) - 1
                settled(panel)
        for one in tree(panel):
            there = isinstance(one, widgets.Button) and one.comm is not None and one.layout.display != "none"
            if there and not one.disabled:
                one.click()
                settled(panel)
                confirmed(panel)


def confirmed(panel: Any) -> None:
    """Carry out the plan that is shown, as a person does."""
    plan = getattr(panel, "plan", None)
    if plan is None or not plan.steps:
        return
    from createos_nb.panels.plan.display import required_name

    panel.params["reason"] = "a robot"
    panel.params["confirm"] = required_name(plan) or ""
    for one in tree(panel):
        if (
            isinstance(one, ActionButton)
            and one.description == panel.form.apply_button.description
            and not one.disabled
        ):
            one.click()
            settled(panel)
            return


def settled(panel: Any) -> None:
    """Wait for the work beside the kernel, not for ever."""
    assert panel.wait(60), "work beside the kernel does not end"


def threads_left(seconds: float = 10.0) -> list[str]:
    """Names of the threads of panels that do not end by themselves."""
    mine = [one for one in threading.enumerate() if one.name.startswith(PREFIX)]
    for one in mine:
        one.join(seconds)
    return [one.name for one in mine if one.is_alive()]
