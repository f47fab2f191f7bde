"""What the tools of each runtime write while they install and build."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The way in which one kind of program is built; {braces} in a text are filled in.

    Attributes:
        manifest: the file that must lie in the directory that is built.
        image: the base image.
        install: what runs when the settings name no command; empty if there is nothing to install.
        installing: lines while it runs: {n} packages, {s} seconds that it took.
        install_ms: median duration, milliseconds.
        build: what runs when the settings name no command; empty if nothing is built.
        building: lines while it runs: {n} files, {s} seconds that it took.
        build_ms: median duration, milliseconds.
        private: lines of a package that wants a token: {detail}.
        missing: lines of a package that does not exist: {detail}.
        broken: lines of code that can't be built: {detail}.
        unset: lines of a variable that the build reads and nobody set: {detail}.
        token: the usual name of the variable with the token for private packages.
    """

    manifest: str
    image: str
    install: str
    installing: tuple[str, ...]
    install_ms: int
    build: str
    building: tuple[str, ...]
    build_ms: int
    private: tuple[str, ...]
    missing: tuple[str, ...]
    broken: tuple[str, ...]
    unset: tuple[str, ...]
    token: str


NODE = Toolchain(
    manifest="package.json",
    image="node:20-alpine",
    install="npm ci",
    installing=(
        "npm warn deprecated inflight@1.0.6: This module is not supported",
        "added {n} packages, and audited {n} packages in {s}s",
        "found 0 vulnerabilities",
    ),
    install_ms=21_000,
    build="npm run build",
    building=("> app@1.0.0 build", "> tsc -p tsconfig.json", "build finished in {s}s"),
    build_ms=17_000,
    private=(
        "npm error code E401",
        "npm error 401 Unauthorized - GET https://npm.pkg.github.com/{detail}",
        "npm error authentication token not provided",
    ),
    missing=(
        "npm error code E404",
        "npm error 404 Not Found - GET https://registry.npmjs.org/{detail} - Not found",
    ),
    broken=(
        "src/server.ts(41,17): error TS2339: {detail}",
        "npm error code 2",
        "npm error command failed: npm run build",
    ),
    unset=("Error: {detail} is not defined at build time", "    at Object.<anonymous> (/app/build.config.js:8:9)"),
    token="NPM_TOKEN",
)
NEXT = replace(
    NODE,
    install_ms=29_000,
    build="next build",
    building=(
        "   ▲ Next.js 15.1.0",
        "   Creating an optimized production build ...",
        " ✓ Compiled successfully",
        "   Collecting page data ...",
        " ✓ Generating static pages (24/24)",
        "   Finalizing page optimization ...",
    ),
    build_ms=48_000,
    broken=("Failed to compile.", "./app/page.tsx:41:17", "Type error: {detail}"),
    unset=("Error: {detail} is not defined at build time", "> Build failed because of webpack errors"),
)
SPA = replace(
    NODE,
    image="nginx:1.27-alpine",
    install_ms=18_000,
    building=(
        "vite v6.0.5 building for production...",
        "transforming...",
        "✓ 1284 modules transformed.",
        "dist/index.html   0.46 kB",
        "dist/assets/index.js   198.31 kB",
        "✓ built in {s}s",
    ),
    build_ms=12_000,
    broken=("error during build:", "src/App.tsx (41:17): {detail}"),
    unset=("error during build:", "Error: {detail} is not defined at build time"),
)
BUN = Toolchain(
    manifest="package.json",
    image="oven/bun:1.1-alpine",
    install="bun install --frozen-lockfile",
    installing=("bun install v1.1.38", "{n} packages installed [{s}.00s]"),
    install_ms=5_000,
    build="bun run build",
    building=(
        "$ bun build src/server.ts --outdir dist --target bun",
        "  server.js  1.42 MB",
        "[{s}.00s] bundle 318 modules",
    ),
    build_ms=4_000,
    private=("error: GET https://npm.pkg.github.com/{detail} - 401",),
    missing=("error: GET https://registry.npmjs.org/{detail} - 404",),
    broken=("error: {detail}", "    at /app/src/server.ts:41:17"),
    unset=("error: {detail} is not defined at build time",),
    token="NPM_TOKEN",
)
PYTHON = Toolchain(
    manifest="requirements.txt",
    image="python:3.12-slim",
    install="pip install -r requirements.txt",
    installing=(
        "Collecting fastapi==0.115.6",
        "Collecting uvicorn==0.34.0",
        "Collecting httpx==0.28.1",
        "Installing collected packages: {n} packages",
        "Successfully installed {n} packages",
    ),
    install_ms=34_000,
    build="",
    building=("python -m compileall -q .", "compiled in {s}s"),
    build_ms=3_000,
    private=(
        "Looking in indexes: https://pypi.org/simple, https://packages.example.com/simple",
        "WARNING: 401 Error, Credentials not correct for https://packages.example.com/simple/{detail}/",
        "ERROR: Could not find a version that satisfies the requirement {detail} (from versions: none)",
    ),
    missing=(
        "ERROR: Could not find a version that satisfies the requirement {detail} (from versions: none)",
        "ERROR: No matching distribution found for {detail}",
    ),
    broken=('*** Error compiling "./main.py"...', '  File "./main.py", line 41', "SyntaxError: {detail}"),
    unset=("Traceback (most recent call last):", '  File "/app/build.py", line 8, in <module>', "KeyError: '{detail}'"),
    token="PIP_EXTRA_INDEX_URL",
)
GO = Toolchain(
    manifest="go.mod",
    image="golang:1.22-alpine",
    install="go mod download",
    installing=(
        "go: downloading github.com/gin-gonic/gin v1.10.0",
        "go: downloading golang.org/x/net v0.33.0",
        "{n} modules in {s}s",
    ),
    install_ms=11_000,
    build="go build -o server .",
    building=("go build -trimpath -o server .", "built server in {s}s"),
    build_ms=26_000,
    private=(
        "go: {detail}: git ls-remote -q origin: exit status 128:",
        "\tfatal: could not read Username for 'https://github.com': terminal prompts disabled",
    ),
    missing=("go: {detail}: module lookup disabled or repository does not exist",),
    broken=("# app", "./main.go:41:17: {detail}"),
    unset=("{detail} is not set", "make: *** [Makefile:8: generate] Error 1"),
    token="GITHUB_TOKEN",
)
RUST = Toolchain(
    manifest="Cargo.toml",
    image="rust:1.75-slim",
    install="cargo fetch --locked",
    installing=("    Updating crates.io index", "  Downloaded {n} crates in {s}.1s"),
    install_ms=14_000,
    build="cargo build --release",
    building=(
        "   Compiling tokio v1.42.0",
        "   Compiling actix-web v4.9.0",
        "   Compiling app v0.1.0 (/app)",
        "    Finished release [optimized] target(s) in {s}s",
    ),
    build_ms=190_000,
    private=(
        "error: failed to get `{detail}` as a dependency of package `app`",
        "  failed to authenticate when downloading",
    ),
    missing=("error: no matching package named `{detail}` found",),
    broken=("error[E0425]: {detail}", "  --> src/main.rs:41:17"),
    unset=("error: environment variable `{detail}` not defined at compile time",),
    token="CARGO_REGISTRY_TOKEN",
)
STATIC = replace(
    NODE,
    manifest="index.html",
    image="nginx:1.27-alpine",
    install="",
    installing=(),
    install_ms=0,
    build="",
    building=("copying files to /usr/share/nginx/html", "{n} files in {s}s"),
    build_ms=1_500,
    broken=("nginx: [emerg] {detail} in /etc/nginx/conf.d/default.conf:12",),
    unset=("envsubst: {detail}: not set",),
)
_FRAMEWORKS = {
    "nextjs": NEXT,
    "nuxtjs": SPA,
    "reactjs-spa": SPA,
    "reactjs-ssr": SPA,
    "vuejs-spa": SPA,
    "vuejs-ssr": SPA,
    "astro": SPA,
    "remix": SPA,
}
_RUNTIMES = {
    "node": NODE,
    "bun": BUN,
    "python": PYTHON,
    "golang": GO,
    "go": GO,
    "rust": RUST,
    "static": STATIC,
    "build-ai": NODE,
}

MANIFESTS = frozenset({"Dockerfile", *(tools.manifest for tools in (*_RUNTIMES.values(), *_FRAMEWORKS.values()))})
"""Files that a build begins with."""


def toolchain(runtime: str, framework: str = "") -> Toolchain:
    """Return how a runtime (as "node:20") with a framework is built; one that is in no table is built like Node."""
    family = runtime.partition(":")[0]
    if family in ("bun", "static"):
        return SPA if family == "static" and framework in _FRAMEWORKS else _RUNTIMES[family]
    return _FRAMEWORKS.get(framework) or _RUNTIMES.get(family, NODE)
