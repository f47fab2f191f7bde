"""Files behind addresses of their own, as a download meets them."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from createos_nb import Client

KEY = "skp_0123456789abcdef"
PROJECT = "00000001-0000-4000-8000-000000000001"
DEPLOYMENT = "00000002-0000-4000-8000-000000000001"
SIGNATURE = "5ig-0f-the-address"
ADDRESS = f"https://files.test/bucket/deployments/one.zip?X-Amz-Signature={SIGNATURE}&X-Amz-Expires=900"

Handler = Callable[[httpx.Request], httpx.Response]


def zip_of(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


FILES = {"index.html": b"<h1>", "css/a.css": b"body {}", "empty": b""}
ARCHIVE = zip_of(FILES)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def file_client(
    wire: Any, files: Handler | httpx.Response, address: Any = ADDRESS, **settings: Any
) -> tuple[Client, list[httpx.Request]]:
    """A client whose API gives `address`, and whose other hosts are answered by `files`; the requests to those."""
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.test" and request.url.path.startswith("/v1/"):
            return httpx.Response(200, json={"status": "success", "data": {"downloadUri": address}})
        asked.append(request)
        if isinstance(files, httpx.Response):
            return httpx.Response(files.status_code, headers=files.headers, content=files.content)
        return files(request)

    client, _ = wire.client(serve, **{"api_key": KEY, **settings})
    return client, asked


def nothing_is_left(target: Path) -> bool:
    """No target, and no work in progress beside it, in whichever folder above was the nearest."""
    near = next(one for one in target.parents if one.is_dir())
    return not os.path.lexists(target) and not [one for one in near.iterdir() if one.name.startswith(".")]
