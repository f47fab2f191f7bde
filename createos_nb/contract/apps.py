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
        """Apps, one row each.

        Returns:
            One row an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.apps.list()[["name", "color"]]
                      name    color
            0         Shop  #1f77b4
            1  Back office  #2ca02c
        """

    @operation("CreateApp", "POST /v1/apps", answer=Record(Made), failures="400 401 429 500")
    def create(
        self,
        *,
        name: Annotated[str, Meta(min_length=2, max_length=255, description="2–255 characters")],
        description: AppDescription | None = UNSET,
        color: Color = UNSET,
    ) -> pd.Series:
        """Make an app.

        Returns:
            `id` of the app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.apps.create(name="Marketing", color="#9467bd")
            >>> client.apps.list()["name"].to_list()
            ['Shop', 'Back office', 'Marketing']
        """

    @operation("UpdateApp", "PATCH /v1/apps/{app_id}")
    def update(
        self,
        app: AppRef,
        *,
        name: Annotated[str, Meta(min_length=1, max_length=255, description="1–255 characters")],
        description: AppDescription | None = UNSET,
        color: Color = UNSET,
    ) -> str:
        """Rename, describe or recolor an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.apps.update("Shop", name="Web shop")
            >>> client.apps.list()["name"].to_list()
            ['Web shop', 'Back office']
        """

    @operation("DeleteApp", "DELETE /v1/apps/{app_id}")
    def delete(self, app: AppRef) -> str:
        """Delete an app; its projects and services stay.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.apps.delete("Back office")
            >>> client.apps.list()["name"].to_list()
            ['Shop']
        """

    @operation("ListProjectsByApp", "GET /v1/apps/{app_id}/projects", answer=Page(Project))
    def projects(self, app: AppRef, *, limit: Limit | None = None) -> pd.DataFrame:
        """Projects of an app, one row each.

        Returns:
            One row a project, with the columns of `projects.list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.apps.projects("Shop")["unique_name"].to_list()
            ['recommendations', 'edge-gateway', 'orders-api', 'storefront']
        """

    @operation("AddProjectsToApp", "POST /v1/apps/{app_id}/projects")
    def add_projects(self, app: AppRef, *, projects: Sequence[ProjectRef]) -> str:
        """Put projects into an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.apps.add_projects("Shop", projects=["landing-pages", "shop-assistant"])
            >>> len(client.apps.projects("Shop"))
            6
        """

    @operation("RemoveProjectsFromApp", "POST /v1/apps/{app_id}/projects/remove")
    def remove_projects(self, app: AppRef, *, projects: Sequence[ProjectRef]) -> str:
        """Take projects out of an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.apps.remove_projects("Shop", projects=["edge-gateway"])
            >>> client.apps.projects("Shop")["unique_name"].to_list()
            ['recommendations', 'orders-api', 'storefront']
        """

    @operation("ListServicesByApp", "GET /v1/apps/{app_id}/services", answer=Page(Service))
    def services(self, app: AppRef, *, limit: Limit | None = None) -> pd.DataFrame:
        """Services of an app, one row each.

        Returns:
            One row a service.

        Examples:
            >>> client = createos_nb.simulate()
            >>> list(client.apps.services("Shop").columns)
            ['id', 'name']
        """

    @operation("AddServicesToApp", "POST /v1/apps/{app_id}/services")
    def add_services(self, app: AppRef, *, services: Sequence[ServiceId]) -> str:
        """Put services into an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> services = client.apps.services("Shop")["id"].to_list()
            >>> client.apps.add_services("Back office", services=services)
            'Services added to app successfully'
        """

    @operation("RemoveServicesFromApp", "POST /v1/apps/{app_id}/services/remove")
    def remove_services(self, app: AppRef, *, services: Sequence[ServiceId]) -> str:
        """Take services out of an app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> services = client.apps.services("Shop")["id"].to_list()
            >>> client.apps.remove_services("Shop", services=services)
            'Services removed from app successfully'
        """
