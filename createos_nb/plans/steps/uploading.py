"""Files for a step that uploads: read again and compared with what the plan has shown."""

from __future__ import annotations

import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.archive import selected
from createos_nb.archive.packing import packed
from createos_nb.errors import InvalidInput
from createos_nb.plans.errors import MissingInput

if TYPE_CHECKING:
    from createos_nb.plans.run import Run
    from createos_nb.plans.steps.deployments import Upload


def digest_of(source: Any) -> tuple[str, int]:
    """What tells one set of files from another, and how many there are."""
    selection = selected(source)
    if selection.problems:
        raise InvalidInput("can't be uploaded: " + "; ".join(selection.problems))
    sent = packed(selection, "zip")
    return blake2b(sent.content, digest_size=16).hexdigest(), len(selection.included)


def source_of(step: Upload, run: Run) -> Any:
    """What the plan has shown. Raises `MissingInput` where it is not there any more."""
    own = run.own()
    source = own.source if own is not None and own.source is not None else step.path
    if not source:
        raise MissingInput(
            "the files to upload are not in the journal, for it holds no contents",
            "plans.resume(journal, source=…) goes on; so does the notebook when it is run again.",
        )
    now, _ = digest_of(source)
    if now != step.digest:
        raise MissingInput(f"the files of {step.source()} have changed since the plan was made", "Make the plan again.")
    return source


def send(step: Upload, run: Run) -> str:
    """Upload what the plan has shown."""
    made = run.client.deployments.upload(step.target.project, source_of(step, run))
    return str(made["id"])


def again(step: Upload, run: Run) -> str:
    """Download the files of a deployment and upload them."""
    with tempfile.TemporaryDirectory(prefix="createos-") as folder:
        place = Path(folder) / "files"
        run.client.deployments.download_to(step.target.project, step.target.deployment, place)
        # they were chosen when they were uploaded first: none is left out now
        made = run.client.deployments.upload(step.target.project, place, include=["**"], gitignore=False)
    return str(made["id"])
