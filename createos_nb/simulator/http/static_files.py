"""Static sites: files of an upload, served as they are. Nothing is executed, and no path leads out of the upload."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from createos_nb.simulator.traffic.builds import plain_folder

INDEX: Final = "index.html"
NOT_FOUND: Final = "404.html"
_BUILT_ELSEWHERE: Final = frozenset({"package.json", "Dockerfile", "requirements.txt", "go.mod", "Cargo.toml"})
_REVALIDATE: Final = ("cache-control", "no-cache")
"""Another version may be live at the next request."""

#: Written out, because the table of the standard library depends on the machine.
_TYPES: Final[Mapping[str, str]] = {
    "avif": "image/avif",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "gif": "image/gif",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "md": "text/markdown; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}


class Found(NamedTuple):
    """The answer of a site at a path: a status, headers and a body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Site:
    """The files that a web server would serve of one upload.

    Args:
        archive: the upload, a zip archive.
        settings: of the deployment; `directoryPath` and `buildDir` say which folder is the site's.
    """

    @classmethod
    def of(cls, archive: bytes, settings: Mapping[str, Any]) -> Site | None:
        """The site of an upload, or None for one that is run and not served."""
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            static = is_static(settings, files.namelist())
        return cls(archive, settings) if static else None

    def __init__(self, archive: bytes, settings: Mapping[str, Any]) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(archive))
        names = self._zip.namelist()
        self.root = _root(names, settings)
        self._files = {name.removeprefix(self.root): name for name in names if name.startswith(self.root)}
        self._fallback = str(settings.get("framework") or "").endswith("-spa") and INDEX in self._files

    def find(self, method: str, path: str, headers: Mapping[str, str]) -> Found:
        """Return what a request for a path, percent-encoded as in the request line, gets.

        A folder gets its `index.html`, a single-page app its own for every path that is no file. Names that begin with
        a dot are not found, but for `.well-known`.
        """
        if method not in ("GET", "HEAD"):
            return Found(405, (("allow", "GET, HEAD"), ("content-type", _TYPES["txt"])), b"method not allowed\n")
        name = _name(path)
        if name is not None and name in self._files:
            return self._file(200, name, headers)
        if name is not None and name + "/" + INDEX in self._files:
            return Found(301, (("location", quote("/" + name) + "/"), _REVALIDATE), b"")
        if self._fallback and "." not in path.rpartition("/")[2]:
            return self._file(200, INDEX, headers)
        if NOT_FOUND in self._files:
            return self._file(404, NOT_FOUND, {})
        return Found(404, (("content-type", _TYPES["txt"]), _REVALIDATE), b"not found\n")

    def _file(self, status: int, name: str, headers: Mapping[str, str]) -> Found:
        entry = self._zip.getinfo(self._files[name])
        tag = f'"{entry.CRC:08x}-{entry.file_size:x}"'
        extension = name.rpartition("/")[2].rpartition(".")[2].lower()
        describe = (
            ("content-type", _TYPES.get(extension, "application/octet-stream")),
            ("etag", tag),
            _REVALIDATE,
            ("x-content-type-options", "nosniff"),
        )
        known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
        if status == 200 and (tag in known or "*" in known):
            return Found(304, describe[1:3], b"")
        return Found(status, describe, self._zip.read(entry))


def is_static(settings: Mapping[str, Any], names: list[str]) -> bool:
    """Return whether an upload with these settings is served as it is, rather than run."""
    runtime, framework = settings.get("runtime") or "", settings.get("framework") or ""
    if runtime == "static":
        return True
    if settings.get("hasDockerfile"):
        return False
    has_index = any(name == INDEX or name.endswith("/" + INDEX) for name in names)
    if framework:
        return has_index and str(framework).endswith("-spa")
    # What finds a way to build by itself finds nothing to build here.
    return runtime in ("", "build-ai") and INDEX in names and _BUILT_ELSEWHERE.isdisjoint(names)


def _root(names: list[str], settings: Mapping[str, Any]) -> str:
    """The folder that the site lies in, with its slash: the one that was built, or the one that was named."""
    folder, built = (_folder(settings.get(name)) for name in ("directoryPath", "buildDir"))
    for root in dict.fromkeys((folder + built, built, folder)):
        if root + INDEX in names:
            return root
    return folder if any(name.startswith(folder) for name in names) else ""


def _folder(setting: Any) -> str:
    folder = plain_folder(str(setting or ""))
    return folder + "/" if folder else ""


def _name(path: str) -> str | None:
    """The name of the file that a path asks for; None for a path that no file has."""
    try:
        plain = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return None
    *folders, last = plain.removeprefix("/").split("/")
    parts = [*folders, last or INDEX]
    if any(part in ("", ".", "..") or (part.startswith(".") and part != ".well-known") for part in parts):
        return None
    return None if "\\" in plain or "\x00" in plain else "/".join(parts)
