"""Scans: by deployment, by severity; a scan is planned, applied and waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import panels
from createos_nb.client.findings import by_severity, counts_of
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.panels.security import scans_of
from createos_nb.plans import NoData, PreconditionFailed


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_scans_are_those_of_live_and_new_deployments(client: Any) -> None:
    frame, found = scans_of(client, "storefront", newest=3)
    assert frame["deployment"].tolist()[:3] == ["v18", "v17", "v16"]
    assert set(frame["live_in"]) >= {"production", "staging", "blue", "green"}
    row = frame.set_index("deployment").loc["v17"]
    assert row["scan"] == "failed"
    assert "registry" in row["note"]
    assert pd.isna(row["critical"])
    assert "v15" not in set(frame["deployment"])
    assert found == {}


def test_findings_are_counted_by_severity(client: Any) -> None:
    frame, found = scans_of(client, "storefront")
    row = frame.set_index("deployment").loc["v15"]
    assert (row["critical"], row["high"], row["medium"], row["low"], row["other"]) == (1, 1, 1, 1, 0)
    assert found["v15"]["severity"].tolist() == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    assert frame["critical"].dtype == "Int64"


def test_severities_of_other_scanners_come_last() -> None:
    frame = pd.DataFrame({"severity": pd.Series(["NEGLIGIBLE", "low", None, "Critical"], dtype=TEXT)})
    ordered = by_severity(frame)["severity"]
    assert ordered.dropna().tolist() == ["Critical", "low", "NEGLIGIBLE"]
    assert counts_of(frame) == {"critical": 1, "high": 0, "medium": 0, "low": 1, "other": 2}


def test_the_live_deployment_is_looked_at_first(client: Any) -> None:
    panel = panels.security(client, "storefront")
    assert panel.params["chosen"] == "v17"
    assert "the image could not be pulled" in panel._note.value
    assert panel.form.apply_button.description == "Scan again"
    panel.params["chosen"] = "v15"
    assert "4 findings" in panel._note.value
    assert len(panel._findings.rows) == 4
    panel.params["chosen"] = "v18"
    assert "never scanned" in panel._note.value
    assert panel.form.apply_button.description == "Scan"


@pytest.mark.parametrize("version", ["v17", "v14", "v15"])
def test_a_scan_is_planned_and_waited_for(client: Any, version: str) -> None:
    """One that has failed runs again, one that was never made is made, one that has succeeded is made once more."""
    panel = panels.security(client, "storefront")
    panel.params["chosen"] = version
    before = (client.world.events()["what"] == "scan made").sum()
    panel.review()
    assert panel.wait(20)
    assert panel.plan.title == f"scan {version} of storefront for vulnerabilities"
    assert (client.world.events()["what"] == "scan made").sum() == before, "a plan that is shown changes nothing"
    assert panel.run().checks.result == "PASS"
    assert panel.listed.set_index("deployment")["scan"][version] == "successful"
    panel.close()


def test_a_scan_that_fails_is_no_data(client: Any) -> None:
    panel = panels.security(client, "storefront")
    panel.params["chosen"] = "v14"
    client.world.fail_scan("storefront", 14)
    with pytest.raises(NoData, match="the image could not be pulled"):
        panel.run()
    assert "NO DATA" in panel._view.status.value
    assert panel.listed.set_index("deployment")["scan"]["v14"] == "failed"


@pytest.mark.parametrize(("project", "version"), [("orders-api", "v2"), ("storefront", "v18")])
def test_what_can_not_be_scanned_is_said(client: Any, project: str, version: str) -> None:
    """Scanning is not switched on for the one, and the other is being built."""
    panel = panels.security(client, project)
    panel.params["chosen"] = version
    panel.review()
    assert panel.wait(20)
    assert panel.form.apply_button.disabled
    with pytest.raises(PreconditionFailed):
        panel.run()


def test_a_project_without_deployments_says_so(client: Any) -> None:
    client.projects.create(
        display_name="Nothing yet",
        unique_name="nothing-yet",
        type="image",
        source={},
        settings={"port": 80},
    )
    panel = panels.security(client, "nothing-yet")
    assert "no deployment" in panel._rows.note.value
    with pytest.raises(InvalidInput, match="choose the deployment"):
        panel.run()
