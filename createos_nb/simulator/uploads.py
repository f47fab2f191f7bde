"""Uploads and downloads. Serves part of `createos_nb.api.deployments`."""

from __future__ import annotations

import binascii
import io
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterable
from email.message import Message
from typing import TYPE_CHECKING, Any, Final

from createos_nb.simulator import lifecycle
from createos_nb.simulator.access import deployment_of, project_of
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.limits import spend_daily
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.signed import archive, signed_address
from createos_nb.simulator.state import Deployment, Project, Upload

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

ENTRIES: Final = 20_000
"""Files that an archive may hold."""


def _upload_project(world: Core, call: Call) -> Project:
    project = project_of(world, call)
    if project.type != "upload":
        raise Refusal(422, f"not for a project of type {project.type}: only for upload projects")
    return project


def _safe(path: str) -> str:
    """A path inside the upload. Refuses one that leads out of it."""
    parts = path.replace("\\", "/").split("/")
    if not path or path.startswith("/") or "\x00" in path or len(path) > 1024 or ":" in parts[0]:
        raise Refusal(400, f"files: {path[:80]!r} is not a path inside the upload")
    if any(part in ("", ".", "..") for part in parts):
        raise Refusal(400, f"files: {path[:80]!r} is not a plain path inside the upload")
    return "/".join(parts)


def identity_of(world: Core, project: Project) -> str:
    """The id that the next upload of a project is going to have."""
    return hex_of(32, world.state.seed, "upload", project.id, project.versions + 1)


def upload(world: Core, user: str, project: Project, files: dict[str, bytes]) -> Deployment:
    """Deploy files."""
    settings = world.state.settings
    if not files:
        raise Refusal(400, "files: at least one is required")
    if sum(map(len, files.values())) > settings.upload_bytes:
        raise Refusal(400, f"the files are too large: at most {settings.upload_bytes} bytes in all")
    spend_daily(world, user, "uploads", settings.uploads)
    content = archive(files)
    identity = identity_of(world, project)
    world.state.uploads[identity] = Upload(content)
    return lifecycle.deploy(world, project, upload=identity)


@serves("UploadDeploymentFiles")
def upload_files(world: Core, call: Call) -> Any:
    """Deploy files given as text."""
    project = _upload_project(world, call)
    pairs = ((_safe(one.path), one.content.encode("utf-8", "surrogatepass")) for one in call.body.files)
    return {"id": upload(world, call.user, project, _distinct(pairs)).id}


@serves("UploadDeploymentBase64Files")
def upload_base64_files(world: Core, call: Call) -> Any:
    """Deploy files given as base64."""
    project = _upload_project(world, call)
    pairs = ((_safe(one.path), _decoded(one.path, one.content)) for one in call.body.files)
    return {"id": upload(world, call.user, project, _distinct(pairs)).id}


def _distinct(pairs: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path, content in pairs:
        if path in files:
            raise Refusal(400, f"files: {path[:80]!r} comes twice")
        files[path] = content
    return files


def _decoded(path: str, content: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, f"files: {path[:80]!r} is not valid base64") from None


@serves("UploadDeploymentZip")
def upload_zip(world: Core, call: Call) -> Any:
    """Deploy a zip archive, which comes as a multipart form with one part named `file`."""
    project = _upload_project(world, call)
    if len(call.content) > world.state.settings.upload_bytes:
        raise Refusal(413, f"the archive is too large: at most {world.state.settings.upload_bytes} bytes")
    content = _part(call.headers.get("content-type", ""), call.content, call.operation.at("file")[0].wire)
    return {"id": upload(world, call.user, project, _unpacked(content, world.state.settings.upload_bytes)).id}


def _unpacked(content: bytes, most: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as whole:
            entries = [one for one in whole.infolist() if not one.is_dir()]
            if len(entries) > ENTRIES or sum(one.file_size for one in entries) > most:
                raise Refusal(400, f"the archive holds too much: at most {ENTRIES} files and {most} bytes")
            for entry in entries:
                if entry.external_attr >> 28 == 0xA:
                    raise Refusal(400, f"files: {entry.filename[:80]!r} is a symbolic link")
                files[_safe(entry.filename)] = whole.read(entry)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError):
        raise Refusal(400, "file: not a readable zip archive") from None
    return files


def _part(kind: str, content: bytes, name: str) -> bytes:
    """The content of one part of a multipart form."""
    header = Message()
    header["content-type"] = kind
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise Refusal(400, f"expected multipart/form-data with a part named {name}")
    for piece in (b"\r\n" + content).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]:
        head, separator, body = piece.partition(b"\r\n\r\n")
        if not separator:
            continue
        described = Message()
        for line in head.decode("latin-1").split("\r\n"):
            field, colon, value = line.partition(":")
            if colon:
                described[field.strip()] = value.strip()
        if described.get_param("name", header="content-disposition") == name:
            return body
    raise Refusal(400, f"the form has no part named {name}")


@serves("DownloadDeployment")
def download(world: Core, call: Call) -> Any:
    """Signed address of the uploaded files."""
    project = _upload_project(world, call)
    deployment = deployment_of(world, project, call.ids[1])
    if deployment.upload not in world.state.uploads:
        raise Refusal(404, "the files of this deployment are gone")
    return {"downloadUri": signed_address(world, "upload", deployment.upload)}
