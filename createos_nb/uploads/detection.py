"""Build and run settings of a source, found in its files: what each says, and why it says so.

A pure function of the files' names and, where they are known, their contents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from createos_nb.errors import InvalidInput
from createos_nb.uploads.manifests import mapping_of, package_of, packages_in, text_of, toml_of, wanted_version
from createos_nb.uploads.runtimes import newest

#: A file that says how a folder is built, and the language of the runtimes that build it.
MANIFESTS: Final[Mapping[str, str]] = {
    "Dockerfile": "",
    "package.json": "node",
    "requirements.txt": "python",
    "pyproject.toml": "python",
    "go.mod": "golang",
    "Cargo.toml": "rust",
}
#: A package of npm, and the framework that it is; what renders on a server stands before what it is made of.
_NPM: Final[Mapping[str, str]] = {
    "next": "nextjs",
    "nuxt": "nuxtjs",
    "astro": "astro",
    "@remix-run/react": "remix",
    "express": "express",
    "react": "reactjs-spa",
    "vue": "vuejs-spa",
}
#: A configuration file's name without its ending, and the framework that it configures.
_CONFIGURED: Final[Mapping[str, str]] = {
    "next.config": "nextjs",
    "nuxt.config": "nuxtjs",
    "astro.config": "astro",
    "remix.config": "remix",
}
_OTHERS: Final[Mapping[str, Mapping[str, str]]] = {
    "python": {"fastapi": "fastapi", "flask": "flask", "django": "django"},
    "golang": {"github.com/gin-gonic/gin": "gin", "github.com/gofiber/fiber": "fiber"},
    "rust": {"actix-web": "actix"},
}
_PYTHON_APP: Final = re.compile(r"^(?P<name>\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?P<kind>FastAPI|Flask)\(", re.MULTILINE)
_PORT_FLAGS: Final = re.compile(r"(?:--port[= ]|-p[= ]?|\bPORT=|--bind[= ]\S*?:|-b[= ]?\S*?:)(\d{2,5})\b")
_LISTEN: Final = re.compile(r"(?:\.listen\(\s*|process\.env\.PORT\s*(?:\|\||\?\?)\s*['\"]?)(\d{2,5})\b")
_EXPOSE: Final = re.compile(r"^\s*EXPOSE\s+(.+)$", re.MULTILINE | re.IGNORECASE)
COMMANDS: Final = ("installCommand", "buildCommand", "runCommand")
_ENTRIES: Final = ("main.py", "app.py", "server.py", "agent.py", "bot.py")


class Supported(NamedTuple):
    """A framework or a runtime that the platform builds: the runtimes that go with it, and its defaults by field."""

    name: str
    framework: bool
    runtimes: tuple[str, ...]
    defaults: Mapping[str, Any]


@dataclass
class Detection:
    """Settings in the wire's spelling, and where each comes from; what is given is not looked for."""

    settings: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: Any, reason: str) -> None:
        """Take a setting, unless there is one or it says nothing."""
        if name not in self.settings and value not in (None, ""):
            self.settings[name], self.reasons[name] = value, reason


def detect(
    files: Mapping[str, bytes | None],
    supported: Sequence[Supported],
    given: Mapping[str, Any] | None = None,
    *,
    static: bool = True,
    search: bool = False,
) -> Detection:
    """Return the build and run settings of a source.

    Args:
        files: the contents by path from the top of the source; None where only the name is known, as of a repository.
        supported: what the platform builds.
        given: settings that are decided already, in the wire's spelling: they are taken as they are.
        static: whether files that nothing builds may be served as they are.
        search: whether the app's folder is looked for although a runtime or a framework is given.

    Returns:
        Settings and their reasons.

    Raises:
        InvalidInput: nothing says how it is built, or several things do; it says what to give.

    Examples:
        >>> from createos_nb.uploads.detection import Supported, detect
        >>> node = Supported("node:20", False, ("node:20",), {"port": 8080})
        >>> package = b'{"scripts": {"start": "node server.js --port 3100"}}'
        >>> found = detect({"package.json": package, "server.js": b""}, [node])
        >>> found.settings["port"], found.reasons["port"]
        (3100, "package.json's start script")
    """
    found = Detection()
    for name, value in (given or {}).items():
        found.add(name, value, "given")
    there = _folder(files, found, decided=_decided(found) and not search)
    if found.settings.get("hasDockerfile") or ("Dockerfile" in there and not _decided(found)):
        found.add("hasDockerfile", True, "there is a Dockerfile")
        found.add("port", _exposed(there), "the Dockerfile's EXPOSE")
    elif not found.settings.get("useBuildAI"):
        _build(there, supported, found, static=static)
    if "port" not in found.settings:
        raise InvalidInput(
            "no port is found in the source, and the app's health is checked there: give "
            "settings={'port': …}, the port that it listens on"
        )
    return found


def _decided(found: Detection) -> bool:
    return bool(found.settings.get("framework") or found.settings.get("runtime"))


# --- where it is ------------------------------------------------------------------------------------------------------


def _folder(files: Mapping[str, bytes | None], found: Detection, *, decided: bool) -> dict[str, bytes | None]:
    """The files of the app's folder, by their paths in it: the top, or the one folder that holds a manifest."""
    if not files:
        raise InvalidInput("the source holds no files: nothing can be launched from it")
    given = str(found.settings.get("directoryPath") or "").strip("/").removeprefix("./")
    if given and given != ".":
        inside = _inside(files, given)
        if not inside:
            raise InvalidInput(f"directory_path {given!r} is no folder of the source: it has {_listed(_tops(files))}")
        return inside
    manifests = [path for path in files if path.rpartition("/")[2] in MANIFESTS]
    if given or not manifests or any("/" not in path for path in manifests) or decided:
        return dict(files)
    folders = {path.rpartition("/")[0] for path in manifests}
    outermost = sorted(one for one in folders if not any(one.startswith(f"{other}/") for other in folders))
    if len(outermost) > 1:
        raise InvalidInput(
            f"there are several apps in the source: {_listed(outermost)}: give settings={{'directory_path': …}}"
        )
    name = next(path for path in manifests if path.rpartition("/")[0] == outermost[0]).rpartition("/")[2]
    found.add("directoryPath", outermost[0], f"{name} is only there")
    return _inside(files, outermost[0])


def _inside(files: Mapping[str, bytes | None], folder: str) -> dict[str, bytes | None]:
    return {path.removeprefix(f"{folder}/"): data for path, data in files.items() if path.startswith(f"{folder}/")}


def _tops(files: Mapping[str, bytes | None]) -> list[str]:
    return sorted({path.rpartition("/")[0] for path in files if "/" in path})


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "none"


# --- what builds it ---------------------------------------------------------------------------------------------------


def _build(
    files: Mapping[str, bytes | None], supported: Sequence[Supported], found: Detection, *, static: bool
) -> None:
    language = _language(files, supported, found)
    if language is None:
        _plain(files, found, static=static)
        return
    known = {row.name: row for row in supported}
    package = package_of(files) if language == "node" else {}
    framework, why = _framework(language, files, package)
    if framework in known and found.settings.get("runtime") in (None, *known[framework].runtimes):
        found.add("framework", framework, why)
    named = str(found.settings.get("framework") or "")
    if named and named not in known:
        raise InvalidInput(f"framework {named!r} is not supported: {_listed(_names(supported, framework=True))}")
    offered = known[named].runtimes if named else _names(supported)
    if not found.settings.get("runtime"):
        offered = [name for name in offered if name.partition(":")[0] == language]
    _runtime(language, offered, files, package, found)
    manifest = next((name for name, of in MANIFESTS.items() if of == language and name in files), "")
    if manifest and files[manifest] is None and not named:
        if any(name not in found.settings for name in COMMANDS):
            found.add("useBuildAI", True, f"{manifest} can't be read from here: Build AI reads it")
    elif language == "node":
        _node(files, package, found)
    elif language == "python":
        _python(files, found)
    else:
        _compiled(language, files, found)
    _defaults(known.get(named) or known.get(str(found.settings.get("runtime"))), found)


def _names(supported: Sequence[Supported], *, framework: bool = False) -> list[str]:
    return [row.name for row in supported if row.framework == framework]


def _language(files: Mapping[str, bytes | None], supported: Sequence[Supported], found: Detection) -> str | None:
    """The language that builds it; None where nothing does. Raises `InvalidInput` for several."""
    runtime, framework = found.settings.get("runtime"), found.settings.get("framework")
    if runtime:
        language = str(runtime).partition(":")[0]
        return "node" if language == "bun" else None if language == "static" else language
    by_framework = next((row.runtimes for row in supported if row.framework and row.name == framework), ())
    if by_framework:
        return by_framework[0].partition(":")[0]
    by_language: dict[str, str] = {}
    for name, language in MANIFESTS.items():
        if language and name in files:
            by_language.setdefault(language, name)
    if len(by_language) > 1:
        raise InvalidInput(
            f"both {' and '.join(by_language.values())} say how it is built: give settings={{'runtime': …}}, or a "
            "Dockerfile that does both"
        )
    return next(iter(by_language), None)


def _plain(files: Mapping[str, bytes | None], found: Detection, *, static: bool) -> None:
    """Nothing builds it: pages are served as they are, anything else can't be."""
    if found.settings.get("runtime") == "static" or (static and "index.html" in files):
        found.add("runtime", "static", "index.html, and nothing that is built")
        found.add("port", 80, "default of static files")
        return
    what = "" if static or "index.html" not in files else "; plain pages are launched from files: source="
    raise InvalidInput(
        f"nothing in the source says how it is built: none of {_listed(list(MANIFESTS))} is there{what}; give "
        "settings={'runtime': …, 'run_command': …, 'port': …}"
    )


def _framework(language: str, files: Mapping[str, bytes | None], package: Mapping[str, Any]) -> tuple[str, str]:
    """The framework and how it is known; "" for none."""
    if language == "node":
        packages = {**mapping_of(package, "devDependencies"), **mapping_of(package, "dependencies")}
        for name, framework in _NPM.items():
            if name in packages:
                return framework, f"{name} is in package.json"
        for path in files:
            configured = _CONFIGURED.get(path.rpartition(".")[0])
            if configured:
                return configured, f"{path} is there"
        return "", ""
    for name, framework in _OTHERS.get(language, {}).items():
        for path in ("requirements.txt", "pyproject.toml", "go.mod", "Cargo.toml"):
            if name in packages_in(path, files.get(path)):
                return framework, f"{name} is in {path}"
    return ("django", "manage.py is there") if language == "python" and "manage.py" in files else ("", "")


def _runtime(
    language: str,
    offered: Sequence[str],
    files: Mapping[str, bytes | None],
    package: Mapping[str, Any],
    found: Detection,
) -> None:
    """The newest runtime that the source allows."""
    if runtime := found.settings.get("runtime"):
        if runtime not in (*offered, "build-ai"):
            raise InvalidInput(f"runtime {runtime!r} does not serve: {_listed(offered)}")
        return
    wanted, where = wanted_version(language, files, package)
    runtime = newest(offered, wanted)
    if runtime is None:
        raise InvalidInput(
            f"{where or 'the source'} asks for {language} {wanted}, and the platform has {_listed(offered)}: change "
            "it, or give settings={'runtime': …}"
        )
    found.add("runtime", runtime, f"{where} asks for {wanted}" if where else "default: the newest of its language")


# --- what it runs -----------------------------------------------------------------------------------------------------


def _node(files: Mapping[str, bytes | None], package: Mapping[str, Any], found: Detection) -> None:
    if files.get("package.json") is None:
        return  # the framework's own commands serve
    scripts = mapping_of(package, "scripts")
    locked = "package-lock.json" in files
    found.add("installCommand", "npm ci" if locked else "npm install", f"{'' if locked else 'no '}package-lock.json")
    if "build" in scripts:
        found.add("buildCommand", "npm run build", "package.json's build script")
    start = str(scripts.get("start") or "")
    main = str(package.get("main") or "") or next((name for name in ("server.js", "index.js") if name in files), "")
    if start:
        found.add("runCommand", "npm start", "package.json's start script")
    elif main in files:
        found.add("runCommand", f"node {main}", "package.json's main" if package.get("main") else f"{main} is there")
    _port(found, {"package.json's start script": start})
    entry = next((path for path in files if path.endswith((".js", ".ts", ".mjs")) and path in f"{start} {main}"), "")
    listening = _LISTEN.search(text_of(files.get(entry)))
    found.add("port", int(listening[1]) if listening else None, entry)
    if "runCommand" not in found.settings and "framework" not in found.settings:
        raise InvalidInput(
            "package.json has no start script and no main file that is there: give settings={'run_command': …}"
        )


def _python(files: Mapping[str, bytes | None], found: Detection) -> None:
    if "requirements.txt" in files:
        found.add("installCommand", "pip install -r requirements.txt", "requirements.txt")
    elif "pyproject.toml" in files:
        found.add("installCommand", "pip install .", "pyproject.toml")
    apps = [
        (path.removesuffix(".py"), match["name"], match["kind"])
        for path, data in files.items()
        if path.endswith(".py") and "/" not in path
        for match in _PYTHON_APP.finditer(text_of(data))
    ]
    wanted = {"fastapi": "FastAPI", "flask": "Flask"}.get(str(found.settings.get("framework")))
    apps = [app for app in apps if app[2] == wanted]
    if "runCommand" not in found.settings and len(apps) > 1:
        names = ", ".join(f"{name} of {module}.py" for module, name, _ in apps)
        raise InvalidInput(f"there are several {wanted} apps: {names}: give settings={{'run_command': …}}")
    for module, name, kind in apps:
        port = found.settings.get("port") or (8000 if kind == "FastAPI" else 5000)
        gunicorn = "gunicorn" in packages_in("requirements.txt", files.get("requirements.txt"))
        flask = (
            f"gunicorn -b 0.0.0.0:{port} {module}:{name}"
            if gunicorn
            else f"python -m flask --app {module}:{name} run --host 0.0.0.0 --port {port}"
        )
        fastapi = f"python -m uvicorn {module}:{name} --host 0.0.0.0 --port {port}"
        found.add("runCommand", fastapi if kind == "FastAPI" else flask, f"{kind} app {name} in {module}.py")
    entries = [name for name in _ENTRIES if name in files]
    if not wanted and "framework" not in found.settings and "runCommand" not in found.settings:
        if len(entries) != 1:
            what = f"several files that may start it: {_listed(entries)}" if entries else "no file that starts it"
            raise InvalidInput(f"there is {what}: give settings={{'run_command': …}}")
        found.add("runCommand", f"python {entries[0]}", f"{entries[0]} is there")
    if found.settings.get("runCommand"):
        _port(found, {"the run command": str(found.settings["runCommand"])})


def _compiled(language: str, files: Mapping[str, bytes | None], found: Detection) -> None:
    if language == "golang" and "go.mod" in files:
        found.add("installCommand", "go mod download", "go.mod")
        found.add("buildCommand", "go build -o app .", "go.mod")
        found.add("runCommand", "./app", "what the build command writes")
    elif language == "rust" and "Cargo.toml" in files:
        name = mapping_of(toml_of("Cargo.toml", text_of(files["Cargo.toml"])), "package").get("name")
        found.add("buildCommand", "cargo build --release", "Cargo.toml")
        found.add("runCommand", f"./target/release/{name}" if name else None, "Cargo.toml's package")
    if "runCommand" not in found.settings:
        raise InvalidInput("nothing says how it is started: give settings={'run_command': …}")


def _port(found: Detection, commands: Mapping[str, str]) -> None:
    for where, command in {"the run command": str(found.settings.get("runCommand") or ""), **commands}.items():
        match = _PORT_FLAGS.search(command)
        found.add("port", int(match[1]) if match else None, where)


def _exposed(files: Mapping[str, bytes | None]) -> int | None:
    """The one port that a Dockerfile exposes. Raises `InvalidInput` for several."""
    text = text_of(files.get("Dockerfile"))
    words = [word.partition("/")[0] for line in _EXPOSE.findall(text) for word in line.split("#")[0].split()]
    ports = sorted({int(word) for word in words if word.isdigit()})
    if len(ports) > 1:
        raise InvalidInput(f"the Dockerfile exposes {_listed(list(map(str, ports)))}: give settings={{'port': …}}")
    return ports[0] if ports else None


def _defaults(row: Supported | None, found: Detection) -> None:
    """What is left is the platform's own default for the framework or the runtime."""
    if row is not None:
        for name, value in row.defaults.items():
            found.add(name, value, f"default of {row.name}")
