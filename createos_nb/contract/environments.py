"""Environments: where a project serves its users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from createos_nb.contract.operation import UNSET, LogText, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import (
    Availability,
    Created,
    Flag,
    Made,
    Map,
    ProjectId,
    Row,
    Text,
    Updated,
    Whole,
    about,
)
from createos_nb.contract.types import (
    Branch,
    Cpu,
    DeploymentRef,
    Description,
    DisplayName,
    EnvironmentOptions,
    EnvironmentRef,
    Limits,
    Memory,
    PlainDescription,
    Port,
    ProjectRef,
    Replicas,
    SinceSeconds,
    UniqueName,
    Variables,
)
from createos_nb.naming import ENVIRONMENT_STATES

if TYPE_CHECKING:
    import pandas as pd


class Resources(Row):
    """The resources of an environment."""

    cpu: Annotated[Whole, about("CPU limit; above it the app is throttled", unit="millicores")] = None
    memory: Annotated[Whole, about("memory limit; above it the app is killed", unit="MB")] = None
    replicas: Annotated[Whole, about("number of replicas", unit="replicas")] = None


class EnvironmentVariables(Row):
    """Settings of an environment."""

    run_envs: Annotated[Map, about("run-time variables: names, values masked", bare=True)] = None


class EnvironmentExtra(Row):
    """Details that the platform adds to an environment."""

    endpoint: Annotated[Text, about("its address", bare=True)] = None
    custom_domains: Annotated[list[str] | None, about("host names routed to it")] = None


class Environment(Row):
    """An environment of a project."""

    id: Annotated[Text, about("id")] = None
    project_id: ProjectId = None
    unique_name: Annotated[Text, about("its name, unique in its project")] = None
    display_name: Annotated[Text, about("name for people")] = None
    status: Annotated[Text, about("status on the wire", states=ENVIRONMENT_STATES)] = None
    branch: Annotated[Text, about("branch that it follows (vcs projects)")] = None
    is_auto_promote_enabled: Annotated[Flag, about("a successful deployment of the branch goes live by itself")] = None
    project_deployment_id: Annotated[Text, about("id of the live deployment")] = None
    extra: EnvironmentExtra | None = None
    resources: Resources | None = None
    settings: EnvironmentVariables | None = None
    description: Annotated[Text, about("what it is for, in its owner's words")] = None
    created_at: Created = None
    updated_at: Updated = None


class Environments(Resource):
    """The environments of a project (production, staging, …), each with a live deployment."""

    name = "environments"

    @operation(
        "ListProjectEnvironments",
        "GET /v1/projects/{project_id}/environments",
        answer=Rows(Environment),
        failures="400 401 403 404 422 500",
    )
    def list(self, project: ProjectRef) -> pd.DataFrame:
        """Environments of a project, one row each.

        Returns:
            One row an environment; `createos_nb.columns("environments.list")` says what each column means.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.environments.list("storefront")[["unique_name", "branch", "resources_replicas"]]
               unique_name   branch  resources_replicas
            0   production     main                   3
            1      staging  staging                   1
            2  development  develop                   1
            3         blue  release                   2
            4        green  release                   2
        """

    @operation(
        "CreateProjectEnvironment",
        "POST /v1/projects/{project_id}/environments",
        answer=Record(Made),
        success=201,
        failures="400 401 403 404 409 422 429 500",
    )
    def create(
        self,
        project: ProjectRef,
        *,
        unique_name: UniqueName,
        display_name: DisplayName,
        description: Description | None,
        resources: Limits,
        settings: EnvironmentOptions,
        branch: Branch | None = UNSET,
        is_auto_promote_enabled: bool = UNSET,
    ) -> pd.Series:
        """Make an environment; a vcs project's needs a branch.

        A description with punctuation is taken here but refused by every later `update`.

        Args:
            is_auto_promote_enabled: Whether every deployment of the branch that is built goes live by itself.

        Returns:
            `id` of the environment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> made = client.environments.create(
            ...     "storefront", unique_name="preview", display_name="Preview", description=None, branch="develop",
            ...     resources={"cpu": 200, "memory": 500, "replicas": 1}, settings={},
            ... )
            >>> client.environments.get("storefront", made["id"])["unique_name"]
            'preview'
        """

    @operation(
        "UpdateProjectEnvironment",
        "PUT /v1/projects/{project_id}/environments/{environment_id}",
        failures="400 401 403 404 422 500",
    )
    def update(
        self,
        project: ProjectRef,
        environment: EnvironmentRef,
        *,
        display_name: DisplayName,
        description: PlainDescription,
        branch: Branch | None = UNSET,
        is_auto_promote_enabled: bool = UNSET,
    ) -> str:
        """Change an environment's name, description, branch and auto-promotion: read, merge, and send the whole.

        Args:
            is_auto_promote_enabled: Whether every deployment of the branch that is built goes live by itself.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.environments.update(
            ...     "storefront", "staging", display_name="Rehearsal", description="Before production", branch="staging"
            ... )
            >>> client.environments.get("storefront", "staging")["display_name"]
            'Rehearsal'
        """

    @operation(
        "UpdateProjectEnvironmentEnvironmentVariables",
        "PUT /v1/projects/{project_id}/environments/{environment_id}/environment-variables",
        failures="400 401 403 404 422 500",
    )
    def update_variables(
        self,
        project: ProjectRef,
        environment: EnvironmentRef,
        *,
        run_envs: Variables,
        port: Port = UNSET,
    ) -> str:
        """Replace the run-time variables of an environment; a key left out is gone. `port`: image projects only.

        Running deployments keep the old ones: they count from the next deployment on.
        `createos_nb.runbooks.set_variables` merges, and can be undone.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.environments.update_variables("storefront", "staging", run_envs={"LOG_LEVEL": "debug"})
            >>> list(client.environments.get("storefront", "staging")["run_envs"])
            ['LOG_LEVEL']
        """

    @operation(
        "UpdateProjectEnvironmentResources",
        "PUT /v1/projects/{project_id}/environments/{environment_id}/resources",
        failures="400 401 403 404 422 500",
    )
    def update_resources(
        self, project: ProjectRef, environment: EnvironmentRef, *, cpu: Cpu, memory: Memory, replicas: Replicas
    ) -> str:
        """Set CPU (millicores), memory (MB) and the number of replicas of an environment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.environments.update_resources("storefront", "staging", cpu=300, memory=768, replicas=2)
            >>> client.environments.get("storefront", "staging")[["resources_cpu", "resources_memory"]]
            resources_cpu       300
            resources_memory    768
            Name: staging, dtype: object
        """

    @operation(
        "AssignDeploymentToProjectEnvironment",
        "POST /v1/projects/{project_id}/environments/{environment_id}/assign-deployment",
        failures="400 401 403 404 422 500",
    )
    def assign_deployment(self, project: ProjectRef, environment: EnvironmentRef, deployment: DeploymentRef) -> str:
        """Assign a deployment to an environment: it is the live one from then on; nothing is built.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.environments.assign_deployment("storefront", "staging", 16)
            >>> live = client.environments.get("storefront", "staging")["project_deployment_id"]
            >>> int(client.deployments.get("storefront", live)["version_number"])
            16
        """

    @operation(
        "DeleteProjectEnvironment",
        "DELETE /v1/projects/{project_id}/environments/{environment_id}",
        failures="400 401 403 404 422 500",
    )
    def delete(self, project: ProjectRef, environment: EnvironmentRef) -> str:
        """Delete an environment; its address stops answering.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.environments.delete("orders-api", "development")
            >>> client.environments.get("orders-api", "development")["state"]
            'deleting'
        """

    @operation(
        "CheckProjectEnvironmentUniqueName",
        "POST /v1/projects/{project_id}/environments/available-unique-name",
        effect="read",
        answer=Record(Availability),
        failures="400 401 500",
    )
    def check_unique_name(self, project: ProjectRef, *, unique_name: UniqueName) -> pd.Series:
        """Ask whether an environment name is free in a project.

        Returns:
            `is_available`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> bool(client.environments.check_unique_name("storefront", unique_name="preview")["is_available"])
            True
        """

    @operation(
        "GetProjectEnvironmentLogs",
        "GET /v1/projects/{project_id}/environments/{environment_id}/logs",
        answer=LogText(),
        failures="400 401 403 404 422 500",
    )
    def logs(
        self, project: ProjectRef, environment: EnvironmentRef, *, since_seconds: SinceSeconds = UNSET
    ) -> pd.DataFrame:
        """Runtime log of all that runs in an environment, by default of the last 60 seconds.

        Returns:
            One row a line: time (UTC), line_number, stage, level, text.

        Examples:
            >>> client = createos_nb.simulate()
            >>> there = client.environments.get("storefront", "production")
            >>> ids = {"project_id": there["project_id"], "environment_id": there["id"]}
            >>> isinstance(client.call("GetProjectEnvironmentLogs", **ids, since_seconds=600), str)
            True
        """
