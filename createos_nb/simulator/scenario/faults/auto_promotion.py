"""An environment that promotes by itself, on the way to the next bad version."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.steps import Push


@fault("bad_release")
def auto_promotion_trap(draft: Draft) -> None:
    """A bad version went live by itself, and commits that keep its error follow: only a held promotion ends it."""
    random = draft.random
    began = draft.minutes(6, 90)
    app = draft.app(
        lambda stack: stack.kind == "vcs" and bool(stack.errors), since=began, auto_promote=True, rpm=(60, 260)
    )
    error, share = draft.error(app), draft.between((0.25, 0.9), (0.05, 0.1))
    draft.innocent_change(app, began, variables=False)
    failing = [{"status": 500, "share": share, "path": "*", "cause": f"error:{error}"}]
    worse = draft.worse(app, errors=failing)
    release = app.release(began, behavior=worse)
    coming = sorted(random.sample(range(6, 26), 2))
    for minutes in coming:
        message = random.choice(("Tidy the tests", "Fix a typo", "Newer packages", "Log less"))
        app.happens(-minutes * MINUTE, Push(at=f"+{minutes}min", message=message, behavior=worse))
    draft.facts["pushes_in_minutes"] = coming
    draft.found(
        Finding(
            "bad_release",
            app.place,
            began,
            f"{app.name}: the last release fails, and commits on their way keep its error.",
            "Hold auto-promotion, and assign the version before it again.",
            app,
            release,
            "rollback",
            {"to": app.last_good(release)},
        )
    )
    draft.expects_errors(app, began, 100 * share * 0.5, 100 * share * 1.4 + 1)
    draft.expects("The log shows why", app, over=HOUR, log=error)
