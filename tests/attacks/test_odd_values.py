"""Attacks on what is read of an answer: a value of any type in any place of any operation's answer."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pandas as pd

import createos_nb
from createos_nb import Client, CreateOSError, RetryPolicy, contract
from tests.attacks.tally import tally, times

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**25, 0.5, -0.0, 1e308, 1e-320, "", " ", "0", "x", "null",
    "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999-01-01T00:00:00Z", "now", "1e5",
    "\u0000", "\ufffd", "\u202e", "é" * 300, "x" * 70_000, [], [[]], [None], [1, "a", {}], {}, {"": None},
    {"a": {"b": []}},    {"id": 1}, [{"id": "x"}], "00000000-0000-0000-0000-000000000000", -(2**63), 10**400,
]  # fmt: skip


class Odd(httpx.BaseTransport):
    """A world's answers, with one value in one of them another than it was."""

    def __init__(self, inner: httpx.BaseTransport, chance: random.Random) -> None:
        self.inner, self.chance, self.left, self.done = inner, chance, -1, ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        self.left -= 1
        if self.left != 0 or answer.content[:1] != b"{":
            return answer
        tree = json.loads(answer.content)
        place = self._place(tree.get("data", tree))
        if place and "pagination" in place[2]:  # totals that lie have attacks of their own
            return answer
        value = self.chance.choice(ODD)
        if place is None:
            tree["data"], path = value, "data"
        else:
            holder, key, path = place
            kind = self.chance.random()
            if kind < 0.08 and isinstance(holder, dict):
                del holder[key]
                value = "(nothing)"
            elif kind < 0.12 and isinstance(holder, dict):
                holder["odd" + str(key)] = value
            else:
                holder[key] = value
        self.done = f"{request.method} {request.url.raw_path.decode()[:60]}: {path} = {value!r:.40}"
        headers = {"content-type": "application/json", "date": answer.headers.get("date", "")}
        return httpx.Response(answer.status_code, headers=headers, content=json.dumps(tree).encode())

    def _place(self, tree: Any) -> tuple[Any, Any, str] | None:
        """Some place in a tree: (what holds it, key or index, path)."""
        found: tuple[Any, Any, str] | None = None
        node, path = tree, "data"
        while isinstance(node, dict | list) and node:
            key = self.chance.choice(list(node)) if isinstance(node, dict) else self.chance.randrange(len(node))
            path = f"{path}.{key}"
            found = (node, key, path)
            node = node[key]
            if self.chance.random() < 0.2:
                break
        return found


ENDPOINT = "https://hooks.example.com/createos"


def arguments() -> dict[str, Any]:
    """What the parameters of reads take in the world that is asked."""
    client = createos_nb.simulate("storefront")
    installation = client.github.installations()["installation_id"].iloc[0]
    repository = client.github.repositories(installation)["full_name"].iloc[0]
    found: dict[str, Any] = {
        "project": "storefront",
        "environment": "production",
        "deployment": 1,
        "unique_name": "never-seen",
        "branch": "main",
        "installation": installation,
        "repository": repository,
        "webhook_endpoint": ENDPOINT,
    }
    for name, rows in (
        ("app", client.apps.list()),
        ("cronjob", client.cronjobs.list("storefront")),
        ("purchase", client.templates.purchases()),
        ("template", client.templates.list_published()),
    ):
        found[name] = rows["id"].iloc[0] if len(rows) else "00000000-0000-4000-8000-000000000000"
    return found


def calls(client: Client, given: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Every read of every noun, the same at the wire level, and what is built on them."""
    found: dict[str, Callable[[], Any]] = {}
    for one in contract.OPERATIONS.values():
        if one.effect != "read":
            continue
        resource, name = one.call.split(".")
        needed = {p.name: given[p.name] for p in one.signature.parameters.values() if p.default is p.empty}
        found[one.call] = lambda resource=resource, name=name, needed=needed: getattr(getattr(client, resource), name)(
            **needed
        )
    found |= {
        "call": lambda: client.call("ListDeployments", project_id="p", limit=20),
        "whoami": client.whoami,
        "fleet.deployments": client.fleet.deployments,
        "fleet.environments": client.fleet.environments,
        "fleet.domains": client.fleet.domains,
        "fleet.overview": client.fleet.overview,
        "fleet.changes": client.fleet.changes,
        "fleet.requests_over_time": client.fleet.requests_over_time,
        "environments.variables": lambda: client.environments.variables("storefront", "production"),
    }
    return found


def looked_at(value: Any) -> None:
    """What a notebook does with a value."""
    repr(value)
    if isinstance(value, pd.DataFrame):
        value._repr_html_()
        assert isinstance(value.attrs.get("complete", True), bool)
        value.to_csv()


def test_an_odd_value_is_read_or_refused_in_words() -> None:
    promise = "a value or an error of ours"
    chance = random.Random(1207)
    own = createos_nb.simulate("storefront")
    own.webhooks.create(url=ENDPOINT)
    world = own.world
    odd = Odd(world.transport(), chance)
    given = arguments()
    names = list(calls(createos_nb.simulate(), given))
    with tally("input", "odd values of every JSON type in any field of any answer", promise) as kept:
        while kept.tries < times(250):
            for name in names:
                settings: dict[str, Any] = {"transport": odd, "clock": world.clock, "retry": RetryPolicy(attempts=1)}
                client = Client(api_key=world.key, base_url=world.base_url, rate_limit=False, **settings)
                odd.left, odd.done = chance.choice([1, 1, 1, 2, 3]), ""
                work = calls(client, given)[name]
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        looked_at(work())
                    fine, said = True, ""
                except CreateOSError as error:
                    fine, said = len(str(error)) < 5_000, f"{len(str(error)):,} characters"
                except Exception as error:  # noqa: BLE001  # what is raised is what is looked at
                    fine, said = False, f"{type(error).__name__}: {error!s:.150}"
                if odd.done:
                    kept.check(fine, f"{name}: {odd.done}: {said}")
