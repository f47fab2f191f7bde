"""The notebooks in a browser: a static JupyterLite beside the site, where the Pyodide distribution can be had.

`PYODIDE_DISTRIBUTION` names it: the folder of an unpacked one, its archive, or "none" to leave it out. Without it the
archive of the version that JupyterLite's kernel was tested with is fetched once, into `docs/_build`. What can't be had
is said, on the page and in the output of the build; nothing is loaded from a foreign host when the page is used.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.site.layout import ROOT
from tools.site.stage import BUILD

FOLDER: Final = "lite"
CACHE: Final = BUILD / "pyodide"
_LOCK: Final = "pyodide-lock.json"
_SECONDS: Final = 15
#: What a browser's Python is to the markers of requirements.
_ENVIRONMENT: Final = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": ""}
#: What the kernel itself imports.
_KERNEL: Final = ("ipython", "micropip", "pygments", "traitlets")
#: Notebooks that need what no browser has: a server, a second process, DuckDB.
_NOT_HERE: Final = frozenset(
    {
        "46_domains",
        "60_control_room",
        "72_incident_review",
        "74_fleet_report",
        "76_history",
        "77_large_fleets",
        "81_examine_an_agent",
    }
)
_INSTALL: Final = "%pip install -q createos-nb"


class NotHere(Exception):
    """The distribution can't be had; the text says why."""


def distribution() -> Path:
    """The folder of the Pyodide distribution; raises `NotHere` with the reason where there is none."""
    given = os.environ.get("PYODIDE_DISTRIBUTION", "")
    if given == "none":
        raise NotHere("It was asked for without it (PYODIDE_DISTRIBUTION=none)")
    path = Path(given) if given else _fetched()
    if path.is_file():
        path = _unpacked(path)
    if not (path / _LOCK).exists():
        raise NotHere(f"{given} is no Pyodide distribution: it has no {_LOCK}")
    return path


def _fetched() -> Path:
    from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

    path = CACHE / f"pyodide-{PYODIDE_VERSION}.tar.bz2"
    if path.exists():
        return path
    address = f"https://github.com/pyodide/pyodide/releases/download/{PYODIDE_VERSION}/{path.name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer, part.open("wb") as out:
            shutil.copyfileobj(answer, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise NotHere(f"The Pyodide distribution can't be fetched here ({_words(error)})") from None
    return part.rename(path)


def _words(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)


def _unpacked(archive: Path) -> Path:
    folder = CACHE / archive.name.split(".tar")[0]
    if not folder.exists():
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    # the archive has one folder, pyodide/
    return next((path.parent for path in sorted(folder.rglob(_LOCK))), folder)


# --- what has to be in it ---------------------------------------------------------------------------------------------


def needed(name: str = "createos-nb") -> list[str]:
    """Everything that the library imports in a browser: the closure of its requirements, without extras."""
    found: dict[str, None] = {}
    queue = [name, *_KERNEL]
    while queue:
        package = canonicalize_name(queue.pop())
        if package in found:
            continue
        found[package] = None
        try:
            wanted = [Requirement(text) for text in requires(package) or ()]
        except PackageNotFoundError:
            continue
        queue += [one.name for one in wanted if one.marker is None or one.marker.evaluate(_ENVIRONMENT)]
    return [package for package in found if package != canonicalize_name(name)]


def packages(folder: Path) -> dict[str, Path]:
    """The packages of a distribution with their files, those that are there."""
    lock: dict[str, Any] = json.loads((folder / _LOCK).read_text(encoding="utf-8"))["packages"]
    listed = {canonicalize_name(name): folder / one["file_name"] for name, one in lock.items()}
    return {name: path for name, path in listed.items() if path.exists()}


def pure_wheels(names: list[str], target: Path) -> None:
    """Download what a distribution lacks and every machine runs; raises `NotHere` for what only a machine runs."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--platform=any"]
    for name in names:
        command = [sys.executable, "-m", "pip", "download", *options, "--python-version=3.14", "--implementation=py"]
        done = subprocess.run(
            [*command, "--abi=none", f"--dest={target}", name], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise NotHere(f"The Pyodide distribution lacks {name}, and there is no wheel of it that a browser runs")


# --- the build --------------------------------------------------------------------------------------------------------


def build(html: Path) -> str:
    """Build JupyterLite into `html/lite`; return what was built, in a sentence, or raise `NotHere`."""
    pyodide = distribution()
    there = packages(pyodide)
    work = BUILD / "lite"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(html / FOLDER, ignore_errors=True)
    wheels, contents = work / "wheels", work / "contents"
    wheels.mkdir(parents=True)
    if importlib.util.find_spec("pip") is None:  # uv makes environments without it
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
    pure_wheels([name for name in needed() if name not in there], wheels)
    own = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={wheels}", str(ROOT)]
    subprocess.run(own, check=True)
    # where JupyterLite looks for a distribution by itself
    put_distribution(pyodide, work / "static" / "pyodide")
    count = put_notebooks(contents)
    (work / "jupyter-lite.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build", f"--lite-dir={work}", f"--output-dir={html / FOLDER}"]
    command += [f"--contents={contents}", "--no-sourcemaps", "--apps=lab", "--apps=tree"]
    command += ["--log-level=ERROR"]
    command += [f"--piplite-wheels={wheel}" for wheel in sorted(wheels.glob("*.whl"))]
    subprocess.run(command, check=True, cwd=work)
    return f"{count} notebooks run in the browser"


_SETTINGS: Final = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "appName": "createos_nb",
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}},
    },
}


def put_distribution(pyodide: Path, target: Path) -> None:
    """Copy what runs Python, and of the packages those that the library and the kernel need."""
    target.mkdir(parents=True)
    lock = json.loads((pyodide / _LOCK).read_text(encoding="utf-8"))["packages"]
    known = {canonicalize_name(name): one for name, one in lock.items()}
    there, wanted = packages(pyodide), set[str]()
    queue = needed()
    while queue:
        name: Any = canonicalize_name(queue.pop())
        if name in known and name not in wanted:
            wanted.add(name)
            queue += known[name]["depends"]
    for name in sorted(wanted & there.keys()):
        shutil.copy(there[name], target)
    for path in pyodide.iterdir():
        if path.name.startswith(("pyodide", "python_stdlib")):
            shutil.copy(path, target)


def put_notebooks(target: Path) -> int:
    """Copy the notebooks that run in a browser, each with a first cell that installs the library; return how many."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if path.stem in _NOT_HERE:
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first: dict[str, Any] = {
            "cell_type": "code",
            "id": "install",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        notebook["cells"].insert(0, {**first, "source": _INSTALL})
        (target / path.name).write_text(json.dumps(notebook), encoding="utf-8")
        count += 1
    return count


def page(built: str, reason: str) -> str:
    """The page "Try it now": the address of what was built, or that it was left out, and why."""
    return _PAGE.replace("{{built}}", built) if built else _LEFT_OUT.replace("{{reason}}", re.sub(r"\s+", " ", reason))


_PAGE: Final = """\
# Try it now

The notebooks run in your browser, over a simulated platform: nothing is installed, no account is needed, and nothing
that you do leaves this page.

<a href="lite/lab/index.html?path=00_tour.ipynb">Open the tour</a>. The first cell takes half a minute: it loads Python
and pandas from this site. What you change is kept in this browser only.

{{built}}. The others need what no browser has: a server, a second process or a database; they are in a checkout
(`make lab`).
The site has to be served: a browser runs no Python from a page that it opened as a file.
"""
_LEFT_OUT: Final = """\
# Try it now

**Left out of this build:** the notebooks that run in the browser. {{reason}}. Where it can be had, name it to the build
as `PYODIDE_DISTRIBUTION`, a folder or an archive.

On your own machine the same takes a checkout and a minute:

```console
$ make lab
```

It opens JupyterLab on the notebooks, over a simulated platform: no account, and after the installation no network.
"""
