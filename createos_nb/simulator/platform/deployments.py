"""Serves `createos_nb.contract.deployments`, but for uploads, downloads and logs."""

from __future__ import annotations

import binascii
import io
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterable
from email.message import Message
from functools import partial
from typing import Final

from msgspec import Struct

from createos_nb.contract import deployments
from createos_nb.contract.row import Download, Made
from createos_nb.contract.types import File
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.platform import github, lifecycle
from createos_nb.simulator.platform.access import deployment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.limits import spend_daily
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.rows import encode_row, page_of
from createos_nb.simulator.platform.signed_urls import SignedFile, serves_file, signed_url, zip_archive
from createos_nb.simulator.state import Deployment, Project, Upload
from createos_nb.simulator.times import rfc3339, rfc3339_or_null


class ImageDraft(Struct):
    """Body of `CreateDeployment`."""

    image: str


class UploadedFiles(Struct):
    """Body of `UploadDeploymentFiles` and `UploadDeploymentBase64Files`."""

    files: list[File]


def row(context: WorldContext, project: Project, deployment: Deployment) -> bytes:
    """Return a deployment as JSON."""
    encoded = context.rows.get(deployment.id)
    if encoded is None:
        fields = deployments.Deployment(
            id=deployment.id,
            project_id=project.id,
            version_number=deployment.version,
            status=deployment.status,
            extra=deployments.DeploymentExtra(endpoint=f"https://{host_of(context, project, deployment)}"),
            artifact_image=deployment.artifact or None,
            created_at=rfc3339(deployment.created),
            updated_at=rfc3339(deployment.updated),
            cancelled_at=rfc3339_or_null(deployment.cancelled_at),
            cancel_reason=deployment.cancel_reason or None,
        )
        source = _source(project, deployment)
        encoded = context.rows[deployment.id] = encode_row(fields, source=source, settings=deployment.settings)
    return encoded


def _source(project: Project, deployment: Deployment) -> dict[str, str] | None:
    if project.type == "vcs":
        return {"branch": deployment.branch, "commit": deployment.commit, "commitMessage": deployment.message}
    return {"image": deployment.image} if project.type == "image" else None


def host_of(context: WorldContext, project: Project, deployment: Deployment) -> str:
    """Return the host that a deployment answers at, in whatever environment it is live."""
    return f"{project.name.lower()}-{deployment.id[:8]}.{context.state.settings.base_domain}"


def newest_first(context: WorldContext, project: Project) -> list[Deployment]:
    """Return the deployments of a project."""
    newest: list[Deployment] | None = context.newest_first.get(project.id)
    if newest is None:
        newest = context.newest_first[project.id] = list(reversed(context.deployments(project).values()))
    return newest


@serves("ListDeployments")
def list_deployments(context: WorldContext, call: Call) -> Payload:
    """Return a page of deployments, newest first."""
    project = project_of(context, call)
    return page_of(call.query, newest_first(context, project), partial(row, context, project))


@serves("GetDeployment")
def get_deployment(context: WorldContext, call: Call) -> Payload:
    """Return one deployment."""
    project = project_of(context, call)
    return row(context, project, deployment_of(context, project, call.ids[1]))


def _only(project: Project, *kinds: str) -> None:
    if project.type not in kinds:
        raise HttpError(422, f"not for a project of type {project.type}: only for {' and '.join(kinds)} projects")


@serves("CreateDeployment", ImageDraft)
def create_deployment(context: WorldContext, call: BodyCall[ImageDraft]) -> Payload:
    """Deploy a container image."""
    project = project_of(context, call)
    _only(project, "image")
    image = call.body.image.strip()
    if not image or len(image) > 512 or any(letter.isspace() for letter in image):
        raise HttpError(400, "image: expected the name of a container image, such as nginx:1.27")
    return Made(id=lifecycle.deploy(context, project, image=image).id)


@serves("TriggerLatestDeployment")
def trigger_latest(context: WorldContext, call: Call) -> Payload:
    """Deploy the newest commit of a branch; a text and no id where that commit is there already."""
    project = project_of(context, call)
    _only(project, "vcs")
    branch, in_body = call.query.get("branch", ""), github.branch_in_body(call.content)
    if branch and in_body and branch != in_body:
        raise HttpError(400, f"branch is given twice: {branch} in the query, {in_body} in the body")
    branch = branch or in_body
    head = github.head_of(context, project, branch)
    for deployment in newest_first(context, project):
        if (
            head.commit
            and deployment.commit == head.commit
            and deployment.status not in ("build_error", "error", "cancelled")
        ):
            return "deployment already triggered"
    deployment = lifecycle.deploy(context, project, branch=head.branch, commit=head.commit, message=head.message)
    return Made(id=deployment.id)


@serves("RetriggerDeployment")
def retrigger(context: WorldContext, call: Call) -> Payload:
    """Make a new deployment from the same commit."""
    project = project_of(context, call)
    old = deployment_of(context, project, call.ids[1])
    _only(project, "vcs")
    if old.status in lifecycle.UNFINISHED or old.status == "terminating":
        raise HttpError(422, f"a deployment that is {old.status} can't be run again")
    settings = project.settings if call.query.get("settings") == "project" else old.settings
    branch, commit, message = old.branch, old.commit, old.message
    other_branch = call.query.get("branch")
    if other_branch and other_branch != branch:
        head = github.head_of(context, project, other_branch)
        branch, commit, message = head.branch, head.commit, head.message
    deployment = lifecycle.deploy(context, project, branch=branch, commit=commit, message=message, settings=settings)
    return Made(id=deployment.id)


@serves("CancelDeployment")
def cancel(context: WorldContext, call: Call) -> Payload:
    """Stop a deployment that is queued or building."""
    project = project_of(context, call)
    lifecycle.cancel(context, project, deployment_of(context, project, call.ids[1]))
    return "Deployment cancelled successfully"


@serves("WakeupDeployment")
def wakeup(context: WorldContext, call: Call) -> Payload:
    """Wake a sleeping deployment."""
    project = project_of(context, call)
    lifecycle.wake(context, project, deployment_of(context, project, call.ids[1]))
    return "Deployment is waking up"


@serves("DeleteDeployment")
def delete(context: WorldContext, call: Call) -> Payload:
    """Mark a deployment for deletion."""
    project = project_of(context, call)
    deployment = deployment_of(context, project, call.ids[1])
    if deployment.status == "terminating":
        raise HttpError(422, "deployment is being deleted already")
    lifecycle.terminate(context, project, deployment)
    return "Deployment marked for deletion"


ENTRIES: Final = 20_000
"""Files that an archive may hold."""


def _upload_project(context: WorldContext, call: Call) -> Project:
    project = project_of(context, call)
    if project.type != "upload":
        raise HttpError(422, f"not for a project of type {project.type}: only for upload projects")
    return project


def _safe(path: str) -> str:
    """Return a path inside the upload. Refuses one that leads out of it."""
    parts = path.replace("\\", "/").split("/")
    if not path or path.startswith("/") or "\x00" in path or len(path) > 1024 or ":" in parts[0]:
        raise HttpError(400, f"files: {path[:80]!r} is not a path inside the upload")
    if any(part in ("", ".", "..") for part in parts):
        raise HttpError(400, f"files: {path[:80]!r} is not a plain path inside the upload")
    return "/".join(parts)


def next_upload_id(context: WorldContext, project: Project) -> str:
    """Return the id that the next upload of a project is going to have."""
    return hex_of(32, context.state.seed, "upload", project.id, project.versions + 1)


def upload(context: WorldContext, user: str, project: Project, files: dict[str, bytes]) -> Deployment:
    """Deploy files."""
    settings = context.state.settings
    if not files:
        raise HttpError(400, "files: at least one is required")
    if sum(map(len, files.values())) > settings.upload_bytes:
        raise HttpError(400, f"the files are too large: at most {settings.upload_bytes} bytes in all")
    spend_daily(context, user, "uploads", settings.uploads)
    content = zip_archive(files)
    identity = next_upload_id(context, project)
    context.state.uploads[identity] = Upload(content)
    return lifecycle.deploy(context, project, upload=identity)


@serves("UploadDeploymentFiles", UploadedFiles)
def upload_files(context: WorldContext, call: BodyCall[UploadedFiles]) -> Payload:
    """Deploy files given as text."""
    project = _upload_project(context, call)
    pairs = ((_safe(file.path), file.content.encode("utf-8", "surrogatepass")) for file in call.body.files)
    return Made(id=upload(context, call.user, project, _distinct(pairs)).id)


@serves("UploadDeploymentBase64Files", UploadedFiles)
def upload_base64_files(context: WorldContext, call: BodyCall[UploadedFiles]) -> Payload:
    """Deploy files given as base64."""
    project = _upload_project(context, call)
    pairs = ((_safe(file.path), _decoded(file.path, file.content)) for file in call.body.files)
    return Made(id=upload(context, call.user, project, _distinct(pairs)).id)


def _distinct(pairs: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path, content in pairs:
        if path in files:
            raise HttpError(400, f"files: {path[:80]!r} comes twice")
        files[path] = content
    return files


def _decoded(path: str, content: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise HttpError(400, f"files: {path[:80]!r} is not valid base64") from None


@serves("UploadDeploymentZip")
def upload_zip(context: WorldContext, call: Call) -> Payload:
    """Deploy a zip archive, which comes as a multipart form with one part named `file`."""
    project = _upload_project(context, call)
    if len(call.content) > context.state.settings.upload_bytes:
        raise HttpError(413, f"the archive is too large: at most {context.state.settings.upload_bytes} bytes")
    content = _part(call.headers.get("content-type", ""), call.content, call.operation.at("file")[0].wire)
    return Made(id=upload(context, call.user, project, _unpacked(content, context.state.settings.upload_bytes)).id)


def _unpacked(content: bytes, most: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > most:
                raise HttpError(400, f"the archive holds too much: at most {ENTRIES} files and {most} bytes")
            for entry in entries:
                if entry.external_attr >> 28 == 0xA:
                    raise HttpError(400, f"files: {entry.filename[:80]!r} is a symbolic link")
                files[_safe(entry.filename)] = archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError):
        raise HttpError(400, "file: not a readable zip archive") from None
    return files


def _part(kind: str, content: bytes, name: str) -> bytes:
    """Return the content of one part of a multipart form."""
    header = Message()
    header["content-type"] = kind
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise HttpError(400, f"expected multipart/form-data with a part named {name}")
    for piece in (b"\r\n" + content).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]:
        head, separator, body = piece.partition(b"\r\n\r\n")
        if not separator:
            continue
        describe = Message()
        for line in head.decode("latin-1").split("\r\n"):
            field, colon, value = line.partition(":")
            if colon:
                describe[field.strip()] = value.strip()
        if describe.get_param("name", header="content-disposition") == name:
            return body
    raise HttpError(400, f"the form has no part named {name}")


@serves("DownloadDeployment")
def download(context: WorldContext, call: Call) -> Payload:
    """Return a signed address of the uploaded files."""
    project = _upload_project(context, call)
    deployment = deployment_of(context, project, call.ids[1])
    if deployment.upload not in context.state.uploads:
        raise HttpError(404, "the files of this deployment are gone")
    return Download(download_uri=signed_url(context, "upload", deployment.upload))


@serves_file("upload")
def _uploaded_files(context: WorldContext, ids: list[str]) -> SignedFile:
    upload = context.state.uploads.get(ids[0])
    if upload is None:
        raise HttpError(404, "the files are gone")
    return SignedFile("application/zip", f"deployment-{ids[0][:8]}.zip", upload.archive)
