"""Signed addresses: good for a while, and for whoever holds them; no key is asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import msgspec

from createos_nb.simulator.answers import Reply, failure
from createos_nb.simulator.ids import digest
from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.refusal import Refusal

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

PREFIX: Final = "/signed/"


def signed_address(world: Core, kind: str, *ids: str) -> str:
    """An address for a file of this kind (a row of `_FILES`)."""
    path = PREFIX + "/".join((kind, *ids))
    ends = world.state.now // SECOND + world.state.settings.signed_address
    return f"{world.files_url}{path}?expires={ends}&signature={_signature(world, path, ends)}"


def _signature(world: Core, path: str, ends: int) -> str:
    return digest(world.state.seed, "signature", path, ends, size=20).hex()


def serve(world: Core, method: str, path: str, query: str) -> Reply:
    """Answer a request for a signed address."""
    try:
        if method not in ("GET", "HEAD"):
            raise Refusal(405, f"{method} is not allowed here", headers=(("allow", "GET, HEAD"),))
        given = {name: values[0] for name, values in parse_qs(query).items()}
        ends = int(given["expires"]) if given.get("expires", "").isdecimal() else 0
        if given.get("signature") != _signature(world, path, ends):
            raise Refusal(403, "the signature does not match")
        if ends < world.state.now // SECOND:
            raise Refusal(403, "the address has expired")
        kind, *ids = path.removeprefix(PREFIX).split("/")
        file_type, name, content = _FILES[kind](world, ids)
    except Refusal as refusal:
        return failure(world.dialect, refusal.status, refusal.text, refusal.headers)
    headers = (
        ("content-type", file_type),
        ("content-disposition", f'attachment; filename="{name}"'),
        ("content-length", str(len(content))),
    )
    return Reply(200, headers, b"" if method == "HEAD" else content)


def _upload(world: Core, ids: list[str]) -> tuple[str, str, bytes]:
    upload = world.state.uploads.get(ids[0])
    if upload is None:
        raise Refusal(404, "the files are gone")
    return "application/zip", f"deployment-{ids[0][:8]}.zip", upload.archive


def _scan(world: Core, ids: list[str]) -> tuple[str, str, bytes]:
    from createos_nb.simulator.security import report

    project = world.state.projects.get(ids[0])
    deployment = world.deployments(project).get(ids[1]) if project is not None else None
    if deployment is None or deployment.scan is None or deployment.scan.status != "success":
        raise Refusal(404, "the report is gone")
    content = msgspec.json.format(msgspec.json.encode(report(deployment.scan)), indent=2)
    return "application/json", f"scan-{ids[1][:8]}.json", content


def _template(world: Core, ids: list[str]) -> tuple[str, str, bytes]:
    purchase = world.state.purchases.get(ids[0])
    template = world.state.templates.get(purchase.template) if purchase is not None else None
    if template is None:
        raise Refusal(404, "the template is gone")
    readme = f"# {template.name}\n\n{template.overview}\n"
    configuration = msgspec.json.format(msgspec.json.encode(template.project_configuration), indent=2)
    content = archive({"README.md": readme.encode(), "createos.json": configuration})
    return "application/zip", f"template-{template.id[:8]}.zip", content


def archive(files: dict[str, bytes]) -> bytes:
    """A zip archive that is the same for the same files, whenever and wherever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as whole:
        for path in sorted(files):
            whole.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), files[path])
    return made.getvalue()


_FILES: Final[dict[str, Callable[[Core, list[str]], tuple[str, str, bytes]]]] = {
    "upload": _upload,
    "scan": _scan,
    "template": _template,
}
