"""Choosing what is looked at: a project, one of its environments, and a window of time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from createos_nb.panels import markup

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Windows of time up to now: label and seconds.
TIME_WINDOWS: Final = (
    ("last hour", 3600),
    ("last 6 hours", 6 * 3600),
    ("last 24 hours", 86_400),
    ("last 7 days", 7 * 86_400),
    ("last 30 days", 30 * 86_400),
)


class EnvironmentPicker:
    """Two dropdowns; "" means all, or what `everything` calls it.

    Their options are read by `read`, and set within `without_callbacks`.

    Attributes:
        project, environment: the widgets.
    """

    def __init__(
        self,
        client: Client,
        project: str = "",
        environment: str = "",
        *,
        without_callbacks: Callable[[], AbstractContextManager[None]],
        everything: tuple[str, str] = ("all projects", "all environments"),
    ) -> None:
        self._everything = everything
        self._client, self._without_callbacks = client, without_callbacks
        self._projects: tuple[str, ...] = ()
        self._keep_if_exists = False
        self.project = widgets.Dropdown(
            description="Project", options=_options(everything[0], [project]), value=project
        )
        self.environment = widgets.Dropdown(
            description="Environment", options=_options(everything[1], [environment]), value=environment
        )

    @property
    def subject(self) -> str:
        """Return the chosen environment as text for the header."""
        project, environment = self.names()
        if not project:
            return self._everything[0]
        return f"{project} / {environment}" if environment else project

    def names(self) -> tuple[str, str]:
        """Return project and environment, "" for all."""
        project = str(self.project.value or "")
        return project, str(self.environment.value or "") if project else ""

    def add_project(self, name: Any) -> str:
        """Make a project an option and return its name; whether it exists, reading says."""
        self._set_options(self.project, [*_values(self.project), str(name or "")])
        return str(name or "")

    def add_environment(self, name: Any) -> str:
        """Make an environment an option and return its name."""
        self._set_options(self.environment, [*_values(self.environment), str(name or "")])
        self._keep_if_exists = False
        return str(name or "")

    def read(self, cancel: threading.Event | None = None) -> tuple[str, str]:
        """Read the options, and return project and environment as `names` does.

        Where a newly chosen project has no environment of that name, all of them are meant.
        """
        before = project, environment = self.names()
        if not self._projects:
            rows = self._client.projects.list()
            self._projects = tuple(rows[rows["status"] == "active"]["unique_name"])
            self._set_options(self.project, [*self._projects, str(self.project.value or "")])
        environments = list(self._client.environments.list(project)["unique_name"]) if project else []
        if self._keep_if_exists and environment not in environments:
            environment = ""
        if before == self.names() and not (cancel is not None and cancel.is_set()):  # nobody has chosen meanwhile
            self._set_options(self.environment, [*environments, environment], environment)
            self._keep_if_exists = False
        return project, environment

    def keep_environment(self) -> None:
        """Keep the environment, where a newly chosen project has one of that name."""
        self._keep_if_exists = True

    def _set_options(self, widget: widgets.Dropdown, names: Sequence[str], value: str | None = None) -> None:
        options = _options(self._everything[widget is self.environment], names)
        value = str(widget.value or "") if value is None else value
        with self._without_callbacks():
            if tuple(widget.options) != tuple(options):
                widget.options = options
            if widget.value != value:
                widget.value = value


def _options(everything: str, names: Sequence[str]) -> list[tuple[str, str]]:
    unique = dict.fromkeys(str(name) for name in names if name)
    return [(everything, ""), *((markup.label(name), name) for name in unique)]


def _values(widget: widgets.Dropdown) -> list[str]:
    return [value for _, value in widget.options]
