"""An odd value in one field of an answer: a plan is made without it, or an error says what is wrong."""

from __future__ import annotations

import json
from typing import Any, get_args

import httpx
import pytest

from createos_nb import naming, plans, runbooks
from createos_nb.contract.environments import Environment
from createos_nb.errors import CreateOSError
from createos_nb.plans.snapshot import Snapshot
from createos_nb.redaction import Secret
from tests.plans.cases import CASES, Case
from tests.plans.worlds import client_of

#: What may stand where something else belongs; the last one takes the field away.
MISSING = "missing"
ODD: list[Any] = [7, "odd", ["odd"], {"odd": "odd"}, None, True, 2**63, 1e300, [{}], MISSING]


class OddAnswers(httpx.BaseTransport):
    """A transport that puts an odd value into one field of each row of the answers to reads."""

    def __init__(self, inner: httpx.BaseTransport, field: str, value: Any) -> None:
        self.inner, self.field, self.value, self.met = inner, field, value, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        body = response.read()
        if request.method == "GET" and response.status_code == 200 and "analytics" not in request.url.path:
            payload = json.loads(body)
            self._change(payload.get("data"))
            body = json.dumps(payload).encode()
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return httpx.Response(200 if response.is_success else response.status_code, headers=headers, content=body)

    def _change(self, value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                self._change(item)
        elif isinstance(value, dict):
            for item in list(value.values()):
                self._change(item)
            if self.field in value:
                self.met += 1
                value[self.field] = self.value
                if self.value == MISSING:
                    del value[self.field]


def odd_client(world: Any, field: str, value: Any) -> Any:
    return client_of(world, OddAnswers(world.transport(), field, value))


FIELDS = [
    "id",
    "uniqueName",
    "status",
    "type",
    "versionNumber",
    "source",
    "branch",
    "commit",
    "image",
    "settings",
    "runEnvs",
    "extra",
    "endpoint",
    "customDomains",
    "resources",
    "cpu",
    "projectDeploymentId",
    "isAutoPromoteEnabled",
    "description",
    "displayName",
    "environmentId",
    "name",
    "createdAt",
    "installationId",
    "vcsRepoId",
    "schedule",
    "appId",
    "remaining",
]


@pytest.mark.grid(12)
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_value_breaks_no_plan(world: Any, field: str) -> None:
    """Every runbook; which odd value it meets goes round."""
    failed = []
    for number, case in enumerate(CASES):
        value = ODD[(number + FIELDS.index(field)) % len(ODD)]
        fork = world.fork()
        case.prepare(fork)
        try:
            repr(case.make(odd_client(fork, field, value)))
        except CreateOSError as error:
            str(error)
        except Exception as error:  # noqa: BLE001  # all of them are told at once
            failed.append(f"{case.name} with {field}={value!r}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        (
            "runEnvs",
            lambda client: runbooks.set_variables(client, "storefront", "staging", {"NEW": "1"}, redeploy=False),
        ),
        ("settings", lambda client: runbooks.set_variables(client, "storefront", "staging", {"NEW": "1"})),
        ("cpu", lambda client: runbooks.scale(client, "storefront", "production", replicas=2)),
        ("branch", lambda client: runbooks.hold(client, "orders-api", "production")),
        ("displayName", lambda client: runbooks.hold(client, "orders-api", "production")),
    ],
)
def test_what_could_not_be_read_is_not_written_over(world: Any, field: str, make: Any) -> None:
    """A write that sends a field back whole would lose it."""
    client = odd_client(world, field, [field])
    plan = make(client)
    failing = plan.problems()
    assert failing["detail"].str.contains(f"something else than it declares for .*{field}").any()
    with pytest.raises(plans.PreconditionFailed):
        plan.apply(confirm=plan.confirmation, reason="why")


def test_it_is_not_written_over_either_where_it_turns_odd_meanwhile(world: Any) -> None:
    transport = OddAnswers(world.transport(), "runEnvs", ["odd"])
    transport.field = "nothing"
    client = client_of(world, transport)
    plan = runbooks.set_variables(client, "storefront", "staging", {"NEW": "1"}, redeploy=False)
    before = client.environments.reveal_variables("storefront", "staging").to_dict()

    def turn(event: plans.Event) -> None:
        if event.phase == "writing":
            transport.field = "runEnvs"

    with pytest.raises(plans.PlanError):
        plan.apply(confirm=plan.confirmation, reason="why", on_event=turn)
    transport.field = "nothing"
    assert client.environments.reveal_variables("storefront", "staging").to_dict() == before


def test_what_has_no_id_is_not_acted_on(world: Any) -> None:
    client = odd_client(world, "id", MISSING)
    snapshot = Snapshot(client)
    project = next(one.id for one in world.state.projects.values() if one.name == "storefront")
    assert snapshot.project(project).id == project  # it was asked for by its id
    assert snapshot.environments(project) == []
    assert snapshot.domains(project) == []


@pytest.mark.parametrize("field", ["projectDeploymentId", "customDomains"])
def test_where_it_is_not_known_what_is_live_users_count_as_served(world: Any, field: str) -> None:
    plan = runbooks.scale(odd_client(world, field, ["odd"]), "storefront", "staging", replicas=2)
    assert plan.serves_users
    assert plan.confirmation == plan.digest


def test_variables_stay_secret(client: Any) -> None:
    snapshot = Snapshot(client)
    row = snapshot.find_environment(snapshot.find_project("storefront"), "staging")
    assert isinstance(row, Environment)
    assert row.settings is not None
    assert row.settings.run_envs
    assert all(isinstance(value, Secret) for value in row.settings.run_envs.values())


def case(name: str) -> Case:
    return next(one for one in CASES if one.name == name)


def test_a_write_whose_answer_names_no_id_is_settled_by_reading(world: Any) -> None:
    """What was created is found again, and not created twice."""

    class NoId(OddAnswers):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method != "POST" or not request.url.path.endswith("/deployments"):
                return self.inner.handle_request(request)
            body = json.loads(self.inner.handle_request(request).read())
            body["data"] = {}
            return httpx.Response(200, json=body)

    client = client_of(world, NoId(world.transport(), "", None))
    versions = len(client.deployments.list("edge-gateway"))
    plan = case("deploy-image").make(client)
    receipt = plan.apply(confirm=plan.confirmation, reason="why")
    assert receipt.finished
    assert len(client.deployments.list("edge-gateway")) == versions + 1


def test_every_status_that_is_checked_is_one_that_people_have_a_word_for() -> None:
    words = [
        (naming.DeploymentStatus, naming.DEPLOYMENT_STATES),
        (naming.ProjectStatus, naming.PROJECT_STATES),
        (naming.EnvironmentStatus, naming.ENVIRONMENT_STATES),
        (naming.DomainStatus, naming.DOMAIN_STATES),
        (naming.CronjobStatus, naming.CRONJOB_STATES),
        (naming.TemplateStatus, naming.TEMPLATE_STATES),
    ]
    for statuses, states in words:
        assert get_args(statuses) == tuple(states)
    assert naming.text_for({"error": "it did not start"}, "error") == "it did not start"
    assert naming.text_for({"error": "it did not start"}, "defragmenting") == ""
    assert naming.text_for({"error": "it did not start"}, None) == ""


@pytest.mark.parametrize(
    "make", [runbooks.rollback, lambda client, *where: runbooks.assign(client, where[0], 15, where[1])]
)
def test_unknown_auto_promotion_is_warned_of(world: Any, make: Any) -> None:
    plan = make(odd_client(world, "isAutoPromoteEnabled", "perhaps"), "storefront", "production")
    assert any("promotes by itself can't be read" in warning for warning in plan.warnings)


def test_unknown_auto_promotion_is_an_unknown_precondition(world: Any) -> None:
    client = odd_client(world, "isAutoPromoteEnabled", "perhaps")
    plan = runbooks.canary(client, "storefront", "production", version=15, side="staging")
    unknown = plan.preconditions.query("state == 'unknown'")
    assert unknown["detail"].str.contains("promote by themselves can't be read").any(), plan.preconditions
