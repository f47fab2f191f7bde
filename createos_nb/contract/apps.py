"""Apps: groups of projects and services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Page, Record, Rows
from createos_nb.contract.projects import Project
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Created, Made, Row, Text, Updated, UserId, about
from createos_nb.contract.types import AppDescription, AppRef, Color, Limit, ProjectRef, ServiceId

if TYPE_CHECKING:
    import pandas as pd


class App(Row):
    """A group of projects and services."""

    id: Annotated[Text, about("id")] = None
    name: Annotated[Text, about("its name")] = None
    description: Annotated[Text, about("what it is, in its owner's words")] = None
    color: Annotated[Text, about("colour of its label, such as #1f77b4")] = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class Service(Row):
    """A service of an app, such as a database."""

    id: Annotated[Text, about("id")] = None
    name: Annotated[Text, about("its name")] = None


class Apps(Resource):
    """Groups of projects and services that belong together."""

    name = "apps"

    @operation("ListApps", "GET /v1/apps", answer=Rows(App), failures="401 500")
    def list(self) -> pd.DataFrame:
        """Apps, one row each."""

    @operation("CreateApp", "POST /v1/apps", answer=Record(Made), failures="400 401 429 500")
    def create(
        self,
        *,
        name: Annotated[str, Meta(min_length=2, max_length=255, description="2–255 characters")],
        description: AppDescription | None = UNSET,
        color: Color = UNSET,
    ) -> pd.Series:
        """Make an app."""

    @operation("UpdateApp", "PATCH /v1/apps/{app_id}")
    def update(
        self,
        app: AppRef,
        *,
        name: Annotated[str, Meta(min_length=1, max_length=255, description="1–255 characters")],
        description: AppDescription | None = UNSET,
        color: Color = UNSET,
    ) -> str:
        """Rename, describe or recolour an app."""

    @operation("DeleteApp", "DELETE /v1/apps/{app_id}")
    def delete(self, app: AppRef) -> str:
        """Delete an app; its projects and services stay."""

    @operation("ListProjectsByApp", "GET /v1/apps/{app_id}/projects", answer=Page(Project))
    def projects(self, app: AppRef, *, limit: Limit | None = None) -> pd.DataFrame:
        """Projects of an app, one row each."""

    @operation("AddProjectsToApp", "POST /v1/apps/{app_id}/projects")
    def add_projects(self, app: AppRef, *, projects: Sequence[ProjectRef]) -> str:
        """Put projects into an app."""

    @operation("RemoveProjectsFromApp", "POST /v1/apps/{app_id}/projects/remove")
    def remove_projects(self, app: AppRef, *, projects: Sequence[ProjectRef]) -> str:
        """Take projects out of an app."""

    @operation("ListServicesByApp", "GET /v1/apps/{app_id}/services", answer=Page(Service))
    def services(self, app: AppRef, *, limit: Limit | None = None) -> pd.DataFrame:
        """Services of an app, one row each."""

    @operation("AddServicesToApp", "POST /v1/apps/{app_id}/services")
    def add_services(self, app: AppRef, *, services: Sequence[ServiceId]) -> str:
        """Put services into an app."""

    @operation("RemoveServicesFromApp", "POST /v1/apps/{app_id}/services/remove")
    def remove_services(self, app: AppRef, *, services: Sequence[ServiceId]) -> str:
        """Take services out of an app."""
