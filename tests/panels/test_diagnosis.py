"""The panel of diagnoses, without a browser."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as widgets
import pandas as pd
import pytest

import createos_nb
from createos_nb.diagnostics import Diagnosis, Finding, RunbookCall
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.panels import diagnosis as module
from createos_nb.panels import kept_diagnoses
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.ways import label_of, panel_of
from createos_nb.simulator.http.server import serve

NOW = pd.Timestamp("2026-03-02 09:00", tz="UTC")


def finding(call: RunbookCall | None, cause: str = "capacity", fix: str = "Do it.") -> Finding:
    return Finding(cause, "storefront/production", NOW - pd.Timedelta("1h"), 0.9, ("seen",), ("but",), fix, call)


def shown(panel: Any) -> str:
    """All the text of the answer and the causes."""
    parts = [part.value for box in panel._causes.children for part in box.children if hasattr(part, "value")]
    return " ".join([panel._answer.value, *parts, panel._patterns.value, panel._notes.value, panel._read_at.value])


def buttons(panel: Any) -> list[Any]:
    """Those that lead to a cure: of the likeliest cause below, of others beside them."""
    ways = [one for one in panel._ways.children if isinstance(one, widgets.Button)]
    first = [one for one in ways if one.description not in ("Logs", "Traffic", "Commands")]
    return first + [part for box in panel._causes.children for part in box.children if hasattr(part, "click")]


def test_it_says_what_is_wrong_and_why() -> None:
    panel = createos_nb.panels.diagnose(createos_nb.simulate("shared-incident"), "storefront", "production")
    text = shown(panel)
    assert "<span>Degraded</span>" in text
    for words in ("External dependency", "since 13:30 UTC", "high confidence", "payments.example.com", "orders-api"):
        assert words in text
    assert "a rollback changes nothing" in text
    assert "read at 2026-03-04 " in text
    assert buttons(panel) == []  # nothing here cures it
    assert panel._calls.layout.display == "none"
    with pytest.raises(InvalidInput, match="no runbook puts cause 1 right"):
        panel.follow()
    assert panel.frame["cause"].tolist() == ["external_dependency"]
    assert panel.subject == "storefront / production"


def test_what_it_was_made_of_is_shown_and_not_asked_for_again() -> None:
    client = createos_nb.simulate("bad-release")
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    before = client.transport.log.total
    material = panel.diagnosis.material
    assert "TypeError: Cannot read properties of undefined" in panel._patterns.value
    assert "since 13:20 UTC" in panel._patterns.value
    assert panel._patterns.value.count(">new</span>") >= 2
    assert material.live == 4
    assert int((material.log["time"] >= material.since).sum()) == int(
        panel._patterns.value.split(" lines")[0].split(" ")[-1].replace(",", "")
    )
    assert client.transport.log.total == before


def test_one_button_matters_and_the_others_lead_on() -> None:
    panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
    cure, hint, *others = panel._ways.children
    assert "Nothing changes yet" in hint.value
    assert [one.description for one in others] == ["Logs", "Traffic", "Commands"]
    assert [one.button_style for one in (cure, *others, panel._refresh_button)] == ["primary", "", "", "", ""]
    others[0].click()
    assert isinstance(panel.opened, LogsPanel)
    cure.click()
    assert panel.opened.params["chosen"] == "v3"
    assert cure.button_style == "", "the plan has the button that matters now"
    panel.shut()
    assert cure.button_style == "primary"
    others[2].click()
    assert panel._calls.layout.display == ""
    others[2].click()
    assert panel._calls.layout.display == "none"


def test_a_cause_leads_to_the_panel_of_its_runbook_filled_in() -> None:
    client = createos_nb.simulate("bad-release")
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    (button,) = buttons(panel)
    assert button.description == "Roll back to v3 …"
    button.click()
    assert panel.opened is not None
    assert panel.opened.params["chosen"] == "v3"
    calls = panel._calls.rows[0]["cells"]
    assert calls[1] == "runbooks.rollback(client, 'storefront', 'production', to=3)"
    assert calls[2].startswith("createos-nb run 42_rollback -p project=storefront")
    before, below = client.transport.log.total, panel.opened
    below.review()
    assert below.wait(30)
    assert below.plan.warnings[0].startswith("the diagnosis agrees")
    assert client.transport.log.total - before < 9  # the diagnosis is the one that is shown
    panel.run()
    assert below.closed or panel.opened is below
    panel.close()
    assert below.closed


@pytest.mark.parametrize(
    ("call", "label", "params"),
    [
        (RunbookCall("rollback", ("storefront", "production"), {"to": 12}), "Roll back to v12 …", {"chosen": "v12"}),
        (RunbookCall("rollback", ("storefront", "production")), "Roll back …", {"chosen": ""}),
        (
            RunbookCall("scale", ("storefront", "production"), {"replicas": 3, "cpu": 400}),
            "Scale replicas 3 cpu 400 …",
            {"replicas": 3, "cpu": 400},
        ),
        (
            RunbookCall("set_variables", ("storefront", "production"), {"variables": {"PAY_URL": "…"}}),
            "Set PAY_URL …",
            {"name": "PAY_URL"},
        ),
        (
            RunbookCall("settings", ("storefront",), {"port": 8080, "redeploy": True, "environment": "production"}),
            "Set port 8080 …",
            {"port": 8080, "redeploy": True, "environment": "production"},
        ),
        (
            RunbookCall("settings", ("storefront",), {"build_vars": {"NPM_TOKEN": "…"}, "deployment": 11}),
            "Set NPM_TOKEN …",
            {"map": "build_vars", "name": "NPM_TOKEN", "deployment": "v11"},
        ),
        (RunbookCall("assign", ("storefront", 12, "production")), "Assign v12 …", {"chosen": "v12"}),
        (RunbookCall("deploy", ("storefront",), {"environment": "staging"}), "Deploy …", {"project": "storefront"}),
        (
            RunbookCall("delete", ("storefront",), {"domain": "juniper-gifts.example.org"}),
            "Delete juniper-gifts.example.org …",
            {"chosen": "juniper-gifts.example.org", "action": "delete"},
        ),
        (RunbookCall("wake", ("storefront",), {"environment": "staging"}), None, {}),
        (RunbookCall("retry_failed", ("storefront", 17)), None, {}),
        (RunbookCall("a_rule_of_ones_own", ("storefront", 17)), None, {}),
        (RunbookCall("delete", ("storefront",)), None, {}),
    ],
)
@pytest.mark.parametrize("served", [False, True])
def test_each_runbook_has_its_way_on(
    call: RunbookCall, label: str | None, params: dict[str, Any], served: bool, client: Any
) -> None:
    assert label_of(call) == label
    if not served:
        panel = panel_of(call, client, KeptDiagnoses(client))
        assert (panel is None) == (label is None)
        assert panel is None or {name: panel.params[name] for name in params} == params
        assert panel is None or panel.last_error is None
        return
    with serve(client.world, speed=0) as over:  # read beside the kernel, and filled in when that is done
        panel = panel_of(call, createos_nb.connect(api_key=over.key, base_url=over.url), KeptDiagnoses(client))
        if panel is not None:
            assert panel.wait(30)
            assert {name: panel.params[name] for name in params} == params
            panel.close()


def test_a_value_that_can_not_be_filled_in_is_said(client: Any) -> None:
    panel = panel_of(RunbookCall("rollback", ("storefront", "production"), {"to": 99}), client, KeptDiagnoses(client))
    assert panel is not None
    assert "it is not among the choices" in panel._view.error.value


def test_without_a_project_nothing_is_diagnosed_until_that_is_asked_for(client: Any) -> None:
    panel = createos_nb.panels.diagnose(client)
    assert [one.operation for one in client.log().itertuples()] == ["ListProjects"]
    assert panel.diagnosis is None
    assert panel.subject == "the account"
    assert panel.static().count("Nothing was read yet") == 1
    panel._refresh_button.click()
    assert panel.wait(30)
    assert panel.diagnosis.where == "account"
    panel.params["project"] = "storefront"
    assert panel.wait(30)
    assert panel.diagnosis is None
    assert "production" in [value for _, value in panel._picker.environment.options]
    panel.params["environment"] = "production"
    assert panel.diagnosis is None
    panel.refresh()
    assert panel.wait(30)
    assert panel.diagnosis.where == "storefront/production"
    assert panel.diagnosis.status == "healthy"


def test_a_whole_project_is_diagnosed(client: Any) -> None:
    panel = createos_nb.panels.diagnose(client, "storefront")
    assert panel.diagnosis.where == "storefront"
    assert panel.subject == "storefront"
    with pytest.raises(InvalidInput, match="needs its project"):
        createos_nb.panels.diagnose(client, None, "production")


def test_opening_asks_for_nothing_twice(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[tuple[Any, ...]] = []
    send = client.transport.send
    monkeypatch.setattr(
        client.transport, "send", lambda request: urls.append((request.path, request.query)) or send(request)
    )
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    assert len(urls) == len(set(urls))
    assert len(urls) == 11
    assert panel.diagnosis.requests == 8  # projects, the project's id and its environments the choices have read


def test_the_button_reads_again_whatever_is_kept(client: Any) -> None:
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    first = panel.diagnosis
    panel._refresh_button.click()
    assert panel.wait(30)
    assert panel.diagnosis is not first
    assert panel.run() is panel.diagnosis


def test_an_error_is_shown_and_what_was_there_stays(client: Any) -> None:
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    first = panel.diagnosis
    with client.world.faults(what="error", status=403, operations=["ListProjects"]), pytest.raises(CreateOSError):
        panel.run()
    assert 'role="alert"' in panel._view.error.value
    assert panel.diagnosis is first
    panel.run()
    assert panel._view.error.value == ""


def test_what_could_not_be_read_is_said(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListDomains"]):
        panel = createos_nb.panels.diagnose(client, "storefront", "production")
    assert "not read, and so not looked at: domains" in panel._answer.value


def test_texts_of_a_rule_are_texts(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '<img src=x onerror="alert(1)">\x1b[31m'
    call = RunbookCall("set_variables", ("storefront", "production"), {"variables": {hostile: "…"}})
    own = Diagnosis(
        "storefront/production", "down", hostile, (finding(call, hostile, hostile), finding(None)), (hostile,),
        {hostile: hostile}, 9, NOW,
    )  # fmt: skip
    monkeypatch.setattr(kept_diagnoses, "diagnose", lambda *_: own)
    panel = createos_nb.panels.diagnose(client, "storefront", "production")
    for text in (shown(panel), panel.static(), *(one.description for one in buttons(panel))):
        assert "\x1b" not in text
    assert "<img" not in shown(panel) + panel.static()
    assert "<span>Down</span>" in shown(panel)
    assert "Against: " in shown(panel)


def test_while_it_reads_it_says_how_far_it_is() -> None:
    world = createos_nb.simulate("shared-incident").world
    with serve(world, speed=0) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url)
        said: list[str] = []
        panel = createos_nb.panels.diagnose(client)
        assert panel.wait(30)
        panel._view.status.observe(lambda change: said.append(change["new"]), "value")
        panel.params = {"project": "storefront"}
        assert panel.wait(30)
        panel.params = {"environment": "production"}
        panel.refresh()
        assert panel.wait(30)
        assert panel.diagnosis.status == "degraded"
        assert any("Diagnosing: 3 requests so far" in one for one in said)
        assert said[-1] == ""
        panel.close()


def test_one_that_is_being_made_is_made_once(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, go = [], threading.Event()

    def slow(*names: Any) -> Diagnosis:
        made.append(names[1:])
        assert go.wait(30)
        return Diagnosis("storefront/production", "healthy", "It is well.", at=client.now)

    monkeypatch.setattr(kept_diagnoses, "diagnose", slow)
    kept, got = KeptDiagnoses(client), []
    askers = [threading.Thread(target=lambda: got.append(kept.get("storefront", "production"))) for _ in range(3)]
    for one in askers:
        one.start()
    go.set()
    for one in askers:
        one.join()
    assert made == [("storefront", "production")]
    assert len(got) == 3
    assert kept.known("storefront", "production") is got[0]
    assert kept.known("storefront", "") is None
    client.clock.sleep(60)
    assert kept.known("storefront", "production") is None


def test_one_that_failed_is_made_again(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptDiagnoses(client)
    with client.world.faults(what="error", status=403, operations=["ListProjects"]), pytest.raises(CreateOSError):
        kept.get("storefront", "production")
    assert kept.get("storefront", "production").status == "healthy"


def test_it_is_exported() -> None:
    assert isinstance(createos_nb.panels.diagnose(createos_nb.simulate()), module.DiagnosisPanel)
