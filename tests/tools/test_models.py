"""The page of models says what the code does; every parameter has an effect, and its limits hold."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from createos_nb.data_files import folder
from createos_nb.simulator.settings import NAMES, WorldSettings
from createos_nb.simulator.traffic import (
    Behavior,
    Bot,
    BuildBehavior,
    BuildSettings,
    Call,
    Failing,
    Incident,
    Page,
    Profile,
    Scheduled,
    Segment,
    Traffic,
    build,
)
from tools import models

DAY = 1_772_409_600
"""Monday, 2 March 2026, 00:00 UTC."""
KINDS = (Profile, Page, Bot, Failing, Behavior, Incident, Call, Scheduled, BuildBehavior)
EVERY = [(kind, one.name) for kind in KINDS for one in fields(kind)]
named = {"argvalues": EVERY, "ids": lambda one: one if isinstance(one, str) else one.__name__}


def test_the_page_equals_the_code() -> None:
    page = (folder("data") / models.FILE).read_text(encoding="utf-8")
    assert page == models.markdown(), "run python -m tools.models"


def test_every_parameter_and_setting_is_explained() -> None:
    for kind in (*KINDS, WorldSettings):
        said = models.meanings(kind)
        names = NAMES if kind is WorldSettings else [one.name for one in fields(kind)]
        assert set(said) == set(names), kind
        assert all(len(text) > 5 for text in said.values()), kind
    assert set(NAMES) >= models.DURATIONS
    known = {f"{kind.__name__}.{one.name}" for kind in KINDS for one in fields(kind)}
    assert set(models.UNITS) <= known


LEAST: dict[type, dict[str, Any]] = {
    Profile: {"rpm": 5},
    Page: {"path": "/"},
    Bot: {"name": "b", "rpm": 1, "pages": (Page(path="/"),)},
    Failing: {"status": 500, "share": 0.5},
    Behavior: {},
    Incident: {"name": "i", "start": DAY},
    Call: {"name": "c", "caller": "shop", "callee": "stock", "start": DAY},
    Scheduled: {"name": "s", "schedule": "* * * * *", "start": DAY},
    BuildBehavior: {},
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in getattr(kind, "LIMITS", {})])
def test_a_limit_is_kept_to_both_sides(kind: Any, name: str) -> None:
    least, most = kind.LIMITS[name]
    for value in (least, most):
        kind(**{**LEAST[kind], name: value})
    for value in (least - 0.001, most + 1):
        with pytest.raises(ValueError, match=f"{name}.* is {least} to {most}"):
            kind(**{**LEAST[kind], name: value})


# --- effects ----------------------------------------------------------------------------------------------------------

CALM = Profile(rpm=15, overdispersion=0.2)
BOT = Bot(name="scanner", rpm=3, duty=0.6, pages=(Page(path="/.env", status=404),))
LIVE = Segment(start=DAY, launched=DAY - 20, replicas=2, cpu=300, memory=512)
CROWD = Incident(name="crowd", start=DAY + 3600, end=DAY + 7200, rate=3, ramp=600, fade=1200)
OUTAGE = Incident(name="outage", start=DAY + 3600, end=DAY + 14_400, failing=(Failing(status=500, share=0.3),))
SYNC = Scheduled(name="sync", schedule="*/15 * * * *", start=DAY)

#: A value other than what it has; for each parameter.
OTHER: dict[tuple[type, str], Any] = {
    (Profile, "rpm"): 60,
    (Profile, "pages"): (Page(path="/only"),),
    (Profile, "day"): (100,) * 24,
    (Profile, "week"): (200, 100, 100, 100, 100, 100, 100),
    (Profile, "utc_offset"): 120,
    (Profile, "growth"): 0.5,
    (Profile, "overdispersion"): 0.8,
    (Profile, "jitter"): 0.3,
    (Profile, "autocorrelation"): 0.2,
    (Profile, "daily_jitter"): 0.3,
    (Profile, "clients"): 3,
    (Profile, "bots"): (BOT,),
    (Page, "path"): "/elsewhere",
    (Page, "weight"): 900,
    (Page, "method"): "PUT",
    (Page, "status"): 302,
    (Page, "ms"): 900,
    (Page, "size"): 77,
    (Bot, "name"): "crawler",
    (Bot, "rpm"): 9,
    (Bot, "pages"): (Page(path="/robots.txt"),),
    (Bot, "client"): "198.51.100.9",
    (Bot, "agent"): "crawler/1.0",
    (Bot, "duty"): 0.2,
    (Failing, "status"): 502,
    (Failing, "share"): 0.6,
    (Failing, "path"): "/cart",
    (Failing, "cause"): "timeout:the session store",
    (Behavior, "errors"): (Failing(status=500, share=0.1),),
    (Behavior, "slow"): 3,
    (Behavior, "boot"): 40,
    (Behavior, "slow_start"): 900,
    (Behavior, "slow_start_errors"): 0.5,
    (Behavior, "listens"): 9000,
    (Behavior, "crash_after"): 700,
    (Behavior, "crash"): "missing-module:left-pad",
    (Behavior, "memory"): 400,
    (Behavior, "leak"): 150,
    (Behavior, "memory_per_rpm"): 90,
    (Behavior, "cpu_ms"): 4000,
    (Incident, "name"): "another",
    (Incident, "start"): DAY + 1800,
    (Incident, "end"): DAY + 9000,
    (Incident, "rate"): 6,
    (Incident, "ramp"): 0,
    (Incident, "fade"): 0,
    (Incident, "failing"): (Failing(status=504, share=0.3),),
    (Incident, "jitter"): 0.9,
    (Incident, "slow"): 5,
    (Incident, "stolen"): 0.9,
    (Call, "name"): "another",
    (Call, "caller"): "site",
    (Call, "callee"): "prices",
    (Call, "start"): DAY + 3600,
    (Call, "end"): DAY + 3600,
    (Call, "path"): "/cart",
    (Call, "method"): "POST",
    (Call, "endpoint"): "/v2/stock",
    (Call, "count"): 2,
    (Call, "timeout"): 0.02,
    (Call, "retries"): 4,
    (Call, "backoff"): 3.0,
    (Call, "max_backoff"): 0.5,
    (Call, "retry_budget"): 0.1,
    (Call, "status"): 500,
    (Call, "host"): "stock.example.com",
    (Call, "client"): "10.42.7.7",
    (Call, "agent"): "site/1.0",
    (Scheduled, "name"): "another",
    (Scheduled, "schedule"): "7 * * * *",
    (Scheduled, "start"): DAY + 3600,
    (Scheduled, "end"): DAY + 3600,
    (Scheduled, "method"): "POST",
    (Scheduled, "path"): "/night",
    (BuildBehavior, "reachable"): False,
    (BuildBehavior, "directories"): ("apps/web",),
    (BuildBehavior, "private_package"): "@juniper/core",
    (BuildBehavior, "token"): "OTHER_TOKEN",
    (BuildBehavior, "needs"): ("API_URL",),
    (BuildBehavior, "missing_package"): "lef-pad",
    (BuildBehavior, "error"): "x is not defined",
    (BuildBehavior, "dockerfile_error"): "RUN npm run biuld",
    (BuildBehavior, "listens"): 9000,
    (BuildBehavior, "unhealthy"): "503",
    (BuildBehavior, "queue"): 60,
    (BuildBehavior, "slow"): 3,
    (BuildBehavior, "slow_dockerfile"): 9,
    (BuildBehavior, "packages"): 7,
}
#: What it needs beside it to show.
BESIDE: dict[tuple[type, str], dict[str, Any]] = {
    (Behavior, "slow_start_errors"): {"slow_start": 900},
    (Behavior, "boot"): {"crash_after": 700},
    (Behavior, "crash"): {"crash_after": 700},
    (Behavior, "memory"): {"leak": 200},
    (Incident, "failing"): {"rate": 1},
    (Profile, "autocorrelation"): {"jitter": 0.3},
    (Call, "max_backoff"): {"backoff": 3.0},
    (BuildBehavior, "token"): {"private_package": "@juniper/core"},
}


def answers(traffic: Traffic) -> tuple[Any, ...]:
    """All that is known of a morning."""
    events = traffic.events(DAY, DAY + 6 * 3600)
    return (
        events.time.tobytes(), events.status.tobytes(), events.path, events.method, events.ms.tobytes(),
        events.size.tobytes(), [events.clients[i] for i in events.client], [events.agents[i] for i in events.agent],
        traffic.logs(DAY, DAY + 1500),
    )  # fmt: skip


def of(model: Any) -> Any:
    """What a world answers that has this in it."""
    if isinstance(model, BuildBehavior):
        docker = bool(model.dockerfile_error or model.slow_dockerfile)
        return [
            build(7, "b", BuildSettings(variables=("OTHER_TOKEN",), dockerfile=one), model, DAY)
            for one in {docker, False, True}
        ]
    if isinstance(model, Call):
        return of_call(model)
    profile, behavior, incidents, scheduled = CALM, Behavior(), [CROWD, OUTAGE], [SYNC]
    if isinstance(model, Profile):
        profile = model
    elif isinstance(model, Page):
        profile = replace(CALM, pages=(model, Page(path="/cart")))
    elif isinstance(model, Bot):
        profile = replace(CALM, bots=(model,))
    elif isinstance(model, Behavior):
        behavior = model
    elif isinstance(model, Failing):
        behavior = Behavior(errors=(model,))
    elif isinstance(model, Incident):
        incidents, behavior = [model], Behavior(cpu_ms=900)
    elif isinstance(model, Scheduled):
        scheduled = [model]
    live = replace(LIVE, behavior=behavior)
    return answers(Traffic(7, "e", [(DAY - 20 * 86_400, profile)], [live], incidents, None, DAY, scheduled))


def of_call(model: Call) -> Any:
    """What environments answer of which one calls another that fails often."""
    broken = replace(LIVE, behavior=Behavior(errors=(Failing(status=503, share=0.5),)))
    names = ("shop", "site", "stock", "prices")
    traffics = {
        name: Traffic(7, name, [(DAY, CALM)], [broken if n > 1 else LIVE], created=DAY, joined=True)
        for n, name in enumerate(names)
    }
    Traffic.join(7, traffics, [model])
    return [answers(traffic) for traffic in traffics.values()]


SOUND: dict[type, Any] = {
    Profile: CALM,
    Page: Page(path="/"),
    Bot: BOT,
    Failing: Failing(status=500, share=0.3),
    Behavior: Behavior(),
    Incident: replace(CROWD, failing=OUTAGE.failing),
    Call: Call(name="c", caller="shop", callee="stock", start=DAY, path="*", endpoint="/cart", retries=2),
    Scheduled: SYNC,
    BuildBehavior: BuildBehavior(),
}


@pytest.mark.parametrize(("kind", "name"), **named)
@pytest.mark.grid(2)
def test_a_parameter_has_an_effect(kind: Any, name: str) -> None:
    before = replace(SOUND[kind], **BESIDE.get((kind, name), {}))
    assert getattr(before, name) != OTHER[kind, name]
    after = replace(before, **{name: OTHER[kind, name]})
    assert of(before) != of(after)


def test_there_is_another_value_for_each() -> None:
    assert set(OTHER) == set(EVERY)


def test_what_the_page_says_of_the_mean_and_of_overdispersion() -> None:
    flat = Profile(rpm=30, day=(100,) * 24, week=(100,) * 7, overdispersion=0.5, jitter=0, daily_jitter=0)
    counts = Traffic(3, "e", flat, [Segment(start=DAY)], created=DAY).series(DAY, DAY + 14 * 86_400).total
    assert np.mean(counts) == pytest.approx(30, rel=0.02)
    assert np.var(counts) == pytest.approx(30 + (0.5 * 30) ** 2, rel=0.05)
