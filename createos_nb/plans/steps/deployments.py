"""Steps that create a deployment, or wake one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from createos_nb.errors import CreateOSError
from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import id_of, in_status, version_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import (
    CREATED,
    Precondition,
    Reached,
    Step,
    Undo,
    UndoContext,
    created_id,
    gone,
    id_of_created,
)

if TYPE_CHECKING:
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.github import GithubRepository
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: What to do where no GitHub account is connected.
_CONNECT = "runbooks.connect_github connects it; client.github.accounts() shows what is connected"


class Wake(Step, kw_only=True, tag="wake"):
    """Wake a sleeping deployment."""

    operation: ClassVar[str] = "WakeupDeployment"
    reads: ClassVar[tuple[Part, ...]] = ("deployment",)
    adds_running_deployment: ClassVar[bool] = True
    has_undo: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 30.0

    @property
    def what(self) -> str:
        return f"wake {self.target.deployment_name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("wake", self.target.project, self.target.deployment)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        row = snapshot.deployment(self.target.project, self.target.deployment)
        if row is None:
            raise gone(self.target.deployment_name)
        return {"status": row.status}

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get("status") == "deploying"

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        row = snapshot.deployment(self.target.project, self.target.deployment)
        status = "gone" if row is None else str(row.status)
        wakeable = row is not None and in_status(row, "sleeping", "deploying", "deployed")
        detail = status if wakeable else waiting.with_hint(status)
        return [Precondition.of(f"{self.target.deployment_name} can be woken", wakeable, detail)]

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        rows = snapshot.environments(self.target.project)
        live = [row for row in rows if row.project_deployment_id == self.target.deployment]
        return [Reached(id_of(row), f"{self.target.deployment_name}, which is live in it, wakes") for row in live]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, deployment_id=self.target.deployment)

    def wait(self, run: Run) -> None:
        waiting.deployment(run, self.target.project, self.target.deployment, self.target.deployment_name)

    def undo(self, context: UndoContext) -> Undo:
        note = f"{self.target.deployment_name} stays awake: it falls asleep by itself, the platform has no call for it"
        return Undo(notes=[note])


class CreateDeployment(Step, kw_only=True):
    """A step that creates a deployment and waits for it."""

    has_undo: ClassVar[bool] = False
    creates: ClassVar[bool] = True
    adds_running_deployment: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 180.0

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def rests_on(self, snapshot: Snapshot) -> Any:
        """The newest deployment: once there is another one, a digest that was given for this one no longer holds."""
        if self.target.project.startswith(CREATED):
            return 0
        rows = snapshot.deployments(self.target.project)
        return max((row.version_number or 0 for row in rows), default=0)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("newest deployment", "–", self.source())]

    @abstractmethod
    def source(self) -> str:
        """Its source, in people's words."""

    @abstractmethod
    def matches(self, row: Deployment) -> bool:
        """Whether a deployment may be the one that this step has created."""

    def recovery_baseline(self, snapshot: Snapshot) -> dict[str, Any]:
        newest = snapshot.newer_deployments(self.target.project)
        return {"newest": max((row.version_number or 0 for row in newest), default=0)}

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.snapshot().newer_deployments(self.target.project, int(baseline.get("newest") or 0))
        # the oldest that matches: what others deploy of the same source comes after ours, or serves as well
        matching = [row for row in rows if self.matches(row)]
        return id_of(matching[-1]) if matching else None

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return snapshot.deployment(self.target.project, created) is not None

    def wait(self, run: Run) -> None:
        created = run.created[run.step]
        row = run.snapshot().deployment(self.target.project, created)
        waiting.deployment(run, self.target.project, created, version_of(row) if row else "the new deployment")

    def undo(self, context: UndoContext) -> Undo:
        created = context.created.get(context.number)
        name = version_of(context.snapshot.deployment(self.target.project, created)) if created else "it"
        return Undo(notes=[f"{name} stays: deployments are kept for rollbacks, and deleting one is irreversible"])


class DeployImage(CreateDeployment, kw_only=True, tag="deploy image"):
    """Deploy a container image."""

    operation: ClassVar[str] = "CreateDeployment"
    expected_seconds: ClassVar[float] = 30.0
    image: str

    @property
    def what(self) -> str:
        return f"deploy {self.image}"

    def identity_details(self) -> Any:
        return self.image

    def source(self) -> str:
        return self.image

    def matches(self, row: Deployment) -> bool:
        return row.source is not None and row.source.image == self.image

    def write(self, run: Run) -> str:
        answer = run.client.call(self.operation, project_id=self.target.project, image=self.image)
        return id_of_created(self.operation, answer)


class DeployBranch(CreateDeployment, kw_only=True, tag="deploy branch"):
    """Deploy the newest commit of a branch."""

    operation: ClassVar[str] = "TriggerLatestDeployment"
    branch: str

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        created = self.target.project.startswith(CREATED)
        return [] if created else _promoting(snapshot, self.target.project, self.branch)

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        if self.target.project.startswith(CREATED):
            return []  # the step that creates the project has them
        return repository_preconditions(snapshot, self.target.project, self.branch)

    @property
    def what(self) -> str:
        return f"deploy the newest commit of {self.branch}"

    def identity_details(self) -> Any:
        return self.branch

    def source(self) -> str:
        return f"newest commit of {self.branch}"

    def matches(self, row: Deployment) -> bool:
        return _branch_of(row) == self.branch

    def write(self, run: Run) -> str:
        response = run.client.call(self.operation, project_id=self.target.project, branch=self.branch)
        created = created_id(response)
        if created is not None:
            row = run.snapshot().deployment(self.target.project, created)
            branch = _branch_of(row)
            if row is not None and branch != self.branch:
                raise StepError(f"{version_of(row)} was built from branch {branch}, not from {self.branch}")
            return created
        # the newest commit is there already, and that deployment is what was asked for
        rows = run.snapshot().deployments(self.target.project)
        for row in rows:
            if self.matches(row) and not in_status(row, *waiting.ENDS):
                run.emit("writing", f"the newest commit of {self.branch} is deployed already: {version_of(row)}")
                return id_of(row)
        raise StepError(f"the platform says {response!r}, and no deployment of branch {self.branch} is there")


class Redeploy(CreateDeployment, kw_only=True, tag="redeploy"):
    """Build a deployment's commit once more (vcs projects), as a new deployment."""

    operation: ClassVar[str] = "RetriggerDeployment"
    commit: str = ""
    settings: Literal["project", "deployment"] = "project"

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        row = snapshot.deployment(self.target.project, self.target.deployment)
        return _promoting(snapshot, self.target.project, _branch_of(row))

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        return repository_preconditions(snapshot, self.target.project)

    @property
    def what(self) -> str:
        return f"redeploy {self.target.deployment_name}: build its commit as a new deployment"

    def identity_details(self) -> Any:
        return [self.commit, self.settings]

    def source(self) -> str:
        return f"commit {self.commit[:12]}" if self.commit else f"the commit of {self.target.deployment_name}"

    def matches(self, row: Deployment) -> bool:
        return row.source is not None and row.source.commit == self.commit

    def write(self, run: Run) -> str:
        response = run.client.call(
            self.operation,
            project_id=self.target.project,
            deployment_id=self.target.deployment,
            settings=self.settings,
        )
        created = created_id(response)
        if created is not None:
            return created
        raise StepError(f"{self.target.deployment_name} was not redeployed: the platform says {response!r}")


def _branch_of(row: Deployment | None) -> str | None:
    return row.source.branch if row is not None and row.source is not None else None


def _promoting(snapshot: Snapshot, project: str, branch: str | None) -> list[Reached]:
    """The environments that promote new deployments of a branch by themselves."""
    how = f"it promotes a new deployment of {branch} by itself"
    maybe = f"whether it promotes a new deployment of {branch} by itself can't be read"
    rows = [(row, snapshot.promotes_itself(row)) for row in snapshot.environments(project) if row.branch == branch]
    return [Reached(id_of(row), maybe if promotes is None else how) for row, promotes in rows if promotes is not False]


def repository_preconditions(snapshot: Snapshot, project: str, branch: str = "") -> list[Precondition]:
    """Return the preconditions of a build: GitHub is connected, the repository is granted and has the branch."""
    source = snapshot.project(project).source
    installation = (source.vcs_installation_id if source is not None else None) or ""
    repository = (source.vcs_repo_id if source is not None else None) or ""
    return source_preconditions(snapshot, installation, repository, branch)


def source_preconditions(
    snapshot: Snapshot, installation: str, repository: str, branch: str = ""
) -> list[Precondition]:
    """Return the same of a repository, by the ids of its installation and its own."""
    connected = "the project's GitHub account is connected"
    granted = "its repository is granted"
    try:
        accounts = snapshot.github_accounts()
    except CreateOSError as error:
        return [Precondition(connected, "unknown", _unanswered(error))]
    account = next((row for row in accounts if str(row.installation_id) == installation), None)
    if account is None:
        there = ", ".join(str(row.username) for row in accounts) or "none"
        detail = f"installation {installation or 'none'} is not among the connected accounts ({there}): {_CONNECT}"
        return [Precondition(connected, "fails", detail)]
    rows = [Precondition(connected, "holds", account.username or "")]
    try:
        repositories = snapshot.repositories(installation)
    except CreateOSError as error:
        return [*rows, Precondition(granted, "unknown", _unanswered(error))]
    row = next((item for item in repositories if str(item.id) == repository), None)
    if row is None:
        detail = f"{account.username} has not granted repository {repository}: grant it in GitHub's settings"
        return [*rows, Precondition(granted, "fails", detail)]
    name = full_name_of(row)
    rows.append(Precondition(granted, "holds", name))
    return [*rows, _branch(snapshot, installation, name, branch)] if branch and name else rows


def _branch(snapshot: Snapshot, installation: str, repository: str, branch: str) -> Precondition:
    what = f"branch {branch} is there"
    try:
        names = snapshot.branches(installation, repository)
    except CreateOSError as error:
        return Precondition(what, "unknown", _unanswered(error))
    if branch in names:
        return Precondition(what, "holds", "")
    return Precondition(what, "fails", f"{repository} has: {', '.join(names[:12])}")


def full_name_of(row: GithubRepository) -> str:
    """Return owner and name of a repository: the wire spells it in two ways."""
    return row.full_name or row.full_name_again or ""


def _unanswered(error: Any) -> str:
    return f"GitHub can't be asked: {getattr(error, 'reason', '') or error}".split("\n", 1)[0]
