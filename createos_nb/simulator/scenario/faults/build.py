"""A build fails; what is live goes on serving."""

from __future__ import annotations

from typing import Any

from createos_nb.causes import Cause
from createos_nb.simulator.scenario.drafts.app import App, Release, ago
from createos_nb.simulator.scenario.drafts.draft import MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.steps import Configure, Trigger

_INSTRUCTIONS = ("RUN npm run biuld", "COPY dist/ /srv", "RUN apt-get install -y libvips42", "RUN make assets")


def _built(stack: Stack) -> bool:
    return stack.kind == "vcs" and stack.runtime != "static"


def _fails(
    draft: Draft, app: App, cause: Cause, release: Release, sentence: str, fix: str, says: str, **arguments: Any
) -> None:
    draft.found(Finding(cause, app.name, release.pushed, f"{app.name}: {sentence}", fix, app, release, **arguments))
    draft.expects("The build failed", app, release=release, status="build_error")
    draft.expects("The build log says why", app, release=release, build_log=says)
    draft.expects_service(app)


@fault("build_failed", faint=False)
def build_failed_code(draft: Draft) -> None:
    """A commit has an error that ends its build."""
    began = draft.minutes(10, 40 * 60)
    app = draft.app(_built, since=began, shared=True)
    error = draft.error(app)
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-broken", error=error))
    _fails(draft, app, "build_failed", release, "the code has an error.", "Push what is corrected.", error)


@fault("build_failed", faint=False)
def build_failed_package(draft: Draft) -> None:
    """A commit asks for a package that does not exist."""
    began = draft.minutes(10, 40 * 60)
    app = draft.app(_built, since=began, shared=True)
    package = draft.package(app, app.stack.missing)
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-package", missing_package=package))
    says = f"package {package} was not found"
    _fails(draft, app, "build_failed", release, f"{says}.", "Ask for a package that exists.", says)


@fault("build_failed", faint=False)
def build_failed_dockerfile(draft: Draft) -> None:
    """An instruction of the Dockerfile fails."""
    began = draft.minutes(10, 40 * 60)
    app = draft.app(_built, since=began)
    app.project.settings["hasDockerfile"] = True
    draft.repository(app).files.append("Dockerfile")
    instruction = draft.random.choice(_INSTRUCTIONS)
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-dockerfile", dockerfile_error=instruction))
    says = f"the Dockerfile's instruction failed: {instruction}"
    _fails(draft, app, "build_failed", release, f"{says}.", "Correct the Dockerfile, and push it.", says)


@fault("build_failed", faint=False)
def build_failed_repository(draft: Draft) -> None:
    """A project was made with the id of a repository that does not exist."""
    began = draft.minutes(10, 20 * 60)
    app = draft.app(_built, auto_promote=True)
    app.releases, app.steps = [], []
    app.forget_assignments()
    app.project.made = ago(began + draft.random.randint(5, 90) * MINUTE)
    app.project.repository_id = draft.repository(app).id - draft.random.randint(1, 90_000)
    app.environment.traffic = ""
    release = Release(began, began)
    app.releases.append(release)
    app.happens(began, Trigger(at=ago(began)))
    draft.found(
        Finding(
            "build_failed",
            app.name,
            began,
            f"{app.name}: the id of the repository is wrong.",
            "Make the project anew with the id that GitHub gives.",
            app,
            release,
        )
    )
    draft.expects("The build failed", app, release=release, status="build_error")
    draft.expects("The build log says why", app, release=release, build_log="check the repository id")


@fault("build_timeout", faint=False)
def build_timeout(draft: Draft) -> None:
    """A build takes longer than a quarter of an hour, and is ended."""
    began = draft.minutes(30, 40 * 60)
    app = draft.app(lambda stack: _built(stack) and stack.build_seconds > 60, since=began, shared=True)
    tools = app.stack.tools
    slow = round(draft.random.uniform(1500, 3000) * 1000 / (tools.install_ms + tools.build_ms), 2)
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-slow", slow=slow, slow_dockerfile=1.0))
    says = "the build took longer than 15 minutes"
    fix = "Make the build shorter (a Dockerfile that keeps its layers), or bring an image that is built elsewhere."
    _fails(draft, app, "build_timeout", release, f"{says}.", fix, says)


@fault("private_package", faint=False)
def private_package(draft: Draft) -> None:
    """A build asks for a package that it may not read: its token is missing, or stands among the runEnvs."""
    began = draft.minutes(10, 40 * 60)
    app = draft.app(_built, since=began, shared=True)
    package, token = draft.package(app, app.stack.private), app.stack.tools.token
    if draft.random.random() < 0.4:
        app.project.settings["runEnvs"] = {token: "not-a-real-token"}
    draft.innocent_change(app, began)
    release = app.build(began, source=draft.source(f"{app.name}-private", private_package=package))
    draft.facts |= {"package": package, "token": token}
    says = f"package {package} is private and {token} is not set among the buildVars"
    fix = f"Set {token} among the buildVars, and deploy the commit again with the project's settings."
    cure = {"runbook": "settings", "arguments": {"build_vars": [token], "deployment": release}}
    _fails(draft, app, "private_package", release, f"{says}.", fix, says, **cure)


@fault("monorepo_path", faint=False)
def monorepo_path(draft: Draft) -> None:
    """The project's directory is not in the repository: it was mistyped, or the folder was moved."""
    random = draft.random
    began = draft.minutes(10, 40 * 60)
    app = draft.app(_built, since=began)
    right = f"{random.choice(('apps', 'services', 'packages'))}/{app.name}"
    section = draft.repository(app)
    others = [f"{right.partition('/')[0]}/shared/README.md", "README.md"]
    section.files = [*(f"{right}/{file}" for file in app.stack.files), *others]
    app.project.settings["directoryPath"] = right
    draft.innocent_change(app, began)
    if random.random() < 0.5:
        wrong = random.choice((right.rstrip("s")[:-1], app.name, right.replace("/", "/the-")))
        release, folder = app.build(began, source=""), right
        fix = f"Set directoryPath to {right} again"
        changed = app.just_before(release)
        app.happens(changed, Configure(at=ago(changed), settings={"directoryPath": wrong}))
    else:
        wrong, folder = right, f"{right}-v2"
        release = app.build(began, source=draft.source(f"{app.name}-moved", directories=[folder]))
        fix = f"Set directoryPath to {folder}"
    draft.facts |= {"directory": wrong}
    says = f"in directory /{wrong}"
    fix += ", and deploy the commit again with the project's settings."
    cure = {"runbook": "settings", "arguments": {"directory_path": folder, "deployment": release}}
    _fails(draft, app, "monorepo_path", release, f"there is nothing to build {says}.", fix, says, **cure)
