"""The step that uploads files: they are read again, and compared with what the plan was made from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.errors import InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import ResumeInputs
from createos_nb.plans.steps.deployments import CreateDeployment

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.deployments import Deployment
    from createos_nb.plans.context import Run


class Upload(CreateDeployment, kw_only=True, tag="upload"):
    """Upload files and deploy them; with `again`, those of a deployment that exists."""

    operation: ClassVar[str] = "UploadDeploymentZip"
    #: Folder or archive to read; "" where files were given otherwise, and so are known in memory only.
    path: str = ""
    digest: str = ""
    files: int = 0
    again: bool = False
    way: str = "auto"
    #: What tells its files from those of another project of the plan; "" where there is no other.
    qualifier: str = ""

    @property
    def what(self) -> str:
        if self.again:
            return f"redeploy {self.target.deployment_name}: upload its files as a new deployment"
        return f"upload {self.source()}"

    def identity_details(self) -> Any:
        return [self.digest, self.again]

    def source(self) -> str:
        if self.again:
            return f"files of {self.target.deployment_name}"
        return f"{self.files} files" + (f" of {self.path}" if self.path else "")

    def matches(self, row: Deployment) -> bool:
        return True  # the wire does not say what an upload holds

    def check_inputs(self, run: Run) -> None:
        if not self.again:
            self._files(run)

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        source = inputs.source
        if self.qualifier and source is not None:
            if not isinstance(source, Mapping):
                raise InvalidInput(
                    f"source: files by project, such as {{{self.qualifier!r}: {{…}}}}: there are several"
                )
            source = source.get(self.qualifier)
        return None if source is None else TransientInputs(source=source)

    def write(self, run: Run) -> str:
        deployments, project = run.client.deployments, self.target.project
        if not self.again:
            return str(deployments.upload(project, self._files(run))["id"])
        with tempfile.TemporaryDirectory(prefix="createos-") as folder:
            files = Path(folder) / "files"
            deployments.download_to(project, self.target.deployment, files)
            # they were selected when they were uploaded first: none is left out now
            return str(deployments.upload(project, files, include=["**"], gitignore=False)["id"])

    def _files(self, run: Run) -> Any:
        """The files that the plan was made from. Raises `StepError` where they have changed or are not known."""
        source = run.inputs.source if run.inputs is not None and run.inputs.source is not None else self.path
        if not source:
            raise StepError(
                "the files to upload are not in the journal, for it holds no contents",
                "plans.resume(journal, source=…) goes on; so does the notebook when it is run again.",
                kind="missing input",
            )
        if digest_of(source)[0] != self.digest:
            raise StepError(
                f"the files of {self.source()} have changed since the plan was made",
                "Make the plan again.",
                kind="missing input",
            )
        return source


def digest_of(source: Any) -> tuple[str, int]:
    """Return what tells one set of files from another, and how many there are. Raises `InvalidInput`."""
    from createos_nb.uploads import select
    from createos_nb.uploads.encoding import pack

    selection = select(source)
    if selection.problems:
        raise InvalidInput("can't be uploaded: " + "; ".join(selection.problems))
    upload = pack(selection, "zip")
    return blake2b(upload.content, digest_size=16).hexdigest(), len(selection.included)
