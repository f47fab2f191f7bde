"""Steps that make a deployment, or wake one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.plans import waiting
from createos_nb.plans.errors import StepFailed
from createos_nb.plans.present import version_of
from createos_nb.plans.steps import repository
from createos_nb.plans.steps.step import Precondition, Step, gone

if TYPE_CHECKING:
    from createos_nb.plans.present import Present, Row
    from createos_nb.plans.run import Run


class Wake(Step, kw_only=True, tag="wake"):
    """Wake a sleeping deployment."""

    operation: ClassVar[str] = "WakeupDeployment"
    reversible: ClassVar[bool] = False
    expected: ClassVar[float] = 30.0

    @property
    def what(self) -> str:
        return f"wake {self.target.deployment_name}"

    def place(self) -> tuple[str, ...]:
        return ("wake", self.target.project, self.target.deployment)

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        row = present.deployment(self.target.project, self.target.deployment)
        if row is None:
            raise gone(self.target.deployment_name)
        return {"status": row.get("status")}

    def under_way(self, now: Mapping[str, Any]) -> bool:
        return now.get("status") == "deploying"

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        row = present.deployment(self.target.project, self.target.deployment)
        status = "gone" if row is None else str(row.get("status"))
        good = status in ("sleeping", "deploying", "deployed")
        detail = status if good else waiting.told(status)
        return [Precondition(f"{self.target.deployment_name} can be woken", "holds" if good else "fails", detail)]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, deployment_id=self.target.deployment)

    def wait(self, run: Run) -> None:
        waiting.deployment(run, self.target.project, self.target.deployment, self.target.deployment_name)

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        return [], [f"{self.target.deployment_name} stays awake: it falls asleep by itself, the platform has no call"]


class Making(Step, kw_only=True):
    """A step that makes a deployment and waits for it."""

    reversible: ClassVar[bool] = False
    makes: ClassVar[bool] = True
    expected: ClassVar[float] = 180.0

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def rests_on(self, present: Present) -> Any:
        """The newest deployment: once another one is made, a token that was given for this one is used up."""
        rows = present.deployments(self.target.project)
        return max((row.get("versionNumber") or 0 for row in rows), default=0)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("newest deployment", "–", self.source())]

    def source(self) -> str:
        """What it is made of, in people's words."""
        raise NotImplementedError

    def like(self, row: Row) -> bool:
        """Whether a deployment may be the one that this step has made."""
        raise NotImplementedError

    def baseline(self, present: Present) -> dict[str, Any]:
        newest = present.newest(self.target.project)
        return {"newest": max((row.get("versionNumber") or 0 for row in newest), default=0)}

    def adopt(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.look().newest(self.target.project, int(baseline.get("newest") or 0))
        # the oldest that fits: what others make of the same source comes behind ours, or serves as well
        fitting = [row for row in rows if self.like(row)]
        return str(fitting[-1]["id"]) if fitting else None

    def there(self, present: Present, made: str) -> bool:
        return present.deployment(self.target.project, made) is not None

    def wait(self, run: Run) -> None:
        made = run.made[run.step]
        row = run.look().deployment(self.target.project, made)
        waiting.deployment(run, self.target.project, made, version_of(row) if row else "the new deployment")

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        name = version_of(present.deployment(self.target.project, made[index])) if index in made else "it"
        return [], [f"{name} stays: deployments are kept for rollbacks, and deleting one can't be undone"]


class DeployImage(Making, kw_only=True, tag="deploy image"):
    """Deploy a container image."""

    operation: ClassVar[str] = "CreateDeployment"
    expected: ClassVar[float] = 30.0
    image: str

    @property
    def what(self) -> str:
        return f"deploy {self.image}"

    def details(self) -> Any:
        return self.image

    def source(self) -> str:
        return self.image

    def like(self, row: Row) -> bool:
        return (row.get("source") or {}).get("image") == self.image

    def write(self, run: Run) -> str:
        made = run.client.call(self.operation, project_id=self.target.project, image=self.image)
        return str(made["id"])


class DeployBranch(Making, kw_only=True, tag="deploy branch"):
    """Deploy the newest commit of a branch."""

    operation: ClassVar[str] = "TriggerLatestDeployment"
    branch: str

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        return repository.preconditions(present, self.target.project, self.branch)

    @property
    def what(self) -> str:
        return f"deploy the newest commit of {self.branch}"

    def details(self) -> Any:
        return self.branch

    def source(self) -> str:
        return f"newest commit of {self.branch}"

    def like(self, row: Row) -> bool:
        return (row.get("source") or {}).get("branch") == self.branch

    def write(self, run: Run) -> str:
        said = run.client.call(self.operation, project_id=self.target.project, branch=self.branch)
        if isinstance(said, dict) and said.get("id"):
            made = str(said["id"])
            row = run.look().deployment(self.target.project, made)
            got = ((row or {}).get("source") or {}).get("branch")
            if row is not None and got != self.branch:
                raise StepFailed(f"{version_of(row)} was made of branch {got}, not of {self.branch}")
            return made
        # the newest commit is there already, and that deployment is what was asked for
        rows = run.look().deployments(self.target.project)
        for row in rows:
            if self.like(row) and row.get("status") not in waiting.ENDS:
                run.tell("writing", f"the newest commit of {self.branch} is deployed already: {version_of(row)}")
                return str(row["id"])
        raise StepFailed(f"the platform says {said!r}, and no deployment of branch {self.branch} is there")


class DeployAgain(Making, kw_only=True, tag="deploy again"):
    """Build a deployment's commit again (vcs projects), as a new deployment."""

    operation: ClassVar[str] = "RetriggerDeployment"
    commit: str = ""
    settings: str = "project"

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        return repository.preconditions(present, self.target.project)

    @property
    def what(self) -> str:
        return f"build {self.target.deployment_name} again, as a new deployment"

    def details(self) -> Any:
        return [self.commit, self.settings]

    def source(self) -> str:
        return f"commit {self.commit[:12]}" if self.commit else f"the commit of {self.target.deployment_name}"

    def like(self, row: Row) -> bool:
        return (row.get("source") or {}).get("commit") == self.commit

    def write(self, run: Run) -> str:
        said = run.client.call(
            self.operation,
            project_id=self.target.project,
            deployment_id=self.target.deployment,
            settings=self.settings,
        )
        if isinstance(said, dict) and said.get("id"):
            return str(said["id"])
        raise StepFailed(f"{self.target.deployment_name} was not built again: the platform says {said!r}")


class Upload(Making, kw_only=True, tag="upload"):
    """Upload files and deploy them; with `again`, those of a deployment that exists."""

    operation: ClassVar[str] = "UploadDeploymentZip"
    #: Folder or archive to read; "" where files were given otherwise, and so are known in memory only.
    path: str = ""
    digest: str = ""
    files: int = 0
    again: bool = False
    way: str = "auto"

    @property
    def what(self) -> str:
        return f"upload the files of {self.target.deployment_name} again" if self.again else f"upload {self.source()}"

    def details(self) -> Any:
        return [self.digest, self.again]

    def source(self) -> str:
        if self.again:
            return f"files of {self.target.deployment_name}"
        return f"{self.files} files" + (f" of {self.path}" if self.path else "")

    def like(self, row: Row) -> bool:
        return True  # the wire does not say what an upload holds

    def ready(self, run: Run) -> None:
        from createos_nb.plans.steps.uploading import source_of

        if not self.again:
            source_of(self, run)

    def write(self, run: Run) -> str:
        from createos_nb.plans.steps.uploading import again, send

        return again(self, run) if self.again else send(self, run)
