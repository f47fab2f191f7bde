"""Requests to the addresses of a simulated world, as somebody outside sends them."""

from __future__ import annotations

from typing import Any

import httpx

SITE = {
    "index.html": "<h1>Home</h1>",
    "about/index.html": "<h1>About</h1>",
    "style.css": "body { color: teal }",
    "app.js": "let a = 1;",
    "pixel.png": "not a picture",
    "a b.txt": "spaces",
    "server.php": "<?php echo 1 ?>",
    ".env": "SECRET=1",
    ".well-known/security.txt": "Contact: nobody",
    "data.unknown": "?",
}


def get(api: Any, address: str, method: str = "GET", **headers: str) -> httpx.Response:
    """A request to an address of the world, without a key."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(transport=api.world.transport()) as client:
        return client.request(method, address, headers=sent)


def live_site(api: Any, files: dict[str, str] | None = None, **settings: Any) -> str:
    """The address of a new upload project's first deployment, with no environment."""
    body = {
        "uniqueName": "leaflet",
        "displayName": "Leaflet",
        "type": "upload",
        "settings": {"runtime": "static", "port": 80, **settings},
    }
    project = api("CreateProject", body=body)["id"]
    rows = [{"path": path, "content": text} for path, text in (files or SITE).items()]
    made = api("UploadDeploymentFiles", project, body={"files": rows})["id"]
    api.world.advance("20min")
    row = api("GetDeployment", project, made)
    assert row["status"] == "deployed"
    return str(row["extra"]["endpoint"])


def endpoint(api: Any, project: str, environment: str) -> str:
    rows = api("ListProjectEnvironments", api.project(project))
    return str(next(row for row in rows if row["uniqueName"] == environment)["extra"]["endpoint"])


def total(api: Any, project: str, environment: str, seconds: int = 600) -> int:
    ids = api.project(project), api.environment(api.project(project), environment)
    now = int(api.world.clock.now())
    return int(api("GetProjectEnvironmentAnalyticsOverallRequests", *ids, start=now - seconds, end=now)["total"])
