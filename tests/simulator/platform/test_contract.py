"""Every operation is simulated, and its answer is what the contract says, in both dialects."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from zipfile import ZipFile

import jsonschema
import msgspec
import pytest
from msgspec import UnsetType

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import LogText, NumberedPage, Operation, Page, Record, Rows, Text, TextOrId
from createos_nb.simulator import open_world
from createos_nb.simulator.platform.projects import SettingsChange
from createos_nb.simulator.platform.registry import SERVICES
from createos_nb.simulator.platform.validation import QueryValues, _body_type
from tests.contract import openapi

LONG = "A text that is long enough for the marketplace, because it says what the template offers and to whom. " * 2


def test_everything_that_is_declared_is_simulated() -> None:
    missing = set(OPERATIONS) - set(SERVICES)
    assert not missing, f"serve each in createos_nb/simulator/platform, by @serves(name): {missing}"


def plain(kind: Any) -> Any:
    """A type without its marks and limits; a map is a `dict`, a sequence a `list`."""
    inside = get_args(kind)
    if get_origin(kind) is Annotated:
        return plain(inside[0])
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(plain(part) for part in inside)]  # noqa: UP007
    if get_origin(kind) in (dict, Mapping):
        return dict[plain(inside[0]), plain(inside[1])]
    if get_origin(kind) in (list, Sequence):
        return list[plain(inside[0])]
    return kind


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_handlers_are_given_the_bodies_that_the_contract_declares(name: str) -> None:
    parameters = OPERATIONS[name].at("body")
    kind = SERVICES[name].body
    assert (kind is None) == (not parameters)
    if kind is None or kind is SettingsChange:
        return
    hints = {key: plain(hint) for key, hint in get_type_hints(kind, include_extras=True).items()}
    assert hints == {p.key: plain(_body_type(p) if p.required else _body_type(p) | UnsetType) for p in parameters}


def test_handlers_are_given_the_query_that_the_contract_declares() -> None:
    declared: dict[str, Any] = {}
    for operation in OPERATIONS.values():
        for parameter in operation.at("query"):
            kind = int if parameter.moment is not None else plain(parameter.annotation)
            assert declared.setdefault(parameter.key, kind) == kind, f"{parameter.key} has two types"
    assert get_type_hints(QueryValues) == declared


def multipart(content: bytes) -> dict[str, Any]:
    """A form with one part named `file`."""
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="site.zip"\r\n\r\n'
    return {
        "content": head + content + b"\r\n--frontier--\r\n",
        "headers": {"content-type": "multipart/form-data; boundary=frontier"},
    }


def zipped(**files: str) -> bytes:
    """A zip archive."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return made.getvalue()


class Recorder:
    """Asks, and remembers every payload by its operation."""

    def __init__(self, api: Any) -> None:
        self.api, self.answers = api, []
        self.world = api.world

    def __call__(self, name: str, *ids: str, **given: Any) -> Any:
        payload = self.api(name, *ids, **given)
        self.answers.append((name, payload))
        return payload


def ask_everything(api: Any) -> list[tuple[str, Any]]:
    """Every operation at least once, and the reads of everything that the shop holds."""
    ask = Recorder(api)
    _read(ask, api)
    _change_account(ask, api)
    _change_projects(ask, api)
    _change_deployments(ask, api)
    _change_the_rest(ask, api)
    return ask.answers


def _read(ask: Any, api: Any) -> None:
    ask("GetCurrentUser")
    ask("GetQuotas")
    ask("ListAPIKeys")
    ask("ListApps")
    ask("GetSupportedProjectTypes")
    for status in ("active", "suspended"):
        ask("ListProjects", limit=20, status=status)
    for project in ask("ListProjects", limit=20)["data"]:
        here = project["id"]
        ask("GetProject", here)
        if project["status"] != "active":
            continue
        ask("ListProjectTransferHistory", here)
        ask("ListDomains", here)
        for job in ask("ListCronjobs", here):
            ask("GetCronjob", here, job["id"])
            ask("ListCronjobActivities", here, job["id"])
        for deployment in ask("ListDeployments", here, limit=20)["data"]:
            ask("GetDeployment", here, deployment["id"])
            if project["type"] != "image":
                ask("GetBuildLogs", here, deployment["id"])
            if deployment["status"] == "deployed":
                ask("GetDeploymentLogs", here, deployment["id"], since_seconds=120)
        for environment in ask("ListProjectEnvironments", here):
            there = here, environment["id"]
            for name in OPERATIONS:
                if name.startswith("GetProjectEnvironmentAnalytics"):
                    ask(name, *there)
            if project["uniqueName"] != "chat-bot":
                ask("GetProjectEnvironmentLogs", *there)
    for app in ask("ListApps"):
        ask("ListProjectsByApp", app["id"])
        ask("ListServicesByApp", app["id"])
    ask("ListGithubInstallations")
    for account in ask("ListConnectedGithubAccounts"):
        for repository in ask("ListGithubRepositories", str(account["installationId"])):
            name = repository["fullName"]
            for branch in ask("ListGithubRepositoryBranches", str(account["installationId"]), repository=name):
                body = {"repository": name, "branch": branch["name"]}
                ask("GetGithubRepositoryContent", str(account["installationId"]), body=body)
    for template in ask("ListPublishedProjectTemplates")["templates"]:
        ask("GetProjectTemplate", template["id"])
    for template in ask("ListMyProjectTemplates")["templates"]:
        ask("GetProjectTemplate", template["id"])
        ask("ListProjectTemplateRejections", template["id"])
    ask("ListProjectTemplateCounts")
    ask("ListProjectTemplatePurchases")


def _change_account(ask: Any, api: Any) -> None:
    ask("CheckAPIKeyUniqueName", body={"uniqueName": "fresh-key"})
    key = ask("CreateAPIKey", body={"name": "fresh-key", "expiryAt": "2027-01-01T00:00:00Z"})["id"]
    ask("UpdateAPIKey", key, body={"name": "fresher-key", "description": None})
    ask("RevokeAPIKey", key)
    _webhooks(ask)
    app = ask("CreateApp", body={"name": "Trials", "color": "#aa00bb"})["id"]
    ask("UpdateApp", app, body={"name": "Trials again", "description": "What is tried"})
    projects = [api.project("chat-bot"), api.project("shop-assistant")]
    ask("AddProjectsToApp", app, body={"projectIds": projects})
    ask("RemoveProjectsFromApp", app, body={"projectIds": projects[:1]})
    services = list(api.world.state.services)[:2]
    ask("AddServicesToApp", app, body={"serviceIds": services})
    ask("RemoveServicesFromApp", app, body={"serviceIds": services[:1]})
    ask("DeleteApp", app)
    from createos_nb.simulator.platform.github import code_of

    lab = next(account for account in api.world.state.github if not account.user)
    body = {"code": code_of(api.world, lab), "installationId": lab.installation}
    ask("InstallGithubApp", body=body)


def _webhooks(ask: Any) -> None:
    ask("ListWebhookActions")
    body = {"url": "https://hooks.example.com/createos", "events": ["api_key.create"]}
    endpoint = ask("CreateWebhookEndpoint", body=body)["id"]
    ask("CreateWebhookEndpoint", body={"url": "http://127.0.0.1:9/", "events": None})
    ask("CreateAPIKey", body={"name": "told-key", "expiryAt": "2027-01-01T00:00:00Z"})
    ask("ListWebhookEndpoints")
    assert ask("GetWebhookEndpoint", endpoint)["deliveries"]
    ask("SuspendWebhookEndpoint", endpoint)
    ask("ResumeWebhookEndpoint", endpoint)
    ask("DeleteWebhookEndpoint", endpoint)


def _change_projects(ask: Any, api: Any) -> None:
    ask("CheckProjectUniqueName", body={"uniqueName": "late-shop"})
    source = {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"}
    body = {
        "uniqueName": "late-shop",
        "displayName": "Late shop",
        "type": "vcs",
        "source": source,
        "settings": {"runtime": "node:20", "framework": "express", "port": 3000},
    }
    project = ask("CreateProject", body=body)["id"]
    ask("UpdateProject", project, body={"displayName": "Later shop", "enabledSecurityScan": True})
    ask("UpdateProjectSettings", project, body={"port": 3001, "buildVars": {"A": "b"}})
    ask("CheckProjectEnvironmentUniqueName", project, body={"uniqueName": "trial"})
    body = {
        "uniqueName": "trial",
        "displayName": "Trial",
        "description": "A trial",
        "branch": "main",
        "resources": {"cpu": 200, "memory": 500, "replicas": 1},
        "settings": {"runEnvs": {"A": "b"}},
    }
    environment = ask("CreateProjectEnvironment", project, body=body)["id"]
    deployment = ask("TriggerLatestDeployment", project)["id"]
    api.world.advance("10min")
    ask("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": deployment})
    body = {"displayName": "Trials", "description": "A trial of ours", "branch": "main"}
    ask("UpdateProjectEnvironment", project, environment, body=body)
    ask("UpdateProjectEnvironmentEnvironmentVariables", project, environment, body={"runEnvs": {"A": "c"}})
    body = {"cpu": 300, "memory": 600, "replicas": 2}
    ask("UpdateProjectEnvironmentResources", project, environment, body=body)
    ask("ListProjectEnvironments", project)
    _scan(ask, api, project, deployment)
    _cronjobs(ask, api, project, environment)
    _domains(ask, api, project, environment)
    ask("DeleteProjectEnvironment", project, environment)
    ask("SuspendProject", project)
    api.world.advance("1min")
    ask("UnsuspendProject", project)
    token = ask("GetProjectTransferUri", project)["token"]
    other = type(api)(api.world, api.world.key_of("tamsin"))
    ask.answers.append(("TransferProject", other("TransferProject", project, token=token)))
    ask.answers.append(("ListProjectTransferHistory", other("ListProjectTransferHistory", project)))
    ask.answers.append(("DeleteProject", other("DeleteProject", project)))
    api.world.advance("5min")
    ask.answers.append(("ListProjects", other("ListProjects", status="deleted")))


def _scan(ask: Any, api: Any, project: str, deployment: str) -> None:
    ask("TriggerSecurityScan", project, deployment)
    ask("GetSecurityScan", project, deployment)
    api.world.advance("10min")
    ask("GetSecurityScan", project, deployment)
    ask("GetSecurityScanDownloadUri", project, deployment)
    shop = api.project("storefront")
    failed = api.version(shop, 17)
    ask("GetSecurityScan", shop, failed)
    ask("RetriggerSecurityScan", shop, failed)


def _cronjobs(ask: Any, api: Any, project: str, environment: str) -> None:
    body = {
        "environmentId": environment,
        "name": "look",
        "schedule": "*/5 * * * *",
        "type": "http",
        "settings": {"path": "/", "method": "GET"},
    }
    job = ask("CreateCronjob", project, body=body)["id"]
    api.world.advance("1h")
    ask("ListCronjobActivities", project, job)
    ask("UpdateCronjob", project, job, body={"name": "look again", "schedule": "@daily"})
    ask("SuspendCronjob", project, job)
    api.world.advance("1min")
    ask("GetCronjob", project, job)
    ask("UnsuspendCronjob", project, job)
    ask("DeleteCronjob", project, job)
    ask("GetCronjob", project, job)


def _domains(ask: Any, api: Any, project: str, environment: str) -> None:
    domain = ask("CreateDomain", project, body={"name": "late.example.com", "environmentId": environment})["id"]
    ask("RefreshDomain", project, domain)
    ask("ListDomains", project)
    api.world.advance("2d")
    ask("RefreshDomain", project, domain)
    api.world.advance("5min")
    ask("ListDomains", project)
    ask("UpdateDomainEnvironment", project, domain, body={"environmentId": environment})
    ask("DeleteDomain", project, domain)
    ask("ListDomains", project)


def _change_deployments(ask: Any, api: Any) -> None:
    shop = api.project("storefront")
    again = ask("RetriggerDeployment", shop, api.version(shop, 8))["id"]
    ask("CancelDeployment", shop, again)
    ask("GetDeployment", shop, again)
    head = api.version(shop, 17)
    assert ask("TriggerLatestDeployment", shop, branch="main") == "deployment already triggered", head
    ask("WakeupDeployment", shop, api.version(shop, 5))
    gateway = api.project("edge-gateway")
    made = ask("CreateDeployment", gateway, body={"image": "registry.example.com/juniper/edge-gateway:2.0.0"})["id"]
    ask("DeleteDeployment", gateway, made)
    ask("GetDeployment", gateway, made)
    pages = api.project("landing-pages")
    files = [{"path": "index.html", "content": "<h1>New</h1>"}]
    made = ask("UploadDeploymentFiles", pages, body={"files": files})["id"]
    ask("DownloadDeployment", pages, made)
    files = [{"path": "index.html", "content": b64encode(b"<h1>Newer</h1>").decode()}]
    ask("UploadDeploymentBase64Files", pages, body={"files": files})
    ask("UploadDeploymentZip", pages, **multipart(zipped(**{"index.html": "<h1>Newest</h1>"})))
    ask("ListDeployments", pages, limit=20)


def _change_the_rest(ask: Any, api: Any) -> None:
    shop = api.project("storefront")
    texts = {"description": LONG, "overview": LONG, "useCases": LONG, "imageUri": "https://images.example.com/a.png"}
    maps = ("projectConfiguration", "environmentConfiguration", "buildResources", "deploymentResources")
    body = {
        "name": "Shop in a box",
        "projectId": shop,
        "environmentId": api.environment(shop, "production"),
        **texts,
        **{key: {} for key in maps},
    }
    made = ask("CreateProjectTemplate", body=body)["id"]
    body = {"name": "Shop in a larger box", "videoUrl": "https://videos.example.com/a", "amount": 3, **texts}
    ask("UpdateProjectTemplate", made, body=body)
    ask("UpdateProjectTemplateStatus", made)
    api.world.advance("5d")
    ask("GetProjectTemplate", made)
    ask("DeleteProjectTemplate", made)
    offers = ask("ListPublishedProjectTemplates")["templates"]
    offer = next(one for one in offers if not one["hasUserPurchased"])
    bought = ask("BuyProjectTemplate", offer["id"])["id"]
    ask("ListProjectTemplatePurchases")
    ask("DownloadProjectTemplate", bought)
    ask("DeployProjectTemplateViaGithub", bought, body={"installationId": 51830274})
    api.world.advance("5min")
    ask("ListProjects", limit=20)


@pytest.fixture(scope="module", params=["production", "documented"])
def answers(request: pytest.FixtureRequest, make_api: Any) -> list[tuple[str, Any]]:
    """All answers of the tour in one dialect."""
    return ask_everything(make_api(open_world("storefront", dialect=request.param)))


def test_the_tour_asks_for_every_operation(answers: list[tuple[str, Any]]) -> None:
    missing = set(OPERATIONS) - {name for name, _ in answers}
    assert not missing, f"ask for each in `ask_everything` of this file: {missing}"


def declared_type(operation: Operation) -> Any:
    """What the declaration says that a payload is."""
    answer = operation.answer
    if isinstance(answer, Rows) and answer.bare is not None:
        return list[str]
    if isinstance(answer, Record):
        return answer.of
    if isinstance(answer, NumberedPage) or (isinstance(answer, Rows) and answer.inside is None):
        return list[answer.of]  # type: ignore[name-defined]
    if isinstance(answer, Text | LogText):
        return str
    if isinstance(answer, TextOrId):
        return str | dict[str, str]
    return None


def test_every_answer_fits_its_declaration(answers: list[tuple[str, Any]]) -> None:
    """No field that the contract does not know, no value of another type."""
    for name, payload in answers:
        operation = OPERATIONS[name]
        answer = operation.answer
        if isinstance(answer, Page):
            msgspec.convert(payload[answer.rows], list[answer.of])  # type: ignore[name-defined]
            counts = payload["pagination"]
            assert set(counts) == {"total", "limit", "offset", "count"}
            assert counts["count"] == len(payload[answer.rows]) <= counts["limit"]
        elif isinstance(answer, Record) and answer.inside is not None:
            msgspec.convert(payload[answer.inside], answer.of)
        elif isinstance(answer, Rows) and answer.inside is not None:
            rows = [{**row} for row in payload[answer.inside]]
            msgspec.convert(rows, list[answer.of])  # type: ignore[name-defined]
        else:
            msgspec.convert(payload, declared_type(operation))


def test_every_answer_fits_the_platforms_schema(answers: list[tuple[str, Any]]) -> None:
    validators = {
        name: jsonschema.Draft202012Validator(openapi.success(one)[1], format_checker=jsonschema.FormatChecker())
        for name, one in openapi.operations().items()
    }
    for name, payload in answers:
        errors = list(validators[name].iter_errors(payload))
        assert not errors, f"{name}: {errors[0].json_path}: {errors[0].message[:300]}"
