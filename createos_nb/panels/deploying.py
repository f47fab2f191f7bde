"""The panel that deploys: an image, files, or a branch, as the project takes them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.assigning import known
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.drop import Drop, describes
from createos_nb.panels.grid import Grid
from createos_nb.panels.switching import offer

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Event, Plan, Receipt

#: Rows of an upload's plan that are shown.
_ROWS: Final = 500
_NOWHERE: Final = ""


class DeployPanel(ChangePanel):
    """Deploys by the way of the project's type, and makes the new version live where that is wished.

    Parameters: `project`; `image` (image projects), `branch` (vcs projects), `source` (upload projects: a path where
    the kernel runs, or from code anything that `client.deployments.upload` takes; what is dropped counts while it is
    empty), `environment` ("" for none).
    """

    heading, verb = "Deploy", "Deploy"

    def __init__(self, client: Client, project: str | None = None) -> None:
        super().__init__(client, project or "")
        self._given = project
        self._kinds: dict[str, str] = {}
        self._code: Any = None  # a source that was given from code and is no path
        self._made = ("", "")  # project and id of the deployment that is being made
        named = {"description_width": "6em"}

        def wide() -> widgets.Layout:  # one for each: a layout that is hidden hides all that share it
            return widgets.Layout(width="34em", max_width="100%")

        self._project = self._control(
            "project",
            widgets.Dropdown(
                description="Project", options=[(markup.label(project), project)] if project else [], style=named
            ),
        )
        self._image = self._control(
            "image",
            widgets.Text(
                description="Image", placeholder="registry.example.com/team/app:1.2.3", style=named, layout=wide()
            ),
        )
        self._branch = self._control(
            "branch",
            widgets.Combobox(description="Branch", placeholder="its newest commit", style=named, layout=wide()),
        )
        self._drop = Drop()
        self._folder = widgets.Text(
            description="Or from", placeholder="a folder or zip where the kernel runs", style=named, layout=wide()
        )
        self._control("source", self._folder, read=lambda _: self.source, write=self._source_given)
        self._environment = self._control("environment", widgets.Dropdown(description="Live in", style=named))
        self._files, self._sum = Grid("Files of the upload", height="14em"), widgets.HTML()
        self._files.layout.display = "none"
        self._upload = widgets.VBox([self._drop, self._folder, self._sum, self._files])
        self._upload.add_class("createos-column")
        self._note = widgets.HTML()
        self._abort = self._button(
            "Cancel the deployment", self.cancel_deployment, hint="Have the platform stop building it; Stop only waits"
        )
        self._buttons.children = (*self._buttons.children, self._abort)
        self._build(self._project, self._note, self._image, self._branch, self._upload, self._environment, *self._form)
        self._drop.changed = lambda: self._guarded(self._dropped)
        self._folder.observe(lambda _: self._guarded(self._source_changed), "value")
        self._when("project", self._fit)
        self._depends("project", "image", "branch", "environment")
        self._fit()
        self._after()

    # --- what there is ------------------------------------------------------------------------------------------------

    def _after(self) -> None:
        if self.client.clock.virtual:
            self._guarded(lambda: self._listed(self._read()))
        else:
            self._beside(self._read, self._listed, lane="projects")

    def _read(self, cancel: threading.Event | None = None) -> dict[str, str]:
        return kinds_of(self.client, self._given)

    def _listed(self, kinds: dict[str, str]) -> None:
        with self._lock:
            if self.closed:
                return
            self._kinds = kinds
            offer(self._project, [(f"{name} ({kind})", name) for name, kind in kinds.items()])
            self._place()
            self._fit()

    def _fit(self) -> None:
        """Ask for what the project's type takes, and read where it could be made live."""
        name = self._project.value
        kind = self._kinds.get(name or "", "")
        self._image.layout.display = "" if kind == "image" else "none"
        self._branch.layout.display = "" if kind == "vcs" else "none"
        self._upload.layout.display = "" if kind == "upload" else "none"
        words = {
            "": "there is no active project to deploy to" if not self._given else "",
            "vcs": "builds the newest commit of a branch; environments that follow it by auto-promotion get it",
            "image": "deploys a container image; nothing is built",
            "upload": "builds files; what is left out of them is shown first",
        }
        self._note.value = markup.block(words.get(kind, ""), "quiet")
        if not name or not kind:
            return
        if self.client.clock.virtual:
            self._guarded(lambda: self._placed(*places(self.client, name)))
        else:
            self._beside(lambda _: places(self.client, name), lambda found: self._placed(*found), lane="places")

    def _placed(self, environments: pd.DataFrame, branches: list[str]) -> None:
        with self._lock:
            names = [str(one) for one in environments["unique_name"]]
            offer(self._environment, [("nowhere yet", _NOWHERE), *((one, one) for one in names)])
            self._branch.options = [markup.label(one) for one in branches]

    # --- files --------------------------------------------------------------------------------------------------------

    @property
    def source(self) -> Any:
        """What would be uploaded: given from code, else the path, else what was dropped; or None."""
        if self._code is not None:
            return self._code
        return self._folder.value.strip() or self._drop.source

    def _source_given(self, value: Any) -> str:
        path = value is None or isinstance(value, str | os.PathLike)
        self._code = None if path else value
        text = "" if value is None else describes(value)
        if text == self._folder.value:
            self._source_changed()
        return text

    def _source_changed(self) -> None:
        if self._code is not None and self._folder.value != describes(self._code):
            self._code = None  # typed over
        self._stale()
        self._look_through()

    def _dropped(self) -> None:
        if self._drop.folder is not None:
            self._code, self._folder.value = None, ""
        self._stale()
        self._look_through()

    def _look_through(self) -> None:
        """Show what would go and what stays, beside the kernel."""
        source = self.source
        if source is None:
            self._shows(None)
        elif self.client.clock.virtual:
            self._guarded(lambda: self._shows(self.client.deployments.upload_plan(source)))
        else:
            self._beside(lambda _: self.client.deployments.upload_plan(source), self._shows, lane="files")

    def _shows(self, plan: pd.DataFrame | None) -> None:
        with self._lock:
            self._files.layout.display = "none" if plan is None else ""
            self._sum.value = ""
            if plan is None:
                return
            out = int((~plan["included"]).sum())
            lines = [f"{plan.attrs['files']:,} files, {plan.attrs['bytes']:,} bytes go; {out:,} names stay here"]
            if len(plan) > _ROWS:
                lines.append(f"{_ROWS:,} of {len(plan):,} names are shown, those that stay here first")
            self._sum.value = markup.block("; ".join(lines), "quiet") + "".join(
                markup.block(f"can't be uploaded: {one}", "mind") for one in plan.attrs["problems"]
            )
            self._files.show(files_of(plan).head(_ROWS), kinds={"bytes": "number"}, key="path")

    # --- doing it -----------------------------------------------------------------------------------------------------

    def _make(self) -> Plan:
        name = self._project.value
        if not name:
            raise InvalidInput("deploy: choose a project first")
        kind = self._kinds.get(name) or kinds_of(self.client, name)[name]
        environment = self._environment.value or None
        if kind == "image":
            return runbooks.deploy(self.client, name, image=self._image.value.strip() or None, environment=environment)
        if kind == "vcs":
            branch = self._branch.value.strip() or None
            return runbooks.deploy(self.client, name, branch=branch, environment=environment)
        source = self.source
        if source is None:
            raise InvalidInput("deploy: drop a folder or files first, or name a folder")
        return runbooks.deploy(self.client, name, source=source, environment=environment)

    def cancel_deployment(self) -> None:
        """Have the platform cancel the deployment that is being made."""
        project, made = self._made
        if not made:
            raise InvalidInput("deploy: nothing is being built here that could be cancelled")
        self._say("asking the platform to cancel it …")
        self._beside(lambda _: self.client.deployments.cancel(project, made), lambda _: None, lane="cancel")

    def _happened(self, event: Event) -> None:
        with self._lock:
            if event.phase == "waiting" and event.made and event.step == 1:
                self._made = (str(self._project.value), event.made)
            elif event.phase in ("done", "already so") or event.over:
                self._made = ("", "")
            self._arm()
        super()._happened(event)

    def _came(self, receipt: Receipt, plan: Plan) -> None:
        self._made = ("", "")
        super()._came(receipt, plan)

    def _ended(self, error: BaseException, plan: Plan, reason: str | None) -> None:
        self._made = ("", "")
        super()._ended(error, plan, reason)

    def _arm(self) -> None:
        super()._arm()
        with self._lock:
            applying = self._state == "applying"
            self._abort.layout.display = "" if applying and self._made[1] else "none"
            self._drop.disabled = applying


def kinds_of(client: Client, project: str | None = None) -> dict[str, str]:
    """Active projects by name with their type (vcs, image, upload); or the given one. Raises what the client raises."""
    if project is not None:
        row = client.projects.get(project)
        if row["status"] != "active":
            raise InvalidInput(f"project {row['unique_name']} is {row['status']}: nothing can be deployed to it")
        return {str(project): str(row["type"])}
    rows = client.projects.list(status="active").sort_values("unique_name")
    return dict(zip(rows["unique_name"].astype(str), rows["type"].astype(str), strict=True))


def places(client: Client, project: str) -> tuple[pd.DataFrame, list[str]]:
    """Environments of a project, and branches: those that environments follow, then those of its repository."""
    environments = client.environments.list(project)
    branches = [known(one) for one in environments["branch"] if known(one)]
    row = client.projects.get(project)
    if row["type"] == "vcs" and not pd.isna(row["source_vcs_installation_id"]):
        try:
            found = client.github.branches(row["source_vcs_installation_id"], repository=row["source_vcs_full_name"])
            branches += [str(one) for one in found["name"]]
        except CreateOSError:
            pass  # any branch can be typed
    return environments, list(dict.fromkeys(branches))


def files_of(plan: pd.DataFrame) -> pd.DataFrame:
    """An upload's plan as people read it, what stays here first: path, bytes, goes (yes, no), reason."""
    frame = plan.sort_values(["included", "path"], kind="stable")
    return pd.DataFrame(
        {
            "path": frame["path"].tolist(),
            "bytes": pd.array(frame["bytes"].tolist(), dtype="Int64"),
            "goes": ["yes" if one else "no" for one in frame["included"]],
            "reason": [known(one) for one in frame["reason"]],
        }
    )
