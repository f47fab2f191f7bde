"""Signed addresses: good for a while, and for whoever holds them; no key is asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Response, failure
from createos_nb.simulator.ids import digest
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.times import SECOND

PREFIX: Final = "/signed/"


class SignedFile(NamedTuple):
    """A file behind a signed address."""

    content_type: str
    name: str
    content: bytes


FileReader = Callable[[WorldContext, list[str]], SignedFile]

#: By kind of file; resources register their own.
_READERS: Final[dict[str, FileReader]] = {}


def serves_file(kind: str) -> Callable[[FileReader], FileReader]:
    """Register the function that reads the signed files of a kind."""

    def register(reader: FileReader) -> FileReader:
        if _READERS.setdefault(kind, reader) is not reader:
            raise TypeError(f"signed files of kind {kind!r} have two readers")
        return reader

    return register


def signed_url(context: WorldContext, kind: str, *ids: str) -> str:
    """Return an address for a file of a kind that is registered."""
    path = PREFIX + "/".join((kind, *ids))
    ends = context.state.now // SECOND + context.state.settings.signed_address
    return f"{context.files_url}{path}?expires={ends}&signature={_signature(context, path, ends)}"


def _signature(context: WorldContext, path: str, ends: int) -> str:
    own = [context.state.signing] if context.state.signing else []
    return digest(context.state.seed, "signature", *own, path, ends, size=20).hex()


def serve_signed_url(context: WorldContext, method: str, path: str, query: str) -> Response:
    """Answer a request for a signed address."""
    try:
        if method not in ("GET", "HEAD"):
            raise HttpError(405, f"{method} is not allowed here", headers=(("allow", "GET, HEAD"),))
        parameters = {name: values[0] for name, values in parse_qs(query).items()}
        ends = int(parameters["expires"]) if parameters.get("expires", "").isdecimal() else 0
        if parameters.get("signature") != _signature(context, path, ends):
            raise HttpError(403, "the signature does not match")
        if ends < context.state.now // SECOND:
            raise HttpError(403, "the address has expired")
        kind, *ids = path.removeprefix(PREFIX).split("/")
        content_type, name, content = _READERS[kind](context, ids)
    except HttpError as error:
        return failure(context.dialect, error.status, error.message, error.headers)
    headers = (
        ("content-type", content_type),
        ("content-disposition", f'attachment; filename="{name}"'),
        ("content-length", str(len(content))),
    )
    return Response(200, headers, b"" if method == "HEAD" else content)


def zip_archive(files: dict[str, bytes]) -> bytes:
    """Return a zip archive that is the same for the same files, whenever and wherever it is made."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(files):
            file.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), files[path])
    return archive.getvalue()
