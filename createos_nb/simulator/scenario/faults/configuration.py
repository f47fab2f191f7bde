"""Errors began when variables, settings or resources were changed; no version is to blame."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.steps import Scale, SetVariables


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


@fault("configuration_change")
def configuration_change_resources(draft: Draft) -> None:
    """An environment was given fewer replicas: what is left can't serve what comes."""
    began = draft.minutes(12, 5 * 60)
    app = draft.app(_programs, since=began, replicas=3, rpm=(60, 240), load=0.5)
    environment = app.environment
    draft.come_by_day(app, began)
    lost, left = draft.between((0.15, 0.3), (0.1, 0.16)), 1
    rate = draft.rate(app)
    draft.behaviors[app.usual]["cpu_ms"] = round(environment.cpu * left * 60 / (rate * (1 - lost)), 1)
    draft.innocent_change(app, began)
    scaled = Scale(
        at=ago(began), environment=environment.name, cpu=environment.cpu, memory=environment.memory, replicas=left
    )
    app.happens(began, scaled)
    draft.facts |= {"replicas_before": 3, "replicas_since": left}
    draft.found(
        Finding(
            "configuration_change",
            app.place,
            began,
            f"{app.name}: one of three replicas was left, which can't serve what comes.",
            "Give it three replicas again.",
            app,
            runbook="scale",
            arguments={"replicas": 3},
        )
    )
    draft.expects_errors(app, began, 0.8, 75, before=2.0, over=HOUR)
    draft.expects("The log says so", app, over=30 * MINUTE, log="CPU throttled at the limit of")


@fault("configuration_change")
def configuration_change_memory(draft: Draft) -> None:
    """An environment was given less memory: requests do not fit any more."""
    began = draft.minutes(12, 5 * 60)
    app = draft.app(_programs, since=began, memory=1024, rpm=(60, 240))
    environment = app.environment
    draft.come_by_day(app, began)
    lost = draft.between((0.15, 0.3), (0.1, 0.16))
    left, idle = draft.random.choice((500, 512)), 140
    rate = draft.rate(app)
    need = round((left - idle) * environment.replicas / (rate * (1 - lost)), 2)
    draft.behaviors[app.usual] |= {"memory": idle, "memory_per_rpm": need}
    draft.innocent_change(app, began)
    scaled = Scale(
        at=ago(began),
        environment=environment.name,
        cpu=environment.cpu,
        memory=left,
        replicas=environment.replicas,
    )
    app.happens(began, scaled)
    draft.facts |= {"memory_before": 1024, "memory_since": left}
    draft.found(
        Finding(
            "configuration_change",
            app.place,
            began,
            f"{app.name}: memory was set from 1024 to {left} MB, which is too little for what comes.",
            "Give it 1024 MB again.",
            app,
            runbook="scale",
            arguments={"memory": 1024},
        )
    )
    draft.expects_errors(app, began, 0.8, 75, before=2.0, over=HOUR)
    draft.expects(
        "The log says that memory ran out", app, over=HOUR, log=f"OOMKilled, memory limit of {left} MB exceeded"
    )


@fault("configuration_change")
def configuration_change_variables(draft: Draft) -> None:
    """A variable got another value, and the same code was deployed again: what it names now does not answer."""
    random = draft.random
    began = draft.minutes(12, 12 * 60)
    app = draft.app(lambda stack: bool(stack.errors) and stack.kind != "upload", since=began, rpm=(50, 240))
    name, good, bad = random.choice(
        (
            ("DATABASE_URL", "postgres://main.db.example.net:5432/app", "replica-2.db.example.net:5432"),
            ("CACHE_URL", "redis://cache-1.example.net:6379", "cache-9.example.net:6379"),
            ("SEARCH_URL", "https://search.example.net", "search-old.example.net:443"),
        )
    )
    share = draft.between((0.25, 1.0), (0.02, 0.06))
    cause = random.choice((f"connection-refused:{bad}", f"timeout:{bad}"))
    wrong = draft.worse(app, errors=[{"status": 503, "share": share, "path": "*", "cause": cause}])
    before = dict(app.environment.variables)
    app.environment.variables = {**before, name: good}
    app.values, app.otherwise = {name: good}, wrong
    app.release(began + random.randint(11, 25) * HOUR)
    draft.innocent_change(app, began, variables=False)
    again = app.release(began, again=True)
    changed = app.just_before(again)
    value = f"{good.partition('://')[0]}://{bad}"
    variables = {**app.environment.variables, name: value}
    app.happens(changed, SetVariables(at=ago(changed), environment=app.environment.name, variables=variables))
    draft.facts |= {"variable": name, "value_before": good}
    draft.found(
        Finding(
            "configuration_change",
            app.place,
            began,
            f"{app.name}: {name} was changed to an address that does not answer, and the code was deployed again.",
            f"Set {name} as it was, and deploy again.",
            app,
            again,
            "set_variables",
            {"variables": [name]},
        )
    )
    draft.expects_errors(app, began, 100 * share * 0.4, 100 * share * 1.5 + 1)
    draft.expects("The log names the address", app, over=HOUR, log=bad)
