"""The process of a version ends with an error, and is started again and again."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding


@fault("runtime_crash")
def runtime_crash(draft: Draft) -> None:
    """A release ends with an error at its start, minutes after it, or every quarter of an hour."""
    random = draft.random
    began = draft.minutes(80, 10 * 60) if draft.faint else draft.minutes(10, 10 * 60)
    app = draft.app(lambda stack: stack.kind == "vcs" and bool(stack.errors), since=began, auto_promote=True)
    module = draft.package(app, app.stack.module)
    error = draft.error(app)
    cause, words = random.choice(
        (
            (f"missing-module:{module}", module),
            (f"port-in-use:{app.port}", str(app.port)),
            (f"error:{error}", error),
        )
    )
    # Beyond ten minutes the platform takes it for a restart, and the deployment stays deployed.
    after = random.randint(620, 1000) if draft.faint else random.choice((0, 0, 0, random.randint(20, 300)))
    if after and not cause.startswith("error:"):
        cause, words = f"error:{error}", error
    draft.innocent_change(app, began)
    boot = random.randint(8, 25) if draft.faint else random.randint(2, 8)
    behavior = draft.worse(app, crash_after=after, crash=cause, boot=boot)
    release = app.release(began, behavior=behavior)
    draft.found(
        Finding(
            "runtime_crash",
            app.place,
            began,
            f"{app.name}: the process ends with an error, and is started again and again.",
            "Assign the version before it again.",
            app,
            release,
            "rollback",
            {"to": app.last_good(release)},
        )
    )
    draft.expects_errors(app, began, 0.2 if draft.faint else 1, 12 if draft.faint else 100)
    draft.expects("The log shows why", app, over=2 * HOUR, log=words)
    draft.expects("It is started again", app, over=max(began, 10 * MINUTE), log="exit code 1; restart")
    if not draft.faint:
        draft.expects("It is said to crash", app, release=release, status="crashing")
