"""Serves `createos_nb.api.templates`, but for purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator.access import environment_of
from createos_nb.simulator.answers import encode, page
from createos_nb.simulator.moments import rfc3339
from createos_nb.simulator.projects import PAGE
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.schedule import due_in, happens
from createos_nb.simulator.state import Template
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def template_row(world: Core, template: Template, user: str) -> dict[str, Any]:
    """A template as a user sees it."""
    bought = next(
        (one.id for one in world.state.purchases.values() if one.user == user and one.template == template.id), None
    )
    return {
        "id": template.id,
        "name": template.name,
        "status": template.status,
        "amount": template.amount,
        "categories": template.categories,
        "description": template.description,
        "overview": template.overview,
        "useCases": template.use_cases,
        "author": {"id": template.user, "name": template.author},
        "hasUserPurchased": bought is not None,
        "templatePurchasedId": bought,
        "projectId": template.project,
        "environmentId": template.environment,
        "imageUri": template.image,
        "videoUrl": template.video,
        "projectConfiguration": template.project_configuration,
        "environmentConfiguration": template.environment_configuration,
        "buildResources": template.build_resources,
        "deploymentResources": template.deployment_resources,
        "userId": template.user,
        "createdAt": rfc3339(template.created),
        "updatedAt": rfc3339(template.updated),
    }


def _page(world: Core, call: Call, found: list[Template]) -> bytes:
    limit, offset = call.query.get("limit", PAGE), call.query.get("offset", 0)
    rows = [encode(template_row(world, one, call.user)) for one in found[offset : offset + limit]]
    return page(rows, total=len(found), limit=limit, offset=offset, name="templates")


def _listed(world: Core, query: Any) -> list[Template]:
    part = (query.get("name") or "").lower()
    wanted = {one.strip().lower() for one in (query.get("categories") or "").split(",") if one.strip()}
    return [
        one
        for one in reversed(world.state.templates.values())
        if one.status == "listed"
        and part in one.name.lower()
        and (not wanted or wanted & {category.lower() for category in one.categories})
    ]


@serves("ListPublishedProjectTemplates")
def list_published(world: Core, call: Call) -> Any:
    """A page of the marketplace, newest first."""
    return _page(world, call, _listed(world, call.query))


@serves("ListMyProjectTemplates")
def list_my(world: Core, call: Call) -> Any:
    """A page of the user's own templates, newest first."""
    mine = [t for t in reversed(world.state.templates.values()) if t.user == call.user and t.status != "deleted"]
    return _page(world, call, mine)


@serves("ListProjectTemplateCounts")
def counts(world: Core, call: Call) -> Any:
    """Templates of the marketplace by category."""
    found = _listed(world, call.query)
    tally: dict[str, int] = {}
    for one in found:
        for category in one.categories:
            tally[category] = tally.get(category, 0) + 1
    return {
        "categoryCounts": [{"name": name, "count": count} for name, count in sorted(tally.items())],
        "total": len(found),
    }


def _template(world: Core, call: Call, *, own: bool = True) -> Template:
    template = world.state.templates.get(call.ids[0])
    if template is None or template.status == "deleted":
        check_id("template_id", call.ids[0])
        raise Refusal(404, "template not found")
    if template.user != call.user and (own or template.status != "listed"):
        raise Refusal(403 if template.status == "listed" else 404, "this template is somebody else's")
    return template


@serves("GetProjectTemplate")
def get_template(world: Core, call: Call) -> Any:
    """One template: of the marketplace, or one's own."""
    return template_row(world, _template(world, call, own=False), call.user)


@serves("CreateProjectTemplate")
def create_template(world: Core, call: Call) -> Any:
    """Offer a project as a template; it starts as a draft."""
    body, state = call.body, world.state
    project = state.projects.get(body.project_id)
    if project is None or project.user != call.user or project.status == "deleted":
        raise Refusal(404, "project not found")
    environment = environment_of(project, body.environment_id)
    if project.status != "active" or not environment.deployment:
        raise Refusal(422, "a template is made from an active project and an environment that has a deployment")
    if sum(t.user == call.user and t.status == "draft" for t in state.templates.values()) >= state.settings.drafts:
        raise Refusal(429, f"quota exceeded: {state.settings.drafts} draft templates")
    now = state.now
    template = Template(
        id=world.new_id("template"),
        user=call.user,
        author=state.users[call.user].display,
        name=body.name,
        status="draft",
        created=now,
        updated=now,
        project=project.id,
        environment=environment.id,
        video="" if body.video_url is msgspec.UNSET else body.video_url,
        project_configuration=dict(body.project_configuration),
        environment_configuration=dict(body.environment_configuration),
        build_resources=dict(body.build_resources),
        deployment_resources=dict(body.deployment_resources),
    )
    _describe(template, body)
    state.templates[template.id] = template
    world.note("template made", project, template.name)
    return {"id": template.id}


def _describe(template: Template, body: Any) -> None:
    template.name, template.description, template.overview = body.name, body.description, body.overview
    template.use_cases, template.image = body.use_cases, body.image_uri
    if body.amount is not msgspec.UNSET:
        template.amount = body.amount
    if body.categories is not msgspec.UNSET:
        template.categories = list(body.categories)


@serves("UpdateProjectTemplate")
def update_template(world: Core, call: Call) -> Any:
    """Change a template; one that is under review waits."""
    template, body = _template(world, call), call.body
    if template.status not in ("draft", "rejected", "listed"):
        raise Refusal(400, f"a template that is {template.status} can't be changed")
    _describe(template, body)
    template.video = body.video_url
    world.changed(template)
    return {"id": template.id}


@serves("UpdateProjectTemplateStatus")
def send_for_review(world: Core, call: Call) -> Any:
    """Send a template for review."""
    template = _template(world, call)
    if template.status not in ("draft", "rejected"):
        raise Refusal(422, f"a template that is {template.status} can't be sent for review")
    template.status = "underReview"
    world.changed(template)
    due_in(world, world.state.settings.reviewing, "template is reviewed", template.id)
    return {"status": template.status}


@happens("template is reviewed")
def _reviewed(world: Core, target: tuple[str, ...]) -> None:
    template = world.state.templates[target[0]]
    if template.status != "underReview":
        return
    if template.review:
        template.status = "rejected"
        template.rejections.append((world.state.now, template.review))
        template.review = ""
    else:
        template.status = "listed"
    world.changed(template)
    world.note(f"template {template.status}", text=template.name)


@serves("DeleteProjectTemplate")
def delete_template(world: Core, call: Call) -> Any:
    """Withdraw a template; who has bought it keeps it."""
    template = _template(world, call)
    template.status = "deleted"
    world.changed(template)
    return "Template deleted successfully"


@serves("ListProjectTemplateRejections")
def rejections(world: Core, call: Call) -> Any:
    """Why a template was turned down, newest first."""
    template = _template(world, call)
    rows = [
        {
            "id": number,
            "projectTemplateId": template.id,
            "rejectionReason": reason,
            "createdAt": rfc3339(at),
            "updatedAt": rfc3339(at),
        }
        for number, (at, reason) in enumerate(template.rejections, 1)
    ]
    return {"rejections": rows[::-1]}
