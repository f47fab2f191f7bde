"""Rows that move while somebody pages through them: a row arrives before those that were seen, or one goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.platform import lifecycle, projects
from createos_nb.simulator.state import Project, Purchase, Service, Template

if TYPE_CHECKING:
    from createos_nb.contract.operation import Operation

_ARRIVED: Final = "arrived-"
_IDLE: Final = frozenset({"cancelled", "build_error", "error"})
_AUTHOR: Final = "arrived"
"""Who offers the templates that arrive."""


def move_rows(context: WorldContext, operation: Operation, user: str, ids: tuple[str, ...], query: str) -> None:
    """Move a row of a list before a page after the first one is read; a list that comes whole has no further page."""
    parameters = parse_qs(query)
    move = _MOVES.get(operation.name)
    first = parameters.get("offset", ["0"])[0] == "0" and parameters.get("page", ["1"])[0] in ("0", "1")
    if move is None or first or not user:
        return
    move(context, user, ids, parameters, number_of(2, context.state.counter, len(context.state.journal), query) == 0)


Query = dict[str, list[str]]


def _name(context: WorldContext) -> str:
    context.state.counter += 1
    return _ARRIVED + hex_of(8, context.state.seed, "arrived", context.state.counter)


def _deployments(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    project = context.state.projects.get(ids[0])
    if project is None or project.status != "active":
        return
    deployments = context.deployments(project)
    if arrives:
        last = next(reversed(deployments.values()), None)
        if last is not None:
            deployment = lifecycle.deploy(
                context, project, branch=last.branch, commit=last.commit, message=last.message, image=last.image
            )
            # It only stands in the list: nothing is to be built because somebody pages.
            lifecycle.cancel(context, project, deployment)
        return
    removed = next((deployment for deployment in reversed(deployments.values()) if deployment.status in _IDLE), None)
    if removed is not None:
        lifecycle.remove(context, project, removed)


def _arrived(context: WorldContext, user: str, app: str = "") -> Project | None:
    for project in reversed(context.state.projects.values()):
        arrived = project.name.startswith(_ARRIVED) and project.status == "active"
        if arrived and project.user == user and (not app or project.app == app):
            return project
    return None


def _projects(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    app = ids[0] if ids else ""
    if arrives:
        name = _name(context)
        settings = {"runtime": "static", "port": 80}
        projects.new_project(context, user, name, name.capitalize(), "upload", settings=settings, app=app)
        return
    removed = _arrived(context, user, app)
    if removed is not None:
        projects.remove(context, removed)


def _services(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    app = context.state.apps.get(ids[0])
    if app is None or app.user != user:
        return
    if arrives:
        name = _name(context)
        service = Service(context.new_id("service"), user, name)
        context.state.services[service.id] = service
        app.services.insert(0, service.id)
        return
    removed = next(
        (identity for identity in app.services if context.state.services[identity].name.startswith(_ARRIVED)), None
    )
    if removed is not None:
        app.services.remove(removed)
        del context.state.services[removed]


def _branches(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    name = query.get("repository", [""])[0].rpartition("/")[2]
    for account in context.state.github:
        for repository in account.repositories:
            if str(account.installation) == ids[0] and account.user == user and repository.name == name:
                if arrives:
                    repository.heads[_name(context)] = repository.heads[repository.branch]
                    return
                removed = next((branch for branch in sorted(repository.heads) if branch.startswith(_ARRIVED)), None)
                if removed is not None:
                    del repository.heads[removed]
                return


def _template(context: WorldContext, user: str, author: str) -> Template:
    template = Template(
        context.new_id("template"), user, author, _name(context), "listed", context.state.now, context.state.now,
        description="It arrived while somebody was reading the list", overview="Nothing is in it", use_cases="None",
    )  # fmt: skip
    context.state.templates[template.id] = template
    return template


def _templates(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    _move_template(context, _AUTHOR, _AUTHOR, arrives)


def _own_templates(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    _move_template(context, user, context.state.users[user].username, arrives)


def _move_template(context: WorldContext, owner: str, author: str, arrives: bool) -> None:
    if arrives:
        _template(context, owner, author)
        return
    bought = {template.template for template in context.state.purchases.values()}
    for template in reversed(context.state.templates.values()):
        if template.user == owner and template.name.startswith(_ARRIVED) and template.id not in bought:
            del context.state.templates[template.id]
            return


def _purchases(context: WorldContext, user: str, ids: tuple[str, ...], query: Query, arrives: bool) -> None:
    state = context.state
    if arrives:
        purchase = Purchase(context.new_id("purchase"), user, _template(context, _AUTHOR, _AUTHOR).id, 0, state.now)
        state.purchases[purchase.id] = purchase
        return
    for bought in reversed(state.purchases.values()):
        if bought.user == user and state.templates[bought.template].name.startswith(_ARRIVED):
            del state.purchases[bought.id]
            return


_MOVES: Final[dict[str, Callable[[WorldContext, str, tuple[str, ...], Query, bool], None]]] = {
    "ListDeployments": _deployments,
    "ListGithubRepositoryBranches": _branches,
    "ListMyProjectTemplates": _own_templates,
    "ListProjectTemplatePurchases": _purchases,
    "ListProjects": _projects,
    "ListProjectsByApp": _projects,
    "ListPublishedProjectTemplates": _templates,
    "ListServicesByApp": _services,
}
PAGED: Final = frozenset(_MOVES)
"""Operations that give a list page by page."""
