"""The program listens on another port than the project's settings say."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import ago
from createos_nb.simulator.scenario.drafts.draft import MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.steps import Configure

_PORTS = (3000, 3001, 4000, 5000, 8000, 8080, 9000)


@fault("wrong_port", faint=False)
def wrong_port(draft: Draft) -> None:
    """A release listens on a port of its own, or the setting was changed before it: every request gets 502."""
    random = draft.random
    began = draft.minutes(8, 8 * 60)
    app = draft.app(lambda stack: stack.kind != "image" and stack.runtime != "static", since=began)
    other = random.choice([port for port in _PORTS if port != app.port])
    draft.innocent_change(app, began)
    listens = other
    setting = app.port
    if random.random() < 0.5:
        listens, setting = app.port, other
    release = app.release(began, behavior=draft.worse(app, listens=listens))
    if setting != app.port:
        changed = app.just_before(release)
        app.happens(changed, Configure(at=ago(changed), settings={"port": setting}))
    draft.facts |= {"listens": listens, "setting": setting}
    draft.found(
        Finding(
            "wrong_port",
            app.place,
            began,
            f"{app.name}: the app listens on {listens}, and requests are sent to {setting}.",
            f"Set the project's port to {listens}, and deploy again; until then assign the version before it.",
            app,
            release,
            "settings",
            {"port": listens, "environment": app.environment.name},
        )
    )
    draft.expects_errors(app, began, 100, 100)
    refused = f"connection to port {setting} refused; the app listens on 0.0.0.0:{listens}"
    draft.expects("The log names both ports", app, over=5 * MINUTE, log=refused)
    draft.expects("The deployment is said to run", app, release=release, status="deployed")


@fault("wrong_port", faint=False)
def wrong_port_at_start(draft: Draft) -> None:
    """A deployment never passes its health check, as the app listens on another port; what is live goes on serving."""
    began = draft.minutes(8, 30 * 60)
    app = draft.app(lambda stack: stack.kind == "vcs" and stack.runtime != "static", since=began)
    other = draft.random.choice([port for port in _PORTS if port != app.port])
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-port", listens=other))
    draft.facts |= {"listens": other, "setting": app.port}
    draft.found(
        Finding(
            "wrong_port",
            app.name,
            began,
            f"{app.name}: the app listens on {other}, and its health check looks on {app.port}.",
            f"Let the app listen on {app.port}, or set the project's port to {other}, and deploy again.",
            app,
            release,
            "settings",
            {"port": other, "deployment": release},
        )
    )
    draft.expects("The deployment failed", app, release=release, status="error")
    draft.expects(
        "It says where the app listens", app, release=release, build_log=f"the app listens on 0.0.0.0:{other}"
    )
    draft.expects_service(app)
