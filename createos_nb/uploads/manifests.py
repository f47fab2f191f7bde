"""What the manifests of a source say: packages, versions, scripts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from createos_nb.errors import InvalidInput

_REQUIREMENT: Final = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_GO_VERSION: Final = re.compile(r"^go\s+(\d+\.\d+)", re.MULTILINE)


def text_of(data: bytes | None) -> str:
    """Return a file's text; "" where it is not known."""
    return (data or b"").decode("utf-8-sig", "replace")


def package_of(files: Mapping[str, bytes | None]) -> dict[str, Any]:
    """Return the content of package.json; empty where it is not known. Raises `InvalidInput`."""
    data = files.get("package.json")
    if data is None:
        return {}
    try:
        package = json.loads(text_of(data))
    except ValueError as error:
        raise InvalidInput(f"package.json is no JSON: {error}") from None
    if not isinstance(package, dict):
        raise InvalidInput("package.json holds no object: it has to begin with {")
    return package


def toml_of(path: str, text: str) -> dict[str, Any]:
    """Return what a TOML file holds. Raises `InvalidInput`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is no TOML: {error}") from None


def mapping_of(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a table of a document; empty where there is none."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def packages_in(path: str, data: bytes | None) -> set[str]:
    """Names of what a manifest asks for."""
    text = text_of(data)
    if path == "requirements.txt":
        return {match[1].lower() for line in text.splitlines() if (match := _REQUIREMENT.match(line))}
    if path == "go.mod":
        return {word.partition("/v")[0] for word in text.split()}
    document = toml_of(path, text)
    if path == "Cargo.toml":
        return set(mapping_of(document, "dependencies"))
    project = mapping_of(document, "project")
    listed = project.get("dependencies")
    lines = listed if isinstance(listed, list) else []
    poetry = mapping_of(mapping_of(mapping_of(document, "tool"), "poetry"), "dependencies")
    return {match[1].lower() for line in lines if (match := _REQUIREMENT.match(str(line)))} | set(poetry)


def wanted_version(language: str, files: Mapping[str, bytes | None], package: Mapping[str, Any]) -> tuple[str, str]:
    """The versions that a source asks for, and where; "" for any."""
    if language == "node":
        places = {
            "package.json's engines": str(mapping_of(package, "engines").get("node") or ""),
            ".nvmrc": _version(files.get(".nvmrc")),
        }
    elif language == "python":
        project = mapping_of(toml_of("pyproject.toml", text_of(files.get("pyproject.toml"))), "project")
        places = {
            ".python-version": _version(files.get(".python-version")),
            "pyproject.toml's requires-python": str(project.get("requires-python") or ""),
        }
    else:
        match = _GO_VERSION.search(text_of(files.get("go.mod"))) if language == "golang" else None
        places = {"go.mod": f">={match[1]}" if match else ""}
    return next(((wanted, where) for where, wanted in places.items() if wanted), ("", ""))


def _version(data: bytes | None) -> str:
    lines = text_of(data).split()
    return lines[0] if lines and lines[0].lstrip("v")[:1].isdigit() else ""
