"""Forks of a served world: each apart from the others, below a path of its own."""

from __future__ import annotations

from typing import Any

import httpx

import createos_nb
from createos_nb.simulator.http.forks import MOST


def test_two_forks_and_the_world_go_their_own_ways(steered: Any, make_steered: Any) -> None:
    steered("POST /push", {"project": "storefront"})
    forks = [make_steered(steered.running, steered("POST /forks")["path"]) for _ in range(2)]
    forks[0]("POST /advance", {"by": "1d"})
    forks[1]("POST /push", {"project": "storefront"})
    assert [one("GET /")["now"][:10] for one in (steered, *forks)] == ["2026-03-02", "2026-03-03", "2026-03-02"]
    project = steered.project("storefront")
    newest = [
        one.platform("GET", f"/projects/{project}/deployments?limit=1").json()["data"]["data"][0]["versionNumber"]
        for one in (steered, *forks)
    ]
    assert newest == [19, 19, 20]
    lineages = [one("GET /")["lineage"].split() for one in (steered, *forks)]
    assert len({lineage[0] for lineage in lineages}) == 1
    assert len({lineage[1] for lineage in lineages}) == 3
    assert forks[0].platform("GET", "/users/me").headers["date"].startswith("Tue, 03 Mar 2026")


def test_a_fork_has_a_platform_files_and_addresses_of_its_own(steered: Any, make_steered: Any) -> None:
    fork = make_steered(steered.running, steered("POST /forks")["path"])
    project = fork.project("landing-pages")
    deployment = fork.platform("GET", f"/projects/{project}/deployments?limit=1").json()["data"]["data"][0]["id"]
    address = fork.platform("GET", f"/projects/{project}/deployments/{deployment}/download").json()["data"]
    assert address["downloadUri"].startswith(f"{fork.url}/signed/")
    assert httpx.get(address["downloadUri"]).content[:2] == b"PK"
    base = steered.running.world.state.settings.base_domain
    page, path = f"/~/landing-pages.{base}", fork.url.removeprefix(steered.url)
    assert httpx.get(fork.url + page).headers["location"] == f"{path}{page}/"
    assert httpx.get(f"{fork.url}{page}/").status_code == 200
    assert f'href="{path}/~/storefront.{base}/"' in httpx.get(f"{fork.url}/~/").text
    assert httpx.get(f"{fork.url}/openapi.json").json()["servers"] == [{"url": fork.url}]
    fork.running.world.advance("1s")  # of another world
    assert fork("GET /")["now"] == "2026-03-02T09:00:00Z"


def test_key_and_token_are_needed_below_a_fork_too(steered: Any) -> None:
    url = steered.url + steered("POST /forks")["path"]
    assert httpx.get(f"{url}/v1/projects").status_code == 401
    assert httpx.get(f"{url}/_world/", headers={"X-Api-Key": steered.running.key}).status_code == 401


def test_a_server_keeps_so_many_forks_and_says_where_one_is_gone(steered: Any, make_steered: Any) -> None:
    paths = [steered("POST /forks")["path"] for _ in range(MOST)]
    first = make_steered(steered.running, paths[0])
    assert first("GET /")["id"] == steered("GET /")["id"]  # it is used: now the second is the one to go
    steered("POST /forks")
    assert first("GET /")["now"]
    gone = httpx.get(f"{steered.url}{paths[1]}/v1/projects", headers={"X-Api-Key": steered.running.key})
    assert gone.status_code == 404
    assert "the 32 forks that were used last" in gone.json()["message"]


def test_a_fork_can_be_forked_and_opened_as_any_world(steered: Any) -> None:
    client = createos_nb.connect_world(steered.url, steered.token)
    fork = client.world.fork()
    again = fork.fork()
    again.advance("1h")
    other = createos_nb.simulate(again)
    assert other.base_url == again.base_url == f"{steered.url}/_world/forks/2"
    assert [str(one.now)[11:16] for one in (client, fork, other)] == ["09:00", "09:00", "10:00"]
    assert len(other.projects.list()) == 8
    opened = createos_nb.connect_world(again.base_url, steered.token)
    assert opened.now == other.now
