"""Scans: by deployment, by severity; a scan is started and followed to its end."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import panels
from createos_nb.dtypes import TEXT
from createos_nb.panels.security import by_severity, counts_of, scans_of


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
    assert panel._scan_button.description == "Scan again"
    panel.params["chosen"] = "v15"
    assert "4 findings" in panel._note.value
    assert len(panel._findings.rows) == 4
    panel.params["chosen"] = "v18"
    assert "never scanned" in panel._note.value
    assert panel._scan_button.disabled  # it is being built


@pytest.mark.parametrize("version", ["v17", "v14"])
def test_a_scan_is_started_and_followed_to_its_end(client: Any, version: str) -> None:
    """One that has failed runs again, one that was never made is made."""
    panel = panels.security(client, "storefront")
    panel.params["chosen"] = version
    panel.scan()
    assert panel.wait(20)
    assert panel.last_error is None
    assert panel.frame.set_index("deployment")["scan"][version] == "pending"
    assert panel.params["live"]
    assert panel._scan_button.disabled
    client.world.advance(600)
    panel.run()
    assert panel.frame.set_index("deployment")["scan"][version] == "successful"
    assert not panel.params["live"]
    panel.close()


def test_a_refusal_is_said(client: Any) -> None:
    """Scanning is not switched on for this project."""
    panel = panels.security(client, "orders-api")
    assert not panel._scan_button.disabled
    panel.scan()
    assert panel.wait(20)
    assert "not enabled" in panel._view.error.value


def test_a_project_without_deployments_says_so(client: Any) -> None:
    client.projects.create(
        display_name="Nothing yet",
        unique_name="nothing-yet",
        type="image",
        source={},
        settings={"port": 80},
    )
    panel = panels.security(client, "nothing-yet")
    assert "no deployment" in panel._note.value
    assert panel._scan_button.disabled
