"""Nothing fails, and nothing serves: it sleeps, it is suspended, or nothing was assigned."""

from __future__ import annotations

from datetime import timedelta

from createos_nb.simulator.scenario.drafts.app import ago
from createos_nb.simulator.scenario.drafts.draft import DAY, HOUR, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.steps import Delete, Suspend

_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 90, 130, 130, 110, 60, 110, 130, 110, 70, 0, 0, 0, 0, 0, 0, 0)


@fault("asleep", faint=False)
def asleep(draft: Draft) -> None:
    """Nobody asked in the night, so it fell asleep; who comes in the morning gets 503."""
    random = draft.random
    idle = random.randint(2, 5)
    draft.settings["idle"] = f"{idle}h"
    app = draft.app(rpm=(0.8, 3), auto_promote=False)
    # Its visitors live where the office is open now.
    hour = random.randint(9, 15)
    offset = hour - draft.start.hour
    app.profile |= {"day": list(_OFFICE), "week": [100] * 7, "utc_offset": 60 * offset, "bots": []}
    local = draft.start + timedelta(hours=offset)
    yesterday = local.replace(minute=0) - timedelta(days=1)
    live = app.release(int((local - yesterday.replace(hour=random.randint(8, 14))).total_seconds()))
    fell = int((local - yesterday.replace(hour=17)).total_seconds()) - idle * HOUR
    draft.facts |= {"idle": f"{idle}h"}
    draft.found(
        Finding(
            "asleep",
            app.place,
            fell,
            f"{app.name}: nobody asked for it for {idle} hours, so it fell asleep, and stays so until it is woken.",
            "Wake it.",
            app,
            live,
            "wake",
            {"environment": app.environment.name},
        )
    )
    draft.expects("It sleeps", app, release=live, status="sleeping")
    draft.expects("Who comes gets 503", app, over=HOUR, errors=[100.0, 100.0])


@fault("suspended", faint=False)
def suspended(draft: Draft) -> None:
    """The project was suspended, and its visitors still come."""
    began = draft.minutes(10, 4 * 24 * 60)
    app = draft.app(since=began)
    draft.innocent_change(app, began)
    app.happens(began, Suspend(at=ago(began)))
    draft.found(
        Finding(
            "suspended",
            app.name,
            began,
            f"The project {app.name} is suspended: nothing of it serves.",
            "Ask whoever suspended it to let it go on; no deployment is to blame.",
            app,
        )
    )


@fault("not_deployed", faint=False)
def not_deployed(draft: Draft) -> None:
    """What served was deleted, and nothing was assigned in its place: visitors get 404."""
    began = draft.minutes(10, 2 * 24 * 60)
    app = draft.app(since=began, auto_promote=False)
    releases = sorted(app.releases, key=lambda release: release.live)
    draft.innocent_change(app, began)
    live = min(app.releases, key=lambda release: release.live)
    back = next(release for release in releases if release is not live)
    app.happens(began, Delete(at=ago(began), version=app.number(live)))
    draft.facts["deleted_version"] = app.number(live)
    draft.found(
        Finding(
            "not_deployed",
            app.place,
            began,
            f"{app.name}: the deployment that served was deleted, and no other one was assigned.",
            "Assign one that is deployed.",
            app,
            None,
            "assign",
            {"deployment": back},
        )
    )
    draft.expects_client_errors(app, began, 50)


@fault("not_deployed", faint=False)
def not_deployed_yet(draft: Draft) -> None:
    """A project was set up and built, and nobody assigned anything to its environment."""
    app = draft.app(auto_promote=False)
    age = draft.random.randint(1, 30) * HOUR
    app.releases, app.steps = [], []
    app.forget_assignments()
    release = app.build(age, source="")
    app.project.made = ago(age + DAY)
    draft.found(
        Finding(
            "not_deployed",
            app.place,
            age,
            f"{app.name}: nothing was ever assigned to {app.environment.name}.",
            "Assign what is deployed.",
            app,
            None,
            "assign",
            {"deployment": release},
        )
    )
    draft.expects("It is built", app, release=release, status="deployed")
