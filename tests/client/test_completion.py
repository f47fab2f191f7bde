"""Names complete by Tab in IPython, with and without Jedi, from what has been read: no request is sent for a Tab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import createos_nb
from createos_nb import diagnostics, runbooks
from createos_nb.notebooks.open_call import open_text

PROJECTS = [
    "chat-bot",
    "edge-gateway",
    "landing-pages",
    "orders-api",
    "recommendations",
    "shop-assistant",
    "storefront",
    "winter-sale",
]
ENVIRONMENTS = ["blue", "development", "green", "production", "staging"]


@pytest.fixture(scope="module")
def ipython(tmp_path_factory: pytest.TempPathFactory) -> InteractiveShell:
    """One for all: IPython has an end of its own for each at the end of the process."""
    no_history = Config({"HistoryManager": {"enabled": False}})
    return InteractiveShell(ipython_dir=str(tmp_path_factory.mktemp("ipython")), config=no_history)


@pytest.fixture(params=[False, True], ids=["without Jedi", "with Jedi"])
def shell(request: pytest.FixtureRequest, ipython: InteractiveShell) -> Iterator[InteractiveShell]:
    ipython.Completer.use_jedi = request.param
    ipython.run_line_magic("load_ext", "createos_nb")
    before = dict(ipython.user_ns)
    ipython.user_ns |= {"createos_nb": createos_nb, "runbooks": runbooks, "diagnostics": diagnostics}
    ipython.user_ns["client"] = createos_nb.simulate()
    yield ipython
    ipython.user_ns.clear()
    ipython.user_ns |= before
    ipython.run_line_magic("unload_ext", "createos_nb")


@pytest.fixture
def read(shell: InteractiveShell) -> InteractiveShell:
    client = shell.user_ns["client"]
    client.projects.list()
    client.environments.list("storefront")
    client.environments.list("orders-api")
    client.domains.list("storefront")
    client.apps.list()
    return shell


def tab(shell: InteractiveShell, code: str) -> list[str]:
    """What Jupyter offers after the code; what it would replace must be the text so far."""
    client = shell.user_ns["client"]
    before = len(client.log())
    with provisionalcompleter():
        found = list(shell.Completer.completions(code, len(code)))
    assert len(client.log()) == before, "a Tab sent a request"
    names = [one for one in found if one.type == "name"]
    for one in names:
        assert code[one.start : one.end] == code[code.rindex('"') + 1 :]
    assert names == [] or names == found, "files are offered beside names"
    return [one.text for one in names]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('client.environments.logs("sto', ["storefront"]),
        ('client.environments.logs("', PROJECTS),
        ('client.environments.logs("storefront", "pro', ["production"]),
        ('client.environments.logs("orders-api", "', ["development", "production"]),
        ('client.environments.logs("storefront", environment="', ENVIRONMENTS),
        ('client.environments.list(\n    "orders-', ["orders-api"]),
        ('x = client.analytics.requests_over_time(project="storefront", start="-1h", environment="st', ["staging"]),
        ('for n in [1]:\n    client.projects.get("win', ["winter-sale"]),
        ('print(client.domains.refresh("storefront", "www', ["www.juniper-goods.example.com"]),
        ('runbooks.rollback(client, "storefront", "prod', ["production"]),
        ('createos_nb.runbooks.rollback(client, "storefront", "prod', ["production"]),
        ('diagnostics.diagnose(client, "stor', ["storefront"]),
        ('diagnostics.compare_environments(client, "storefront", "staging", "pr', ["production"]),
        ('client.fleet.overview(projects=["storefront", "or', ["orders-api"]),
        ('client.fleet.overview(apps="Back', ["Back office"]),
        ('client.environments["storefront/pr', ["storefront/production"]),
        ('client.environments["orders', ["orders-api/development", "orders-api/production"]),
    ],
)
def test_names_complete(read: InteractiveShell, code: str, names: list[str]) -> None:
    assert tab(read, code) == names


@pytest.mark.parametrize(
    "code",
    [
        'client.environments.logs("no-such',
        'client.environments.logs("storefront", search="pro',
        'client.environments.logs("a", "b", "c", "d", "e", "f", "g", "',
        'client.environments.list("storefront")["uni',
        'open("sto',
        '"sto',
        'f(client.environments.logs)("sto',
        'client.environments.logs(f"sto',
        'client.environments.logs("storefront" + "pro',
        '# client.environments.logs("sto',
        'client.environments.logs("""sto',
        'client.nothing.logs("sto',
        'client.now.floor("sto',
        'runbooks.rollback(other, "sto',
        '{"client": client}["sto',
        "",
    ],
)
def test_what_is_no_name_is_left_alone(read: InteractiveShell, code: str) -> None:
    assert tab(read, code) == []


def test_what_was_not_read_is_not_offered(shell: InteractiveShell) -> None:
    assert tab(shell, 'client.environments.logs("') == []
    assert tab(shell, 'client.environments["') == []
    shell.user_ns["client"].fleet.overview()
    assert tab(shell, 'client.environments.logs("sto') == ["storefront"]
    assert "storefront/production" in tab(shell, 'client.environments["')


def test_a_variable_that_holds_a_name_or_a_resource(read: InteractiveShell) -> None:
    read.user_ns |= {"project": "orders-api", "environments": read.user_ns["client"].environments}
    assert tab(read, 'client.environments.logs(project, "') == ["development", "production"]
    assert tab(read, 'environments.logs("sto') == ["storefront"]
    read.user_ns["rollback"] = runbooks.rollback
    assert tab(read, 'rollback(client, "storefront", "gr') == ["green"]


def test_a_resource_in_a_variable_completes_its_keys_without_the_extension(read: InteractiveShell) -> None:
    read.run_line_magic("unload_ext", "createos_nb")
    read.user_ns["environments"] = read.user_ns["client"].environments
    with provisionalcompleter():
        found = {one.text for one in read.Completer.completions('environments["or', 16)}
    assert found == {"orders-api/development", "orders-api/production"}


def test_it_is_loaded_once_and_unloaded(read: InteractiveShell) -> None:
    read.run_line_magic("reload_ext", "createos_nb")
    assert tab(read, 'client.environments.logs("') == PROJECTS
    assert len(read.Completer.custom_matchers) == 1
    read.run_line_magic("unload_ext", "createos_nb")
    assert read.Completer.custom_matchers == []


# --- an environment by its names --------------------------------------------------------------------------------------


def test_an_environment_by_its_names() -> None:
    client = createos_nb.simulate()
    before = len(client.log())
    production = client.environments["storefront/production"]
    assert len(client.log()) == before
    assert production.get().equals(client.environments.get("storefront", "production"))
    assert client.environments["storefront", "staging"].get()["unique_name"] == "staging"
    assert production.update_resources(cpu=300, memory=1024, replicas=1) is not None
    assert production.get()["resources_cpu"] == 300
    assert "logs" in dir(production)
    assert "list" not in dir(production)
    assert "update_resources" in repr(production)
    assert "update_resources" in production._repr_html_()
    with pytest.raises(AttributeError, match="no call 'lgos'; did you mean logs"):
        production.lgos  # noqa: B018


@pytest.mark.parametrize("key", ["production", "a/b/c", "/production", 3, ("storefront",), ("storefront", 3)])
def test_a_key_that_names_no_environment_is_refused(key: Any) -> None:
    client = createos_nb.simulate()
    with pytest.raises(createos_nb.InvalidInput, match=r"environments\[\"storefront/production\"\]"):
        client.environments[key]


def test_every_open_text_ends() -> None:
    """No prefix of any code raises."""
    code = "a(b[\"c\"], 'd\\'e', *f, g=h('''i\n''', [\"j\", \"k\n\"), {1: '# no'}) # l\n\"m\""
    found = [open_text(code[:end]) for end in range(len(code) + 1)]
    assert any(found)
