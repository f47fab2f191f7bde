"""Names or ids: one look-up for each resource, remembered, made again when stale; an error lists what there is."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from createos_nb.errors import AmbiguousName, InvalidInput, NotFound, UnknownName


class Platform:
    """Projects, environments, domains, apps and the like by their names, each row a resource that can be replaced."""

    def __init__(self, wire: Any) -> None:
        self.wire = wire
        self.rows: dict[str, list[dict[str, Any]]] = {
            "/v1/projects": [
                {"id": wire.uuid(n, 1), "uniqueName": name} for n, name in enumerate(["shop", "shop-api", "blog"])
            ],
            "/v1/apps": [{"id": wire.uuid(n, 5), "name": name} for n, name in enumerate(["store", "twin", "twin"])],
            "/v1/api-keys": [{"id": wire.uuid(0, 6), "name": "ci-key"}],
            "/v1/app-installations/github/accounts": [{"installationId": 4711, "username": "octo"}],
        }
        for number in range(3):
            project = f"/v1/projects/{wire.uuid(number, 1)}"
            names = ["production", "staging"]
            self.rows[f"{project}/environments"] = [
                {"id": wire.uuid(10 * number + n, 2), "uniqueName": name, "settings": None}
                for n, name in enumerate(names)
            ]
            self.rows[f"{project}/domains"] = [{"id": wire.uuid(number, 3), "name": f"www.{number}.test"}]
            self.rows[f"{project}/cronjobs"] = [{"id": wire.uuid(number, 4), "name": "nightly"}]
        self.lookups: list[str] = []
        self.sent: list[httpx.Request] = []
        self.lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        with self.lock:
            if path in self.rows and request.method == "GET":
                self.lookups.append(path)
                rows = self.rows[path]
                if part := request.url.params.get("name"):
                    rows = [row for row in rows if part in row["uniqueName"]]
                return self.wire.page(rows, request) if path == "/v1/projects" else self.wire.ok(rows)
            self.sent.append(request)
            known = {str(row.get("id", row.get("installationId"))) for rows in self.rows.values() for row in rows}
            ids = [part for part in path.split("/") if len(part) == 36 or part.isdigit()]
            if not set(ids) <= known:
                return self.wire.fail(404, "not found")
            if path.endswith("/repositories"):
                return self.wire.ok([])
            return self.wire.ok({} if request.method == "GET" and not path.endswith("/logs") else "done")


@pytest.fixture
def platform(wire: Any) -> Platform:
    return Platform(wire)


CALLS: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "project": (lambda c: c.projects.get("shop"), 1, "/v1/projects/{project}"),
    "environment": (
        lambda c: c.environments.logs("shop", "staging"),
        2,
        "/v1/projects/{project}/environments/{environment}/logs",
    ),
    "domain": (lambda c: c.domains.refresh("shop", "www.0.test"), 2, "/v1/projects/{project}/domains/{domain}/refresh"),
    "cron job": (
        lambda c: c.cronjobs.suspend("shop", "nightly"),
        2,
        "/v1/projects/{project}/cronjobs/{cronjob}/suspend",
    ),
    "app": (lambda c: c.apps.delete("store"), 1, "/v1/apps/{app}"),
    "API key": (lambda c: c.api_keys.revoke("ci-key"), 1, "/v1/api-keys/{api_key}"),
    "account": (lambda c: c.github.repositories("octo"), 1, "/v1/app-installations/github/accounts/4711/repositories"),
}


def ids(wire: Any) -> dict[str, str]:
    return {
        "project": wire.uuid(0, 1),
        "environment": wire.uuid(1, 2),
        "domain": wire.uuid(0, 3),
        "cronjob": wire.uuid(0, 4),
        "app": wire.uuid(0, 5),
        "api_key": wire.uuid(0, 6),
    }


@pytest.mark.parametrize("resource", CALLS)
def test_a_name_stands_for_its_id_and_is_looked_up_once(resource: str, platform: Platform, wire: Any) -> None:
    call, lookups, path = CALLS[resource]
    client, seen = wire.client(platform)
    call(client)
    assert seen[-1].url.path == path.format(**ids(wire))
    assert len(seen) == lookups + 1
    call(client)
    assert len(seen) == lookups + 2  # remembered


def test_an_id_is_never_looked_up(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.environments.logs(wire.uuid(0, 1), wire.uuid(0, 2))
    client.projects.get(wire.uuid(0, 1).upper())
    client.github.repositories(4711)
    client.github.repositories("4711")
    client.domains.update_environment(wire.uuid(0, 1), wire.uuid(0, 3), environment=None)
    assert not platform.lookups
    assert len(seen) == 5


def test_the_same_name_in_two_projects_is_two_things(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    for project, number in (("shop", 0), ("shop-api", 1), ("shop", 0)):
        client.environments.logs(project, "production")
        assert wire.uuid(10 * number, 2) in seen[-1].url.path
    assert len(platform.lookups) == 3  # the filtered look-up of shop has shown shop-api as well


def test_a_name_that_is_part_of_another_is_not_the_other(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.projects.get("shop")
    assert seen[-1].url.path.endswith(wire.uuid(0, 1))
    with pytest.raises(UnknownName, match="'sho'"):
        client.projects.get("sho")


@pytest.mark.parametrize("where", ["path", "query", "body", "list"])
def test_names_serve_wherever_a_resource_is_asked_for(where: str, platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    if where == "path":
        client.environments.assign_deployment("shop", "production", wire.uuid(9, 9))
        assert seen.bodies[-1] == {"deploymentId": wire.uuid(9, 9)}
    elif where == "query":
        client.projects.list(app="store")
        assert seen[-1].url.params["app"] == wire.uuid(0, 5)
    elif where == "body":
        client.domains.update_environment("shop", "www.0.test", environment="staging")
        assert seen.bodies[-1] == {"environmentId": wire.uuid(1, 2)}
    else:
        client.apps.add_projects("store", projects=["shop", wire.uuid(2, 1), "shop-api"])
        assert seen.bodies[-1] == {"projectIds": [wire.uuid(0, 1), wire.uuid(2, 1), wire.uuid(1, 1)]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.projects.get("nope"), "there is no project 'nope'; there is: shop, shop-api, blog"),
        (
            lambda c: c.environments.logs("shop", "nope"),
            "there is no environment 'nope' in project 'shop'; there is: production, staging",
        ),
        (
            lambda c: c.environments.get("shop", "nope"),
            "there is no environment 'nope' in project 'shop'; there is: production, staging",
        ),
        (lambda c: c.environments.reveal_variables("shop", "nope"), "there is no environment 'nope' in project 'shop'"),
        (
            lambda c: c.domains.refresh("shop", "nope"),
            "there is no domain 'nope' in project 'shop'; there is: www.0.test",
        ),
        (lambda c: c.apps.delete("nope"), "there is no app 'nope'; there is: store, twin"),
        (lambda c: c.api_keys.revoke("nope"), "there is no API key 'nope'; there is: ci-key"),
        (lambda c: c.github.repositories("nope"), "there is no GitHub account 'nope'; there is: octo"),
    ],
)
def test_an_unknown_name_lists_what_there_is(call: Any, message: str, platform: Platform, wire: Any) -> None:
    client, _ = wire.client(platform)
    with pytest.raises(UnknownName) as caught:
        call(client)
    assert message in str(caught.value)
    assert isinstance(caught.value, LookupError | ValueError)
    assert not platform.sent


def test_where_there_is_nothing_the_error_says_so(platform: Platform, wire: Any) -> None:
    platform.rows["/v1/projects"] = []
    client, _ = wire.client(platform)
    with pytest.raises(UnknownName, match="no project at all"):
        client.projects.get("shop")
    many, _ = wire.client(platform)
    platform.rows["/v1/projects"] = [{"id": wire.uuid(n, 1), "uniqueName": f"p{n:03}"} for n in range(50)]
    with pytest.raises(UnknownName, match=r"p011, … \(50 in all\)"):
        many.projects.get("shop")


def test_an_ambiguous_name_lists_the_ids(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    for _ in range(2):
        with pytest.raises(AmbiguousName) as caught:
            client.apps.delete("twin")
        assert caught.value.ids == (wire.uuid(1, 5), wire.uuid(2, 5))
        assert all(one in str(caught.value) for one in caught.value.ids)
    assert not platform.sent
    client.apps.delete(wire.uuid(1, 5))
    assert seen[-1].url.path.endswith(wire.uuid(1, 5))


@pytest.mark.parametrize("error", [UnknownName("app", "x", ["a"], "here"), AmbiguousName("app", "x", ["1", "2"])])
def test_an_error_about_a_name_can_be_pickled_and_copied(error: Exception) -> None:
    """It crosses processes in joblib, papermill and the like."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__


@pytest.mark.parametrize("value", ["", None, 5, 2.5, True, ["shop"], {"a": 1}, b"shop"])
def test_what_can_be_no_name_is_refused_before_anything_is_sent(value: Any, platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    for run in (
        lambda: client.projects.get(value),
        lambda: client.apps.delete(value),
        lambda: client.environments.logs(wire.uuid(0, 1), value),
        lambda: client.apps.add_services(wire.uuid(0, 5), services=[value]),
    ):
        with pytest.raises(InvalidInput):
            run()
    assert not seen


@pytest.mark.parametrize("value", [5, None, {"shop": 1}, 2.5])
def test_what_is_no_list_of_names_is_refused(value: Any, platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    with pytest.raises(InvalidInput, match="projects takes a name, an id, or a list of them"):
        client.apps.add_projects(wire.uuid(0, 5), projects=value)
    assert not seen


def test_one_name_alone_serves_as_a_list_of_one(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.apps.add_projects(wire.uuid(0, 5), projects="shop")
    assert seen.bodies[-1] == {"projectIds": [wire.uuid(0, 1)]}


# --- stale names


def replace(platform: Platform, path: str, name: str, new: str) -> None:
    for row in platform.rows[path]:
        if name in (row.get("uniqueName"), row.get("name")):
            row["id"] = new


@pytest.mark.parametrize("write", [False, True])
def test_a_name_that_went_stale_is_looked_up_once_more(write: bool, platform: Platform, wire: Any) -> None:
    """The environment was deleted and made again, under another id: also a write goes to the new one, once."""
    client, seen = wire.client(platform)
    client.environments.logs("shop", "staging")
    replace(platform, f"/v1/projects/{wire.uuid(0, 1)}/environments", "staging", wire.uuid(77, 2))
    if write:
        assert client.environments.update_variables("shop", "staging", run_envs={"A": "1"}) == "done"
    else:
        client.environments.logs("shop", "staging")
    assert wire.uuid(77, 2) in seen[-1].url.path
    assert [wire.uuid(1, 2) in one.url.path for one in platform.sent] == [True, True, False]


def test_a_stale_project_is_found_out_while_its_environment_is_looked_up(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.projects.get("shop")
    old, new = f"/v1/projects/{wire.uuid(0, 1)}", f"/v1/projects/{wire.uuid(77, 1)}"
    replace(platform, "/v1/projects", "shop", wire.uuid(77, 1))
    for path in [path for path in platform.rows if path.startswith(old + "/")]:
        platform.rows[path.replace(old, new)] = platform.rows.pop(path)
    client.environments.update_resources("shop", "production", cpu=300, memory=600, replicas=1)
    assert seen[-1].url.path == f"{new}/environments/{wire.uuid(0, 2)}/resources"


def test_a_name_that_is_still_missing_is_an_error_after_one_more_look(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.projects.get("shop")
    platform.rows["/v1/projects"].pop(0)
    before = len(seen)
    with pytest.raises(UnknownName, match="there is: shop-api, blog"):
        client.projects.get("shop")
    assert len(seen) - before == 3  # the request itself, the filtered look-up, the list for the error


def test_a_404_about_something_else_is_not_repeated(platform: Platform, wire: Any) -> None:
    client, seen = wire.client(platform)
    client.projects.get("shop")
    before = len(seen)
    with pytest.raises(NotFound):
        client.projects.get(wire.uuid(99, 1))
    assert len(seen) - before == 1
    client.environments.logs("shop", "production")
    before = len(platform.sent)
    with pytest.raises(NotFound):
        client.security.scan("shop", wire.uuid(99, 8))
    assert len(platform.sent) - before == 1  # the names were looked up again and gave the same: no second request


def test_a_name_that_this_client_gives_away_is_looked_up_again(platform: Platform, wire: Any) -> None:
    """Apps, keys and cron jobs can be renamed: the old name must not go on standing for the old id."""
    client, seen = wire.client(platform)
    client.apps.update("store", name="shop-front")
    platform.rows["/v1/apps"][0]["name"] = "shop-front"
    platform.rows["/v1/apps"].append({"id": wire.uuid(50, 5), "name": "store"})
    client.apps.delete("store")
    assert seen[-1].url.path.endswith(wire.uuid(50, 5))


# --- threads


def test_threads_share_one_look_up(platform: Platform, wire: Any) -> None:
    client, _ = wire.client(platform)
    start = threading.Barrier(12, timeout=10)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            client.environments.logs("shop", "production")
        except BaseException as error:  # noqa: BLE001  # told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not failures
    assert len(platform.lookups) == 2
    assert len(platform.sent) == 12


def test_look_ups_in_two_projects_do_not_wait_for_each_other(platform: Platform, wire: Any) -> None:
    both = threading.Barrier(2, timeout=10)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/environments"):
            both.wait()
        return platform(request)

    client, _ = wire.client(handle)
    threads = [
        threading.Thread(target=client.environments.logs, args=(wire.uuid(number, 1), "production"))
        for number in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert len(platform.sent) == 2
