"""The panel of a project's build and run settings: all of them as they are, changed by a plan."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.secret import SecretField
from createos_nb.panels.variables import DesiredVariables
from createos_nb.panels.view import set_options

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_TEXTS: Final = {
    "runtime": ("Runtime", "such as node:20"),
    "framework": ("Framework", "such as nextjs"),
    "directory_path": ("Folder", "of the app; empty: the top of the repository"),
    "install_command": ("Install", "such as npm ci"),
    "build_command": ("Build", "such as npm run build"),
    "run_command": ("Run", "such as npm start"),
    "build_dir": ("Build folder", "that the build writes"),
    "build_flag": ("Build flag", ""),
    "run_flag": ("Run flag", ""),
    "ignore_branches": ("Ignore pushes to", "branches, with commas between"),
}
_SWITCHES: Final = {"has_dockerfile": "A Dockerfile decides the build", "use_build_ai": "Build AI decides the build"}
#: The settings of a project from an image, and those that only a project from a repository has.
_OF_IMAGES: Final = ("port", "run_envs")
_OF_REPOSITORIES: Final = ("ignore_branches",)
#: Options of a change of settings that say what is deployed afterward.
_OF_REDEPLOYMENT: Final = ("redeploy", "environment", "deployment")
_MAPS: Final = {"build_vars": "build", "run_envs": "run"}


class _Read(NamedTuple):
    """What the panel shows: the project's type, its settings as controls hold them, and its environments."""

    kind: str
    values: dict[str, Any]
    names: dict[str, list[str]]
    environments: list[str]


class SettingsPanel(ActionPanel):
    """Build and run settings of a project; those of its type can be changed, and what is changed is in the plan.

    Parameters: those of `runbooks.settings` (`ignore_branches` as a text with commas or a list); `map` ("build_vars" or
    "run_envs"), `name` and `value` of a variable (a `Secret` when read); `redeploy`, `environment` ("" for the only one
    in which something is live), `deployment` ("" for what is live).
    """

    heading, verb = "Project settings", "Change settings"

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project)
        self._project = project
        self._current: _Read | None = None
        style = {"description_width": "9em"}

        def wide() -> widgets.Layout:
            return widgets.Layout(width="34em", max_width="100%")

        self._port = self._view.control(
            "port", widgets.BoundedIntText(min=0, max=65535, description="Port", style=style, disabled=True)
        )
        for name, (label, hint) in _TEXTS.items():
            field = widgets.Text(description=label, placeholder=hint, style=style, layout=wide(), disabled=True)
            self._view.control(name, field, write=_joined if name in _OF_REPOSITORIES else None)
        for name, label in _SWITCHES.items():
            self._view.control(name, widgets.Checkbox(description=label, indent=False, disabled=True))
        for name in _MAPS:
            self._view.control(name, DesiredVariables(), secret=True)
        options = [("Build variable", "build_vars"), ("Run-time variable", "run_envs")]
        self._map = self._view.control("map", widgets.Dropdown(options=options, description="Kind", style=style))
        self._name = self._view.control("name", widgets.Combobox(description="Name", ensure_option=False))
        self._value = self._view.control("value", SecretField("Value"), trait="secret", secret=True)
        self._redeploy = self._view.control(
            "redeploy", widgets.Checkbox(description="Redeploy, so that they take effect", indent=False)
        )
        self._environment = self._view.control(
            "environment", widgets.Dropdown(description="Live in", options=[("the only one", "")], style=style)
        )
        self._deployment = self._view.control(
            "deployment", widgets.Text(description="Deploy again", placeholder="v13; empty: what is live", style=style)
        )
        self._add_button = self._view.button("Add another", self._add, hint="Add this variable to the plan")
        self._remove_button = self._view.button("Remove", self._remove, hint="The variable that is named")
        self._discard_button = self._view.button("Discard changes", self._discard, hint="Show what the project has")
        self._note = widgets.HTML()
        self._build()
        self.form.on_success = lambda _: self._forget()
        for name in ("map", "name", "value", "redeploy", *_MAPS):
            self._view.on_change(name, self._redraw)
        self.form.depends_on(
            "port", *_TEXTS, *_SWITCHES, *_MAPS, "map", "name", "value", "redeploy", "environment", "deployment"
        )
        self._redraw()
        self._view.guard(self._reload)

    def _build(self) -> None:
        def widgets_of(names: Iterable[str]) -> list[Any]:
            return [self.params.control(name).widget for name in names]

        fields = widgets.VBox([self._port, *widgets_of(_TEXTS), *widgets_of(_SWITCHES)])
        fields.add_class("createos-column")
        variable = widgets.HBox([self._map, self._name, self._value, self._add_button, self._remove_button])
        again = widgets.HBox([self._redeploy, self._environment, self._deployment, self._discard_button])
        for row in (variable, again):
            row.add_class("createos-row")
        self._view.build(self._toolbar, fields, variable, self._note, again, *self.form.widgets)

    # --- what the project has -----------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> _Read:
        row = self.client.projects.get(self._project)
        values: dict[str, Any] = {name: markup.label(_text(row[f"settings_{name}"])) for name in _TEXTS}
        values |= {name: _true(row[f"settings_{name}"]) for name in _SWITCHES}
        values["port"] = 0 if pd.isna(row["settings_port"]) else int(row["settings_port"])
        names = {name: sorted(row[name]) if isinstance(row[name], dict) else [] for name in _MAPS}
        environments = [str(name) for name in self.client.environments.list(self._project)["unique_name"]]
        return _Read(str(row["type"]), values, names, environments)

    def _show(self, result: _Read) -> None:
        before, self._current = self._current, result
        for name, value in result.values.items():
            widget = self.params.control(name).widget
            widget.disabled = not _has(result.kind, name)
            # what a person has typed stays; it is compared with what there is now
            if before is None or widget.value == before.values[name]:
                widget.value = value
        set_options(self._environment, [("the only one", ""), *((name, name) for name in result.environments)])
        self._redraw()

    def _redraw(self) -> None:
        with self._view.lock:
            self._environment.disabled = self._deployment.disabled = not self._redeploy.value
            if self._current is None:
                return
            names = self._current.names
            self._name.options = [markup.label(name) for name in names[self._map.value]]
            self._map.disabled = self._current.kind == "image"
            if self._map.disabled:
                self._map.value = "run_envs"
            parts = [f"{_MAPS[kind]}: {', '.join(held) or 'none'}" for kind, held in names.items()]
            changes = self._variables()
            planned = ", ".join(f"{kind}.{name}" for kind in _MAPS for name in changes[kind])
            self._note.value = markup.block(
                f"variables · {' · '.join(parts)}" + (f" · in the plan: {planned}" if planned else ""), "muted"
            )
            self._add_button.disabled = not self._name.value or self._value.secret is None
            self._remove_button.disabled = self._name.value.strip() not in names[self._map.value]

    # --- what is to be changed ----------------------------------------------------------------------------------------

    def _variables(self) -> dict[str, dict[str, Any]]:
        changes = {name: dict(self.params[name]) for name in _MAPS}
        if self._value.secret is not None:
            changes[self._map.value][self._name.value.strip()] = self._value.secret
        return changes

    def _add(self) -> None:
        name = self._name.value.strip()
        if not name:
            raise InvalidInput("settings: name the variable first")
        self._put(name, self._value.secret)

    def _remove(self) -> None:
        name = self._name.value.strip()
        if self._current is None or name not in self._current.names[self._map.value]:
            raise InvalidInput("settings: name the variable that is to be removed")
        self._put(name, None)

    def _put(self, name: str, value: Any) -> None:
        kind = self._map.value
        self.params[kind] = {**self.params[kind], name: value}
        self._name.value, self._value.secret = "", None

    def _forget(self) -> None:
        """What was typed of variables; the settings are read again."""
        for name in _MAPS:
            self.params[name] = {}
        self._name.value, self._value.secret = "", None

    def _discard(self) -> None:
        self._forget()
        if self._current is not None:
            for name, value in self._current.values.items():
                self.params.control(name).widget.value = value

    def _make_plan(self) -> Plan:
        current = self._current
        if current is None:
            raise InvalidInput("settings: the project's settings could not be read, so none can be changed")
        # what the project has not, or what was not moved, is not requested
        desired: dict[str, Any] = {
            name: self._wanted(name)
            for name, value in current.values.items()
            if _has(current.kind, name) and self.params.control(name).widget.value != value
        }
        variables = self._variables()
        if any("" in names for names in variables.values()):
            raise InvalidInput("settings: name the variable that has this value")
        desired |= {name: changes for name, changes in variables.items() if changes}
        if not desired:
            raise InvalidInput("settings: change one first; the project has these settings already")
        redeploy = bool(self._redeploy.value)
        return runbooks.settings(
            self.client,
            self._project,
            **desired,
            redeploy=redeploy,
            environment=(self._environment.value or None) if redeploy else None,
            deployment=(self._deployment.value.strip() or None) if redeploy else None,
        )

    def _wanted(self, name: str) -> Any:
        value = self.params.control(name).widget.value
        if name in _OF_REPOSITORIES:
            return [branch.strip() for branch in value.split(",") if branch.strip()]
        return value if name in _SWITCHES else value or None


def names_of(options: Mapping[str, Any]) -> list[str]:
    """Return the settings that a call changes, in words: of variables their names."""
    words = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            words += [str(entry) for entry in value]
        elif name not in _OF_REDEPLOYMENT:
            words.append(f"{name} {'on' if value is True else value}")
    return words


def prefilled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the controls of the panel of settings: the name of a variable, whose value only a person can give."""
    params: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            params |= {"map": name, "name": str(next(iter(value), ""))}
        else:
            params[name] = f"v{value}" if name == "deployment" and isinstance(value, int) else value
    return params


def _has(kind: str, name: str) -> bool:
    """Whether a project of a type has a setting."""
    return name in _OF_IMAGES if kind == "image" else kind == "vcs" or name not in _OF_REPOSITORIES


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None or pd.isna(value) else str(value)


def _true(value: Any) -> bool:
    return not pd.isna(value) and bool(value)
