"""Rows that move while somebody pages through them: a row arrives before those that were seen, or one goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from createos_nb.simulator import lifecycle, ownership, projects
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.state import Project, Purchase, Service, Template

if TYPE_CHECKING:
    from createos_nb.operation import Operation
    from createos_nb.simulator.core import Core

_ARRIVED: Final = "arrived-"
_IDLE: Final = frozenset({"cancelled", "build_error", "error"})
_AUTHOR: Final = "arrived"
"""Who offers the templates that arrive."""


def move_rows(core: Core, operation: Operation, user: str, ids: tuple[str, ...], query: str) -> None:
    """Move a row of a list before a page after the first one is read; a list that comes whole has no further page."""
    asked = parse_qs(query)
    move = _MOVES.get(operation.name)
    first = asked.get("offset", ["0"])[0] == "0" and asked.get("page", ["1"])[0] in ("0", "1")
    if move is None or first or not user:
        return
    move(core, user, ids, asked, number_of(2, core.state.counter, len(core.state.journal), query) == 0)


Asked = dict[str, list[str]]


def _name(core: Core) -> str:
    core.state.counter += 1
    return _ARRIVED + hex_of(8, core.state.seed, "arrived", core.state.counter)


def _deployments(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    project = core.state.projects.get(ids[0])
    if project is None or project.status != "active":
        return
    deployments = core.deployments(project)
    if arrives:
        last = next(reversed(deployments.values()), None)
        if last is not None:
            made = lifecycle.deploy(
                core, project, branch=last.branch, commit=last.commit, message=last.message, image=last.image
            )
            # It only stands in the list: nothing is to be built because somebody pages.
            lifecycle.cancel(core, project, made)
        return
    gone = next((one for one in reversed(deployments.values()) if one.status in _IDLE), None)
    if gone is not None:
        lifecycle.remove(core, project, gone)


def _arrived(core: Core, user: str, app: str = "") -> Project | None:
    for project in reversed(core.state.projects.values()):
        arrived = project.name.startswith(_ARRIVED) and project.status == "active"
        if arrived and project.user == user and (not app or project.app == app):
            return project
    return None


def _projects(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    app = ids[0] if ids else ""
    if arrives:
        name = _name(core)
        settings = {"runtime": "static", "port": 80}
        projects.new_project(core, user, name, name.capitalize(), "upload", settings=settings, app=app)
        return
    gone = _arrived(core, user, app)
    if gone is not None:
        ownership.remove(core, gone)


def _services(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    app = core.state.apps.get(ids[0])
    if app is None or app.user != user:
        return
    if arrives:
        name = _name(core)
        made = Service(core.new_id("service"), user, name)
        core.state.services[made.id] = made
        app.services.insert(0, made.id)
        return
    gone = next((one for one in app.services if core.state.services[one].name.startswith(_ARRIVED)), None)
    if gone is not None:
        app.services.remove(gone)
        del core.state.services[gone]


def _branches(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    wanted = asked.get("repository", [""])[0].rpartition("/")[2]
    for account in core.state.github:
        for repository in account.repositories:
            if str(account.installation) == ids[0] and account.user == user and repository.name == wanted:
                if arrives:
                    repository.heads[_name(core)] = repository.heads[repository.branch]
                    return
                gone = next((one for one in sorted(repository.heads) if one.startswith(_ARRIVED)), None)
                if gone is not None:
                    del repository.heads[gone]
                return


def _template(core: Core, user: str, author: str) -> Template:
    made = Template(
        core.new_id("template"), user, author, _name(core), "listed", core.state.now, core.state.now,
        description="It arrived while somebody was reading the list", overview="Nothing is in it", use_cases="None",
    )  # fmt: skip
    core.state.templates[made.id] = made
    return made


def _templates(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    _move_template(core, _AUTHOR, _AUTHOR, arrives)


def _own_templates(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    _move_template(core, user, core.state.users[user].username, arrives)


def _move_template(core: Core, owner: str, author: str, arrives: bool) -> None:
    if arrives:
        _template(core, owner, author)
        return
    bought = {one.template for one in core.state.purchases.values()}
    for one in reversed(core.state.templates.values()):
        if one.user == owner and one.name.startswith(_ARRIVED) and one.id not in bought:
            del core.state.templates[one.id]
            return


def _purchases(core: Core, user: str, ids: tuple[str, ...], asked: Asked, arrives: bool) -> None:
    state = core.state
    if arrives:
        made = Purchase(core.new_id("purchase"), user, _template(core, _AUTHOR, _AUTHOR).id, 0, state.now)
        state.purchases[made.id] = made
        return
    for one in reversed(state.purchases.values()):
        if one.user == user and state.templates[one.template].name.startswith(_ARRIVED):
            del state.purchases[one.id]
            return


_MOVES: Final[dict[str, Callable[[Core, str, tuple[str, ...], Asked, bool], None]]] = {
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
