"""What a trainee asks and does: each request to the API of a drill's world, in process or served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from createos_nb.redaction import holds_secrets
from createos_nb.simulator.platform.dispatch import ROUTER
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.world.api import Api

if TYPE_CHECKING:
    from createos_nb.contract.operation import Operation
    from createos_nb.simulator.envelope import Response
    from createos_nb.simulator.world.world import World
    from createos_nb.training.drills.pace import Pace


class Request(NamedTuple):
    """A request, as it can be made again."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """A request that was answered.

    Attributes:
        at: when, Unix microseconds.
        operation: what it asked for.
        project: name of the project that it concerns; "" for the account.
        environment: name of the environment; "" where it concerns none.
        status: of the answer.
        request: all of it.
    """

    at: int
    operation: Operation
    project: str
    environment: str
    status: int
    request: Request

    @property
    def is_act(self) -> bool:
        """Return whether it has changed something."""
        return self.operation.effect != "read" and self.status < 400

    @property
    def place(self) -> str:
        """Return "project/environment", "project" or "account"."""
        return "/".join(part for part in (self.project, self.environment) if part) or "account"


class Recorder(Api):
    """The API of a drill's world: as that of any world, and it keeps what was asked.

    Attributes:
        asked: the requests up to the end, oldest first.
        leaks: secrets that stand where others read them, in what was written.
        final: the world as it was when the first request after the end came, or None.
    """

    def __init__(self, world: World, pace: Pace, end: int) -> None:
        super().__init__(world)
        self.asked: list[Asked] = []
        self.leaks = 0
        self.final: World | None = None
        self._world, self._pace, self._end = world, pace, end

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request, once the time that it takes has passed."""
        with self._world.lock:
            self._pace.before_call(self._world)
            known = self._known(method, path)
            if self._world.state.now >= self._end and self.final is None:
                self.final = self._world.fork()
            at = self._world.state.now
            response = super().handle(method, path, query, headers, body)
            if known is not None and self.final is None:
                request = Request(method, path, query, dict(headers), body)
                self.asked.append(Asked(at, *known, response.status, request))
                if self.asked[-1].is_act:
                    self.leaks += secrets_in(self._world, _texts_of(body))
            return response

    @property
    def acts(self) -> list[Asked]:
        """Return what has changed something."""
        return [one for one in self.asked if one.is_act]

    def _known(self, method: str, path: str) -> tuple[Operation, str, str] | None:
        """Return the operation of a request, and the names of what it concerns, before it may be gone."""
        try:
            operation, ids = ROUTER.find(method, path)
        except HttpError:
            return None
        if not operation.path.startswith("/v1/projects/{project_id}"):
            return operation, "", ""
        project = self._world.state.projects.get(ids[0])
        if project is None:
            return operation, "", ""
        environment = project.environments.get(ids[1]) if "/environments/{" in operation.path else None
        return operation, project.name, environment.name if environment is not None else ""


def secrets_of(world: World) -> set[str]:
    """Return the keys and tokens of a world's accounts."""
    users, keys = world.state.users.values(), world.state.keys.values()
    values = {user.token for user in users} | {user.secret for user in users} | {key.secret for key in keys}
    return {value for value in values if value}


def secrets_in(world: World, texts: Iterator[str] | list[str]) -> int:
    """Return how often a secret of a world stands in some texts."""
    secrets = secrets_of(world)
    return sum(text.count(secret) for text in texts for secret in secrets)


def _texts_of(body: bytes) -> Iterator[str]:
    """Yield the texts of a body of JSON that others read: not those of fields that are made for secrets."""
    try:
        content = json.loads(body)
    except ValueError:
        return
    yield from _texts(content)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if not holds_secrets(name):
                yield from _texts(part)
