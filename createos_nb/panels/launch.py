"""The panel that launches: a new project from files, an image or a repository, live at its address, by one plan."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import ipywidgets as widgets
import pandas as pd

from createos_nb import recipes, runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.naming import snake
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.plan.state import PlanState
from createos_nb.panels.secret import SecretField
from createos_nb.panels.upload_source import UploadSource
from createos_nb.panels.variables import DesiredVariables
from createos_nb.panels.view import set_options
from createos_nb.plans.steps.create_project import CreateProject

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_KINDS: Final = {"source": "files", "image": "a container image", "repository": "a GitHub repository"}


class _Pattern(NamedTuple):
    """What it is launched by: a label, the kinds that it takes, and the memory that it begins with."""

    label: str
    kinds: tuple[str, ...] = tuple(_KINDS)
    memory: int = 500


_RECIPES: Final = {
    "": _Pattern("no pattern"),
    "agent": _Pattern("AI agent", memory=1024),
    "mcp_server": _Pattern("MCP server"),
    "rag_service": _Pattern("RAG service", memory=1024),
    "chat_bot": _Pattern("Discord bot", ("image",)),
}
_SETTINGS: Final = {
    "runtime": "Runtime",
    "framework": "Framework",
    "directory_path": "Folder",
    "install_command": "Install",
    "build_command": "Build",
    "run_command": "Run",
}
_SIZES: Final = {
    "cpu": ("CPU, millicores", 200, 500, 200, "9em"),
    "memory": ("Memory, MB", 500, 1024, 500, "auto"),
    "replicas": ("Replicas", 1, 3, 1, "auto"),
}
_FOUND: Final = "found in the source"


class _Read(NamedTuple):
    """What can be chosen: apps, and repositories of the connected accounts; why those can't be read, or ""."""

    apps: list[str]
    repositories: list[str]
    unread: str


class LaunchPanel(ActionPanel):
    """Launches a new project; each setting is shown with where it was found.

    Parameters: `name`, `kind` ("source", "image", "repository"), `source`, `image`, `repository`, `recipe` ("" for
    none), `port` (0: found), the settings in snake_case ("": found), `name_of_variable`, `value`, `variables`,
    `environment`, `cpu`, `memory`, `replicas`, `domain`, `app` ("" for none).
    """

    heading, verb = "Launch", "Launch"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._unread = ""  # why no repository can be chosen
        style = {"description_width": "9em"}

        def field(name: str, label: str, hint: str = "", of: type[widgets.Text] = widgets.Text) -> Any:
            layout = widgets.Layout(width="34em", max_width="100%")
            widget = of(description=label, placeholder=hint, style=style, layout=layout, continuous_update=False)
            return self._view.control(name, widget)

        self._name = field("name", "Name", "begins the address; has to be free on the whole platform")
        kinds = [(label, kind) for kind, label in _KINDS.items()]
        self._kind = self._view.control("kind", widgets.Dropdown(description="From", options=kinds, style=style))
        self._upload = UploadSource(self._view, self._background, client, self._invalidate, style)
        self._image = field("image", "Image", "registry.example.com/team/app:1.2.3")
        self._repository = field("repository", "Repository", "owner/name, or owner/name@branch", widgets.Combobox)
        patterns = [(pattern.label, name) for name, pattern in _RECIPES.items()]
        self._recipe = self._view.control(
            "recipe", widgets.Dropdown(description="Pattern", options=patterns, style=style)
        )
        self._port = self._view.control(
            "port", widgets.BoundedIntText(min=0, max=65535, description="Port", style=style)
        )
        fields = [field(name, label, _FOUND) for name, label in _SETTINGS.items()]
        self._settings_fields = widgets.VBox(fields)
        self._settings_fields.add_class("createos-column")
        self._port_note = widgets.HTML()
        self._variables = self._view.control("variables", DesiredVariables(), secret=True)
        variable = widgets.Text(description="Variable", style=style, continuous_update=False)
        self._variable = self._view.control("name_of_variable", variable)
        self._value = self._view.control("value", SecretField("Value"), trait="secret", secret=True)
        self._add_button = self._view.button("Add another", self._add, hint="Add this variable to the plan")
        self._clear_button = self._view.button("Discard variables", self._forget, hint="Remove all from the plan")
        self._note = widgets.HTML()
        self._environment = field("environment", "Environment")
        self._environment.value = "production"
        sizes = [
            self._view.control(
                name,
                widgets.BoundedIntText(
                    min=low,
                    max=high,
                    value=value,
                    description=label,
                    style={"description_width": width},
                    layout=widgets.Layout(width="16em" if width != "auto" else "12em"),
                ),
            )
            for name, (label, low, high, value, width) in _SIZES.items()
        ]
        self._domain = field("domain", "Domain", "a host name of yours; empty: none")
        none = [("no app", "")]
        self._app = self._view.control("app", widgets.Dropdown(description="App", options=none, style=style))
        self._settings = Grid("Settings", height="14em")
        self._settings.layout.display = "none"
        variables = widgets.HBox([self._variable, self._value, self._add_button, self._clear_button])
        size = widgets.HBox(sizes)
        port = widgets.HBox([self._port, self._port_note])
        for row in (variables, size, port):
            row.add_class("createos-row")
        what = [self._name, self._kind, self._recipe, self._upload.box, self._image, self._repository]
        where = [self._environment, size, self._domain, self._app]
        body = [*what, port, self._settings_fields, variables, self._note, *where, self._settings]
        self._view.build(self._toolbar, *body, *self.form.widgets)
        self.form.on_success = lambda _: self._forget()
        self.form.on_update = self._update_buttons
        for name in ("kind", "recipe", "variables", "name_of_variable", "value"):
            self._view.on_change(name, self._redraw)
        self._view.on_change("recipe", self._take_memory)
        names = ["name", "kind", "image", "repository", "recipe", "port", *_SETTINGS, "variables", "name_of_variable"]
        self.form.depends_on(*names, "value", "environment", *_SIZES, "domain", "app")
        self._redraw()
        self._view.guard(self._reload)

    # --- what can be chosen -------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> _Read:
        apps = [str(name) for name in self.client.apps.list()["name"]]
        repositories: list[str] = []
        try:
            for installation in self.client.github.accounts()["installation_id"]:
                frame = self.client.github.repositories(installation)
                repositories += [str(name) for name in frame["full_name"]]
        except CreateOSError as error:  # files and images can be launched without it
            return _Read(apps, repositories, str(error).split("\n", 1)[0])
        return _Read(apps, repositories, "")

    def _show(self, result: _Read) -> None:
        set_options(self._app, [("no app", ""), *((name, name) for name in result.apps)])
        self._repository.options = [markup.label(name) for name in result.repositories]
        unread = f"the repositories can't be read: {result.unread}" if result.unread else ""
        none = "no repository is granted: runbooks.connect_github connects an account"
        self._unread = unread or ("" if result.repositories else none)
        self._redraw()

    def _redraw(self) -> None:
        with self._view.lock:
            kinds = _RECIPES[self._recipe.value].kinds
            if self._kind.value not in kinds:
                self._kind.value = kinds[0]
            kind = self._kind.value
            self._upload.box.layout.display = "" if kind == "source" else "none"
            self._image.layout.display = "" if kind == "image" else "none"
            self._repository.layout.display = "" if kind == "repository" else "none"
            self._settings_fields.layout.display = "none" if kind == "image" else ""
            asked = kind == "image" and not self._recipe.value
            found = "0: that of the pattern" if self._recipe.value else f"0: {_FOUND}"
            self._port_note.value = markup.block("an image does not say its port" if asked else found, "muted")
            planned = ", ".join(self._given_variables())
            parts = [f"variables in the plan: {planned or 'none'}"]
            if kind == "repository" and self._unread:
                parts.append(self._unread)
            self._note.value = markup.block(" · ".join(parts), "muted")
            self._add_button.disabled = not self._variable.value.strip() or self._value.secret is None
            self._clear_button.disabled = not self._given_variables()

    def _take_memory(self) -> None:
        """Begin with the memory of the pattern."""
        self.params["memory"] = _RECIPES[self._recipe.value].memory

    def _invalidate(self) -> None:
        self.form.invalidate()

    def _update_buttons(self) -> None:
        self._upload.drop_zone.disabled = self.form.state is PlanState.APPLYING
        if self.plan is None and self.form.state is not PlanState.APPLYING:
            self._settings.layout.display = "none"

    # --- variables ----------------------------------------------------------------------------------------------------

    def _given_variables(self) -> dict[str, Any]:
        variables = dict(self.params["variables"])
        if self._value.secret is not None:
            variables[self._variable.value.strip()] = self._value.secret
        return variables

    def _add(self) -> None:
        name = self._variable.value.strip()
        if not name:
            raise InvalidInput("launch: name the variable first")
        self.params["variables"] = {**self.params["variables"], name: self._value.secret}
        self._variable.value, self._value.secret = "", None

    def _forget(self) -> None:
        self.params["variables"] = {}
        self._variable.value, self._value.secret = "", None

    # --- launching ----------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        name, kind, recipe = self._name.value.strip(), self._kind.value, self._recipe.value
        if not name:
            raise InvalidInput("launch: name the project first: its address begins with the name")
        given = self._upload.source if kind == "source" else self.params[kind].strip()
        if not given:
            hint = {"source": "drop a folder or files, or name a folder", "image": "name the image"}
            raise InvalidInput(f"launch: {hint.get(kind, 'name the repository, as owner/name')} first")
        variables = self._given_variables()
        if "" in variables:
            raise InvalidInput("launch: name the variable that has this value")
        settings: dict[str, Any] = {"port": self._port.value} if self._port.value else {}
        if kind != "image":
            texts = {setting: self.params[setting].strip() for setting in _SETTINGS}
            settings |= {setting: text for setting, text in texts.items() if text}
        make: Any = getattr(recipes, recipe) if recipe else runbooks.launch
        plan: Plan = make(
            self.client,
            name,
            **{kind: given},
            settings=settings,
            variables=variables,
            environment=self._environment.value.strip(),
            **{size: self.params[size] for size in _SIZES},
            domain=self._domain.value.strip() or None,
            app=self._app.value or None,
        )
        self._show_settings(plan)
        return plan

    def _show_settings(self, plan: Plan) -> None:
        """Show the settings of a plan with where each was found."""
        step = next(one for one in plan.steps if isinstance(one, CreateProject))
        rows = [
            (snake(name), markup.label(str(value)), step.reasons.get(name, "given"))
            for name, value in step.settings.items()
        ]
        frame = pd.DataFrame(rows, columns=["setting", "value", "where from"], dtype=TEXT)
        with self._view.lock:
            self._settings.show(frame, key="setting")
            self._settings.layout.display = ""
