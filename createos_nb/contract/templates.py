"""Templates: the marketplace of projects to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Page, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import (
    Created,
    Download,
    Flag,
    Made,
    Map,
    Number,
    ProjectId,
    Row,
    Text,
    Updated,
    UserId,
    Whole,
    about,
)
from createos_nb.contract.types import (
    EnvironmentRef,
    InstallationRef,
    Limit,
    Object,
    ProjectRef,
    PurchaseId,
    TemplateId,
)
from createos_nb.naming import TEMPLATE_STATES

if TYPE_CHECKING:
    import pandas as pd


class Author(Row):
    """The author of a template."""

    id: Annotated[Text, about("id of who offers it")] = None
    name: Annotated[Text, about("name of who offers it")] = None


class Template(Row):
    """A project to start from."""

    id: Annotated[Text, about("id")] = None
    name: Annotated[Text, about("its name")] = None
    status: Annotated[Text, about("status on the wire", states=TEMPLATE_STATES)] = None
    amount: Annotated[Number, about("price", unit="credits")] = None
    categories: Annotated[list[str] | None, about("categories of the marketplace")] = None
    description: Annotated[Text, about("what it is")] = None
    overview: Annotated[Text, about("what it offers")] = None
    use_cases: Annotated[Text, about("what it serves for")] = None
    author: Author | None = None
    has_user_purchased: Annotated[Flag, about("this account has bought it")] = None
    template_purchased_id: Annotated[Text, about("id of this account's purchase")] = None
    project_id: ProjectId = None
    environment_id: Annotated[Text, about("id of the environment that it was made from")] = None
    image_uri: Annotated[Text, about("picture")] = None
    video_url: Annotated[Text, about("film")] = None
    project_configuration: Annotated[Map, about("what a new project is made with")] = None
    environment_configuration: Annotated[Map, about("what its environment is made with")] = None
    build_resources: Annotated[Map, about("what its build may use")] = None
    deployment_resources: Annotated[Map, about("what its deployment may use")] = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class TemplatePurchase(Row):
    """A bought template."""

    id: Annotated[Text, about("id")] = None
    project_template_id: Annotated[Text, about("id of the template")] = None
    purchased_amount: Annotated[Number, about("price that was paid", unit="credits")] = None
    template: Template | None = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class CategoryCount(Row):
    """Templates by category."""

    name: Annotated[Text, about("category")] = None
    count: Annotated[Whole, about("templates", unit="templates")] = None


class Rejection(Row):
    """Why a template was turned down."""

    id: Annotated[Whole, about("id")] = None
    project_template_id: Annotated[Text, about("id of the template")] = None
    rejection_reason: Annotated[Text, about("the reviewer's reason")] = None
    created_at: Created = None
    updated_at: Updated = None


class Job(Row):
    """Work that the platform has begun."""

    job_id: Annotated[Text, about("id of the work")] = None


class ReviewStatus(Row):
    """The review status of a template."""

    status: Annotated[Text, about("status on the wire", states=TEMPLATE_STATES)] = None


TemplateName = Annotated[str, Meta(min_length=10, max_length=100, description="10–100 characters")]
LongText = Annotated[str, Meta(min_length=100, max_length=10_000, description="100–10,000 characters")]
Amount = Annotated[float, Meta(ge=0, le=5000, description="price in credits, 0–5,000", extra={"unit": "credits"})]
Picture = Annotated[str, Meta(max_length=100, description="address of a picture")]
Film = Annotated[str, Meta(max_length=100, description="address of a film")]
Categories = Annotated[
    Sequence[Annotated[str, Meta(max_length=128)]], Meta(max_length=5, description="at most five categories")
]

_ONE = "/v1/project-templates/{template_id}"
_BOUGHT = "/v1/project-templates/purchases/{purchase_id}"


class Templates(Resource):
    """The marketplace of projects to start from: offer, buy, deploy."""

    name = "templates"

    @operation(
        "ListPublishedProjectTemplates",
        "GET /v1/project-templates",
        answer=Page(Template, rows="templates"),
        failures="500",
    )
    def list_published(self, *, name: str = UNSET, categories: str = UNSET, limit: Limit | None = None) -> pd.DataFrame:
        """Templates of the marketplace, one row each."""

    @operation(
        "ListMyProjectTemplates",
        "GET /v1/project-templates/my",
        answer=Page(Template, rows="templates"),
        failures="401 500",
    )
    def list_my(self, *, limit: Limit | None = None) -> pd.DataFrame:
        """Templates that this account offers, one row each."""

    @operation(
        "ListProjectTemplateCounts",
        "GET /v1/project-templates/counts",
        answer=Rows(CategoryCount, inside="categoryCounts"),
        failures="500",
    )
    def counts(self, *, name: str = UNSET) -> pd.DataFrame:
        """Templates of the marketplace by category; the total is in `attrs`."""

    @operation("GetProjectTemplate", f"GET {_ONE}", answer=Record(Template), failures="400 403 404 500")
    def get(self, template: TemplateId) -> pd.Series:
        """One template."""

    @operation(
        "CreateProjectTemplate",
        "POST /v1/project-templates",
        answer=Record(Made),
        success=201,
        failures="400 401 403 404 422 429 500",
    )
    def create(
        self,
        *,
        name: TemplateName,
        project: ProjectRef,
        environment: EnvironmentRef,
        description: LongText,
        overview: LongText,
        use_cases: LongText,
        image_uri: Picture,
        project_configuration: Object,
        environment_configuration: Object,
        build_resources: Object,
        deployment_resources: Object,
        amount: Amount = UNSET,
        categories: Categories = UNSET,
        video_url: str = UNSET,
    ) -> pd.Series:
        """Offer a project as a template; it starts as a draft."""

    @operation("UpdateProjectTemplate", f"PUT {_ONE}", answer=Record(Made))
    def update(
        self,
        template: TemplateId,
        *,
        name: TemplateName,
        description: LongText,
        overview: LongText,
        use_cases: LongText,
        image_uri: Picture,
        video_url: Film,
        amount: Amount = UNSET,
        categories: Categories = UNSET,
    ) -> pd.Series:
        """Change a template."""

    @operation(
        "UpdateProjectTemplateStatus",
        f"PUT {_ONE}/send-for-review",
        answer=Record(ReviewStatus),
        failures="400 401 403 404 422 500",
    )
    def update_status(self, template: TemplateId) -> pd.Series:
        """Send a template for review."""

    @operation("DeleteProjectTemplate", f"DELETE {_ONE}")
    def delete(self, template: TemplateId) -> str:
        """Withdraw a template."""

    @operation(
        "ListProjectTemplateRejections",
        f"GET {_ONE}/rejections",
        answer=Rows(Rejection, inside="rejections"),
        failures="400 401 404 500",
    )
    def rejections(self, template: TemplateId) -> pd.DataFrame:
        """Why a template was turned down, one row for each review."""

    @operation("BuyProjectTemplate", f"POST {_ONE}/buy", answer=Record(Made), failures="400 401 404 422 500")
    def buy(self, template: TemplateId) -> pd.Series:
        """Buy a template."""

    @operation(
        "ListProjectTemplatePurchases",
        "GET /v1/project-templates/purchases",
        answer=Page(TemplatePurchase, rows="purchases", most=50),
        failures="401 500",
    )
    def purchases(self, *, limit: Limit | None = None) -> pd.DataFrame:
        """Bought templates, one row each."""

    @operation("DownloadProjectTemplate", f"GET {_BOUGHT}/download", answer=Record(Download))
    def download(self, purchase: PurchaseId) -> pd.Series:
        """Signed address of a bought template."""

    @operation(
        "DeployProjectTemplateViaGithub",
        f"PUT {_BOUGHT}/deploy-via-github",
        answer=Record(Job),
        failures="400 401 403 404 422 429 500",
    )
    def deploy_via_github(self, purchase: PurchaseId, *, installation: InstallationRef) -> pd.Series:
        """Deploy a bought template through a GitHub account."""
