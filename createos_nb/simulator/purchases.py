"""Bought templates. Serves part of `createos_nb.api.templates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator.account import projects_in_use
from createos_nb.simulator.answers import encode, page
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.moments import rfc3339
from createos_nb.simulator.projects import PAGE, SETTINGS_OF, name_taken, new_project
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.schedule import due_in, happens
from createos_nb.simulator.signed import signed_address
from createos_nb.simulator.state import Purchase, Repository
from createos_nb.simulator.templates import template_row
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

WORKING = 30
"""Seconds until a template is deployed."""


@serves("BuyProjectTemplate")
def buy(world: Core, call: Call) -> Any:
    """Buy a template of the marketplace, once."""
    state = world.state
    template = state.templates.get(call.ids[0])
    if template is None or template.status == "deleted":
        check_id("template_id", call.ids[0])
        raise Refusal(404, "template not found")
    if template.status != "listed":
        raise Refusal(422, "this template is not on offer")
    if template.user == call.user:
        raise Refusal(422, "this template is your own")
    if any(one.user == call.user and one.template == template.id for one in state.purchases.values()):
        raise Refusal(422, "you have bought this template already")
    purchase = Purchase(world.new_id("purchase"), call.user, template.id, template.amount, state.now)
    state.purchases[purchase.id] = purchase
    world.note("template bought", text=template.name)
    return {"id": purchase.id}


@serves("ListProjectTemplatePurchases")
def list_purchases(world: Core, call: Call) -> Any:
    """A page of bought templates, newest first."""
    found = [one for one in reversed(world.state.purchases.values()) if one.user == call.user]
    limit, offset = call.query.get("limit", PAGE), call.query.get("offset", 0)
    rows = [
        encode(
            {
                "id": one.id,
                "projectTemplateId": one.template,
                "purchasedAmount": one.amount,
                "template": template_row(world, world.state.templates[one.template], call.user),
                "userId": one.user,
                "createdAt": rfc3339(one.at),
                "updatedAt": rfc3339(one.at),
            }
        )
        for one in found[offset : offset + limit]
    ]
    return page(rows, total=len(found), limit=limit, offset=offset, name="purchases")


def _purchase(world: Core, call: Call) -> Purchase:
    purchase = world.state.purchases.get(call.ids[0])
    if purchase is None or purchase.user != call.user:
        check_id("purchase_id", call.ids[0])
        raise Refusal(404, "purchase not found")
    return purchase


@serves("DownloadProjectTemplate")
def download(world: Core, call: Call) -> Any:
    """Signed address of a bought template."""
    return {"downloadUri": signed_address(world, "template", _purchase(world, call).id)}


@serves("DeployProjectTemplateViaGithub")
def deploy_via_github(world: Core, call: Call) -> Any:
    """Make a repository and a project from a bought template; both are there a little later."""
    purchase, state = _purchase(world, call), world.state
    account = next((a for a in state.github if a.installation == call.body.installation_id), None)
    if account is None or account.user != call.user:
        raise Refusal(404, "GitHub installation not found: connect the account first")
    if projects_in_use(world, call.user) >= state.settings.projects:
        raise Refusal(429, f"quota exceeded: {state.settings.projects} projects")
    job = world.new_id("job")
    due_in(world, WORKING, "template is deployed", job, purchase.id, str(account.installation))
    return {"jobId": job}


@happens("template is deployed")
def _deployed(world: Core, target: tuple[str, ...]) -> None:
    job, bought, installation = target
    state = world.state
    purchase = state.purchases[bought]
    template = state.templates[purchase.template]
    account = next(a for a in state.github if str(a.installation) == installation)
    plain = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in template.name.lower()).split())
    name = plain[:27].strip("-") or "template"
    if name_taken(world, name):
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
        world,
        purchase.user,
        name,
        template.name[:48],
        "vcs",
        settings={"runtime": "node:20", "port": 3000, **settings},
        source={"vcsName": "github", "vcsInstallationId": installation, "vcsRepoId": str(repository.id)},
    )
