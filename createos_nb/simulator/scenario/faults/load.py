"""The replicas can't serve what comes: there is too much of it, or somebody takes their CPU."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import App, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.schema import CronjobSection, IncidentSection

_MOST_REPLICAS = 3


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


def _room(draft: Draft, app: App) -> float:
    """Return how many requests a minute the replicas of an app can serve."""
    cpu_ms = float(draft.behaviors[app.usual]["cpu_ms"])
    return app.environment.cpu * app.environment.replicas * 60 / cpu_ms


@fault("capacity")
def capacity(draft: Draft) -> None:
    """A crowd comes that the replicas can't serve: requests wait for the CPU, and run into 504."""
    random = draft.random
    began = draft.minutes(12, 4 * 60)
    app = draft.app(_programs, since=began, replicas=1, load=random.uniform(0.35, 0.6))
    draft.steady(app)
    room = _room(draft, app)
    lost = draft.between((0.2, 0.5), (0.1, 0.16))
    usual = min(draft.rate(app, seconds) for seconds in (0, began // 2))
    rate = round(max(room / (1 - lost) / usual, 1.2), 2)
    needed = next((n for n in (2, _MOST_REPLICAS) if room * n > rate * draft.rate(app) * 1.15), _MOST_REPLICAS)
    draft.innocent_change(app, began)
    draft.incidents.append(
        IncidentSection(
            name=f"crowd-{app.name}",
            start=ago(began),
            end=f"+{random.randint(30, 300)}min",
            environments=[app.place],
            rate=rate,
            ramp=random.choice((60, 180, 300)),
            fade=1800,
        )
    )
    draft.facts |= {"rate": rate, "replicas": needed}
    draft.found(
        Finding(
            "capacity",
            app.place,
            began,
            f"{app.name}: {rate:g} times the usual visitors come, and one replica can serve {room:.0f} a minute.",
            f"{needed} replicas.",
            app,
            runbook="scale",
            arguments={"replicas": needed},
        )
    )
    draft.expects_errors(app, began, 1, 75, over=HOUR)
    draft.expects("The log says so", app, over=30 * MINUTE, log="CPU throttled at the limit of")


@fault("noisy_neighbor")
def noisy_neighbor(draft: Draft) -> None:
    """As many come as ever, and somebody else on the machine takes the CPU."""
    random = draft.random
    began = draft.minutes(12, 4 * 60)
    app = draft.app(_programs, since=began, replicas=random.choice((1, 1, 2)), load=random.uniform(0.45, 0.65))
    draft.come_by_day(app, began)
    room = _room(draft, app)
    lost = draft.between((0.2, 0.45), (0.1, 0.16))
    usual = min(draft.rate(app, seconds) for seconds in (0, began // 2))
    stolen = round(min(max(1 - usual * (1 - lost) / room, 0.2), 0.95), 3)
    draft.innocent_change(app, began)
    draft.incidents.append(
        IncidentSection(
            name=f"neighbor-{app.name}",
            start=ago(began),
            end=f"+{random.randint(30, 200)}min",
            environments=[app.place],
            stolen=stolen,
        )
    )
    draft.facts["stolen"] = stolen
    draft.found(
        Finding(
            "noisy_neighbor",
            app.place,
            began,
            f"{app.name}: another tenant of the machine takes {stolen:.0%} of the CPU.",
            "More replicas bridge it; it passes by itself, and no version is to blame.",
            app,
            runbook="scale",
            arguments={"replicas": _MOST_REPLICAS},
        )
    )
    draft.expects_errors(app, began, 1, 75, over=HOUR)
    draft.expects("The log says so", app, over=30 * MINUTE, log="CPU throttled at the limit of")


@fault("capacity", faint=False)
def cron_storm(draft: Draft) -> None:
    """Cron jobs ask a small app for much work, all of them each minute: visitors find no CPU."""
    random = draft.random
    began = draft.minutes(40, 5 * 60)
    app = draft.app(_programs, since=began, replicas=1, rpm=(5, 9))
    environment = app.environment
    draft.steady(app)
    # as many come at night as by day: what is too much is the jobs
    app.profile |= {"day": [100] * 24, "week": [100] * 7, "bots": [], "overdispersion": 0.1}
    jobs, lost = random.choice((3, 4)), random.uniform(0.18, 0.28)
    room = (app.profile["rpm"] + jobs) * (1 - lost)
    draft.behaviors[app.usual]["cpu_ms"] = round(environment.cpu * 60 / room, 1)
    paths = [page["path"] for page in app.profile["pages"] if page["status"] == 200 and page["method"] == "GET"]
    draft.innocent_change(app, began)
    words = random.sample(("sync", "export", "rollup", "reminders", "prune", "digest"), jobs)
    for word in words:
        app.project.cronjobs.append(
            CronjobSection(
                name=word,
                environment=environment.name,
                schedule="* * * * *",
                made=ago(began + random.randint(0, 20)),
                settings={"path": random.choice(paths), "method": "GET"},
            )
        )
    draft.facts["jobs"] = sorted(words)
    draft.found(
        Finding(
            "capacity",
            app.place,
            began,
            f"{app.name}: {jobs} cron jobs run each minute, and take the CPU of its visitors.",
            "Suspend the jobs, or let them run seldom and apart; two replicas bridge it.",
            app,
            runbook="scale",
            arguments={"replicas": 2},
        )
    )
    draft.expects_errors(app, began, 5, 60, over=HOUR)
    draft.expects("The log says so", app, over=30 * MINUTE, log="CPU throttled at the limit of")
