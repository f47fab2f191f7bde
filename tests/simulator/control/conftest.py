"""A served world that is steered with plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from createos_nb.simulator import Server, open_world, serve

LIMIT = 20
"""Seconds after which whatever is waited for is not coming."""


class Steered:
    """Who asks a served world, by plain HTTP alone: its platform with a key, its controls with the token."""

    def __init__(self, running: Server, path: str = "") -> None:
        assert running.token is not None
        self.running, self.url, self.token = running, running.url + path, running.token.reveal()

    def raw(self, method: str, path: str, *, token: str | None = None, **request: Any) -> httpx.Response:
        """The answer of a control."""
        bearer = self.token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"}
        return httpx.request(method, f"{self.url}/_world{path}", headers=headers, timeout=LIMIT, **request)

    def __call__(self, line: str, body: Any = None, **request: Any) -> Any:
        """What a control gives."""
        method, path = line.split(" ", 1)
        answer = self.raw(method, path, **({"json": body} if body is not None else {}), **request)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def refused(self, line: str, body: Any = None, **request: Any) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        method, path = line.split(" ", 1)
        answer = self.raw(method, path, **({"json": body} if body is not None else {}), **request)
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"]

    def platform(self, method: str, path: str, key: str = "", **request: Any) -> httpx.Response:
        """An answer of the platform."""
        headers = {"X-Api-Key": key or self("GET /accounts/marlow/key")}
        return httpx.request(method, f"{self.url}/v1{path}", headers=headers, timeout=LIMIT, **request)

    def project(self, name: str) -> str:
        """Id of a project."""
        rows = self.platform("GET", "/projects?limit=20").json()["data"]["data"]
        return str(next(row["id"] for row in rows if row["uniqueName"] == name))

    def deployment(self, project: str, version: int) -> str:
        """Id of a deployment."""
        rows = self.platform("GET", f"/projects/{project}/deployments?limit=20").json()["data"]["data"]
        return str(next(row["id"] for row in rows if row["versionNumber"] == version))


@pytest.fixture
def steered() -> Iterator[Steered]:
    """The healthy shop, whose time only controls move."""
    with serve(open_world("storefront"), speed=0, control=True) as running:
        yield Steered(running)


@pytest.fixture
def make_steered() -> type[Steered]:
    """What makes somebody who steers a served world."""
    return Steered
