"""Choosing a project and one of its environments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from createos_nb.panels import markup

if TYPE_CHECKING:
    from createos_nb.client import Client


class Places:
    """Two lists to choose from; "" means all. What they offer is read by `read`, and drawn within `quietly`.

    Attributes:
        project, environment: the widgets.
    """

    def __init__(
        self,
        client: Client,
        project: str = "",
        environment: str = "",
        *,
        quietly: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._client, self._quietly = client, quietly
        self._offered: tuple[str, ...] = ()
        self._carried = False
        self.project = widgets.Dropdown(description="Project", options=_options("projects", [project]), value=project)
        self.environment = widgets.Dropdown(
            description="Environment", options=_options("environments", [environment]), value=environment
        )

    @property
    def subject(self) -> str:
        """What is chosen, for a heading."""
        project, environment = self.names()
        if not project:
            return "all projects"
        return f"{project} / {environment}" if environment else project

    def names(self) -> tuple[str, str]:
        """Project and environment, "" for all."""
        project = str(self.project.value or "")
        return project, str(self.environment.value or "") if project else ""

    def with_project(self, name: Any) -> str:
        """A project by name, offered from now on; whether there is one, reading says."""
        self._offer(self.project, "projects", [*_values(self.project), str(name or "")])
        return str(name or "")

    def with_environment(self, name: Any) -> str:
        """Likewise an environment."""
        self._offer(self.environment, "environments", [*_values(self.environment), str(name or "")])
        self._carried = False
        return str(name or "")

    def read(self, cancel: threading.Event | None = None) -> tuple[str, str]:
        """What there is to choose from. An environment that a newly chosen project has not gives way to all of them.

        Gives project and environment, as `names`.
        """
        asked = project, environment = self.names()
        if not self._offered:
            listed = self._client.projects.list()
            self._offered = tuple(listed[listed["status"] == "active"]["unique_name"])
            self._offer(self.project, "projects", [*self._offered, str(self.project.value or "")])
        there = list(self._client.environments.list(project)["unique_name"]) if project else []
        if self._carried and environment not in there:
            environment = ""
        if asked == self.names() and not (cancel is not None and cancel.is_set()):  # nobody has chosen meanwhile
            self._offer(self.environment, "environments", [*there, environment], environment)
            self._carried = False
        return project, environment

    def carry(self) -> None:
        """Another project was chosen: the environment stays if it has one of that name."""
        self._carried = True

    def _offer(self, widget: widgets.Dropdown, what: str, names: Sequence[str], value: str | None = None) -> None:
        options = _options(what, names)
        value = str(widget.value or "") if value is None else value
        with self._quietly():
            if tuple(widget.options) != tuple(options):
                widget.options = options
            if widget.value != value:
                widget.value = value


def _options(what: str, names: Sequence[str]) -> list[tuple[str, str]]:
    kept = dict.fromkeys(str(name) for name in names if name)
    return [(f"all {what}", ""), *((markup.label(name), name) for name in kept)]


def _values(widget: widgets.Dropdown) -> list[str]:
    return [value for _, value in widget.options]
