"""Every setting of a world can be set, and is what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from createos_nb.errors import InvalidInput
from createos_nb.simulator import open_world
from createos_nb.simulator.settings import NAMES, WorldSettings, settled

LATER = "2026-06-01T00:00:00Z"


def takes(api: Any, done: Callable[[], bool]) -> int:
    """Whole seconds until something is done."""
    for second in range(100_000):
        if done():
            return second
        api.world.advance(1)
    raise AssertionError("it is never done")


def many(make: Callable[[int], int]) -> int:
    """How often something can be made until it is refused."""
    for n in range(1_000):
        if make(n) >= 400:
            return n
    raise AssertionError("it is never refused")


def live(api: Any, name: str = "gate") -> tuple[str, str, str]:
    """A project of images, an environment, and a deployment that is live there."""
    project = api.image(name)
    environment = api.make_environment(project)
    made = api.deployed_image(project)
    api("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": made})
    api.world.advance("1min")
    return project, environment, made


def busy(api: Any, project: str, environment: str) -> Callable[[], bool]:
    return lambda: api("ListProjectEnvironments", project)[0]["status"] == "active"


# --- what each setting decides; by its name ---------------------------------------------------------------------------


def idle(api: Any) -> int:
    project = api.image()
    made = api("CreateDeployment", project, body={"image": "nginx:1.27"})["id"]
    takes(api, lambda: api.status(project, made) == "deployed")
    return takes(api, lambda: api.status(project, made) == "sleeping")


def base_domain(api: Any) -> str:
    project, _, made = live(api)
    hosts = {
        urlsplit(api("ListProjectEnvironments", project)[0]["extra"]["endpoint"]).netloc,
        urlsplit(api("GetDeployment", project, made)["extra"]["endpoint"]).netloc.replace(f"gate-{made[:8]}", "gate"),
    }
    (host,) = hosts
    return host.removeprefix("gate.")


def live_limit(api: Any) -> int:
    project = api.image()
    for _ in range(6):
        api.deployed_image(project)
    api.world.advance("1min")
    return int(api("ListDeployments", project)["pagination"]["total"])


def dns_delay(api: Any) -> int:
    project = api.image()
    made = api("CreateDomain", project, body={"name": "late.example.com"})["id"]

    def found() -> bool:
        if api("ListDomains", project)[0]["status"] == "pending":
            api("RefreshDomain", project, made)
        return bool(api("ListDomains", project)[0]["status"] != "pending")

    return takes(api, found)


def bucket(api: Any) -> int:
    project, environment, _ = live(api)
    rows = api("GetProjectEnvironmentAnalyticsRequestsOverTime", project, environment, start=1_772_442_000)
    api.world.advance("2h")
    now = int(api.world.clock.now())
    rows = api("GetProjectEnvironmentAnalyticsRequestsOverTime", project, environment, start=now - 7200, end=now)
    return int(rows[1]["timestamp"] - rows[0]["timestamp"])


def longest_window(api: Any) -> int:
    project, environment, _ = live(api)
    end = int(api.world.clock.now())
    where = "GetProjectEnvironmentAnalyticsRequestsOverTime", project, environment
    return next(n for n in range(60, 100_000, 60) if api.raw(*where, start=end - n - 60, end=end).status == 422)


def _lines(api: Any) -> list[str]:
    project, environment, _ = live(api)
    job = {"environmentId": environment, "name": "look", "schedule": "* * * * *", "type": "http"}
    api("CreateCronjob", project, body={**job, "settings": {"path": "/", "method": "GET"}})
    api.world.advance("30min")
    text = api("GetProjectEnvironmentLogs", project, environment, since_seconds=86_400)
    return [line for line in text.splitlines() if "GET /" in line]


def log_window(api: Any) -> int:
    return len(_lines(api))


def log_lines(api: Any) -> int:
    return len(_lines(api))


def activities(api: Any) -> int:
    project, environment, _ = live(api)
    job = {"environmentId": environment, "name": "look", "schedule": "* * * * *", "type": "http"}
    made = api("CreateCronjob", project, body={**job, "settings": {"path": "/", "method": "GET"}})["id"]
    api.world.advance("30min")
    return len(api("ListCronjobActivities", project, made))


def cronjobs(api: Any) -> int:
    project, environment, _ = live(api)
    job = {"environmentId": environment, "schedule": "@daily", "type": "artifact"}
    return many(lambda n: api.raw("CreateCronjob", project, body={**job, "name": f"job-{n}"}).status)


def projects(api: Any) -> int:
    body = {"displayName": "Many of them", "type": "image", "settings": {"port": 80}}
    return many(lambda n: api.raw("CreateProject", body={**body, "uniqueName": f"one-of-{n}"}).status)


def api_keys(api: Any) -> int:
    return many(lambda n: api.raw("CreateAPIKey", body={"name": f"key-{n:03}", "expiryAt": LATER}).status)


def apps(api: Any) -> int:
    return many(lambda n: api.raw("CreateApp", body={"name": f"app {n}"}).status)


def environments(api: Any) -> int:
    project = api.image()
    body = {
        "displayName": "One of many",
        "description": "Where it serves",
        "resources": {"cpu": 200, "memory": 500, "replicas": 1},
        "settings": {"runEnvs": {}},
    }
    where = "CreateProjectEnvironment", project
    return many(lambda n: api.raw(*where, body={**body, "uniqueName": f"env-{n:03}"}).status)


def _offer(api: Any, n: int) -> dict[str, Any]:
    project, environment, _ = live(api, f"gate-{n}")
    texts = dict.fromkeys(("description", "overview", "useCases"), "All that it takes, in one place. " * 5)
    maps = ("projectConfiguration", "environmentConfiguration", "buildResources", "deploymentResources")
    named = {"name": f"Gate in a box {n}", "projectId": project, "environmentId": environment}
    return {**named, **texts, "imageUri": "https://images.example.com/a.png", **{key: {} for key in maps}}


def drafts(api: Any) -> int:
    offer = _offer(api, 0)
    return many(lambda n: api.raw("CreateProjectTemplate", body={**offer, "name": f"Gate in box {n}"}).status)


def uploads(api: Any) -> int:
    project = api.upload()
    files = {"files": [{"path": "index.html", "content": "here"}]}
    return many(lambda n: api.raw("UploadDeploymentFiles", project, body=files).status)


def transfers(api: Any) -> int:
    other = type(api)(api.world, api.world.key_of("tamsin"))
    made = [api.image(f"gate-{n}") for n in range(9)]

    def move(n: int) -> int:
        token = api("GetProjectTransferUri", made[n])["token"]
        return int(other.raw("TransferProject", made[n], token=token).status)

    return many(move)


def upload_bytes(api: Any) -> int:
    project = api.upload()

    def sent(n: int) -> int:
        files = {"files": [{"path": "index.html", "content": "x" * (n + 1) * 100}]}
        return int(api.raw("UploadDeploymentFiles", project, body=files).status)

    return many(sent) * 100


def body_bytes(api: Any) -> int:
    body = b'{"uniqueName": "free-name"}'
    return many(lambda n: api.raw("CheckProjectUniqueName", content=b" " * n * 100 + body).status) * 100


def rate_per_minute(api: Any) -> int:
    return many(lambda n: api.raw("ListApps").status)


def rate_per_hour(api: Any) -> int:
    def asked(n: int) -> int:
        api.world.advance("65s")
        return int(api.raw("ListApps").status)

    return many(asked)


def uploads_per_minute(api: Any) -> int:
    return uploads(api)


def transfer_token(api: Any) -> int:
    project = api.image()
    made = api("GetProjectTransferUri", project)
    return round((from_text(made["expiresAt"]) - api.world.state.now) / 1e6)


def from_text(text: str) -> int:
    from createos_nb.simulator.times import from_rfc3339

    return from_rfc3339(text)


def signed_address(api: Any) -> int:
    project = api.upload()
    files = {"files": [{"path": "index.html", "content": "here"}]}
    made = api("UploadDeploymentFiles", project, body=files)["id"]
    api.world.advance("5min")
    address = urlsplit(api("DownloadDeployment", project, made)["downloadUri"])
    return takes(api, lambda: api.world.handle("GET", address.path, address.query, {}, b"").status != 200) - 1


def suspending(api: Any) -> int:
    project = api.image()
    api("SuspendProject", project)
    return takes(api, lambda: api("GetProject", project)["status"] == "suspended")


def deleting(api: Any) -> int:
    project, environment, _ = live(api)
    api("DeleteProjectEnvironment", project, environment)
    return takes(api, lambda: not api("ListProjectEnvironments", project))


def promoting(api: Any) -> int:
    project, environment, made = live(api)
    api("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": made})
    return takes(api, busy(api, project, environment))


def resizing(api: Any) -> int:
    project, environment, _ = live(api)
    body = {"cpu": 300, "memory": 600, "replicas": 2}
    api("UpdateProjectEnvironmentResources", project, environment, body=body)
    return takes(api, busy(api, project, environment))


def updating(api: Any) -> int:
    project, environment, _ = live(api)
    api("UpdateProjectEnvironmentEnvironmentVariables", project, environment, body={"runEnvs": {"A": "1"}})
    return takes(api, busy(api, project, environment))


def verifying(api: Any) -> int:
    project = api.image()
    made = api("CreateDomain", project, body={"name": "late.example.com"})["id"]
    api("RefreshDomain", project, made)
    return takes(api, lambda: api("ListDomains", project)[0]["failedVerificationCount"] == 1)


def issuing(api: Any) -> int:
    project = api.image()
    made = api("CreateDomain", project, body={"name": "late.example.com"})["id"]
    api.world.advance("3d")
    api("RefreshDomain", project, made)
    takes(api, lambda: api("ListDomains", project)[0]["status"] == "issuing")
    return takes(api, lambda: api("ListDomains", project)[0]["status"] == "active")


def terminating(api: Any) -> int:
    project = api.image()
    made = api.deployed_image(project)
    api("DeleteDeployment", project, made)
    return takes(api, lambda: not api("ListDeployments", project)["data"])


def waking(api: Any) -> int:
    project = api.image()
    made = api.deployed_image(project)
    api.world.advance("4d")
    api("WakeupDeployment", project, made)
    return takes(api, lambda: api.status(project, made) == "deployed")


def scanning(api: Any) -> int:
    project = api.image()
    made = api.deployed_image(project)
    api("UpdateProject", project, body={"displayName": "Gate", "enabledSecurityScan": True})
    api("TriggerSecurityScan", project, made)
    takes(api, lambda: api("GetSecurityScan", project, made)["status"] == "in_progress")
    return takes(api, lambda: api("GetSecurityScan", project, made)["status"] == "success")


def reviewing(api: Any) -> int:
    made = api("CreateProjectTemplate", body=_offer(api, 0))["id"]
    api("UpdateProjectTemplateStatus", made)
    return takes(api, lambda: api("GetProjectTemplate", made)["status"] == "listed")


def unknown_fields(api: Any) -> int:
    body = {"uniqueName": "gate", "displayName": "Gate", "type": "image", "settings": {"port": 80, "gpu": 1}}
    return int(api.raw("CreateProject", body=body)[0])


def subscribed(api: Any) -> Any:
    return api("CreateWebhookEndpoint", body={"url": "https://hooks.example.com/", "events": ["project.create"]})


def attempts(api: Any) -> list[int]:
    """The seconds at which a delivery that nobody takes is attempted."""
    subscribed(api)
    moments: list[int] = []
    start = api.world.state.now
    api.world.on_webhook(lambda _: bool(moments.append((api.world.state.now - start) // 1_000_000)))
    api.image("told")
    api.world.advance("10min")
    return moments


def webhook_endpoints(api: Any) -> int:
    return many(lambda n: int(api.raw("CreateWebhookEndpoint", body={"url": f"https://hooks.example.com/{n}"}).status))


def webhook_attempts(api: Any) -> int:
    return len(attempts(api))


def webhook_backoff(api: Any) -> int:
    first, second, *_ = attempts(api)
    return second - first


def webhook_longest_backoff(api: Any) -> int:
    moments = attempts(api)
    return max(later - earlier for earlier, later in pairwise(moments))


def webhook_signature(api: Any) -> int:
    subscribed(api)
    taken: list[Any] = []
    api.world.on_webhook(taken.append)
    api.image("told")
    api.world.advance(1)
    return len(taken[0].headers["X-Webhook-Signature"])


#: By setting two values, where what is observed is the setting itself; or (value, observed) where it is not.
VALUES: dict[str, tuple[Any, Any]] = {
    "base_domain": ("apps.example.com", "createos.example"),
    "idle": (60, 100),
    "live_limit": (2, 5),
    "dns_delay": (30, 50),
    "bucket": (60, 300),
    "longest_window": (600, 1200),
    "log_window": ((600, 10), (1200, 20)),
    "log_lines": (3, 7),
    "activities": (4, 12),
    "cronjobs": (2, 6),
    "projects": (3, 5),
    "api_keys": (3, 5),
    "apps": (3, 5),
    "environments": (3, 5),
    "drafts": (2, 4),
    "uploads": (3, 5),
    "transfers": (2, 4),
    "upload_bytes": (300, 500),
    "body_bytes": ((1000, 1000), (2000, 2000)),
    "rate_per_minute": (4, 9),
    "rate_per_hour": (4, 9),
    "uploads_per_minute": (3, 5),
    "transfer_token": (60, 7200),
    "signed_address": (30, 50),
    "suspending": (3, 9),
    "deleting": (3, 9),
    "promoting": (3, 9),
    "resizing": (3, 9),
    "updating": (3, 9),
    "verifying": (3, 9),
    "issuing": (3, 9),
    "terminating": (3, 9),
    "waking": (3, 9),
    "scanning": (3, 9),
    "reviewing": (30, 90),
    "unknown_fields": (("refuse", 400), ("ignore", 201)),
    "webhook_endpoints": (2, 4),
    "webhook_attempts": (2, 4),
    "webhook_backoff": (30, 90),
    "webhook_longest_backoff": (40, 80),
    "webhook_signature": (("hex", 64), ("sha256=hex", 71), ("base64", 44)),
}


def test_there_is_a_look_at_every_setting() -> None:
    assert set(VALUES) == set(NAMES) <= set(globals())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_it_was_set_to(name: str, empty: Any, empty_file: Path) -> None:
    for value in VALUES[name]:
        given, expected = value if isinstance(value, tuple) else (value, value)
        api = type(empty)(open_world(empty_file, **{name: given}))
        assert getattr(api.world.state.settings, name) == given
        assert globals()[name](api) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_can_set_it_and_it_is_kept(name: str, empty_file: Path, tmp_path: Path) -> None:
    given, other = [value[0] if isinstance(value, tuple) else value for value in VALUES[name]][:2]
    empty_file.write_text(empty_file.read_text() + f"\n[settings]\n{name} = {json.dumps(given)}\n")
    world = open_world(empty_file)
    assert getattr(world.state.settings, name) == given
    world.save(tmp_path / "kept")
    assert getattr(open_world(empty_file, **{name: other}).load(tmp_path / "kept").state.settings, name) == given
    assert getattr(open_world(empty_file, **{name: other}).state.settings, name) == other


def test_a_duration_may_be_written_as_one() -> None:
    assert settled({"idle": "1h 30min"}).idle == 5400
    assert settled({"waking": "90s"}, WorldSettings(idle=7)) == WorldSettings(idle=7, waking=90)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"idel": 3}, "no setting 'idel'; it has: base_domain, idle"),
        ({"idle": -1}, "idle"),
        ({"idle": "soon"}, "setting idle='soon' is no length of time"),
        ({"live_limit": 0}, "live_limit"),
        ({"longest_window": 59}, "longest_window"),
        ({"bucket": "wide"}, "setting bucket"),
        ({"unknown_fields": "pass"}, "setting unknown_fields='pass' is none of: refuse, ignore"),
        ({"base_domain": "https://apps.example.com/"}, "is no host's name"),
        ({"base_domain": 7}, "base_domain"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        settled(given)
