"""Cron jobs: requests to an environment on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Created, Flag, Made, Map, ProjectId, Row, Text, Time, Updated, Whole, about
from createos_nb.contract.types import CronjobRef, CronjobType, EnvironmentRef, JobSettings, ProjectRef
from createos_nb.naming import CRONJOB_STATES

if TYPE_CHECKING:
    import pandas as pd


class JobRequest(Row):
    """The request that a job makes."""

    method: Annotated[Text, about("HTTP method of the request")] = None
    path: Annotated[Text, about("path of the request")] = None
    headers: Annotated[Map, about("headers of the request: names, values masked")] = None
    body: Annotated[Text, about("body of the request, masked")] = None
    timeout_in_seconds: Annotated[Whole, about("how long it waits for the answer", unit="s")] = None


class Cronjob(Row):
    """A request on a schedule."""

    id: Annotated[Text, about("id")] = None
    project_id: ProjectId = None
    environment_id: Annotated[Text, about("id of the environment that is asked")] = None
    name: Annotated[Text, about("its name")] = None
    type: Annotated[Text, about("http or artifact")] = None
    schedule: Annotated[Text, about("cron expression, in UTC")] = None
    status: Annotated[Text, about("status on the wire", states=CRONJOB_STATES)] = None
    settings: JobRequest | None = None
    metadata: Annotated[Map, about("what the platform keeps with it")] = None
    suspended_at: Annotated[Time, about("when it was paused", unit="UTC")] = None
    suspended_by_owner: Annotated[Flag, about("its owner paused it, not the platform")] = None
    suspend_text: Annotated[Text, about("why it was paused")] = None
    user_request_terminated_at: Annotated[Time, about("when its deletion was asked for", unit="UTC")] = None
    created_at: Created = None
    updated_at: Updated = None


class CronjobActivity(Row):
    """One run of a job."""

    id: Annotated[Text, about("id")] = None
    cron_job_id: Annotated[Text, about("id of the job")] = None
    scheduled_at: Annotated[Time, about("when it was due", unit="UTC")] = None
    success: Annotated[Flag, about("the request was answered without an error")] = None
    status_code: Annotated[Whole, about("HTTP status of the answer")] = None
    log: Annotated[Text, about("what the platform wrote of it")] = None
    created_at: Created = None


JobName = Annotated[str, Meta(min_length=1, max_length=255, description="1–255 characters")]
Schedule = Annotated[str, Meta(max_length=256, description='cron expression in UTC, such as "*/15 * * * *"')]

_ONE = "/v1/projects/{project_id}/cronjobs/{cronjob_id}"


class Cronjobs(Resource):
    """Requests to an environment on a schedule; at most four a project."""

    name = "cronjobs"

    @operation(
        "ListCronjobs", "GET /v1/projects/{project_id}/cronjobs", answer=Rows(Cronjob), failures="401 403 404 500"
    )
    def list(self, project: ProjectRef) -> pd.DataFrame:
        """Cron jobs of a project, one row each.

        Returns:
            One row a job; `createos_nb.columns("cronjobs.list")` says what each column means.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.cronjobs.list("storefront")[["name", "schedule", "state"]]
                          name      schedule      state
            0    refresh-stock  */15 * * * *     active
            1  nightly-sitemap    10 3 * * *     active
            2      warm-caches       @hourly  suspended
        """

    @operation("GetCronjob", f"GET {_ONE}", answer=Record(Cronjob), failures="401 403 404 500")
    def get(self, project: ProjectRef, cronjob: CronjobRef) -> pd.Series:
        """One cron job.

        Returns:
            The row of the job, with the labels of `list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.cronjobs.get("storefront", "refresh-stock")["settings_path"]
            '/api/stock'
        """

    @operation(
        "CreateCronjob",
        "POST /v1/projects/{project_id}/cronjobs",
        answer=Record(Made),
        failures="400 401 403 404 422 500",
    )
    def create(
        self,
        project: ProjectRef,
        *,
        environment: EnvironmentRef,
        name: JobName,
        schedule: Schedule,
        type: CronjobType,
        settings: JobSettings = UNSET,
    ) -> pd.Series:
        """Schedule a request to an environment.

        Returns:
            `id` of the job.

        Examples:
            >>> client = createos_nb.simulate()
            >>> made = client.cronjobs.create(
            ...     "orders-api", environment="production", name="send-invoices", schedule="0 6 * * *", type="http",
            ...     settings={"path": "/invoices", "method": "POST"},
            ... )
            >>> client.cronjobs.get("orders-api", made["id"])["schedule"]
            '0 6 * * *'
        """

    @operation("UpdateCronjob", f"PUT {_ONE}")
    def update(
        self,
        project: ProjectRef,
        cronjob: CronjobRef,
        *,
        name: JobName,
        schedule: Schedule,
        settings: JobSettings = UNSET,
    ) -> str:
        """Change a job's name, schedule and request.

        Examples:
            >>> client = createos_nb.simulate()
            >>> settings = {"path": "/api/stock", "method": "POST"}
            >>> _ = client.cronjobs.update(
            ...     "storefront", "refresh-stock", name="refresh-stock", schedule="*/30 * * * *", settings=settings
            ... )
            >>> client.cronjobs.get("storefront", "refresh-stock")["schedule"]
            '*/30 * * * *'
        """

    @operation("DeleteCronjob", f"DELETE {_ONE}", failures="401 403 404 500")
    def delete(self, project: ProjectRef, cronjob: CronjobRef) -> str:
        """Delete a cron job.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.cronjobs.delete("storefront", "warm-caches")
            >>> client.cronjobs.get("storefront", "warm-caches")["state"]
            'deleting'
        """

    @operation("SuspendCronjob", f"POST {_ONE}/suspend", failures="401 403 404 422 500")
    def suspend(self, project: ProjectRef, cronjob: CronjobRef) -> str:
        """Pause a cron job.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.cronjobs.suspend("storefront", "refresh-stock")
            >>> client.cronjobs.get("storefront", "refresh-stock")["state"]
            'suspending'
        """

    @operation("UnsuspendCronjob", f"POST {_ONE}/unsuspend", failures="401 403 404 422 500")
    def unsuspend(self, project: ProjectRef, cronjob: CronjobRef) -> str:
        """Resume a paused cron job.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.cronjobs.unsuspend("storefront", "warm-caches")
            >>> client.cronjobs.get("storefront", "warm-caches")["state"]
            'active'
        """

    @operation(
        "ListCronjobActivities", f"GET {_ONE}/activities", answer=Rows(CronjobActivity), failures="401 403 404 500"
    )
    def activities(self, project: ProjectRef, cronjob: CronjobRef) -> pd.DataFrame:
        """Past runs of a cron job (the platform keeps ten), one row each.

        Returns:
            One row a run, newest first; times in UTC.

        Examples:
            >>> client = createos_nb.simulate()
            >>> runs = client.cronjobs.activities("storefront", "refresh-stock")
            >>> runs[["scheduled_at", "success", "status_code"]].head(2)
                           scheduled_at  success  status_code
            0 2026-03-02 08:45:00+00:00     True          200
            1 2026-03-02 08:30:00+00:00     True          200
        """
