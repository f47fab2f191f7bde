"""The panel of a drill: it submits, lets time pass, ends the drill, and tells nothing before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import comm
import pytest

from createos_nb import panels, training
from createos_nb.errors import InvalidInput
from tests.panels.robot import Record


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Record:
    own = Record()
    monkeypatch.setattr(comm, "create_comm", own.comm)
    return own


@pytest.fixture
def drill() -> Any:
    return training.drill("wrong_port", seed=5)


def test_it_shows_the_alert_and_the_clock_and_costs_no_time(drill: Any) -> None:
    before = drill.now
    panel = panels.drill(drill)
    assert drill.alert.text[:20] in panel._alert.value
    assert "60 minutes left" in panel._clock.value
    panel.refresh()
    assert panel.wait()
    assert drill.now == before
    assert repr(panel) == "<createos_nb panel: drill>"


def test_the_form_submits(drill: Any) -> None:
    panel = panels.drill(drill)
    with pytest.raises(InvalidInput):
        panel.run()
    assert panel.last_error is not None
    panel.params = {"where": f"{drill.alert.where}, account", "cause": "wrong_port", "note": "looking"}
    assert panel.run()["answer"].tolist() == ["yes", ", ".join(sorted([drill.alert.where, "account"])), "wrong_port"]
    assert panel.params["note"] == ""
    panel.params = {"where": "", "cause": "", "note": "still looking"}
    panel.run()
    assert [text for _, text in drill._notes] == ["looking", "still looking"]
    assert panel.frame is not None
    assert panel.frame["what"].tolist() == ["trouble", "where", "cause"]


def test_time_passes_and_the_end_is_the_end(drill: Any) -> None:
    panel = panels.drill(drill)
    panel._wait_button.click()
    assert "55 minutes left" in panel._clock.value
    panel._score_button.click()
    assert "over" in panel._clock.value
    assert panel._submit_button.disabled
    assert panel._wait_button.disabled
    assert panel._result.layout.display == ""
    assert "What was the matter" in panel._page.value
    panel.params = {"cause": "capacity"}
    with pytest.raises(InvalidInput, match="over"):
        panel.run()


def test_nothing_of_the_truth_reaches_the_browser_before_the_end(drill: Any, record: Record) -> None:
    panel = panels.drill(drill)
    panel.params = {"cause": "capacity"}
    panel.run()
    panel.pass_time()
    facts = drill._problem.truth
    words = [facts.root_cause, facts.fix, facts.facts["templates"][0] + " at", drill._world.key]
    states = json.dumps([state for *_, state in record.states()])
    assert len(states) > 1000
    assert not [word for word in words if word in states]
    panel.score()
    assert facts.fix.replace("'", "&#x27;") in panel._page.value
