"""Requests that nobody thought of: none of them makes the world fail or answer what its operation never answers."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import Operation, Parameter
from createos_nb.simulator import World, open_world
from createos_nb.simulator.platform.dispatch import ROUTER
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.state import Project

NAMES = sorted(OPERATIONS)
WRITES = [name for name in NAMES if OPERATIONS[name].effect != "read"]
ROUNDS, REQUESTS = 40, 100
ODD = 0.04
"""Share of values that nobody would send."""
TEXTS = [
    *("", "abc", "abcd", "abcd\n", "Ünïcode", "x" * 300, "x" * 5000, "main", "a/b", "/", "0", "-1", "null", "true"),
    *("2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2027-01-01", "1e999"),
    *("00000000-0000-4000-8000-000000000000", "../..", "%2e%2e", "\x00", "🐢" * 5, "* * * * *", "\ud800", "é\u0301"),
]


def anything(random: Random, depth: int = 0) -> Any:
    """Any JSON."""
    kind = random.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.choice([0, 1, -1, 2**31, -(2**63), 2**70, random.randrange(10_000)])
    if kind == 2:
        return random.choice([0.5, -1e300, 1e-9, 1.0])
    if kind < 6:
        return random.choice(TEXTS)
    if kind == 6:
        return [anything(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(TEXTS[:20]): anything(random, depth + 1) for _ in range(random.randrange(4))}


LONG = "A text that is long enough for the marketplace, because it says what the template offers and to whom. " * 2
#: Values that are right for a field of this name, so that a request comes past the checks.
RIGHT: dict[str, list[Any]] = {
    "uniqueName": ["fresh-name", "storefront", "production"],
    "displayName": ["Fresh name"],
    "description": [LONG, "A plain text", "A plain text", None],
    "projectConfiguration": [{}],
    "environmentConfiguration": [{}],
    "buildResources": [{}],
    "deploymentResources": [{"cpu": 200}],
    "runtime": ["node:20", "static", None],
    "framework": ["nextjs", None],
    "buildVars": [{"A": "b"}, {}],
    "buildFlags": [{}],
    "ignoreBranches": [["main"], []],
    "overview": [LONG],
    "useCases": [LONG],
    "name": ["fresh-name-of-it", "www.fresh.example.com"],
    "type": ["vcs", "image", "upload", "http", "artifact"],
    "settings": [
        {"runtime": "node:20", "port": 3000},
        {"port": 80},
        {"runEnvs": {"A": "b"}},
        {"path": "/", "method": "GET"},
    ],
    "source": [{}, {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"}],
    "resources": [{"cpu": 200, "memory": 500, "replicas": 1}],
    "schedule": ["*/5 * * * *", "@daily", "0 0 30 2 *"],
    "expiryAt": ["2027-01-01T00:00:00Z"],
    "files": [[{"path": "a.txt", "content": "eA=="}], []],
    "image": ["nginx:1.27"],
    "imageUri": ["https://images.example.com/a.png"],
    "videoUrl": ["https://videos.example.com/a"],
    "branch": ["main", "release", None],
    "repository": ["juniper-goods/storefront"],
    "code": ["x"],
    "installationId": [51830274, 51902266],
    "runEnvs": [{"A": "b"}, {}],
    "cpu": [200],
    "memory": [500],
    "replicas": [1],
    "port": [3000],
    "treeSha": ["0" * 40],
    "url": ["https://hooks.example.com/", "http://127.0.0.1:8790/"],
    "events": [["deployment.create"], [], None],
}


def ids_of(world: World, project: Project) -> dict[str, list[str]]:
    """Ids that a request about a project may name, by noun."""
    state = world.state
    return {
        "project": [project.id],
        "environment": [*project.environments],
        "deployment": [*world.deployments(project)],
        "domain": [*project.domains],
        "cronjob": [*project.cronjobs],
        "app": [*state.apps],
        "service": [*state.services],
        "api_key": [*state.keys],
        "template": [*state.templates],
        "purchase": [*state.purchases],
        "installation": ["51830274", "51902266"],
        "webhook_endpoint": [*state.webhooks],
    }


def value(random: Random, parameter: Parameter, ids: dict[str, list[str]]) -> Any:
    """A value for a parameter, nearly always a right one."""
    if random.random() < ODD:
        return anything(random)
    right = [*RIGHT.get(parameter.wire, []), *(parameter.bounds().get("choices") or ())]
    if parameter.ref is not None and parameter.ref.resource != "installation":
        right = [[one] for one in ids[parameter.ref.resource]] if parameter.many else ids[parameter.ref.resource]
    bounds = parameter.bounds()
    if not right and "ge" in bounds:
        right = [bounds["ge"], bounds.get("le", 20)]
    return random.choice(right or TEXTS)


def path_of(random: Random, operation: Operation, ids: dict[str, list[str]]) -> str:
    """A path whose ids nearly always belong together."""
    path = operation.path
    for resource, fitting in ids.items():
        if "{" + resource + "_id}" in path:
            chosen = random.choice(fitting or ["x"]) if random.random() > ODD else random.choice(TEXTS[1:-2])
            path = path.replace("{" + resource + "_id}", quote(chosen, safe=""))
    return path


def reached_by(method: str, path: str) -> Operation | None:
    """The operation that a request reaches."""
    try:
        return ROUTER.find(method, path)[0]
    except HttpError:
        return None


def ask(world: World, random: Random, name: str) -> tuple[str, int] | None:
    """Send one request; gives what it reached and how that answered."""
    operation = OPERATIONS[name]
    projects = list(world.state.projects.values())
    active = [one for one in projects if one.status == "active"]
    ids = ids_of(world, random.choice(active if active and random.random() < 0.9 else projects))
    query = "&".join(
        f"{one.wire}={quote(str(value(random, one, ids)), safe='', errors='replace')}"
        for one in operation.at("query")
        if one.required or random.random() < 0.3
    )
    body = b""
    parameters = operation.at("body")
    if parameters:
        given = {one.wire: value(random, one, ids) for one in parameters if one.required or random.random() < 0.3}
        if operation.name == "CreateProject":
            given["source"] = RIGHT["source"][given.get("type") == "vcs"]
        whole = anything(random) if random.random() < ODD else given
        body = json.dumps(whole).encode() if random.random() > ODD else random.randbytes(random.randrange(30))
    elif operation.upload:
        body = random.randbytes(random.randrange(60))
    headers = {"x-api-key": world.key, "content-type": "application/json"}
    path = path_of(random, operation, ids)
    reply = world.handle(operation.method, path, query, headers, body)
    msgspec.json.decode(reply.body)
    # A path that was made from anything may lead to another operation, or to none.
    reached = reached_by(operation.method, path)
    if reached is None:
        assert reply.status in (404, 405)
        return None
    allowed = {reached.success, *reached.failures} - {500}
    assert reply.status in allowed, (reached.name, path, query, body, reply)
    return reached.name, reply.status


#: Operations that succeed only after another one, or with what a random request can't know.
HARD = {
    *("TransferProject", "UploadDeploymentZip", "InstallGithubApp", "CancelDeployment", "DownloadDeployment"),
    *("GetSecurityScan", "RetriggerSecurityScan", "GetSecurityScanDownloadUri", "UnsuspendCronjob", "UnsuspendProject"),
}


@pytest.mark.parametrize("dialect", ["production", "documented"])
@pytest.mark.grid(2)
def test_no_request_makes_the_world_fail(dialect: str) -> None:
    """Worlds are asked for anything, mostly rightly, while their time passes; nearly everything is once answered."""
    answered: set[tuple[str, int] | None] = set()
    for seed in range(ROUNDS):
        random = Random(seed)
        world = open_world("storefront", dialect=dialect, seed=seed % 3)
        for _ in range(REQUESTS):
            answered.add(ask(world, random, random.choice(WRITES if random.random() < 0.6 else NAMES)))
            if random.random() < 0.3:
                world.advance(random.choice([1, 30, 600, 7200]))
        consistent(world)
    succeeded = {one[0] for one in answered if one is not None and one[1] < 300}
    assert set(NAMES) - HARD <= succeeded


def consistent(world: World) -> None:
    """Nothing that refers to something refers to nothing; nothing is kept as JSON that is not so any more."""
    for project in world.state.projects.values():
        for environment in project.environments.values():
            assert not environment.deployment or environment.deployment in world.deployments(project)
            open_segments = [one for one in environment.segments if one.end is None]
            assert len(open_segments) <= 1
            if open_segments:
                assert open_segments[0].deployment == environment.deployment
        for domain in project.domains.values():
            assert not domain.environment or domain.environment in project.environments
        for job in project.cronjobs.values():
            assert job.environment in project.environments
        assert not project.app or project.app in world.state.apps
    running = [d for p in world.state.projects.values() for d in p.deployments.values() if d.status == "deployed"]
    assert len(running) <= world.state.settings.live_limit * len(world.state.projects)
    copy = world.fork()
    headers = {"x-api-key": world.key}
    for path in ("/v1/projects", "/v1/apps", "/v1/api-keys", "/v1/quotas"):
        assert world.handle("GET", path, "", headers, b"") == copy.handle("GET", path, "", headers, b"")
