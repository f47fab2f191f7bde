"""The base install and its extras: what is missing is named, and the base needs nothing that it does not install."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from createos_nb import extras

ROOT = Path(__file__).parents[1]
#: Modules of the package that only run with an extra: whoever imports one has asked for it by `extras.require`, or is
#: the other package itself.
OF_EXTRAS: Final = {
    "createos_nb.dashboard.app": "dashboard",
    "createos_nb.dashboard.connection": "dashboard",
    "createos_nb.dashboard.serving": "dashboard",
    "createos_nb.notebooks.execution": "notebooks",
    "createos_nb.agents.server": "agents",
    "createos_nb.agents.serving": "agents",
    "createos_nb.simulator.http.mcp_server": "mcp",
    "createos_nb.connections": "server",
    "createos_nb.pytest_plugin": "pytest, which loads it",
}
#: The most distributions that the base install may bring, this package and those of other systems included.
MOST: Final = 58

#: Put before a program: the named packages can't be found.
BLOCKED: Final = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""


def without(packages: set[str], program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python without some packages."""
    code = BLOCKED.format(packages=packages) + program
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL
    )


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def base_distributions() -> set[str]:
    """The distributions of the base install: what it requires, what those require, and so on."""
    found: set[str] = set()
    due = [Requirement(text) for text in project()["dependencies"]]
    while due:
        requirement = due.pop()
        name = normal(requirement.name)
        applies = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in (requirement.extras or {""})
        )
        if name not in found and applies:
            found.add(name)
            due += [Requirement(text) for text in metadata.requires(name) or ()]
    return found


def packages_beyond_the_base() -> set[str]:
    """The top-level packages that are installed here, and that the base install would not bring."""
    base = base_distributions() | {"createos-nb"}
    return {
        package
        for package, distributions in metadata.packages_distributions().items()
        if base.isdisjoint(map(normal, distributions)) and package not in sys.stdlib_module_names
    }


def test_the_base_install_is_small() -> None:
    base = base_distributions()
    assert len(base) + 1 <= MOST, sorted(base)
    assert not base & {"uvicorn", "ipykernel", "nbclient", "nbconvert", "pydantic", "starlette", "pyarrow", "keyring"}


def test_the_extras_that_are_asked_for_are_those_that_can_be_installed() -> None:
    declared = project()["optional-dependencies"]

    def installed_by(extra: str) -> set[str]:
        names: set[str] = set()
        for requirement in map(Requirement, declared[extra]):
            inner = requirement.extras if requirement.name == "createos-nb" else ()
            names |= set().union(*map(installed_by, inner)) if inner else {requirement.name}
        return names

    for extra, packages in extras.PACKAGES.items():
        assert installed_by(extra) == set(packages)
    everything = set().union(
        *(installed_by(extra) for extra in declared if extra not in ("test", "dev", "docs", "all"))
    )
    assert installed_by("all") == everything
    assert everything <= installed_by("dev")


IMPORTS: Final = """
import importlib, pkgutil, createos_nb
for module in pkgutil.walk_packages(createos_nb.__path__, "createos_nb."):
    try:
        importlib.import_module(module.name)
    except ImportError:
        print(module.name)
"""


def test_every_module_of_the_base_can_be_imported_without_the_extras() -> None:
    done = without(packages_beyond_the_base(), IMPORTS)
    assert done.stderr == ""
    assert set(done.stdout.split()) == set(OF_EXTRAS)


BASE_WORK: Final = """
import createos_nb
from createos_nb import panels, plots, runbooks

client = createos_nb.simulate()
requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
print(len(plots.requests(requests)._repr_png_()[0]) > 10_000)
staging = client.analytics.requests_over_time("storefront", "staging", start="-6h")
print(type(createos_nb.analysis.release_verdict(requests, staging)).__name__)
panel = panels.scale(client, "storefront", "production")
panel.params = {"replicas": 2}
panel.review(); panel.wait()
panel.params = {"reason": "a test", "confirm": "production"}
print(panel.run().checks.result)
print(len(client.deployments.upload_plan(SITE)))
"""


def test_a_session_in_a_notebook_needs_no_extra(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>")
    done = without(packages_beyond_the_base(), BASE_WORK.replace("SITE", repr(str(tmp_path))))
    assert done.stdout.split() == ["True", "ReleaseVerdict", "PASS", "1"], done.stderr


COMMAND: Final = "from createos_nb.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("extra", "package", "arguments"),
    [
        ("server", "uvicorn", ["serve", "--port", "0", "--state", "world.state"]),
        ("agents", "mcp", ["mcp"]),
        ("notebooks", "nbclient", ["run", "42_rollback"]),
        ("notebooks", "nbformat", ["run"]),
        ("notebooks", "ipykernel", ["demo"]),
        ("notebooks", "rich", ["demo"]),
        ("notebooks", "nbconvert", ["demo"]),
        ("dashboard", "starlette", ["dashboard", "--no-browser"]),
        ("dashboard", "websockets", ["dashboard", "--no-browser"]),
    ],
    ids=str,
)
def test_a_command_names_the_extra_that_it_lacks(
    extra: str, package: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = without({package}, COMMAND, *arguments)
    assert done.returncode == 3  # refused: nothing was changed
    assert done.stdout == ""
    assert done.stderr == (
        f"createos-nb: createos-nb {arguments[0]} needs {package}: pip install 'createos-nb[{extra}]'\n"
    )
    assert not list(tmp_path.iterdir())


CALLS: Final = {
    "server": (
        "uvicorn",
        "from createos_nb.simulator.http.server import serve; serve(createos_nb.simulate().world).start()",
    ),
    "parquet": ("pyarrow", "createos_nb.export(pandas.DataFrame({'n': [1]}), 'frame.parquet')"),
    "notify": ("apprise", "from createos_nb.notify import Notifier; Notifier('json://127.0.0.1/hook')"),
    "dns": ("dns", "from createos_nb.client.dns.network import servers_for; servers_for('www.example.com', None, 1)"),
    "keyring": ("keyring", "from createos_nb.client.connect.credentials import to_keyring; to_keyring(None, 'skp_x')"),
}


@pytest.mark.grid(3)
@pytest.mark.parametrize("extra", CALLS)
def test_a_call_names_the_extra_that_it_lacks(extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    package, call = CALLS[extra]
    program = f"""
import createos_nb
import pandas
try:
    {call}
except createos_nb.ConfigurationError as error:
    print(error)
"""
    done = without({package}, program)
    assert done.stderr == ""
    distribution = metadata.packages_distributions()[package][0]
    assert f"needs {distribution}: pip install 'createos-nb[{extra}]'" in done.stdout
    assert not list(tmp_path.iterdir())


SERVED: Final = """
import httpx
from createos_nb.simulator import open_world, serve

with serve(open_world("storefront"), speed=0) as served:
    headers = {"X-Api-Key": served.key}
    for method, path in (("POST", "/mcp"), ("GET", "/v1/users/me")):
        answer = httpx.request(method, served.url + path, headers=headers, timeout=60)
        print(answer.status_code, answer.text)
"""


def test_a_served_world_without_mcp_names_the_extra_and_answers_the_rest() -> None:
    done = without({"mcp"}, SERVED)
    assert done.stderr == ""
    mcp, rest = done.stdout.splitlines()
    assert mcp.startswith("501 {")
    assert "/mcp needs mcp: pip install 'createos-nb[mcp]'; the rest of the API is served" in mcp
    assert rest.startswith('200 {"status":"success"')


def test_a_served_world_with_an_older_mcp_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "mcp").mkdir()
    (tmp_path / "mcp" / "__init__.py").touch()
    done = without(set(), f"sys.path.insert(0, {str(tmp_path)!r})\n{SERVED}")
    assert done.stderr == ""
    mcp, rest = done.stdout.splitlines()
    assert mcp.startswith("501 {")
    assert "/mcp needs another version of mcp (" in mcp
    assert "pip install 'createos-nb[mcp]'" in mcp
    assert rest.startswith('200 {"status":"success"')
