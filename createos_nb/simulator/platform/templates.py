"""Serves `createos_nb.contract.templates`, but for purchases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import template_rows
from createos_nb.contract.row import Download, Made, Row
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.envelope import encode
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.platform.access import environment_of, owned
from createos_nb.simulator.platform.account import projects_in_use
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.projects import SETTINGS_OF, name_taken, new_project
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.rows import page_of
from createos_nb.simulator.platform.signed_urls import SignedFile, serves_file, signed_url, zip_archive
from createos_nb.simulator.platform.validation import QueryValues, check_id, value_or
from createos_nb.simulator.state import Purchase, Repository, Template
from createos_nb.simulator.times import rfc3339


class TemplateFields(Struct, kw_only=True):
    """Parameters of both `CreateProjectTemplate` and `UpdateProjectTemplate`."""

    name: str
    description: str
    overview: str
    use_cases: str
    image_uri: str
    amount: float | UnsetType = UNSET
    categories: Sequence[str] | UnsetType = UNSET


class TemplateDraft(TemplateFields, kw_only=True):
    """Body of `CreateProjectTemplate`."""

    project_id: str
    environment_id: str
    project_configuration: Mapping[str, Any]
    environment_configuration: Mapping[str, Any]
    build_resources: Mapping[str, Any]
    deployment_resources: Mapping[str, Any]
    video_url: str | UnsetType = UNSET


class TemplateChanges(TemplateFields, kw_only=True):
    """Body of `UpdateProjectTemplate`."""

    video_url: str


class InstallationId(Struct):
    """Body of `DeployProjectTemplateViaGithub`."""

    installation_id: int


class CategoryCounts(Row, kw_only=True):
    """Templates by category, and how many there are in all."""

    category_counts: list[template_rows.CategoryCount]
    total: int


class Rejections(Row, kw_only=True):
    """Why a template was turned down."""

    rejections: list[template_rows.Rejection]


def template_row(context: WorldContext, template: Template, user: str) -> template_rows.Template:
    """Return a template as a user sees it."""
    purchases = context.state.purchases.values()
    bought = next((bought.id for bought in purchases if bought.user == user and bought.template == template.id), None)
    return template_rows.Template(
        id=template.id,
        name=template.name,
        status=template.status,
        amount=template.amount,
        categories=template.categories,
        description=template.description,
        overview=template.overview,
        use_cases=template.use_cases,
        author=template_rows.Author(id=template.user, name=template.author),
        has_user_purchased=bought is not None,
        template_purchased_id=bought,
        project_id=template.project,
        environment_id=template.environment,
        image_uri=template.image,
        video_url=template.video,
        project_configuration=template.project_configuration,
        environment_configuration=template.environment_configuration,
        build_resources=template.build_resources,
        deployment_resources=template.deployment_resources,
        user_id=template.user,
        created_at=rfc3339(template.created),
        updated_at=rfc3339(template.updated),
    )


def _page(context: WorldContext, call: Call, listed: list[Template]) -> bytes:
    def row(template: Template) -> bytes:
        return encode(template_row(context, template, call.user))

    return page_of(call.query, listed, row, "templates")


def _listed(context: WorldContext, query: QueryValues) -> list[Template]:
    name = query.get("name", "").lower()
    categories = {part.strip().lower() for part in query.get("categories", "").split(",") if part.strip()}
    return [
        template
        for template in reversed(context.state.templates.values())
        if template.status == "listed"
        and name in template.name.lower()
        and (not categories or categories & {category.lower() for category in template.categories})
    ]


@serves("ListPublishedProjectTemplates")
def list_published(context: WorldContext, call: Call) -> Payload:
    """Return a page of the marketplace, newest first."""
    return _page(context, call, _listed(context, call.query))


@serves("ListMyProjectTemplates")
def list_my(context: WorldContext, call: Call) -> Payload:
    """Return a page of the user's own templates, newest first."""
    mine = [t for t in reversed(context.state.templates.values()) if t.user == call.user and t.status != "deleted"]
    return _page(context, call, mine)


@serves("ListProjectTemplateCounts")
def counts(context: WorldContext, call: Call) -> Payload:
    """Return how many templates of the marketplace there are by category."""
    listed = _listed(context, call.query)
    tally: dict[str, int] = {}
    for template in listed:
        for category in template.categories:
            tally[category] = tally.get(category, 0) + 1
    counted = [template_rows.CategoryCount(name=name, count=count) for name, count in sorted(tally.items())]
    return CategoryCounts(category_counts=counted, total=len(listed))


def _template(context: WorldContext, call: Call, *, own: bool = True) -> Template:
    template = context.state.templates.get(call.ids[0])
    if template is None or template.status == "deleted":
        check_id("template_id", call.ids[0])
        raise HttpError(404, "template not found")
    if template.user != call.user and (own or template.status != "listed"):
        raise HttpError(403 if template.status == "listed" else 404, "this template is somebody else's")
    return template


@serves("GetProjectTemplate")
def get_template(context: WorldContext, call: Call) -> Payload:
    """Return one template: of the marketplace, or one's own."""
    return template_row(context, _template(context, call, own=False), call.user)


@serves("CreateProjectTemplate", TemplateDraft)
def create_template(context: WorldContext, call: BodyCall[TemplateDraft]) -> Payload:
    """Offer a project as a template; it starts as a draft."""
    body, state = call.body, context.state
    project = state.projects.get(body.project_id)
    if project is None or project.user != call.user or project.status == "deleted":
        raise HttpError(404, "project not found")
    environment = environment_of(project, body.environment_id)
    if project.status != "active" or not environment.deployment:
        raise HttpError(422, "a template is made from an active project and an environment that has a deployment")
    if sum(t.user == call.user and t.status == "draft" for t in state.templates.values()) >= state.settings.drafts:
        raise HttpError(429, f"quota exceeded: {state.settings.drafts} draft templates")
    now = state.now
    template = Template(
        id=context.new_id("template"),
        user=call.user,
        author=state.users[call.user].display,
        name=body.name,
        status="draft",
        created=now,
        updated=now,
        project=project.id,
        environment=environment.id,
        video=value_or(body.video_url, ""),
        project_configuration=dict(body.project_configuration),
        environment_configuration=dict(body.environment_configuration),
        build_resources=dict(body.build_resources),
        deployment_resources=dict(body.deployment_resources),
    )
    _describe(template, body)
    state.templates[template.id] = template
    context.record("template made", project, template.name)
    return Made(id=template.id)


def _describe(template: Template, body: TemplateFields) -> None:
    template.name, template.description, template.overview = body.name, body.description, body.overview
    template.use_cases, template.image = body.use_cases, body.image_uri
    template.amount = value_or(body.amount, template.amount)
    template.categories = list(value_or(body.categories, template.categories))


@serves("UpdateProjectTemplate", TemplateChanges)
def update_template(context: WorldContext, call: BodyCall[TemplateChanges]) -> Payload:
    """Change a template; one that is under review waits."""
    template, body = _template(context, call), call.body
    if template.status not in ("draft", "rejected", "listed"):
        raise HttpError(400, f"a template that is {template.status} can't be changed")
    _describe(template, body)
    template.video = body.video_url
    context.touch(template)
    return Made(id=template.id)


@serves("UpdateProjectTemplateStatus")
def send_for_review(context: WorldContext, call: Call) -> Payload:
    """Send a template for review."""
    template = _template(context, call)
    if template.status not in ("draft", "rejected"):
        raise HttpError(422, f"a template that is {template.status} can't be sent for review")
    template.status = "underReview"
    context.touch(template)
    context.schedule_in(context.state.settings.reviewing, "template is reviewed", template.id)
    return template_rows.ReviewStatus(status=template.status)


@handles_event("template is reviewed")
def _reviewed(context: WorldContext, target: tuple[str, ...]) -> None:
    template = context.state.templates[target[0]]
    if template.status != "underReview":
        return
    if template.review:
        template.status = "rejected"
        template.rejections.append((context.state.now, template.review))
        template.review = ""
    else:
        template.status = "listed"
    context.touch(template)
    context.record(f"template {template.status}", text=template.name)


@serves("DeleteProjectTemplate")
def delete_template(context: WorldContext, call: Call) -> Payload:
    """Withdraw a template; who has bought it keeps it."""
    template = _template(context, call)
    template.status = "deleted"
    context.touch(template)
    return "Template deleted successfully"


@serves("ListProjectTemplateRejections")
def rejections(context: WorldContext, call: Call) -> Payload:
    """Return why a template was turned down, newest first."""
    template = _template(context, call)
    rows = [
        template_rows.Rejection(
            id=number,
            project_template_id=template.id,
            rejection_reason=reason,
            created_at=rfc3339(at),
            updated_at=rfc3339(at),
        )
        for number, (at, reason) in enumerate(template.rejections, 1)
    ]
    return Rejections(rejections=rows[::-1])


WORKING = 30
"""Seconds until a template is deployed."""


@serves("BuyProjectTemplate")
def buy(context: WorldContext, call: Call) -> Payload:
    """Buy a template of the marketplace, once."""
    state = context.state
    template = state.templates.get(call.ids[0])
    if template is None or template.status == "deleted":
        check_id("template_id", call.ids[0])
        raise HttpError(404, "template not found")
    if template.status != "listed":
        raise HttpError(422, "this template is not on offer")
    if template.user == call.user:
        raise HttpError(422, "this template is your own")
    if any(bought.user == call.user and bought.template == template.id for bought in state.purchases.values()):
        raise HttpError(422, "you have bought this template already")
    purchase = Purchase(context.new_id("purchase"), call.user, template.id, template.amount, state.now)
    state.purchases[purchase.id] = purchase
    context.record("template bought", text=template.name)
    return Made(id=purchase.id)


@serves("ListProjectTemplatePurchases")
def list_purchases(context: WorldContext, call: Call) -> Payload:
    """Return a page of bought templates, newest first."""
    purchases = [purchase for purchase in reversed(context.state.purchases.values()) if purchase.user == call.user]

    def row(purchase: Purchase) -> bytes:
        return encode(
            template_rows.TemplatePurchase(
                id=purchase.id,
                project_template_id=purchase.template,
                purchased_amount=purchase.amount,
                template=template_row(context, context.state.templates[purchase.template], call.user),
                user_id=purchase.user,
                created_at=rfc3339(purchase.at),
                updated_at=rfc3339(purchase.at),
            )
        )

    return page_of(call.query, purchases, row, "purchases")


@serves("DownloadProjectTemplate")
def download(context: WorldContext, call: Call) -> Payload:
    """Return a signed address of a bought template."""
    purchase = owned(call, "purchase", context.state.purchases)
    return Download(download_uri=signed_url(context, "template", purchase.id))


@serves("DeployProjectTemplateViaGithub", InstallationId)
def deploy_via_github(context: WorldContext, call: BodyCall[InstallationId]) -> Payload:
    """Make a repository and a project from a bought template; both are there a little later."""
    purchase, state = owned(call, "purchase", context.state.purchases), context.state
    account = next((a for a in state.github if a.installation == call.body.installation_id), None)
    if account is None or account.user != call.user:
        raise HttpError(404, "GitHub installation not found: connect the account first")
    if projects_in_use(context, call.user) >= state.settings.projects:
        raise HttpError(429, f"quota exceeded: {state.settings.projects} projects")
    job = context.new_id("job")
    context.schedule_in(WORKING, "template is deployed", job, purchase.id, str(account.installation))
    return template_rows.Job(job_id=job)


@handles_event("template is deployed")
def _deployed(context: WorldContext, target: tuple[str, ...]) -> None:
    job, bought, installation = target
    state = context.state
    purchase = state.purchases[bought]
    template = state.templates[purchase.template]
    account = next(a for a in state.github if str(a.installation) == installation)
    plain = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in template.name.lower()).split())
    name = plain[:27].strip("-") or "template"
    if name_taken(context, name):
        name = f"{name}-{job[:4]}"
    head = (hex_of(40, state.seed, "commit", job), f"Start from {template.name}")
    repository = Repository(
        id=700_000_000 + number_of(99_999_999, state.seed, job),
        name=name,
        branch="main",
        private=True,
        heads={"main": head},
        files=["README.md", "createos.json"],
    )
    account.repositories.append(repository)
    known = set(SETTINGS_OF["vcs"].__struct_encode_fields__)
    settings = {key: value for key, value in template.project_configuration.items() if key in known}
    new_project(
        context,
        purchase.user,
        name,
        template.name[:48],
        "vcs",
        settings={"runtime": "node:20", "port": 3000, **settings},
        source={"vcsName": "github", "vcsInstallationId": installation, "vcsRepoId": str(repository.id)},
    )


@serves_file("template")
def _template_files(context: WorldContext, ids: list[str]) -> SignedFile:
    purchase = context.state.purchases.get(ids[0])
    template = context.state.templates.get(purchase.template) if purchase is not None else None
    if template is None:
        raise HttpError(404, "the template is gone")
    readme = f"# {template.name}\n\n{template.overview}\n"
    configuration = msgspec.json.format(msgspec.json.encode(template.project_configuration), indent=2)
    content = zip_archive({"README.md": readme.encode(), "createos.json": configuration})
    return SignedFile("application/zip", f"template-{template.id[:8]}.zip", content)
