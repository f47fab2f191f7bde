"""Deployments: the versions of a project, and their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from createos_nb.contract.operation import UNSET, InQuery, LogText, Page, Record, Rows, TextOrId
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import (
    Created,
    Download,
    Made,
    ProjectId,
    Row,
    Settings,
    Text,
    Time,
    Updated,
    Whole,
    about,
)
from createos_nb.contract.types import DeploymentRef, Files, Limit, ProjectRef, SinceSeconds, Skip
from createos_nb.naming import DEPLOYMENT_STATES

if TYPE_CHECKING:
    import pandas as pd


class DeploymentSource(Row):
    """The source of a deployment: a commit or an image."""

    branch: Annotated[Text, about("branch of the commit")] = None
    commit: Annotated[Text, about("commit that was built")] = None
    commit_message: Annotated[Text, about("first line of the commit")] = None
    image: Annotated[Text, about("container image")] = None


class DeploymentExtra(Row):
    """Details that the platform adds to a deployment."""

    endpoint: Annotated[Text, about("its own address", bare=True)] = None


class Deployment(Row):
    """One version of a project."""

    id: Annotated[Text, about("id")] = None
    project_id: ProjectId = None
    version_number: Annotated[Whole, about("number of the version, from 1 up in its project")] = None
    status: Annotated[Text, about("status on the wire", states=DEPLOYMENT_STATES)] = None
    source: DeploymentSource | None = None
    extra: DeploymentExtra | None = None
    artifact_image: Annotated[Text, about("image that the build made")] = None
    settings: Settings | None = None
    created_at: Created = None
    updated_at: Updated = None
    cancelled_at: Annotated[Time, about("when it was cancelled", unit="UTC")] = None
    cancel_reason: Annotated[Text, about("why it was cancelled")] = None


class BuildLogLine(Row):
    """One line of a build log."""

    ts: Annotated[Time, about("when the line was written", unit="UTC", alias="time")] = None
    line_number: Annotated[Whole, about("number of the line")] = None
    stage: Annotated[Text, about("stage of the build")] = None
    log: Annotated[Text, about("the line", alias="text")] = None
    deployment_id: Annotated[Text, about("id of the deployment")] = None
    created_at: Annotated[Time, about("when the platform kept the line", unit="UTC")] = None


class Deployments(Resource):
    """The versions of a project, newest first, and their logs."""

    name = "deployments"

    @operation(
        "ListDeployments",
        "GET /v1/projects/{project_id}/deployments",
        answer=Page(Deployment),
        failures="400 401 403 404 422 500",
    )
    def list(self, project: ProjectRef, *, limit: Limit | None = None) -> pd.DataFrame:
        """Deployments of a project, newest first, one row each.

        Returns:
            One row a version; `createos_nb.columns("deployments.list")` says what each column means.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.list("storefront", limit=3)[["version_number", "state", "source_branch"]]
               version_number     state source_branch
            0              18  building       develop
            1              17  deployed          main
            2              16  deployed       develop
        """

    @operation(
        "GetDeployment",
        "GET /v1/projects/{project_id}/deployments/{deployment_id}",
        answer=Record(Deployment),
        failures="400 401 403 404 422 500",
    )
    def get(self, project: ProjectRef, deployment: DeploymentRef) -> pd.Series:
        """One deployment.

        Returns:
            The row of the deployment, with the labels of `list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.get("storefront", 17)["source_commit_message"]
            'Faster search'
        """

    @operation(
        "CreateDeployment",
        "POST /v1/projects/{project_id}/deployments",
        answer=Record(Made),
        failures="400 401 403 404 422 500",
    )
    def create(self, project: ProjectRef, *, image: str) -> pd.Series:
        """Deploy a container image (image projects): it has no build and no build log.

        Args:
            image: The image's reference, such as "ghcr.io/owner/name:tag".

        Returns:
            `id` of the deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> made = client.deployments.create("chat-bot", image="ghcr.io/juniper-goods/chat-bot:2.0")
            >>> int(client.deployments.get("chat-bot", made["id"])["version_number"])
            2
        """

    @operation(
        "UploadDeploymentFiles",
        "PUT /v1/projects/{project_id}/deployments/files",
        answer=Record(Made),
        failures="400 401 403 404 422 429 500",
    )
    def upload_files(self, project: ProjectRef, *, files: Files) -> pd.Series:
        """Deploy up to 100 files given as text (upload projects).

        `upload` takes a folder, and leaves out what should not be sent.

        Returns:
            `id` of the deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> files = [{"path": "index.html", "content": "<h1>Hi</h1>"}]
            >>> made = client.deployments.upload_files("landing-pages", files=files)
            >>> int(client.deployments.get("landing-pages", made["id"])["version_number"])
            4
        """

    @operation(
        "UploadDeploymentBase64Files",
        "PUT /v1/projects/{project_id}/deployments/files/base64",
        answer=Record(Made),
        failures="400 401 403 404 422 429 500",
    )
    def upload_base64_files(self, project: ProjectRef, *, files: Files) -> pd.Series:
        """Deploy up to 100 files given as base64 (upload projects).

        Returns:
            `id` of the deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> files = [{"path": "index.html", "content": "PGgxPkhpPC9oMT4="}]
            >>> made = client.deployments.upload_base64_files("landing-pages", files=files)
            >>> int(client.deployments.get("landing-pages", made["id"])["version_number"])
            4
        """

    @operation(
        "UploadDeploymentZip",
        "PUT /v1/projects/{project_id}/deployments/upload-zip",
        answer=Record(Made),
        upload=True,
        failures="400 401 403 404 422 429 500",
    )
    def upload_zip(self, project: ProjectRef, *, file: bytes) -> pd.Series:
        """Deploy a zip archive (upload projects).

        Args:
            file: The archive's bytes.

        Returns:
            `id` of the deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> import io, zipfile
            >>> archive = io.BytesIO()
            >>> with zipfile.ZipFile(archive, "w") as folder:
            ...     folder.writestr("index.html", "<h1>Hi</h1>")
            >>> made = client.deployments.upload_zip("landing-pages", file=archive.getvalue())
            >>> int(client.deployments.get("landing-pages", made["id"])["version_number"])
            4
        """

    @operation("TriggerLatestDeployment", "POST /v1/projects/{project_id}/trigger-latest", answer=TextOrId())
    def trigger_latest(
        self, project: ProjectRef, *, branch: Annotated[str, InQuery(or_body=True)] = UNSET
    ) -> pd.Series:
        """Deploy the newest commit of a branch (vcs projects); no id where that commit is deployed already.

        Args:
            branch: The branch; by default that of the repository.

        Returns:
            `id` of the deployment, or `message` where there was nothing to do.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.trigger_latest("orders-api", branch="main")["message"]
            'deployment already triggered'
        """

    @operation(
        "RetriggerDeployment",
        "POST /v1/projects/{project_id}/deployments/{deployment_id}/retrigger",
        answer=TextOrId(),
        failures="400 401 403 404 422 500",
    )
    def retrigger(
        self,
        project: ProjectRef,
        deployment: DeploymentRef,
        *,
        settings: Annotated[Literal["project", "deployment"], InQuery()] = UNSET,
        branch: Annotated[str, InQuery()] = UNSET,
    ) -> pd.Series:
        """Make a new deployment from the same commit (vcs projects), with its own settings or the project's.

        Args:
            settings: Settings to build with: those of the "project" as they are now, or the "deployment"'s own.
            branch: Another branch than the deployment's.

        Returns:
            `id` of the new deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> made = client.deployments.retrigger("orders-api", 4, settings="deployment")
            >>> int(client.deployments.get("orders-api", made["id"])["version_number"])
            6
        """

    @operation(
        "CancelDeployment",
        "POST /v1/projects/{project_id}/deployments/{deployment_id}/cancel",
        failures="400 401 403 404 422 500",
    )
    def cancel(self, project: ProjectRef, deployment: DeploymentRef) -> str:
        """Stop a deployment that is still queued or building.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.deployments.cancel("storefront", 18)
            >>> client.deployments.get("storefront", 18)["state"]
            'cancelled'
        """

    @operation(
        "WakeupDeployment",
        "POST /v1/projects/{project_id}/deployments/{deployment_id}/wakeup",
        failures="400 401 403 404 422 500",
    )
    def wakeup(self, project: ProjectRef, deployment: DeploymentRef) -> str:
        """Wake a sleeping deployment; beyond the limit of live ones, the oldest live one is terminated.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.deployments.wakeup("chat-bot", 1)
            >>> client.deployments.get("chat-bot", 1)["state"]
            'deploying'
        """

    @operation(
        "DeleteDeployment",
        "DELETE /v1/projects/{project_id}/deployments/{deployment_id}",
        failures="400 401 403 404 422 500",
    )
    def delete(self, project: ProjectRef, deployment: DeploymentRef) -> str:
        """Mark a deployment for deletion; what other tools call putting it to sleep is this call too.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.deployments.delete("orders-api", 3)
            >>> client.deployments.get("orders-api", 3)["state"]
            'terminating'
        """

    @operation(
        "GetBuildLogs",
        "GET /v1/projects/{project_id}/deployments/{deployment_id}/build-logs",
        answer=Rows(BuildLogLine),
        failures="400 401 403 404 422 500",
    )
    def build_logs(self, project: ProjectRef, deployment: DeploymentRef, *, skip: Skip = UNSET) -> pd.DataFrame:
        """The build log of a deployment, one row a line.

        Returns:
            One row a line: time (UTC), line_number, stage, level (where the line says so), text.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.build_logs("storefront", 17)[["stage", "text"]].head(3)
               stage                                     text
            0  queue                                   queued
            1  clone  cloning juniper-goods/storefront (main)
            2  clone                   HEAD is now at bcad7ed
        """

    @operation(
        "GetDeploymentLogs",
        "GET /v1/projects/{project_id}/deployments/{deployment_id}/deployment-logs",
        answer=LogText(),
        failures="400 401 403 404 422 500",
    )
    def logs(
        self, project: ProjectRef, deployment: DeploymentRef, *, since_seconds: SinceSeconds = UNSET
    ) -> pd.DataFrame:
        """Runtime log of a deployment that runs, by default of the last 60 seconds.

        Returns:
            One row a line: time (UTC), line_number, stage, level, text; `attrs["complete"]` says whether lines were
            left out.

        Examples:
            >>> client = createos_nb.simulate()
            >>> it = client.deployments.get("storefront", 17)
            >>> ids = {"project_id": it["project_id"], "deployment_id": it["id"]}
            >>> isinstance(client.call("GetDeploymentLogs", **ids, since_seconds=600), str)
            True
        """

    @operation(
        "DownloadDeployment",
        "GET /v1/projects/{project_id}/deployments/{deployment_id}/download",
        answer=Record(Download),
        failures="400 401 403 404 422 500",
    )
    def download(self, project: ProjectRef, deployment: DeploymentRef) -> pd.Series:
        """Signed address of the uploaded files (upload projects).

        `download_files` writes them into a folder.

        Returns:
            `download_uri`, masked: whoever has the address can read the files.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.deployments.download("landing-pages", 3)["download_uri"]
            Secret(••••••)
        """
