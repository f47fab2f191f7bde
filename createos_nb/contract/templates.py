"""Templates: the marketplace of projects to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Page, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Download, Made
from createos_nb.contract.template_rows import (
    CategoryCount,
    Job,
    Rejection,
    ReviewStatus,
    Template,
    TemplatePurchase,
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

if TYPE_CHECKING:
    import pandas as pd


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
        """Templates of the marketplace, one row each.

        Args:
            name: Part of the name.
            categories: Categories, separated by commas.

        Returns:
            One row a template; `createos_nb.columns("templates.list_published")` says what each column means.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.templates.list_published(categories="agents")[["name", "amount"]]
                                      name  amount
            0           MCP server in Node    10.0
            1  Agent with tools and memory    40.0
        """

    @operation(
        "ListMyProjectTemplates",
        "GET /v1/project-templates/my",
        answer=Page(Template, rows="templates"),
        failures="401 500",
    )
    def list_my(self, *, limit: Limit | None = None) -> pd.DataFrame:
        """Templates that this account offers, one row each.

        Returns:
            One row a template.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.templates.list_my()[["name", "state"]]
                                   name     state
            0  Landing page of a season  rejected
            1    Storefront starter kit     draft
        """

    @operation(
        "ListProjectTemplateCounts",
        "GET /v1/project-templates/counts",
        answer=Rows(CategoryCount, inside="categoryCounts"),
        failures="500",
    )
    def counts(self, *, name: str = UNSET) -> pd.DataFrame:
        """Templates of the marketplace by category.

        The total is in `attrs`.

        Args:
            name: Part of the name.

        Returns:
            One row a category.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.templates.counts().head(3)
                   name  count
            0    agents      2
            1   backend      1
            2  frontend      1
        """

    @operation("GetProjectTemplate", f"GET {_ONE}", answer=Record(Template), failures="400 403 404 500")
    def get(self, template: TemplateId) -> pd.Series:
        """One template.

        Returns:
            The row of the template, with the labels of `list_published`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> [first, *others] = client.templates.list_published()["id"]
            >>> client.templates.get(first)["name"]
            'MCP server in Node'
        """

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
        """Offer a project as a template; it starts as a draft.

        Args:
            project_configuration: Settings of the project that a buyer deploys.
            environment_configuration: Settings of its environment.
            build_resources: Resources that the build takes.
            deployment_resources: Resources that the deployment takes: cpu (millicores), memory (MB), replicas.
            video_url: The address of a film about it.

        Returns:
            `id` of the template.

        Examples:
            >>> client = createos_nb.simulate()
            >>> text = "Everything that a small shop needs. " * 4
            >>> made = client.templates.create(
            ...     name="Kit of a shop", project="storefront", environment="production",
            ...     description=text, overview=text, use_cases=text, image_uri="https://images.example.com/shop.png",
            ...     project_configuration={}, environment_configuration={}, build_resources={}, deployment_resources={},
            ... )
            >>> client.templates.get(made["id"])["state"]
            'draft'
        """

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
        """Change a template.

        Returns:
            `id` of the template.

        Examples:
            >>> client = createos_nb.simulate()
            >>> text = "Everything that a small shop needs. " * 4
            >>> draft = client.templates.list_my()["id"].iloc[-1]
            >>> _ = client.templates.update(
            ...     draft, name="Kit of a shop", description=text, overview=text, use_cases=text,
            ...     image_uri="https://images.example.com/shop.png", video_url="https://video.example.com/shop",
            ... )
            >>> client.templates.get(draft)["name"]
            'Kit of a shop'
        """

    @operation(
        "UpdateProjectTemplateStatus",
        f"PUT {_ONE}/send-for-review",
        answer=Record(ReviewStatus),
        failures="400 401 403 404 422 500",
    )
    def update_status(self, template: TemplateId) -> pd.Series:
        """Send a template for review.

        Returns:
            The new status.

        Examples:
            >>> client = createos_nb.simulate()
            >>> draft = client.templates.list_my()["id"].iloc[-1]
            >>> client.templates.update_status(draft)
            status     underReview
            state     under review
            dtype: object
        """

    @operation("DeleteProjectTemplate", f"DELETE {_ONE}")
    def delete(self, template: TemplateId) -> str:
        """Withdraw a template.

        Examples:
            >>> client = createos_nb.simulate()
            >>> draft = client.templates.list_my()["id"].iloc[-1]
            >>> _ = client.templates.delete(draft)
            >>> client.templates.list_my()["name"].to_list()
            ['Landing page of a season']
        """

    @operation(
        "ListProjectTemplateRejections",
        f"GET {_ONE}/rejections",
        answer=Rows(Rejection, inside="rejections"),
        failures="400 401 404 500",
    )
    def rejections(self, template: TemplateId) -> pd.DataFrame:
        """Why a template was turned down, one row for each review.

        Returns:
            One row a review.

        Examples:
            >>> client = createos_nb.simulate()
            >>> rejected = client.templates.list_my()["id"].iloc[0]
            >>> client.templates.rejections(rejected)["created_at"]
            0   2026-02-17 10:00:00+00:00
            Name: created_at, dtype: datetime64[us, UTC]
        """

    @operation("BuyProjectTemplate", f"POST {_ONE}/buy", answer=Record(Made), failures="400 401 404 422 500")
    def buy(self, template: TemplateId) -> pd.Series:
        """Buy a template.

        Returns:
            `id` of the purchase.

        Examples:
            >>> client = createos_nb.simulate()
            >>> template = client.templates.list_published(name="MCP")["id"].iloc[0]
            >>> _ = client.templates.buy(template)
            >>> len(client.templates.purchases())
            2
        """

    @operation(
        "ListProjectTemplatePurchases",
        "GET /v1/project-templates/purchases",
        answer=Page(TemplatePurchase, rows="purchases", most=50),
        failures="401 500",
    )
    def purchases(self, *, limit: Limit | None = None) -> pd.DataFrame:
        """Bought templates, one row each.

        Returns:
            One row a purchase, with the template's columns as `template_…`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.templates.purchases()[["template_name", "purchased_amount"]]
                            template_name  purchased_amount
            0  FastAPI service with tests               0.0
        """

    @operation("DownloadProjectTemplate", f"GET {_BOUGHT}/download", answer=Record(Download))
    def download(self, purchase: PurchaseId) -> pd.Series:
        """Signed address of a bought template.

        Returns:
            `download_uri`, masked: whoever has the address can read the files.

        Examples:
            >>> client = createos_nb.simulate()
            >>> purchase = client.templates.purchases()["id"].iloc[0]
            >>> client.templates.download(purchase)["download_uri"]
            Secret(••••••)
        """

    @operation(
        "DeployProjectTemplateViaGithub",
        f"PUT {_BOUGHT}/deploy-via-github",
        answer=Record(Job),
        failures="400 401 403 404 422 429 500",
    )
    def deploy_via_github(self, purchase: PurchaseId, *, installation: InstallationRef) -> pd.Series:
        """Deploy a bought template through a GitHub account.

        Returns:
            The job that deploys it.

        Examples:
            >>> client = createos_nb.simulate()
            >>> purchase = client.templates.purchases()["id"].iloc[0]
            >>> client.templates.deploy_via_github(purchase, installation="juniper-goods")
            job_id    c6134d4a-0d9a-44a1-9e16-b275c7ee7942
            dtype: object
        """
