"""The pytest plugin, in runs of pytest: found by its entry point, and used as docs/testing.md shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import createos_nb
from createos_nb.plans.steps.registry import step_types

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def imported() -> None:
    """Import what the runs do: a run within this one forgets its imports, and a step must not be there twice."""
    assert step_types()
    assert createos_nb.simulate()
    assert createos_nb.diagnostics.diagnose
    assert createos_nb.runbooks.rollback


def run(pytester: pytest.Pytester, text: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *arguments)


def test_what_the_page_shows_runs(pytester: pytest.Pytester) -> None:
    for name, text in re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL):
        (pytester.path / name).write_text(text, encoding="utf-8")
    pytester.syspathinsert()
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers").assert_outcomes(passed=4)


def test_each_test_has_a_world_of_its_own_which_is_closed(pytester: pytest.Pytester) -> None:
    text = """
        import createos_nb
        import pytest

        clients = []

        def test_one(createos_world):
            assert createos_world.where.startswith("SIMULATOR")
            createos_world.world.push("storefront", "main", message="mine")
            createos_world.world.advance("1d")
            clients.append((createos_world, len(createos_world.deployments.list("storefront"))))

        def test_two(createos_world):
            (first, count), = clients
            with pytest.raises(createos_nb.ConfigurationError, match="closed"):
                first.projects.list()
            assert createos_world.world is not first.world
            assert createos_world.now < first.world.now
            assert len(createos_world.deployments.list("storefront")) == count - 1
    """
    run(pytester, text).assert_outcomes(passed=2)


def test_the_nearest_marker_chooses_the_world(pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        pytestmark = pytest.mark.scenario("empty")

        def names(client):
            return set(client.projects.list()["unique_name"])

        def test_of_the_module(createos_world):
            assert names(createos_world) == set()

        @pytest.mark.scenario("bad-release", seed=3, rate_per_minute=10, read_only=True)
        class TestClass:
            def test_of_the_class(self, createos_world):
                assert names(createos_world) == {"storefront"}
                assert createos_world.read_only
                assert createos_world.world.state.seed == 3
                assert createos_world.world.state.settings.rate_per_minute == 10

            @pytest.mark.scenario(seed=2)
            def test_of_the_function(self, createos_world):
                assert len(names(createos_world)) == 8
                assert not createos_world.read_only

        @pytest.mark.parametrize("count", [pytest.param(8, marks=pytest.mark.scenario()), 0])
        def test_of_a_parameter(createos_world, count):
            assert len(names(createos_world)) == count
    """
    run(pytester, text).assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('"bad-relase"', "there is no scenario 'bad-relase'*did you mean bad-release*"),
        ('"oom", sede=3', "*sede*"),
        ('"oom", 3', "*positional argument*"),
    ],
)
def test_a_marker_that_can_not_be_used_is_told_in_a_line(pytester: pytest.Pytester, marker: str, message: str) -> None:
    text = f"""
        import pytest

        @pytest.mark.scenario({marker})
        def test_one(createos_world):
            pass
    """
    result = run(pytester, text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"createos_world: @pytest.mark.scenario: {message}"])


def test_nothing_gets_out(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREATEOS_API_KEY", "skp_of_a_person")
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "own"))
    text = """
        import os
        from pathlib import Path
        import createos_nb

        def test_one(createos_world):
            assert not [name for name in os.environ if "KEY" in name and name.startswith("CREATEOS_")]
            plan = createos_nb.runbooks.scale(createos_world, "storefront", "staging", replicas=2)
            receipt = plan.apply(confirm=plan.digest, reason="a test")
            assert Path(receipt.journal).is_relative_to(os.environ["CREATEOS_NB_JOURNALS"])

        def test_two():
            assert os.environ["CREATEOS_API_KEY"] == "skp_of_a_person"
    """
    run(pytester, text).assert_outcomes(passed=2)
    assert not (tmp_path / "own").exists()


def test_it_is_listed(pytester: pytest.Pytester) -> None:
    run(pytester, "", "--markers").stdout.fnmatch_lines(["@pytest.mark.scenario(name, seed=7, *"])
    run(pytester, "", "--fixtures").stdout.fnmatch_lines(["createos_world -- *", "*Yield a client over a simulated*"])


def test_loading_it_imports_no_client() -> None:
    """Every run of pytest loads it where the package is installed."""
    heavy = ("pandas", "numpy", "httpx", "msgspec", "createos_nb.client", "createos_nb.simulator", "createos_nb.frames")
    code = f"import sys, createos_nb.pytest_plugin; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_else_imports_pytest() -> None:
    package = Path(createos_nb.__file__).parent
    importing = re.compile(r"^\s*(?:import|from) _?pytest\b", re.MULTILINE)
    found = [path for path in package.rglob("*.py") if importing.search(path.read_text(encoding="utf-8"))]
    assert found == [package / "pytest_plugin.py"]
