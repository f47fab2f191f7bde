"""Worlds to act on, and ways to disturb whoever acts: kills, second writers, faults."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import struct
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.client import Client
from createos_nb.plans import journal as journal_module
from createos_nb.wire.retry import RetryPolicy

READS = ("GET", "HEAD")
#: POSTs that only ask.
ASKING = ("available-unique-name", "/content")
#: What the world notes when somebody has changed something.
CHANGES = (
    "deployment queued",
    "deployment assigned",
    "deployment cancelled",
    "environment made",
    "environment changed",
    "environment resized",
    "variables changed",
    "domain routed",
)


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own folder."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    return folder


@pytest.fixture(scope="session")
def origin() -> Any:
    """The world that every test gets a copy of."""
    return createos_nb.simulate("storefront").world


@pytest.fixture
def world(origin: Any) -> Any:
    return origin.fork()


@pytest.fixture
def client(world: Any) -> Client:
    return client_of(world)


class Between(httpx.BaseTransport):
    """A transport that counts, and lets something happen at the boundary before a request."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.sent: list[tuple[str, str]] = []
        self.before: Callable[[int, httpx.Request], None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.before is not None:
            self.before(len(self.sent), request)
        self.sent.append((request.method, request.url.path))
        return self.inner.handle_request(request)

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [one for one in self.sent if is_write(*one)]


def is_write(method: str, path: str) -> bool:
    return method not in READS and not path.endswith(ASKING)


def client_of(world: Any, transport: httpx.BaseTransport | None = None, clock: Any = None, **more: Any) -> Client:
    return Client(
        api_key=world.key,
        base_url=world.base_url,
        transport=transport or world.transport(),
        clock=clock or world.clock,
        world=world,
        account=world.account,
        rate_limit=False,
        retry=RetryPolicy(random=world.jitter()),
        **more,
    )


def settled(world: Any) -> dict[str, Any]:
    """All that the account holds, hours later: no times, no passing states."""
    world.at("2026-03-02T13:00:00Z")
    state: dict[str, Any] = {}
    for project in world.state.projects.values():
        versions = {one.id: one.version for one in world.deployments(project).values()}
        state[project.name] = {
            "settings": project.settings,
            "deployments": {
                one.version: (one.status, one.commit, one.image) for one in world.deployments(project).values()
            },
            "environments": {
                one.name: {
                    "live": versions.get(one.deployment),
                    "auto": one.auto_promote,
                    "text": (one.display, one.description, one.branch),
                    "size": (one.cpu, one.memory, one.replicas),
                    "variables": dict(sorted(one.variables.items())),
                    "status": one.status,
                    "port": one.port,
                }
                for one in project.environments.values()
            },
            "domains": {
                one.name: (one.status, getattr(project.environments.get(one.environment), "name", None))
                for one in project.domains.values()
            },
        }
    return json.loads(json.dumps(state))


def changes(world: Any) -> Counter[tuple[str, ...]]:
    """How often each thing was changed by somebody."""
    frame = world.events()
    frame = frame[frame["what"].isin(CHANGES)]
    return Counter((row.what, row.project, row.environment, row.text) for row in frame.itertuples())


@dataclass
class Case:
    """A runbook and what it is tried on."""

    name: str
    make: Callable[[Client], plans.Plan]
    prepare: Callable[[Any], Any] = lambda world: None
    reversible: bool = False
    variables: dict[str, str | None] | None = None
    source: dict[str, str] | None = None

    def resume(self, journal: Any, client: Client) -> plans.Receipt:
        return plans.resume(journal, client, variables=self.variables, source=self.source)


WHOLESALE = "wholesale.juniper-goods.example.com"

CASES = [
    Case("rollback", lambda c: runbooks.rollback(c, "storefront", "production"), reversible=True),
    Case("rollback-held-and-asleep", lambda c: runbooks.rollback(c, "orders-api", "production")),
    Case("promote", lambda c: runbooks.promote(c, "storefront", 10, "production"), reversible=True),
    Case("scale", lambda c: runbooks.scale(c, "storefront", "production", replicas=2, cpu=300), reversible=True),
    Case(
        "variables",
        lambda c: runbooks.set_variables(
            c, "storefront", "staging", {"LOG_LEVEL": "tr4ce-s3cret", "NEW": "n3w-s3cret"}, redeploy=False
        ),
        reversible=True,
        variables={"LOG_LEVEL": "tr4ce-s3cret", "NEW": "n3w-s3cret"},
    ),
    Case(
        "variables-redeployed",
        lambda c: runbooks.set_variables(c, "edge-gateway", "staging", {"NEW": "n3w-s3cret"}),
        variables={"NEW": "n3w-s3cret"},
    ),
    Case("hold", lambda c: runbooks.hold(c, "orders-api", "production"), reversible=True),
    Case("wake", lambda c: runbooks.wake(c, "chat-bot")),
    Case("deploy-image", lambda c: runbooks.deploy(c, "edge-gateway", image="nginx:1.27", environment="staging")),
    Case(
        "deploy-files",
        lambda c: runbooks.deploy(c, "landing-pages", source={"index.html": "<p>hello"}, environment="production"),
        source={"index.html": "<p>hello"},
    ),
    Case(
        "deploy-branch",
        lambda c: runbooks.deploy(c, "storefront", branch="feature/gift-cards"),
        # a branch whose pushes deploy nothing
        prepare=lambda world: world.push("storefront", "feature/gift-cards", message="Cards"),
    ),
    Case(
        "blue-green",
        lambda c: runbooks.blue_green(c, "storefront", WHOLESALE, version=12, requests=20, seconds=40),
        reversible=True,
    ),
    Case(
        "canary",
        lambda c: runbooks.canary(c, "storefront", "production", version=15, stages=[(20, 30), (20, 60)]),
    ),
    Case("retry-failed", lambda c: runbooks.retry_failed(c, "storefront", 13)),
]


def apply(plan: plans.Plan, journal: Path | None = None, **more: Any) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test", journal=journal, **more)


# --- a process that can be killed -------------------------------------------------------------------------------------


@dataclass
class Kill:
    """When a process dies: `where` is "request", "answer", or "before", "torn", "after" of a journal write."""

    where: str
    number: int


@dataclass
class Relay:
    """Serves a world to a forked process, and kills the process when it is time."""

    world: Any
    kill: Kill | None = None
    requests: int = 0
    killed: bool = False
    log: list[tuple[str, str]] = field(default_factory=list)

    def run(self, work: Callable[[Client], None]) -> int:
        """Let `work` run in a child with a client of this world. Gives its exit status; -9 where it was killed."""
        mine, theirs = socket.socketpair()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            mine.close()
            self._child(theirs, work)
        theirs.close()
        self._serve(mine, child)
        mine.close()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _child(self, link: socket.socket, work: Callable[[Client], None]) -> None:
        status = 1
        try:
            _die_at_journal(self.kill)
            work(client_of(self.world, _Far(link), _FarClock(link)))
            status = 0
        except BaseException as error:  # noqa: BLE001  # whatever it is, the child must not run on as a second pytest
            os.write(2, f"child: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)

    def _serve(self, link: socket.socket, child: int) -> None:
        inner = self.world.transport()
        while (message := _receive(link)) is not None:
            kind, *rest = message
            if kind == "now":
                _send(link, self.world.clock.now())
            elif kind == "sleep":
                self.world.clock.sleep(rest[0])
                _send(link, None)
            else:
                number = self.requests
                self.requests += 1
                if self.kill == Kill("request", number):
                    return self._end(child)
                method, url, headers, body = rest
                self.log.append((method, httpx.URL(url).path))
                answer = inner.handle_request(httpx.Request(method, url, headers=headers, content=body))
                if self.kill == Kill("answer", number):
                    return self._end(child)
                _send(link, (answer.status_code, list(answer.headers.items()), answer.read()))
        return None

    def _end(self, child: int) -> None:
        self.killed = True
        os.kill(child, signal.SIGKILL)


class _Far(httpx.BaseTransport):
    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _send(self.link, ("request", request.method, str(request.url), list(request.headers.items()), request.read()))
        status, headers, body = _receive(self.link)
        return httpx.Response(status, headers=headers, content=body, request=request)


class _FarClock:
    virtual = True

    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def now(self) -> float:
        _send(self.link, ("now",))
        return float(_receive(self.link))

    def sleep(self, seconds: float) -> None:
        _send(self.link, ("sleep", seconds))
        _receive(self.link)


def _die_at_journal(kill: Kill | None) -> None:
    if kill is None or kill.where not in ("before", "torn", "after"):
        return
    real = journal_module.append
    count = 0

    def append(file: int, line: bytes) -> None:
        nonlocal count
        if count == kill.number:
            if kill.where == "torn":
                os.write(file, line[: len(line) // 2])
            elif kill.where == "after":
                real(file, line)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        real(file, line)

    journal_module.append = append  # the child alone sees it


def _send(link: socket.socket, message: Any) -> None:
    data = pickle.dumps(message)
    link.sendall(struct.pack("!I", len(data)) + data)


def _receive(link: socket.socket) -> Any:
    head = _exactly(link, 4)
    if head is None:
        return None
    body = _exactly(link, struct.unpack("!I", head)[0])
    return None if body is None else pickle.loads(body)


def _exactly(link: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            part = link.recv(size - len(data))
        except ConnectionResetError:
            return None
        if not part:
            return None
        data += part
    return data


@pytest.fixture(scope="session")
def tools() -> Any:
    """What the tests of this folder share."""
    from types import SimpleNamespace

    return SimpleNamespace(
        apply=apply,
        cases=CASES,
        changes=changes,
        client_of=client_of,
        Between=Between,
        Kill=Kill,
        Relay=Relay,
        settled=settled,
        is_write=is_write,
    )
