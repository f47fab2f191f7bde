"""Runtimes and frameworks that the platform can build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from createos_nb.contract.projects import SupportedType
from createos_nb.simulator.envelope import Dialect, encode
from createos_nb.simulator.platform.errors import HttpError

_NODE: Final = ("node:18", "node:20", "node:22", "bun:1.1", "bun:1.3")
_PYTHON: Final = ("python:3.11", "python:3.12")
_GO: Final = ("golang:1.22", "golang:1.25")
RUNTIMES: Final = (*_NODE[:3], *_PYTHON, *_GO, "rust:1.75", *_NODE[3:], "static", "build-ai")

#: Framework → (runtimes, port, command that installs, command that builds, command that runs, folder that is built).
FRAMEWORKS: Final[Mapping[str, tuple[tuple[str, ...], int, str, str, str, str]]] = {
    "nextjs": (_NODE, 3000, "npm ci", "npm run build", "npm start", ".next"),
    "reactjs-spa": (_NODE, 80, "npm ci", "npm run build", "", "dist"),
    "reactjs-ssr": (_NODE, 3000, "npm ci", "npm run build", "npm start", "build"),
    "vuejs-spa": (_NODE, 80, "npm ci", "npm run build", "", "dist"),
    "vuejs-ssr": (_NODE, 3000, "npm ci", "npm run build", "npm start", "dist"),
    "nuxtjs": (_NODE, 3000, "npm ci", "npm run build", "node .output/server/index.mjs", ".output"),
    "astro": (_NODE, 4321, "npm ci", "npm run build", "node dist/server/entry.mjs", "dist"),
    "remix": (_NODE, 3000, "npm ci", "npm run build", "npm start", "build"),
    "express": (_NODE, 3000, "npm ci", "", "node server.js", ""),
    "fastapi": (
        _PYTHON,
        8000,
        "pip install -r requirements.txt",
        "",
        "python -m uvicorn main:app --host 0.0.0.0 --port 8000",
        "",
    ),
    "flask": (_PYTHON, 5000, "pip install -r requirements.txt", "", "gunicorn -b 0.0.0.0:5000 app:app", ""),
    "django": (_PYTHON, 8000, "pip install -r requirements.txt", "", "gunicorn -b 0.0.0.0:8000 site.wsgi", ""),
    "gin": (_GO, 8080, "go mod download", "go build -o app .", "./app", ""),
    "fiber": (_GO, 3000, "go mod download", "go build -o app .", "./app", ""),
    "actix": (("rust:1.75",), 8080, "", "cargo build --release", "./target/release/app", "target"),
}
_EDITABLE: Final = ("port", "installCommand", "buildCommand", "runCommand", "buildDir")


def _supported() -> list[SupportedType]:
    rows: list[SupportedType] = []
    for name, (runtimes, *defaults) in FRAMEWORKS.items():
        editables = {
            field: {"type": "integer" if field == "port" else "string", "default": value, "required": field == "port"}
            for field, value in zip(_EDITABLE, defaults, strict=True)
            if value != ""
        }
        rows.append(SupportedType(name=name, type="framework", runtimes=list(runtimes), editables=editables))
    for runtime in RUNTIMES:
        editables = {"port": {"type": "integer", "default": 80 if runtime == "static" else 8080, "required": True}}
        rows.append(SupportedType(name=runtime, type="runtime", runtimes=[runtime], editables=editables))
    return rows


SUPPORTED: Final = encode(_supported())


def runtime_of(settings: Mapping[str, Any]) -> str:
    """Return the runtime of a project: where only a framework is named, the first that goes with it."""
    named, framework = settings.get("runtime"), settings.get("framework")
    if named or not isinstance(framework, str) or framework not in FRAMEWORKS:
        return str(named or "")
    return FRAMEWORKS[framework][0][0]


def check_runtime(kind: str, settings: Mapping[str, Any], dialect: Dialect) -> None:
    """Refuse settings that name no way to build, or a framework with a runtime that does not go with it.

    A framework without a runtime serves for a vcs project of the production dialect: see `contract.creation`.
    """
    if kind == "image" or settings.get("useBuildAI") or settings.get("hasDockerfile"):
        return
    framework, runtime = settings.get("framework"), settings.get("runtime")
    if runtime and runtime not in RUNTIMES:
        raise HttpError(400, f"settings.runtime: {runtime} is not supported; supported are {', '.join(RUNTIMES)}")
    if framework:
        known = FRAMEWORKS.get(framework)
        if known is None:
            raise HttpError(400, f"settings.framework: {framework} is not supported: see GET /v1/projects/supported")
        if not runtime and (kind, dialect) == ("vcs", "production"):
            return
        if not runtime:
            raise HttpError(400, f"settings.runtime is required with framework {framework}: {', '.join(known[0])}")
        if runtime not in known[0] and runtime != "build-ai":
            raise HttpError(400, f"settings.runtime: {runtime} does not go with {framework}: {', '.join(known[0])}")
    elif not runtime:
        raise HttpError(
            400, "settings.runtime is required where there is neither a framework, build AI nor a Dockerfile"
        )
