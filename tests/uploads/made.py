"""What the tests of uploads make: folders, zips, and a look at what would be sent."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from createos_nb import Client
from createos_nb.http.redacted_request import SecretTexts
from createos_nb.uploads import select


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zip_of(files: Mapping[str, str | bytes], *infos: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        for info, content in infos:
            archive.writestr(info, content)
    return made.getvalue()


def sent(source: Any, **options: Any) -> set[str]:
    """Paths that would be sent."""
    return {row.path for row in select(source, **options).included}


def why(source: Any, **options: Any) -> dict[str, str]:
    """What would stay, and the reason."""
    return {row.path: row.why for row in select(source, **options).rows if not row.included}


def requests(client: Client) -> list[str]:
    return [name for name in client.log()["operation"] if name.startswith("Upload")]


def deployed(client: Client, deployment: str) -> dict[str, bytes]:
    """The files of a deployment, as the platform gives them back."""
    address = client.call("DownloadDeployment", project_id=project_of(client), deployment_id=deployment)["downloadUri"]
    content = client.transport.open(
        client.transport.unsigned(httpx.URL(address.reveal()), None), SecretTexts(())
    ).read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def project_of(client: Client) -> str:
    return str(client.projects.get("landing-pages")["id"])


def refuse(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Let the system refuse to open these, also where the tests run as root."""
    real = os.open

    def guarded(path: Any, *args: Any, **kwargs: Any) -> int:
        if Path(path) in paths:
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", guarded)
