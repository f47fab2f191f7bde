"""What the apps of a made-up account are written in: settings, ports, files, and how they fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from createos_nb.contract.types import ProjectType
from createos_nb.simulator.traffic import Toolchain, toolchain

_JAVASCRIPT = (
    "TypeError: Cannot read properties of undefined (reading '{field}')",
    "ReferenceError: {field} is not defined",
    "RangeError: Invalid time value in {field}",
)
_PYTHON = (
    "KeyError: '{field}'",
    "AttributeError: 'NoneType' object has no attribute '{field}'",
    "decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>] in {field}",
)
_GO = (
    "runtime error: index out of range [3] with length 3 in {field}",
    'sql: Scan error on column index 2, name "{field}": converting NULL to string is unsupported',
)
_RUST = (
    "called `Result::unwrap()` on an `Err` value: missing field `{field}`",
    "byte index 12 is out of bounds of `{field}`",
)


@dataclass(frozen=True, slots=True)
class Stack:
    """A way to write an app.

    Attributes:
        kind: of the project.
        runtime: of the settings; empty for an image.
        framework: of the settings; empty if none.
        ports: those that such an app may have.
        errors: texts of errors in its code, with {field}.
        files: of its repository; the first is what a build begins with.
        timed: its access lines say how long a request took.
        private: a private package.
        missing: a package that does not exist.
        module: one that may be missing when it starts.
    """

    kind: ProjectType
    runtime: str
    framework: str = ""
    ports: tuple[int, ...] = (8080,)
    errors: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    timed: bool = False
    private: str = ""
    missing: str = ""
    module: str = ""

    @property
    def tools(self) -> Toolchain:
        """Return how it is built."""
        return toolchain(self.runtime, self.framework)

    @property
    def build_seconds(self) -> int:
        """Return about how long a deployment takes from its push until it runs."""
        if self.kind == "image":
            return 20
        tools, other = self.tools, 23 if self.kind == "vcs" else 21
        return other + (tools.install_ms + tools.build_ms) // 1000

    def settings(self, port: int) -> dict[str, Any]:
        """Return the settings of a project."""
        if self.kind == "image":
            return {"port": port}
        settings: dict[str, Any] = {"runtime": self.runtime, "port": port}
        if self.framework:
            settings["framework"] = self.framework
        if self.kind == "vcs":
            tools = self.tools
            settings |= {"installCommand": tools.install} if tools.install else {}
            settings |= {"buildCommand": tools.build} if tools.build else {}
        return settings


def _node(runtime: str, framework: str, ports: tuple[int, ...], kind: ProjectType = "vcs") -> Stack:
    files = ("package.json", "README.md", "server.js", "lib/routes.js")
    private, missing, module = "@{owner}/{word}", "@{owner}/{word}@4.0.0", "@{owner}/{word}"
    return Stack(kind, runtime, framework, ports, _JAVASCRIPT, files, True, private, missing, module)


def _python(runtime: str, framework: str, ports: tuple[int, ...]) -> Stack:
    files = ("requirements.txt", "README.md", "main.py")
    private, missing, module = "{owner}-{word}", "{owner}-{word}==9.0", "{owner}_{word}"
    return Stack("vcs", runtime, framework, ports, _PYTHON, files, False, private, missing, module.replace("-", "_"))


def _go(framework: str, ports: tuple[int, ...]) -> Stack:
    files = ("go.mod", "README.md", "main.go")
    private, missing = "github.com/{owner}/{word}@v1.4.2", "github.com/{owner}/{word}@v9.0.0"
    return Stack("vcs", "golang:1.22", framework, ports, _GO, files, True, private, missing, "{word}.so")


STACKS = (
    _node("node:20", "express", (3000, 3001, 8080)),
    _node("node:22", "express", (3000, 5000)),
    _node("node:22", "nextjs", (3000,)),
    _node("bun:1.3", "", (3000, 8080)),
    _node("node:20", "express", (3000, 4000), "upload"),
    _python("python:3.12", "fastapi", (8000, 8080)),
    _python("python:3.11", "flask", (5000, 8000)),
    _python("python:3.12", "django", (8000,)),
    _go("gin", (8080, 9000)),
    _go("fiber", (3000, 8080)),
    _go("", (8080, 9090)),
    Stack(
        "vcs",
        "rust:1.75",
        "actix",
        (8080, 9000),
        _RUST,
        ("Cargo.toml", "README.md", "src/main.rs"),
        True,
        "{owner}-{word}",
        "{owner}-{word}",
        "lib{word}.so",
    ),
    Stack("image", "", "", (3000, 8080), _JAVASCRIPT, timed=True, module="@{owner}/{word}"),
    Stack("upload", "static", "", (80,)),
    Stack("vcs", "static", "", (80,), files=("index.html", "README.md", "style.css")),
)
