"""What can't be asked for is refused in words, before anything is written and mostly before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.errors import CreateOSError, InvalidInput, UnknownName
from createos_nb.plans import PreconditionFailed

WHOLESALE = "wholesale.juniper-goods.example.com"


def blue_green(**more: Any) -> Callable[[Any], Any]:
    return lambda c: runbooks.blue_green(c, "storefront", WHOLESALE, version=12, **more)


def canary(**more: Any) -> Callable[[Any], Any]:
    return lambda c: runbooks.canary(c, "storefront", "production", version=15, **more)


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: runbooks.scale(c, "storefront", "production", replicas=2.5), "replicas=2.5"),
    (lambda c: runbooks.scale(c, "storefront", "production", replicas="2"), "replicas"),
    (lambda c: runbooks.scale(c, "storefront", "production", replicas=True), "replicas"),
    (lambda c: runbooks.scale(c, "storefront", "production", cpu=float("nan")), "cpu"),
    (lambda c: runbooks.scale(c, "storefront", "production", memory=2048), "500 to 1024 MB"),
    (lambda c: runbooks.scale(c, "storefront", "production"), "give cpu="),
    (blue_green(paths=[]), "begins with a slash"),
    (blue_green(paths="health"), "begins with a slash"),
    (blue_green(requests="30"), "whole number"),
    (blue_green(requests=0), "whole number"),
    (blue_green(seconds=float("inf")), "endless"),
    (blue_green(seconds="1 parsec"), "no length of time"),
    (blue_green(gate="strict"), "gate: a ReleaseGate, a ServerErrorRate, gates.scan(), or a callable"),
    (blue_green(green="g"), "unique_name='g'"),
    (blue_green(green="<b>green"), "unique_name"),
    (canary(stages=[(30,)]), "pairs of requests and seconds"),
    (canary(stages=30), "pairs of requests and seconds"),
    (canary(stages=[]), "at least one pair"),
    (canary(stages=[(30, 0)]), "more than 0"),
    (canary(side="c"), "unique_name='c'"),
    (canary(side="production"), "another environment"),
    (lambda c: runbooks.deploy(c, "edge-gateway", image=5), "give image="),
    (lambda c: runbooks.deploy(c, "edge-gateway"), "give image="),
    (
        lambda c: runbooks.deploy(c, "edge-gateway", image="not an image!!"),
        "image: it holds a blank",
    ),
    (lambda c: runbooks.deploy(c, "edge-gateway", image="Nginx:1.27"), "small letters: nginx:1.27"),
    (lambda c: runbooks.deploy(c, "edge-gateway", image="https://ghcr.io/org/app"), "leave https:// out"),
    (lambda c: runbooks.deploy(c, "storefront", image="nginx"), "give branch="),
    (lambda c: runbooks.deploy(c, "storefront"), "which branch"),
    (lambda c: runbooks.deploy(c, "landing-pages"), "give source="),
    (lambda c: runbooks.set_variables(c, "edge-gateway", "staging", {}, port=99999), "port"),
    (lambda c: runbooks.set_variables(c, "storefront", "staging", {}, port=80), "image project"),
    (lambda c: runbooks.set_variables(c, "storefront", "staging", {"1A": "x"}), "no digit first"),
    (lambda c: runbooks.set_variables(c, "storefront", "staging", {"A": 5}), "text or None"),
    (lambda c: runbooks.set_variables(c, "storefront", "staging", {"A": "••••••"}), "dots"),
    (lambda c: runbooks.rollback(c, "storefront", "production", snapshot="yesterday"), "snapshot: a frame"),
    (lambda c: runbooks.rollback(c, "storefront", "production", snapshot=pd.DataFrame({"id": []})), "snapshot"),
    (lambda c: runbooks.rollback(c, "winter-sale", "production"), "is suspended"),
    (lambda c: runbooks.retry_failed(c, "storefront", 17), "has not failed"),
    (lambda c: runbooks.retry_failed(c, "edge-gateway"), "no deployment of edge-gateway has failed"),
    (lambda c: runbooks.wake(c, "storefront", 13), "does not sleep"),
    (
        lambda c: runbooks.blue_green(c, "storefront", "www.juniper-goods.example.com", version=12),
        "blue='production' takes that one",
    ),
]


@pytest.fixture(scope="module")
def client() -> Any:
    """One for all: nothing is changed."""
    return createos_nb.simulate("storefront")


@pytest.mark.parametrize(("make", "said"), REFUSED)
def test_it_is_refused_in_words(client: Any, make: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(client)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["", "no-such", "PRODUCTION", "<b>", None])
@pytest.mark.parametrize(
    "make",
    [
        lambda c, name: runbooks.rollback(c, "storefront", name),
        lambda c, name: runbooks.assign(c, "storefront", 10, name),
        lambda c, name: runbooks.scale(c, "storefront", name, replicas=2),
        lambda c, name: runbooks.set_variables(c, "storefront", name, {"A": "1"}),
        lambda c, name: runbooks.hold(c, "storefront", name),
        lambda c, name: runbooks.release(c, "storefront", name),
        lambda c, name: runbooks.canary(c, "storefront", name, version=15),
        lambda c, name: runbooks.route_domain(c, "storefront", WHOLESALE, name or ""),
        lambda c, name: runbooks.delete(c, "storefront", environment=name or ""),
    ],
)
def test_an_environment_that_is_not_there_lists_those_that_are(client: Any, make: Any, name: Any) -> None:
    with pytest.raises(UnknownName, match="production, staging, development, blue, green"):
        make(client, name)


@pytest.mark.parametrize("version", [0, -1, 99, "latest", "v", 1.5, True])
@pytest.mark.grid(2)
def test_a_version_that_is_not_there_lists_those_that_are(client: Any, version: Any) -> None:
    for make in (
        lambda: runbooks.rollback(client, "storefront", "production", to=version),
        lambda: runbooks.assign(client, "storefront", version, "production"),
        lambda: runbooks.retry_failed(client, "storefront", version),
        lambda: runbooks.wake(client, "storefront", version),
        lambda: runbooks.blue_green(client, "storefront", WHOLESALE, version=version),
    ):
        with pytest.raises(UnknownName, match="18, 17, 16"):
            make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda c: runbooks.assign(c, "storefront", 11, "production"), "runbooks.retry_failed"),
        (lambda c: runbooks.assign(c, "storefront", 18, "production"), "wait until it is built"),
        (lambda c: runbooks.assign(c, "storefront", 13, "production"), "deploy again"),
        (lambda c: runbooks.route_domain(c, "storefront", "juniper-gifts.example.org", "green"), "add it again"),
    ],
)
def test_what_is_not_so_says_what_to_do(client: Any, make: Any, said: str) -> None:
    plan = make(client)
    with pytest.raises(PreconditionFailed, match=said):
        plan.apply(confirm=plan.confirmation, reason="why")


def test_a_world_with_nothing_in_it_is_told_in_words() -> None:
    client = createos_nb.simulate("storefront")
    client.projects.create(unique_name="empty-one", display_name="Empty one", type="image", settings={"port": 80})
    for make, said in (
        (lambda: runbooks.rollback(client, "empty-one", "production"), "there is no environment at all"),
        (lambda: runbooks.wake(client, "empty-one", 1), "there is no deployment at all"),
        (
            lambda: runbooks.route_domain(client, "empty-one", "a.example.com", "production"),
            "there is no domain at all",
        ),
        (lambda: runbooks.retry_failed(client, "empty-one"), "no deployment of empty-one has failed"),
    ):
        with pytest.raises(CreateOSError, match=said):
            make()
    assert runbooks.wake(client, "empty-one").steps == []
