"""The files of an upload in a panel: dropped, named, or given from code; what goes and what stays is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels import markup
from createos_nb.panels.assign import known
from createos_nb.panels.file_drop import FileDropZone, describe_source
from createos_nb.panels.grid import Grid

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.background import BackgroundWork
    from createos_nb.panels.view import PanelView

#: Rows of an upload's plan that are shown.
_MAX_ROWS: Final = 500


class UploadSource:
    """A drop zone, a field for a path, and the table of the files.

    Args:
        view: the panel's widgets; gets the control `source`.
        background: the panel's background work.
        client: what reads the files.
        on_change: called when another source is given.
        style: of the field's label.
    """

    def __init__(
        self,
        view: PanelView,
        background: BackgroundWork,
        client: Client,
        on_change: Callable[[], Any],
        style: dict[str, str],
    ) -> None:
        self._view, self._background, self._client, self._on_change = view, background, client, on_change
        self._from_code: Any = None  # a source that code has passed and that is no path
        self.drop_zone = FileDropZone()
        self.folder = widgets.Text(
            description="Or from",
            placeholder="a folder or zip where the kernel runs",
            style=style,
            layout=widgets.Layout(width="34em", max_width="100%"),
        )
        view.control("source", self.folder, read=lambda _: self.source, write=self._set)
        self.files, self.note = Grid("Files of the upload", height="14em"), widgets.HTML()
        self.files.layout.display = "none"
        self.box = widgets.VBox([self.drop_zone, self.folder, self.note, self.files])
        self.box.add_class("createos-column")
        self.drop_zone.on_change = lambda: view.guard(self._on_drop)
        self.folder.observe(lambda _: view.guard(self._on_folder), "value")

    @property
    def source(self) -> Any:
        """The source of the upload: from code, else the path, else the dropped files; or None."""
        if self._from_code is not None:
            return self._from_code
        return self.folder.value.strip() or self.drop_zone.source

    def _set(self, value: Any) -> str:
        is_path = value is None or isinstance(value, str | os.PathLike)
        self._from_code = None if is_path else value
        text = "" if value is None else describe_source(value)
        if text == self.folder.value:
            self._on_folder()
        return text

    def _on_folder(self) -> None:
        if self._from_code is not None and self.folder.value != describe_source(self._from_code):
            self._from_code = None  # a person typed over it
        self._changed()

    def _on_drop(self) -> None:
        if self.drop_zone.folder is not None:
            self._from_code, self.folder.value = None, ""
        self._changed()

    def _changed(self) -> None:
        self._on_change()
        source = self.source
        plan = self._client.deployments.upload_plan
        if source is None:
            self._show(None)
        elif self._client.clock.virtual:
            self._view.guard(lambda: self._show(plan(source)))
        else:
            self._background.run(lambda _: plan(source), self._show, channel="files")

    def _show(self, plan: pd.DataFrame | None) -> None:
        """Show what would be uploaded and what stays."""
        with self._view.lock:
            self.files.layout.display = "none" if plan is None else ""
            self.note.value = ""
            if plan is None:
                return
            left_out = int((~plan["included"]).sum())
            lines = [f"{plan.attrs['files']:,} files, {plan.attrs['bytes']:,} bytes; {left_out:,} excluded"]
            if len(plan) > _MAX_ROWS:
                lines.append(f"{_MAX_ROWS:,} of {len(plan):,} names are shown, excluded ones first")
            self.note.value = markup.block("; ".join(lines), "muted") + "".join(
                markup.block(f"can't be uploaded: {problem}", "warning") for problem in plan.attrs["problems"]
            )
            self.files.show(files_of(plan).head(_MAX_ROWS), kinds={"bytes": "number"}, key="path")


def files_of(plan: pd.DataFrame) -> pd.DataFrame:
    """Return an upload's plan as people read it, what stays here first: path, bytes, goes (yes, no), reason."""
    frame = plan.sort_values(["included", "path"], kind="stable")
    return pd.DataFrame(
        {
            "path": frame["path"].tolist(),
            "bytes": pd.array(frame["bytes"].tolist(), dtype="Int64"),
            "goes": ["yes" if included else "no" for included in frame["included"]],
            "reason": [known(reason) for reason in frame["reason"]],
        }
    )
