"""A version that became live fails where the one before it did not."""

from __future__ import annotations

from typing import Any

from createos_nb.simulator.scenario.drafts.app import App, Release
from createos_nb.simulator.scenario.drafts.draft import HOUR, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.stacks import Stack


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


def _release(draft: Draft, app: App, began: int, **facts: Any) -> Release:
    draft.innocent_change(app, began)
    release = app.release(began, behavior=draft.worse(app, **facts))
    draft.found(
        Finding(
            "bad_release",
            app.place,
            began,
            f"{app.name}: what was released last fails where the version before it did not.",
            "Assign the version before it again.",
            app,
            release,
            "rollback",
            {"to": app.last_good(release)},
        )
    )
    draft.expects("The version before it is still there", app, release=app.last_good(release), status="deployed")
    return release


@fault("bad_release")
def bad_release_one_path(draft: Draft) -> None:
    """A release lets a share of the requests of one path fail with 500."""
    began = draft.minutes(15, 20 * 60)
    app = draft.app(_programs, since=began, rpm=(60, 260))
    path, error = app.busy_path(), draft.error(app)
    share = draft.between((0.35, 0.95), (0.1, 0.2))
    _release(draft, app, began, errors=[{"status": 500, "share": share, "path": path, "cause": f"error:{error}"}])
    part = 100 * share * app.share(path)
    draft.expects_errors(app, began, part * 0.4, part * 1.8 + 1)
    draft.expects("The log shows why", app, over=HOUR, log=error)
    if not draft.faint and not app.profile.get("bots"):
        draft.expects("It is one path", app, over=min(began, 6 * HOUR), top_error=path)


@fault("bad_release")
def bad_release_all_paths(draft: Draft) -> None:
    """A release lets a share of all requests fail, whatever they ask for."""
    began = draft.minutes(8, 12 * 60)
    app = draft.app(_programs, since=began)
    status = draft.random.choice((500, 500, 503, 502))
    share, error = draft.between((0.2, 1.0), (0.02, 0.05)), draft.error(app)
    _release(draft, app, began, errors=[{"status": status, "share": share, "path": "*", "cause": f"error:{error}"}])
    draft.expects_errors(app, began, 100 * share * 0.5, 100 * share * 1.4 + 1)
    draft.expects("The log shows why", app, over=HOUR, log=error)


@fault("bad_release")
def bad_release_timeouts(draft: Draft) -> None:
    """A release asks so much of its database that requests wait until they are given up: 504."""
    began = draft.minutes(10, 12 * 60)
    app = draft.app(_programs, since=began, rpm=(40, 260))
    share = draft.between((0.2, 0.8), (0.04, 0.08))
    error = draft.random.choice(
        ("canceling statement due to statement timeout", f"deadline of 30 s exceeded while reading {app.busy_path()}")
    )
    failing = {"status": 504, "share": share, "path": "*", "cause": f"error:{error}"}
    _release(draft, app, began, errors=[failing], slow=draft.between((3, 8), (1.5, 2.5)))
    draft.expects_errors(app, began, 100 * share * 0.5, 100 * share * 1.4 + 1)
    draft.expects("The log shows why", app, over=HOUR, log=error)


@fault("bad_release")
def bad_release_client_errors(draft: Draft) -> None:
    """A release answers a path that was there with 4xx; there is no 5xx."""
    began = draft.minutes(15, 20 * 60)
    app = draft.app(since=began, rpm=(50, 260))
    path = app.busy_path()
    status = draft.random.choice((400, 401, 403, 404, 404, 422)) if app.stack.errors else 404
    share = draft.between((0.7, 1.0), (0.2, 0.35))
    _release(draft, app, began, errors=[{"status": status, "share": share, "path": path}])
    draft.facts |= {"status": status, "path": path}
    draft.expects_errors(app, began, 0, 1)
    draft.expects_client_errors(app, began, 100 * share * app.share(path) * 0.3)
    if not draft.faint and not app.profile.get("bots"):
        draft.expects("One path is answered with errors", app, over=min(began, 6 * HOUR), top_error=path)


@fault("bad_release")
def bad_release_slow(draft: Draft) -> None:
    """A release answers as before, only slowly: it shows in the durations of the access lines."""
    began = draft.minutes(15, 12 * 60)
    app = draft.app(lambda stack: stack.timed, since=began)
    slow = draft.between((5, 18), (2.5, 4))
    _release(draft, app, began, slow=slow)
    draft.facts["slow"] = slow
    draft.expects_errors(app, began, 0, 1)


@fault("bad_release")
def bad_release_rare_error(draft: Draft) -> None:
    """A release brings an error that is rare, and new in the log."""
    began = draft.minutes(40, 24 * 60)
    app = draft.app(_programs, since=began, rpm=(90, 260))
    share, error = draft.between((0.015, 0.04), (0.006, 0.012)), draft.error(app)
    _release(draft, app, began, errors=[{"status": 500, "share": share, "path": "*", "cause": f"error:{error}"}])
    draft.expects_errors(app, began, 100 * share * 0.3, 100 * share * 2 + 1, before=0.8)
    draft.expects("The log shows why", app, over=2 * HOUR, log=error)
