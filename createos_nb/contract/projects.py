"""Projects: what is deployed, from a repository, an image or files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Page, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import (
    Availability,
    Created,
    Flag,
    Made,
    Map,
    Row,
    Settings,
    Text,
    Time,
    Updated,
    UserId,
    about,
)
from createos_nb.contract.types import (
    AppRef,
    Description,
    DisplayName,
    Limit,
    Port,
    ProjectRef,
    ProjectSettings,
    ProjectType,
    Short,
    Source,
    UniqueName,
    Variables,
)
from createos_nb.naming import PROJECT_STATES, ProjectStatus

if TYPE_CHECKING:
    import pandas as pd


class ProjectSource(Row):
    """The repository of a vcs project."""

    vcs_name: Annotated[Text, about("where the repository is: github")] = None
    vcs_installation_id: Annotated[Text, about("installation id of the GitHub account")] = None
    vcs_repo_id: Annotated[Text, about("id of the repository")] = None
    vcs_full_name: Annotated[Text, about("owner and name of the repository")] = None


class Project(Row):
    """A project."""

    id: Annotated[Text, about("id")] = None
    unique_name: Annotated[Text, about("its name, unique on the platform; part of its address")] = None
    display_name: Annotated[Text, about("name for people")] = None
    type: Annotated[Text, about("vcs, image or upload")] = None
    status: Annotated[Text, about("status on the wire", states=PROJECT_STATES)] = None
    description: Annotated[Text, about("what it is, in its owner's words")] = None
    app_id: Annotated[Text, about("id of the app that groups it")] = None
    source: ProjectSource | None = None
    settings: Settings | None = None
    enabled_security_scan: Annotated[Flag, about("security scans are switched on")] = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None
    expire_at: Annotated[Time, about("when it expires", unit="UTC")] = None
    deleted_at: Annotated[Time, about("when it was deleted", unit="UTC")] = None


class SupportedType(Row):
    """A framework or a runtime that the platform can build."""

    name: Annotated[Text, about("its name, as settings take it")] = None
    type: Annotated[Text, about("framework or runtime")] = None
    runtimes: Annotated[list[str] | None, about("runtimes that go with the framework")] = None
    editables: Annotated[Map, about("settings that can be changed, with type and default")] = None


class Transfer(Row):
    """One change of owner."""

    id: Annotated[Text, about("id")] = None
    project_id: Annotated[Text, about("id of the project")] = None
    from_user_id: Annotated[Text, about("id of the owner before")] = None
    to_user_id: Annotated[Text, about("id of the owner after")] = None
    created_at: Created = None
    updated_at: Updated = None


class TransferUri(Row):
    """The link with which another user accepts the transfer of a project."""

    frontend_uri: Annotated[Text, about("page that takes the project over; it holds the token: masked")] = None
    token: Annotated[Text, about("transfer token, masked")] = None
    expires_at: Annotated[Time, about("when the token ends, six hours after it was made", unit="UTC")] = None


class Projects(Resource):
    """Projects: deployed from a repository (vcs), an image or uploaded files."""

    name = "projects"

    @operation("ListProjects", "GET /v1/projects", answer=Page(Project), failures="400 401 403 500")
    def list(
        self,
        *,
        name: Annotated[str, Meta(max_length=100, description="part of the name")] = UNSET,
        type: ProjectType = UNSET,
        status: ProjectStatus = UNSET,
        app: AppRef = UNSET,
        limit: Limit | None = None,
    ) -> pd.DataFrame:
        """All projects, one row each; deleted ones only where that status is asked for.

        `createos_nb.columns("projects.list")` says what each column means.

        Returns:
            One row a project; times in UTC.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.projects.list(type="upload")[["unique_name", "type", "state"]]
                 unique_name    type      state
            0  landing-pages  upload     active
            1    winter-sale  upload  suspended
        """

    @operation("GetProject", "GET /v1/projects/{project_id}", answer=Record(Project))
    def get(self, project: ProjectRef) -> pd.Series:
        """One project.

        Returns:
            The row of the project, with the labels of `list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.projects.get("storefront")["display_name"]
            'Storefront'
        """

    @operation(
        "CreateProject",
        "POST /v1/projects",
        answer=Record(Made),
        success=201,
        failures="400 401 404 409 429 500",
    )
    def create(
        self,
        *,
        unique_name: UniqueName,
        display_name: DisplayName,
        type: ProjectType,
        settings: ProjectSettings,
        source: Source = UNSET,
        description: Description | None = UNSET,
        app: AppRef | None = UNSET,
        enabled_security_scan: bool = UNSET,
    ) -> pd.Series:
        """Make a project; nothing is deployed yet.

        vcs needs a source (vcs_name, vcs_installation_id, vcs_repo_id), a port, a runtime or a framework and, without a
        framework, Dockerfile or Build AI, all three commands; its empty commands are not sent. image needs a port.

        Args:
            enabled_security_scan: Scan its deployments for vulnerabilities.

        Returns:
            `id` of the project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> made = client.projects.create(
            ...     unique_name="gift-cards", display_name="Gift cards", type="image", settings={"port": 8080}
            ... )
            >>> client.projects.get(made["id"])["unique_name"]
            'gift-cards'
        """

    @operation("UpdateProject", "PUT /v1/projects/{project_id}")
    def update(
        self,
        project: ProjectRef,
        *,
        display_name: DisplayName,
        description: Description | None = UNSET,
        enabled_security_scan: bool | None = UNSET,
    ) -> str:
        """Change a project's display name, description and whether it is scanned.

        Args:
            enabled_security_scan: Scan its deployments for vulnerabilities; without a value the platform decides.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.update("storefront", display_name="Web shop")
            >>> client.projects.get("storefront")["display_name"]
            'Web shop'
        """

    @operation("UpdateProjectSettings", "PUT /v1/projects/{project_id}/settings")
    def update_settings(
        self,
        project: ProjectRef,
        *,
        port: Port | None = UNSET,
        runtime: Short | None = UNSET,
        framework: Short | None = UNSET,
        directory_path: Short | None = UNSET,
        install_command: Short | None = UNSET,
        build_command: Short | None = UNSET,
        run_command: Short | None = UNSET,
        build_dir: Short | None = UNSET,
        build_flag: Short | None = UNSET,
        run_flag: Short | None = UNSET,
        build_flags: Variables = UNSET,
        has_dockerfile: bool = UNSET,
        use_build_ai: bool = UNSET,
        ignore_branches: Sequence[Short] = UNSET,
        run_envs: Variables = UNSET,
        build_vars: Variables = UNSET,
    ) -> str:
        """Change build and run settings; they count from the next deployment on.

        Whether the platform merges or replaces is not documented: read, merge, and send the whole.

        Args:
            runtime: Runtime of the build, one of those that the platform supports, such as "node:20".
            framework: Framework, one of those that the platform supports, such as "nextjs".
            directory_path: Folder of the app in its repository.
            install_command: Command that installs what the build needs.
            build_command: Command that builds.
            run_command: Command that starts the app.
            build_dir: Folder that the build writes.
            build_flag: Flag of the build command.
            run_flag: Flag of the run command.
            has_dockerfile: Whether a Dockerfile decides the build.
            use_build_ai: Whether the platform finds the build configuration itself.
            ignore_branches: Branches whose pushes deploy nothing.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.update_settings("storefront", port=3000, ignore_branches=["docs"])
            >>> client.projects.get("storefront")["settings_ignore_branches"]
            ['docs']
        """

    @operation(
        "CheckProjectUniqueName",
        "POST /v1/projects/available-unique-name",
        effect="read",
        answer=Record(Availability),
        failures="400 401 500",
    )
    def check_unique_name(self, *, unique_name: UniqueName) -> pd.Series:
        """Ask whether a project name is free.

        Returns:
            `is_available`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> bool(client.projects.check_unique_name(unique_name="storefront")["is_available"])
            False
        """

    @operation("DeleteProject", "DELETE /v1/projects/{project_id}")
    def delete(self, project: ProjectRef) -> str:
        """Mark a project for deletion, with all that is in it; it goes a little later.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.delete("chat-bot")
            >>> client.projects.get("chat-bot")["state"]
            'deleting'
        """

    @operation("SuspendProject", "PUT /v1/projects/{project_id}/suspend", failures="401 403 404", source="official CLI")
    def suspend(self, project: ProjectRef) -> str:
        """Pause every environment of an active project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.suspend("chat-bot")
            >>> client.projects.get("chat-bot")["state"]
            'suspending'
        """

    @operation(
        "UnsuspendProject", "PUT /v1/projects/{project_id}/unsuspend", failures="401 403 404", source="official CLI"
    )
    def unsuspend(self, project: ProjectRef) -> str:
        """Resume a suspended project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.unsuspend("winter-sale")
            >>> client.projects.get("winter-sale")["state"]
            'active'
        """

    @operation(
        "GetSupportedProjectTypes",
        "GET /v1/projects/supported",
        answer=Rows(SupportedType),
        enveloped=False,
        failures="401 500",
    )
    def supported_types(self) -> pd.DataFrame:
        """Frameworks and runtimes that the platform can build, one row each.

        Returns:
            One row a framework or runtime, with the settings that can be changed.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.projects.supported_types()[["name", "type"]].head(3)
                      name       type
            0       nextjs  framework
            1  reactjs-spa  framework
            2  reactjs-ssr  framework
        """

    @operation(
        "GetProjectTransferUri",
        "GET /v1/projects/{project_id}/transfer-uri",
        effect="write",
        answer=Record(TransferUri),
    )
    def transfer_uri(self, project: ProjectRef) -> pd.Series:
        """Make a token, good for six hours, with which another user can take the project over.

        Returns:
            `frontend_uri`, `token` and `expires_at` (UTC); the first two are masked, `.reveal()` gives the text.

        Examples:
            >>> client = createos_nb.simulate()
            >>> uri = client.projects.transfer_uri("storefront")
            >>> uri["expires_at"] - client.now
            Timedelta('0 days 06:00:00')
        """

    @operation(
        "TransferProject",
        "GET /v1/projects/{project_id}/transfer",
        effect="destroy",
        failures="400 401 403 404 429 500",
    )
    def transfer(self, project: ProjectRef, *, token: str) -> str:
        """Take a project over with a token; it can't be undone.

        Args:
            token: The token that the owner has made.

        Examples:
            >>> client = createos_nb.simulate()
            >>> token = client.projects.transfer_uri("chat-bot")["token"]
            >>> key = client.world.key_of("tamsin")
            >>> other = createos_nb.Client(api_key=key, transport=client.world.transport())
            >>> other.projects.transfer(client.projects.get("chat-bot")["id"], token=token)
            'Project transferred successfully'
        """

    @operation("ListProjectTransferHistory", "GET /v1/projects/{project_id}/transfer-history", answer=Rows(Transfer))
    def transfer_history(self, project: ProjectRef) -> pd.DataFrame:
        """Past owners of a project, one row for each transfer.

        Returns:
            One row a change of owner.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.projects.transfer_history("storefront").empty
            True
        """
