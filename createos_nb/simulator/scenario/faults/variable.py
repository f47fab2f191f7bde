"""A build or a process ends because a variable is not set."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.names import VARIABLES
from createos_nb.simulator.scenario.steps import SetVariables


@fault("missing_variable", faint=False)
def missing_variable_at_run(draft: Draft) -> None:
    """A release needs a variable that is not there, or it was taken away before the same code was deployed again."""
    random = draft.random
    began = draft.minutes(8, 12 * 60)
    app = draft.app(lambda stack: stack.kind == "vcs" and bool(stack.errors), since=began, auto_promote=True)
    name = random.choice(VARIABLES)
    taken = random.random() < 0.4
    rest = dict(app.environment.variables)
    if taken:
        app.environment.variables = {**rest, name: "set-long-ago"}
        app.requires = [name]
        app.release(began + random.randint(12, 25) * HOUR)
    draft.innocent_change(app, began, variables=not taken)
    app.requires = [name]
    release = app.release(began, again=taken)
    if taken:
        removed = app.just_before(release)
        app.happens(removed, SetVariables(at=ago(removed), environment=app.environment.name, variables=rest))
    draft.facts["variable"] = name
    draft.found(
        Finding(
            "missing_variable",
            app.place,
            began,
            f"{app.name}: the process needs {name}, which {app.environment.name} does not have.",
            f"Set {name} in {app.environment.name}, and deploy the commit again.",
            app,
            release,
            "set_variables",
            {"variables": [name]},
        )
    )
    draft.expects_errors(app, began, 100, 100)
    draft.expects("The log names the variable", app, over=HOUR, log=name)
    draft.expects("It is said to crash", app, release=release, status="crashing")


@fault("missing_variable", faint=False)
def missing_variable_at_build(draft: Draft) -> None:
    """A build reads a variable that is not among the buildVars, perhaps because it stands among the runEnvs."""
    began = draft.minutes(8, 30 * 60)
    app = draft.app(lambda stack: stack.kind == "vcs" and bool(stack.tools.build), since=began)
    name = draft.random.choice(("PUBLIC_URL", "SITE_NAME", "GIT_DESCRIBE", "API_ORIGIN"))
    if draft.random.random() < 0.5:
        app.project.settings["runEnvs"] = {name: "https://www.example.com"}
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-needs", needs=[name]))
    draft.facts["variable"] = name
    draft.found(
        Finding(
            "missing_variable",
            app.name,
            began,
            f"{app.name}: the build needs {name}, which is not among the buildVars.",
            f"Set {name} among the buildVars, and deploy the commit again with the project's settings.",
            app,
            release,
            "settings",
            {"build_vars": [name], "deployment": release},
        )
    )
    draft.expects("The build failed", app, release=release, status="build_error")
    draft.expects("It says which variable", app, release=release, build_log=f"{name} is not set among the buildVars")
    draft.expects_service(app)
