"""The panel that deploys: an image, files, or a branch, as the project takes them."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.assign import known
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.plan.state import PlanState
from createos_nb.panels.settings import SettingsPanel, names_of, prefilled
from createos_nb.panels.upload_source import UploadSource
from createos_nb.panels.view import set_options

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Event, Plan

_NOWHERE: Final = ""


class DeployPanel(ActionPanel):
    """Deploys what the project's type takes, and assigns the new version to an environment where one is chosen.

    Parameters: `project`; `image` (image projects), `branch` (vcs projects), `source` (upload projects: a path where
    the kernel runs, or from code anything that `client.deployments.upload` takes; what is dropped counts while it is
    empty), `environment` ("" for none).
    """

    heading, verb, reading = "Deploy", "Deploy", "projects"

    def __init__(self, client: Client, project: str | None = None) -> None:
        super().__init__(client, project or "")
        self._given_project = project
        self._types: dict[str, str] = {}
        self._building: tuple[str, str] | None = None  # project and id of the deployment that is being built
        self._built = ("", "")  # those of the last one
        self._below: PanelBelow[SettingsPanel] = PanelBelow()
        style = {"description_width": "6em"}

        def wide() -> widgets.Layout:  # one for each: a layout that is hidden hides all that share it
            return widgets.Layout(width="34em", max_width="100%")

        self._project = self._view.control(
            "project",
            widgets.Dropdown(
                description="Project", options=[(markup.label(project), project)] if project else [], style=style
            ),
        )
        self._image = self._view.control(
            "image",
            widgets.Text(
                description="Image", placeholder="registry.example.com/team/app:1.2.3", style=style, layout=wide()
            ),
        )
        self._branch = self._view.control(
            "branch",
            widgets.Combobox(description="Branch", placeholder="its newest commit", style=style, layout=wide()),
        )
        self._upload = UploadSource(self._view, self._background, client, self._on_source, style)
        self._environment = self._view.control("environment", widgets.Dropdown(description="Live in", style=style))
        self._note, self._outcome = widgets.HTML(), widgets.HTML()
        self._cancel_button = self._view.button(
            "Cancel the deployment", self.cancel_deployment, hint="Have the platform stop building it; Stop only waits"
        )
        self.form.buttons.children = (*self.form.buttons.children, self._cancel_button)
        self.form.on_event, self.form.on_update = self._on_event, self._update_buttons
        self.form.remedies = self._remedies
        self._view.build(
            self._outcome,
            self._project,
            self._note,
            self._image,
            self._branch,
            self._upload.box,
            self._environment,
            *self.form.widgets,
            self._below.box,
        )
        self._view.on_change("project", self._update_controls)
        self.form.depends_on("project", "image", "branch", "environment")
        self._update_controls()
        self._view.guard(self._reload)

    # --- projects, environments and branches --------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> dict[str, str]:
        return project_types(self.client, self._given_project)

    def _show(self, result: dict[str, str]) -> None:
        self._types = result
        set_options(self._project, [(f"{name} ({kind})", name) for name, kind in result.items()])
        self._update_controls()

    def _update_controls(self) -> None:
        """Ask for what the project's type takes, and read where it could be assigned."""
        name = self._project.value
        kind = self._types.get(name or "", "")
        self._image.layout.display = "" if kind == "image" else "none"
        self._branch.layout.display = "" if kind == "vcs" else "none"
        self._upload.box.layout.display = "" if kind == "upload" else "none"
        notes = {
            "": "There is no active project to deploy to." if not self._given_project else "",
            "vcs": "Builds the newest commit of a branch; environments that follow it by auto-promotion get it.",
            "image": "Deploys a container image; nothing is built.",
            "upload": "Builds files; what is left out of them is shown first.",
        }
        self._note.value = markup.block(notes.get(kind, ""), "muted")
        if not name or not kind:
            return
        if self.client.clock.virtual:
            self._view.guard(lambda: self._show_targets(targets(self.client, name)))
        else:
            self._background.run(lambda _: targets(self.client, name), self._show_targets, channel="targets")

    def _show_targets(self, result: tuple[list[str], list[str]]) -> None:
        environments, branches = result
        with self._view.lock:
            set_options(self._environment, [("nowhere yet", _NOWHERE), *((name, name) for name in environments)])
            self._branch.options = [markup.label(branch) for branch in branches]

    @property
    def source(self) -> Any:
        """Return the source of the upload: from code, else the path, else the dropped files; or None."""
        return self._upload.source

    def _on_source(self) -> None:
        self.form.invalidate()

    # --- deploying ----------------------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        name = self._project.value
        if not name:
            raise InvalidInput("Choose a project.")
        kind = self._types.get(name) or project_types(self.client, name)[name]
        environment = self._environment.value or None
        if kind == "image":
            image = self._image.value.strip()
            if not image:
                raise InvalidInput("Choose an image.")
            return runbooks.deploy(self.client, name, image=image, environment=environment)
        if kind == "vcs":
            branch = self._branch.value.strip() or None
            return runbooks.deploy(self.client, name, branch=branch, environment=environment)
        source = self.source
        if source is None:
            raise InvalidInput("Drop a folder or files, or name a folder.")
        return runbooks.deploy(self.client, name, source=source, environment=environment)

    def _name_plan(self, plan: Plan) -> str:
        environment = self._environment.value
        return f"{self.verb} to {markup.label(environment)}" if environment else self.verb

    def cancel_deployment(self) -> None:
        """Have the platform cancel the deployment that is being built.

        Raises:
            InvalidInput: nothing is being built.
            CreateOSError: what canceling raises.

        Examples:
            >>> panel = createos_nb.panels.deploy(createos_nb.simulate(), "recommendations")
            >>> panel.cancel_deployment()
            Traceback (most recent call last):
                ...
            createos_nb.errors.InvalidInput: Nothing is being built here that could be cancelled.
        """
        if self._building is None:
            raise InvalidInput("Nothing is being built here that could be cancelled.")
        project, deployment = self._building
        self._view.show_wait("Cancelling the deployment")
        self._background.run(
            lambda _: self.client.deployments.cancel(project, deployment), lambda _: None, channel="cancel"
        )

    def _on_event(self, event: Event) -> None:
        with self._view.lock:
            if event.phase == "waiting" and event.created and event.step == 1:
                self._building = self._built = (str(self._project.value), event.created)
            elif event.phase in ("done", "already so") or event.over:
                self._building = None
            self.form.update_buttons()

    # --- after a build that failed ------------------------------------------------------------------------------------

    @property
    def opened(self) -> SettingsPanel | None:
        """Return the panel of settings that is open below, or None."""
        return self._below.opened

    def _failure(self) -> str:
        """Say first what failed, and that nothing else was done."""
        failure = self.form.progress.failure
        if failure is None:
            return ""
        said = re.sub(r"^error:?\s*", "", failure.line, flags=re.IGNORECASE)
        environment = self._environment.value
        unchanged = (
            f"Nothing was changed in {markup.label(environment)}" if environment else "No environment was changed"
        )
        return markup.alert(f"The build failed{f': {said}' if said else ''}\n{unchanged}.")

    def _remedies(self) -> list[widgets.Button]:
        """Offer the change of settings that puts a failed build right, as far as its log tells."""
        failure = self.form.progress.failure
        settings = {} if failure is None else build_fix(failure).settings
        if not settings:
            return []
        project, deployment = self._built
        names = ", ".join(markup.label(name) for name in names_of(settings))
        changes = {**settings, "redeploy": True, "deployment": deployment}
        hint = "Open the plan, filled in; nothing is changed before you confirm"
        return [self._view.button(f"Set {names} …", lambda: self._open(project, changes), style="primary", hint=hint)]

    def _open(self, project: str, changes: dict[str, Any]) -> None:
        def make() -> SettingsPanel:
            panel = SettingsPanel(self.client, project)
            panel.prefill(prefilled(changes))
            return panel

        self._below.open(make)

    def close(self) -> None:
        """Close the panel below and this one.

        Examples:
            >>> panel = createos_nb.panels.deploy(createos_nb.simulate(), "storefront")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()

    def _update_buttons(self) -> None:
        applying = self.form.state is PlanState.APPLYING
        if not applying:
            self._building = None
        self._cancel_button.layout.display = "" if self._building else "none"
        self._outcome.value = "" if applying else self._failure()
        self._upload.drop_zone.disabled = applying


def project_types(client: Client, project: str | None = None) -> dict[str, str]:
    """Return the types (vcs, image, upload) of active projects by name, or of one. Raises what the client raises."""
    if project is not None:
        row = client.projects.get(project)
        if row["status"] != "active":
            raise InvalidInput(f"project {row['unique_name']} is {row['status']}: nothing can be deployed to it")
        return {str(project): str(row["type"])}
    rows = client.projects.list(status="active").sort_values("unique_name")
    return dict(zip(rows["unique_name"].astype(TEXT), rows["type"].astype(TEXT), strict=True))


def targets(client: Client, project: str) -> tuple[list[str], list[str]]:
    """Return names of a project's environments, and branches: those that environments follow, then its repository's."""
    environments = client.environments.list(project)
    branches = [known(branch) for branch in environments["branch"] if known(branch)]
    row = client.projects.get(project)
    if row["type"] == "vcs" and not pd.isna(row["source_vcs_installation_id"]):
        try:
            frame = client.github.branches(row["source_vcs_installation_id"], repository=row["source_vcs_full_name"])
            branches += [str(name) for name in frame["name"]]
        except CreateOSError:
            pass  # any branch can be typed
    return [str(name) for name in environments["unique_name"]], list(dict.fromkeys(branches))
